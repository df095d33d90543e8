"""Private addresses, however they are written and whoever leads there: nothing of ours ever connects to them.

The crawl itself is of loopback, which opens loopback and no other network. Every connection of every process is
written down by an audit hook, so this holds for whatever library makes it.
"""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.sites import Reply, page, redirect
from tests.web import Operator, Truth, site

METADATA = "http://169.254.169.254/latest/meta-data"
ADDRESSES = (
    *("http://169.254.169.254", "http://10.0.0.1", "http://192.168.0.1", "http://172.16.0.1", "http://100.64.0.1"),
    *("http://0.0.0.0", "http://0", "http://2852039166", "http://0xa9fea9fe", "http://0251.0376.0251.0376"),
    *(
        "http://169.254.43518",
        "http://0xA.1",
        "http://012.0.0.1",
        "http://167772161",
        "http://10.1",
        "http://[fd00::1]",
    ),
    *("http://[::ffff:169.254.169.254]", "http://[::ffff:a00:1]", "http://[64:ff9b::a9fe:a9fe]", "http://[fe80::1]"),
    *("http://[2002:a9fe:a9fe::]", "http://[::169.254.169.254]", "http://[fd00:ec2::254]", "http://100.100.100.200"),
    *("http://①⑥⑨.②⑤④.①⑥⑨.②⑤④", "http://169。254。169。254", "http://169.254.169.254.", "http://224.0.0.1"),
    *("http://inside.example", "http://metadata.example", "http://both.example", "http://mapped.example"),
    *("http://user@169.254.169.254", "http://127.0.0.1@10.0.0.1", "http://10.0.0.1#@127.0.0.1", "https://10.0.0.1"),
    *("http://255.255.255.255", "http://198.18.0.1", "http://[ff02::1]", "http://[::]", "http://240.0.0.1"),
)
SCHEMES = ("file:///etc/passwd", "gopher://10.0.0.1/", "ftp://10.0.0.1/a.jpg", "jar:http://10.0.0.1!/", "//10.0.0.1/x")
NAMES = {
    "inside.example": ["10.0.0.1"],
    "metadata.example": ["169.254.169.254"],
    "both.example": ["10.0.0.2"],
    "mapped.example": ["::ffff:10.0.0.1"],
    # Loopback at first, as the crawl allows; another network from the second look on.
    "rebinding.example": ["127.0.0.1", "10.9.9.9"],
}


