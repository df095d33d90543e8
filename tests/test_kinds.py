"""Sources of every kind through the command: what starts there decides, and stays in its bounds."""

import base64
import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tests.crawling import Crawler
from tests.sites import Answer, Reply, Site, page, picture, serve

URLSET = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</urlset>'


@pytest.fixture
def crawler(tmp_path: Path) -> Crawler:
    return Crawler(tmp_path)


def sitemap(site: Site, *paths: str) -> Reply:
    urls = "".join(f"<url><loc>{site.url(path)}</loc></url>" for path in paths)
    return Reply(URLSET.format(urls).encode(), "application/xml")


@pytest.fixture
def site() -> Iterator[Site]:
    answers: dict[str, Answer] = {
        "/": page('<a href="/in/one"><a href="/out"><img src="/home.jpg">'),
        "/in/one": page('<a href="/in/two"><a href="/out"><img src="/one.jpg">'),
        "/in/two": page('<img src="/two.jpg">two'),
        "/hidden": page('<img src="/hidden.jpg">hidden'),
        "/out": page("out"),
        **{f"/{name}.jpg": picture(n) for n, name in enumerate(["home", "one", "two", "hidden", "sheet"])},
    }
    with serve(answers) as running:
        yield running


def asked(site: Site) -> set[str]:
    return set(site.requests) - {"/robots.txt", "/sitemap.xml"}


def test_only_a_part_of_a_site(crawler: Crawler, site: Site) -> None:
    (run,) = crawler.runs(site.url("/in/one"), "--path", "/in/")
    assert asked(site) == {"/in/one", "/in/two", "/one.jpg", "/two.jpg"} and run["kind"] == "site"


def test_a_sitemap_is_known_by_its_look_and_lists_all_of_it(crawler: Crawler, site: Site) -> None:
    site.answers["/map"] = Reply(gzip.compress(sitemap(site, "/in/one", "/hidden").body), "application/octet-stream")
    (run,) = crawler.runs(site.url("/map"))
    assert (run["kind"], run["status"], run["images"]) == ("sitemap", "finished", 2)
    assert asked(site) == {"/map", "/in/one", "/hidden", "/one.jpg", "/hidden.jpg"}
    crawler.runs(site.url("/map"))
    assert {count for path, count in site.requests.items() if path.endswith(".jpg")} == {1}


def test_a_site_is_also_read_through_its_sitemap(crawler: Crawler, site: Site) -> None:
    site.answers["/maps/main"] = sitemap(site, "/hidden", "/in/one", "http://elsewhere.example/")
    site.answers["/robots.txt"] = Reply(f"Sitemap: {site.url('/maps/main')}".encode(), "text/plain")
    (run,) = crawler.runs(site.url())
    assert "/hidden.jpg" in asked(site) and "/sitemap.xml" not in site.requests
    assert run["errors"] == {} and run["images"] == 4


def test_a_missing_sitemap_that_nobody_named_is_no_error(crawler: Crawler, site: Site) -> None:
    (run,) = crawler.runs(site.url())
    assert site.requests["/sitemap.xml"] == 1 and run["errors"] == {}


def test_a_list_is_one_source_and_nothing_else_is_visited(crawler: Crawler, site: Site) -> None:
    (run,) = crawler.runs("--kind", "urls", site.url("/in/two"), site.url("/hidden"))
    assert asked(site) == {"/in/two", "/hidden", "/two.jpg", "/hidden.jpg"} and run["pages"] == 2


def test_style_sheets_and_data_urls_show_pictures(crawler: Crawler, site: Site) -> None:
    inside = base64.b64encode(picture(50).body).decode()
    link = '<link rel="stylesheet" href="/style.css">'
    site.answers["/"] = page(f'<img src="data:image/jpeg;base64,{inside}"><a href="/styled">', link)
    site.answers["/styled"] = page("styled", link)
    site.answers["/style.css"] = Reply(b"@import 'more.css'; .a { background: url(/sheet.jpg) }", "text/css")
    site.answers["/more.css"] = Reply(b".b { background: url(/home.jpg) }", "text/css")
    (run,) = crawler.runs(site.url())
    assert (run["images"], run["errors"]) == (3, {})
    assert {path: site.requests[path] for path in ("/style.css", "/more.css", "/sheet.jpg", "/home.jpg")} == {
        "/style.css": 1,
        "/more.css": 1,
        "/sheet.jpg": 1,
        "/home.jpg": 1,
    }
    places = crawler.rows("select page_url, image_url from crawler_fetchedimage")
    assert len(places) == 5 and any("#data-" in image_url for _, image_url in places)
    assert len(crawler.spooled()) == 3


