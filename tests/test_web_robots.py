"""What robots.txt, robots tags and headers forbid is not asked for, or not kept; what they allow comes home."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.sites import Reply, Site, page, redirect
from tests.web import Operator, Truth, jpeg, repeated, site

RULES = """\ufeffUser-agent: *\r
Disallow: /\r
\r
User-agent: FACEWARD # ours\r
Disallow: /closed/\r
Allow: /closed/open/\r
Disallow: /*.bmp$\r
Disallow: /*?*print=\r
Disallow: /exact$\r
Disallow: /caf%C3%A9/\r
Disallow: /same/\r
Allow: /same/\r
Disallow: /files/*/raw\r
\r
User-agent: otherbot\r
User-agent: faceward\r
Disallow: /merged/\r
\r
User-agent: facewardimages\r
Disallow: /open/\r
"""
FORBIDDEN = (
    *("/closed/page", "/closed/a.jpg", "/closed/style.css", "/closed/feed.xml", "/closed/redirected", "/closed/frame"),
    *("/picture.bmp", "/doc?print=1", "/doc?a=1&print=2", "/exact", "/caf%C3%A9/page", "/files/x/y/raw.jpg"),
    *("/merged/page", "/closed/imported.css", "/closed/poster.jpg", "/closed/from-sitemap", "/%63losed/page"),
)
ALLOWED = ("/closed/open/page", "/picture.bmp.html", "/exactly", "/same/page", "/open/page", "/doc", "/files/raw")


def ruled(truth: Truth) -> None:
    """One site with a robots.txt of rules for us, and a trap behind every one of them."""
    routes = truth.routes
    routes["/robots.txt"] = Reply(RULES.encode() + b"Sitemap: /map.xml\r\n", "text/plain")
    for path in FORBIDDEN:
        routes[path] = page("forbidden")
    for number, path in enumerate(ALLOWED):
        routes[path] = page(f'<img src="{truth.picture(f"/open/{number}.jpg")}">')
    routes["/jump"], routes["/open/jump.jpg"] = redirect("/closed/redirected"), redirect("/closed/a.jpg")
    routes["/open/style.css"] = Reply(b"@import '/closed/imported.css'; .a{background:url(/closed/a.jpg)}", "text/css")
    links = "".join(f'<a href="{path}">x</a>' for path in (*FORBIDDEN, *ALLOWED, "/jump"))
    routes["/"] = page(
        links
        + '<img src="/closed/a.jpg"><img src="/files/x/y/raw.jpg"><img src="/open/jump.jpg"><img src="/picture.bmp">'
        '<video poster="/closed/poster.jpg"></video><iframe src="/closed/frame"></iframe>'
        '<img src="/open//../closed/a.jpg">'
        '<img src="/%63losed/a.jpg"><p style="background:url(/closed/a.jpg)">',
        '<link rel=stylesheet href="/closed/style.css"><link rel=stylesheet href="/open/style.css">'
        '<link rel=alternate type="application/rss+xml" href="/closed/feed.xml">',
    )


def tagged(truth: Truth) -> None:
    """Another site, where pages and pictures say themselves what may be done with them."""
    routes = truth.routes

    def show(name: str, head: str = "", also: str = "", *, wanted: bool = True, header: str = "") -> None:
        picture = truth.picture(f"/i/{name}.jpg", wanted=wanted)
        routes[f"/{name}"] = page(f'<img src="{picture}">{also}', head)
        routes[f"/{name}"].headers.update({"X-Robots-Tag": header} if header else {})

    show("noindex", "<meta name=robots content='NOINDEX, follow'>", '<a href="/after-noindex">', wanted=False)
    show("after-noindex")
    show("noimageindex", "<meta name=robots content=noimageindex>", wanted=False)
    show("none", "<meta name=robots content=none>", wanted=False)
    show("ours", '<meta name="Faceward" content="noimageindex">', wanted=False)
    show("theirs", '<meta name="otherbot" content="noindex">')
    show("header", header="noimageindex", wanted=False)
    show("header-ours", header="otherbot: nofollow, faceward: noindex", wanted=False)
    show("header-theirs", header="otherbot: noindex, nofollow")
    show("expired", "<meta name=robots content='unavailable_after: 2020-01-01'>", wanted=False)
    show("later", "<meta name=robots content='unavailable_after: 2100-01-01'>")
    show("nofollow", "<meta name=robots content=nofollow>", '<a href="/never-1">n</a><a href="/i/never.jpg">n</a>')
    show("rel", also='<a rel="nofollow ugc" href="/never-2">n</a><a rel="sponsored" href="/followed">y</a>')
    show("followed")
    show("header-nofollow", header="nofollow", also='<a href="/never-3">n</a>')
    truth.picture("/i/tagged.jpg", wanted=False)
    routes["/i/tagged.jpg"].headers["X-Robots-Tag"] = "noindex"  # type: ignore[union-attr]
    routes["/robots-like"] = page('<img src="/i/tagged.jpg">')
    names = [path for path in routes if not path.startswith("/i/") and path not in ("/after-noindex", "/followed")]
    routes["/"] = page("".join(f'<a href="{name}">x</a>' for name in names))


def reset(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.close()
    handler.close_connection = True


def long_rules() -> bytes:
    """2 MB: a rule at the start, one at 400 kB (RFC 9309 asks for 500 KiB at least)."""
    filler = b"".join(b"Disallow: /nowhere/%06d\n" % number for number in range(16_000))
    return b"User-agent: *\nDisallow: /first/\n" + filler + b"Disallow: /middle/\n" + filler * 4


ANSWERS: dict[str, object] = {
    "unavailable": Reply(b"down", status=503),
    "reset": reset,
    "missing": Reply(b"none", status=404),
    "forbidden": Reply(b"none", status=403),
    "moved": redirect("/rules.txt"),
    "page": page("<h1>Our site has no robots.txt</h1>"),
    "long": Reply(long_rules(), "text/plain"),
    "nul": Reply(
        b"# \x00 \xff\xfe\nUser-agent: *\nDisallow: /first/\n\xff\xfe\x00\nDisallow: /middle/\n", "text/plain"
    ),
}
NOTHING = ("unavailable", "reset")


@dataclass
class Story:
    ruled: Truth
    tagged: Truth
    others: dict[str, Truth]
    operator: Operator
    kept: set[str]
    runs: dict[str, dict[str, object]]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    operator = Operator(tmp_path_factory.mktemp("robots"))
    with ExitStack() as stack:
        made: dict[str, tuple[Truth, Site]] = {}
        for name in ("ruled", "tagged", *ANSWERS):
            routes, running = stack.enter_context(site())
            made[name] = Truth(routes), running
        ruled(made["ruled"][0]), tagged(made["tagged"][0])
        for name, answer in ANSWERS.items():
            truth = made[name][0]
            wanted = name not in NOTHING
            truth.routes["/robots.txt"] = answer  # type: ignore[assignment]
            truth.routes["/rules.txt"] = Reply(b"User-agent: *\nDisallow: /first/\n", "text/plain")
            truth.picture("/a.jpg", wanted=wanted, name=f"{name}.jpg")
            truth.routes["/"] = page('<img src="/a.jpg"><a href="/first/x">1</a><a href="/middle/x">2</a>')
        runs = operator.crawl(*(running.url() for _truth, running in made.values()))
        others = {name: made[name][0] for name in ANSWERS}
        documents = dict(zip(made, runs, strict=True))
        yield Story(made["ruled"][0], made["tagged"][0], others, operator, operator.kept(), documents)


def test_no_rule_is_broken(story: Story) -> None:
    broken = set(story.ruled.routes.asked()) & {*FORBIDDEN, "/%63losed/a.jpg"}
    assert not broken
    assert story.runs["ruled"]["errors"]["robots"] >= 10  # type: ignore[index]


def test_what_the_rules_allow_comes_home(story: Story) -> None:
    missing = story.ruled.missing(story.kept)
    assert not missing, missing


def test_tags_and_headers_are_obeyed(story: Story) -> None:
    needless = story.tagged.needless(story.kept)
    assert not needless, needless
    assert not story.tagged.routes.asked("/never") and "/i/never.jpg" not in story.tagged.routes.asked()


def test_pictures_that_pages_do_not_give_are_not_asked_for(story: Story) -> None:
    named = ("noindex", "noimageindex", "none", "ours", "header", "header-ours")
    asked = {f"/i/{name}.jpg" for name in named} & set(story.tagged.routes.asked())
    assert not asked, asked


def test_tags_for_others_keep_nothing_from_us(story: Story) -> None:
    missing = story.tagged.missing(story.kept)
    assert not missing, missing


@pytest.mark.parametrize("name", NOTHING)
def test_a_site_whose_rules_cannot_be_had_is_left_alone(story: Story, name: str) -> None:
    assert set(story.others[name].routes.asked()) <= {"/robots.txt"}
    assert story.runs[name]["errors"] == {"robots_unreachable": 1}


@pytest.mark.parametrize("name", [name for name in ANSWERS if name not in NOTHING])
def test_other_answers_for_robots_txt(story: Story, name: str) -> None:
    asked = story.others[name].routes.asked()
    assert story.others[name].missing(story.kept) == []
    assert ("/first/x" in asked) == (name in ("missing", "forbidden", "page"))
    assert ("/middle/x" in asked) == (name not in ("long", "nul"))
    assert asked.count("/robots.txt") == 1


def test_nothing_was_asked_for_twice(story: Story) -> None:
    for truth in (story.ruled, story.tagged, *story.others.values()):
        assert repeated(truth.routes, "/robots.txt") == {}


def test_crawl_delay_is_kept_between_any_two_requests(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    with site() as (routes, running):
        truth = Truth(routes)
        routes["/robots.txt"] = Reply(b"User-agent: *\nCrawl-delay: 0.5\n", "text/plain")
        body = "".join(f'<img src="{truth.picture(f"/{number}.jpg")}">' for number in range(4))
        routes["/"] = page(body + '<a href="/next">n</a>')
        routes["/next"] = page(f'<img src="{truth.picture("/n.jpg")}">')
        operator.crawl(running.url())
        assert truth.missing(operator.kept()) == []
    moments = [each.at for each in routes.log if each.path != "/robots.txt"]
    # Over all of them, as this machine may be busy between two.
    assert moments[-1] - moments[0] > 0.45 * (len(moments) - 1)


def test_rules_of_the_host_a_picture_lies_on_count(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    with site() as (routes, running), site() as (closed, cdn):
        closed["/robots.txt"] = Reply(b"User-agent: *\nDisallow: /\n", "text/plain")
        closed["/a.jpg"] = closed["/b.jpg"] = Reply(jpeg("closed"), "image/jpeg")
        routes["/hop.jpg"] = redirect(cdn.url("/b.jpg"))
        routes["/"] = page(f'<img src="{cdn.url("/a.jpg")}"><img src="/hop.jpg">')
        (run,) = operator.crawl(running.url())
    assert set(closed.asked()) == {"/robots.txt"}
    assert run["errors"]["robots"] == 2
