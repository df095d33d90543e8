"""Pages that need JavaScript, in a real Scrapy crawl with a real Chromium that reaches nothing by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.reading.extract import extract
from tests import availability
from tests.drawing import draw
from tests.sites import Reply, Site, gzipped, page, picture, redirect, serve
from tests.test_screenshot import left_over
from tests.traps import attacks, trap

pytestmark = pytest.mark.browser

GALLERY = """<div id="gallery"></div><script src="/app.js"></script>"""
APP = b"""
fetch('/pictures.json').then(answer => answer.json()).then(names => {
    for (const name of names) {
        const image = new Image();
        image.onload = () => document.getElementById('gallery').append(image);
        image.src = name;
    }
});
const host = document.createElement('x-card');
host.attachShadow({mode: 'open'}).innerHTML = '<img src="/shadow.jpg">';
document.body.append(host);
const style = document.createElement('style');
document.head.append(style);
style.sheet.insertRule('body { background: url(/rule.jpg) }');
for (let height = 0; height < 4; height++) {
    const part = document.createElement('div');
    part.style.height = '2000px';
    document.body.append(part);
    new IntersectionObserver((seen, observer) => {
        if (!seen[0].isIntersecting) return;
        observer.disconnect();
        part.innerHTML = `<img src="/lazy${height}.jpg">`;
    }).observe(part);
}
"""


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))


@pytest.fixture
def site() -> Iterator[Site]:
    availability.chromium()
    answers = {
        "/": page(GALLERY),
        "/app.js": Reply(APP, "text/javascript"),
        "/pictures.json": Reply(b'["/one.jpg", "/two.jpg"]', "application/json"),
        "/one.jpg": picture(1),
        "/two.jpg": picture(2),
    }
    with serve(dict(answers)) as running:
        yield running


def test_pictures_that_only_scripts_show_are_found_and_not_fetched_by_the_browser(site: Site, tmp_path: Path) -> None:
    (drawn,) = draw(site.url())
    found = {image.url.rpartition("/")[2] for image in extract(drawn["body"], site.url()).images}
    lazy = {f"lazy{number}.jpg" for number in range(4)}
    assert found >= {"one.jpg", "two.jpg", "shadow.jpg", "rule.jpg", *lazy}
    assert drawn["flags"] == ["rendered"] and drawn["error"] == ""
    assert set(site.requests) == {"/robots.txt", "/", "/app.js", "/pictures.json"}
    assert set(site.requests.values()) == {1}
    assert site.agents == {"Faceward"}
    assert left_over(tmp_path) == []


def test_what_pages_share_is_fetched_once(site: Site) -> None:
    site.answers["/second"] = page(GALLERY)
    draw(site.url(), site.url("/second"))
    assert site.requests["/app.js"] == 1


def test_status_headers_and_redirects_are_those_of_the_page(site: Site) -> None:
    site.answers["/tagged"] = Reply(b"<p>x", headers={"X-Robots-Tag": "noimageindex"})
    site.answers["/moved"] = redirect("/")
    site.answers["/gone"] = Reply(b"<script>document.body.append('drawn')</script>", status=404)
    site.answers["/packed"] = gzipped("<meta charset=utf-8><p>Größe<script>document.title='drawn'</script>".encode())
    tagged, moved, gone, image, packed = draw(*map(site.url, ("/tagged", "/moved", "/gone", "/one.jpg", "/packed")))
    assert (tagged["status"], tagged["headers"]["X-Robots-Tag"]) == (200, "noimageindex")
    assert (moved["status"], moved["headers"]["Location"], moved["flags"]) == (302, "/", [])
    assert (gone["status"], gone["flags"]) == (404, [])
    assert (image["headers"]["Content-Type"], image["flags"]) == ("image/jpeg", [])
    assert "Größe" in packed["body"] and "<title>drawn</title>" in packed["body"]
    assert "/app.js" not in site.requests


def test_what_robots_may_not_fetch_scripts_do_not_get_either(site: Site) -> None:
    site.answers["/robots.txt"] = Reply(b"User-agent: *\nDisallow: /private/\nDisallow: /no\n", "text/plain")
    site.answers["/private/a.js"] = Reply(b"document.title='ran'", "text/javascript")
    site.answers["/hop.js"] = redirect("/private/a.js")
    site.answers["/"] = page(
        '<script src="/private/a.js"></script><script src="/hop.js"></script><script>fetch("/private/x")</script>'
    )
    drawn, refused = draw(site.url(), site.url("/no"))
    assert refused["error"] == "robots"
    assert "<title>ran" not in drawn["body"]
    assert not any(path.startswith(("/private", "/no")) for path in site.requests)


def test_a_page_that_leads_elsewhere_stays_and_says_where(site: Site) -> None:
    site.answers["/"] = page("<p>Hello<script>location = '/next?a=1&b=2'</script>")
    site.answers["/frames"] = page('<iframe src="/inner"></iframe><p>There')
    drawn, frames = draw(site.url(), site.url("/frames"))
    content = extract(drawn["body"], site.url())
    assert content.refresh == site.url("/next?a=1&b=2") and "Hello" in drawn["body"]
    assert "There" in frames["body"]
    assert extract(frames["body"], site.url("/frames")).refresh is None
    assert {"/next?a=1&b=2", "/inner"}.isdisjoint(site.requests)


def test_nothing_that_a_page_tries_reaches_a_network_that_is_not_open(tmp_path: Path) -> None:
    availability.chromium()
    with trap() as hidden, serve({}, address="127.0.0.2") as site:
        there = f"127.0.0.1:{hidden.port}"
        site.answers["/"] = page(attacks(hidden.port))
        site.answers["/hop.js"] = redirect(f"http://{there}/")
        more = f'<script src="/hop.js"></script><script src="http://inside.example:{hidden.port}/x.js"></script>'
        site.answers["/more"] = page(more)
        start = f"http://127.0.0.2:{site.port}"
        names = {"inside.example": ["127.0.0.1"]}
        drawn, more_drawn = draw(f"{start}/", f"{start}/more", networks=["127.0.0.2/32"], names=names)
        assert "<title>ran</title>" in drawn["body"] and more_drawn["flags"] == ["rendered"]
        assert hidden.reached == []
        assert set(site.requests) == {"/robots.txt", "/", "/more", "/hop.js"}
    assert left_over(tmp_path) == []


def test_a_page_that_never_comes_to_rest_is_given_as_it_came_and_the_crawl_goes_on(site: Site, tmp_path: Path) -> None:
    site.answers["/loop"] = page("<p>Plain<script>while (true) { }</script>")
    looping, drawn = draw(site.url("/loop"), site.url())
    assert looping["error"] == "render_timeout" and "Plain" in looping["body"]
    assert drawn["flags"] == ["rendered"]
    assert left_over(tmp_path) == []


def test_a_page_that_grows_without_end_is_given_as_it_came(site: Site) -> None:
    site.answers["/grow"] = page("<p>Plain<script>document.body.append('x'.repeat(9e6))</script>")
    (drawn,) = draw(site.url("/grow"))
    assert drawn["error"] == "render_too_large" and len(drawn["body"]) < 1000


def test_without_a_browser_the_plain_page_is_read(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/no/such/browser")
    (drawn,) = draw(site.url())
    assert drawn["error"] == "render_no_browser" and GALLERY in drawn["body"]