def test_soft_404s_and_the_same_page_twice_are_counted(crawler: Crawler, site: Site) -> None:
    class Wildcard(dict[str, Answer]):
        def get(self, path: str, default: Answer | None = None) -> Answer | None:  # type: ignore[override]
            return (
                super().get(path, default)
                if path in self or "." in path
                else page('All is well. <img src="/home.jpg">')
            )

    site.answers = Wildcard(site.answers)
    site.answers["/"] = page('<a href="/no-a"><a href="/no-b"><a href="/sorry"><a href="/same-a"><a href="/same-b">')
    site.answers["/sorry"] = page("<h1>404 Page not found</h1>", "<title>Page not found</title>")
    site.answers["/same-a"] = site.answers["/same-b"] = page(
        '<img src="/one.jpg"> The very same text <a href="/in/two">'
    )
    (run,) = crawler.runs(site.url())
    assert run["errors"]["soft_404"] >= 2 and run["errors"]["duplicate_page"] == 1
    assert run["status"] == "finished" and "/two.jpg" in asked(site)


def warc() -> bytes:
    file = io.BytesIO()
    writer = WARCWriter(file, gzip=True)

    def add(url: str, reply: Reply, status: str = "200 OK", **headers: str) -> None:
        fields = [("Content-Type", reply.content_type), *headers.items()]
        http = StatusAndHeaders(status, fields, protocol="HTTP/1.1")
        date = {"WARC-Date": "2026-01-02T03:04:05Z"}
        record = writer.create_warc_record(
            url, "response", io.BytesIO(reply.body), http_headers=http, warc_headers_dict=date
        )
        writer.write_record(record)

    add("http://old.example/a.jpg", picture(1))
    add("http://old.example/", page('<img src="/a.jpg"><img src="/moved.jpg"><img src="/not-in-it.jpg">'))
    add("http://old.example/moved.jpg", Reply(), "302 Found", Location="/b.jpg")
    add("http://old.example/b.jpg", picture(2))
    add("http://old.example/quiet", page('<img src="/quiet.jpg">', '<meta name="robots" content="noimageindex">'))
    add("http://shy.example/robots.txt", Reply(b"User-agent: *\nDisallow: /", "text/plain"))
    add("http://shy.example/", page('<img src="/shy.jpg">'))
    add("http://shy.example/shy.jpg", picture(3))
    return file.getvalue()


def test_an_archive_on_this_machine_is_read_and_nothing_is_requested(crawler: Crawler) -> None:
    path = crawler.folder / "old.warc.gz"
    path.write_bytes(warc())
    (run,) = crawler.runs(str(path))
    assert (run["kind"], run["status"], run["images"], run["fetched"]) == ("warc", "finished", 2, 2)
    places = crawler.rows("select image_url, fetched_at from crawler_fetchedimage order by image_url")
    assert [url for url, _ in places] == ["http://old.example/a.jpg", "http://old.example/moved.jpg"]
    assert {str(at)[:19] for _, at in places} == {"2026-01-02 03:04:05"}
    (again,) = crawler.runs(str(path))
    assert again["images"] == 2 and len(crawler.spooled()) == 2


def test_an_archive_by_its_address(crawler: Crawler, site: Site) -> None:
    site.answers["/old"] = Reply(warc(), "application/octet-stream")
    (run,) = crawler.runs(site.url("/old"))
    assert (run["kind"], run["status"], run["images"]) == ("warc", "finished", 2)
    assert not list(crawler.folder.glob("archive-*"))


def test_what_is_no_archive_is_counted(crawler: Crawler) -> None:
    path = crawler.folder / "bad.warc"
    path.write_bytes(b"nothing of the kind" * 100)
    (run,) = crawler.runs("--kind", "warc", str(path))
    assert run["status"] == "failed" and run["errors"]