def lures(truth: Truth, start: str, port: int) -> None:
    """Every kind of reference to every form of a private address."""
    routes = truth.routes
    images = "".join(f'<img src="{address}/p{n}.jpg">' for n, address in enumerate(ADDRESSES))
    images += "".join(f'<img src="{address}">' for address in SCHEMES)
    links = "".join(f'<a href="{address}/">x</a>' for address in ADDRESSES)
    hops = ""
    for number, address in enumerate((*ADDRESSES, *SCHEMES)):
        target = address if address.isascii() else "http://10.0.0.1"
        routes[f"/hop/{number}.jpg"] = redirect(f"{target}/h.jpg")
        routes[f"/hop/{number}"] = redirect(f"{target}/")
        hops += f'<img src="/hop/{number}.jpg"><a href="/hop/{number}">x</a>'
    routes["/refresh"] = page("", f'<meta http-equiv=refresh content="0;url={METADATA}">')
    routes["/canonical"] = page(
        "", f'<link rel=canonical href="{METADATA}"><base href="{METADATA}/"><img src="rel.jpg">'
    )
    sheet = f"@import '{METADATA}/i.css'; @import url(//10.0.0.1/j.css); .a{{background:url({METADATA}/c.jpg)}}"
    routes["/a.css"] = Reply(sheet.encode(), "text/css")
    routes["/hop.css"], routes["/hop.xml"] = redirect("http://10.0.0.1/h.css"), redirect("http://10.0.0.1/h.xml")
    head = (
        f"<link rel=stylesheet href=/a.css><link rel=stylesheet href=/hop.css>"
        f'<link rel=stylesheet href="{METADATA}/d.css">'
        f'<link rel=alternate type="application/rss+xml" href="{METADATA}/feed">'
        f'<meta property="og:image" content="{METADATA}/og">'
        '<link rel=alternate type="application/rss+xml" href="/feed.xml"><link rel=next href="http://10.0.0.1/next">'
    )
    entries = "".join(
        f"<item><link>{a}/</link><enclosure type='image/jpeg' url='{a}/e.jpg'/></item>" for a in ADDRESSES[:12]
    )
    routes["/feed.xml"] = Reply(
        f"<rss version='2.0'><channel>{entries}</channel></rss>".encode(), "application/rss+xml"
    )
    pages = (*(f"{address}/" for address in ADDRESSES[:12]), f"{start}/from-map")
    maps = (*(f"{address}/m.xml" for address in ADDRESSES[:12]), f"{start}/hop.xml", f"{start}/m.xml.gz")
    urls = "".join(f"<url><loc>{url}</loc></url>" for url in pages)
    children = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in maps)
    routes["/m.xml.gz"] = Reply(gzip.compress(f"<urlset>{urls}</urlset>".encode()), "application/gzip")
    routes["/index.xml"] = Reply(f"<sitemapindex>{children}</sitemapindex>".encode(), "application/xml")
    robots = f"User-agent: *\nAllow: /\nSitemap: {METADATA}/s.xml\nSitemap: {start}/index.xml\nSitemap: http://inside.example/s\n"
    routes["/robots.txt"] = Reply(robots.encode(), "text/plain")
    rebinding = (
        f'<img src="http://rebinding.example:{port}/one.jpg"><img src="http://rebinding.example:{port}/two.jpg">'
    )
    routes["/"] = page(f'{images}{links}{hops}{rebinding}<a href="/refresh">r</a><a href="/canonical">c</a>', head)
    routes["/from-map"] = page(f'<img src="{truth.picture("/found.jpg")}"><iframe src="{METADATA}/frame"></iframe>')


@dataclass
class Story:
    truth: Truth
    operator: Operator
    runs: list[dict[str, object]]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    operator = Operator(tmp_path_factory.mktemp("private"), names=NAMES)
    with site() as (routes, running), site() as (moved, second):
        truth = Truth(routes)
        lures(truth, running.url(""), running.port)
        moved["/robots.txt"] = redirect("http://10.0.0.1/robots.txt")
        moved["/"] = page("behind rules that cannot be had")
        runs = operator.crawl(running.url(), second.url())
        yield Story(truth, operator, runs)


def test_no_private_address_is_reached(story: Story) -> None:
    reached = {address for address, _port in story.operator.connections()}
    assert reached <= {"127.0.0.1", "::1"}, reached


def test_only_the_named_port_of_loopback_was_asked(story: Story) -> None:
    ports = {port for _address, port in story.operator.connections()}
    assert len(ports) == 2, ports


def test_every_refusal_is_counted_and_the_rest_comes_home(story: Story) -> None:
    run = story.runs[0]
    assert run["status"] == "finished"
    errors = run["errors"]
    refused = errors.get("private_address", 0) + errors.get("forbidden_address", 0)  # type: ignore[attr-defined]
    assert refused >= 30, errors
    missing = story.truth.missing(story.operator.kept())
    assert not missing, missing


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{0}/",
        "http://localhost:{0}/",
        "http://[::1]:{0}/",
        "http://2130706433:{0}/",
        "http://127.1:{0}/",
    ],
)
def test_loopback_itself_is_closed_unless_it_is_opened(story: Story, url: str) -> None:
    with site({"/": page("secret")}) as (routes, running):
        sentence = story.operator.installation.refusal("crawl", url.format(running.port))
        assert "Nothing was requested." in sentence
        assert routes.log == []
