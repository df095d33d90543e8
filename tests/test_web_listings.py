"""Pages that no link leads to: sitemaps, feeds, lists of pages, one reported page, web archives."""

import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tests.sites import Reply, Site, page
from tests.web import Operator, Routes, Truth, jpeg, repeated, site

SITEMAP = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
IMAGE = 'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'


def xml(body: str, content_type: str = "application/xml") -> Reply:
    return Reply(f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode(), content_type)


def story_page(truth: Truth, name: str, also: str = "") -> str:
    """A page with a picture of its own; its path."""
    truth.routes[f"/p/{name}"] = page(f'<h1>{name}</h1><img src="{truth.picture(f"/i/{name}.jpg")}">{also}')
    return f"/p/{name}"


# --- Sitemaps ---------------------------------------------------------------------------------------------------


def sitemaps(truth: Truth, start: str) -> None:
    """robots.txt names an index; it lists gzip, plain, empty, broken, foreign and missing ones, and itself."""
    routes = truth.routes
    urls = "".join(f"<url><loc>{start}{story_page(truth, f'z{n}')}</loc></url>" for n in range(30))
    routes["/maps/a.xml.gz"] = Reply(gzip.compress(f"<urlset {SITEMAP}>{urls}</urlset>".encode()), "application/x-gzip")
    picture = truth.picture("/i/listed only.jpg".replace(" ", "%20"))
    shown = f"<image:image><image:loc>{start}{picture}</image:loc></image:image>"
    second = truth.picture("/i/listed-too.jpg?a=1&b=2")
    shown += f"<image:image><image:loc><![CDATA[{start}{second}]]></image:loc></image:image>"
    routes["/maps/images.xml"] = xml(
        f"<urlset {SITEMAP} {IMAGE}><url><loc>{start}{story_page(truth, 'with-images')}</loc>{shown}</url></urlset>"
    )
    good = f"<url><loc> {start}{escape(story_page(truth, 'before-the-break'))}\n</loc></url>"
    routes["/maps/broken.xml"] = xml(f"<urlset {SITEMAP}>{good}<url><loc>{start}/p/nev")
    routes["/maps/list.txt"] = Reply(f"{start}{story_page(truth, 'text')}\n\n".encode(), "text/plain")
    routes["/maps/not.xml"] = page("<p>Not a sitemap")
    whole = gzip.compress(f"<urlset {SITEMAP}><url><loc>{start}/x</loc></url></urlset>".encode())
    routes["/maps/cut.xml.gz"] = Reply(whole[: len(whole) // 2], "application/gzip")
    children = ("a.xml.gz", "images.xml", "broken.xml", "not.xml", "cut.xml.gz", "missing.xml", "index.xml", "list.txt")
    listed = "".join(f"<sitemap><loc>{start}/maps/{name}</loc></sitemap>" for name in children)
    routes["/maps/index.xml"] = xml(f"<sitemapindex {SITEMAP}>{listed}</sitemapindex>")
    robots = f"User-agent: *\nDisallow: /no/\nSitemap: {start}/maps/index.xml\nsitemap:{start}/maps/own.xml\n"
    routes["/robots.txt"] = Reply(robots.encode(), "text/plain")
    forbidden = f"<url><loc>{start}/no/page</loc></url><url><loc>http://elsewhere.localhost:1/page</loc></url>"
    routes["/maps/own.xml"] = xml(
        f"<urlset {SITEMAP}><url><loc>{start}{story_page(truth, 'own')}</loc></url>{forbidden}</urlset>"
    )
    routes["/no/page"] = page("no")
    routes["/"] = page("Nothing is linked from here.")


@dataclass
class Listed:
    truth: Truth
    site: Site
    operator: Operator
    run: dict[str, object]

    @property
    def routes(self) -> Routes:
        return self.truth.routes

    def missing(self) -> list[str]:
        return self.truth.missing(self.operator.kept())


@pytest.fixture(scope="module", params=["site", "sitemap"])
def mapped(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listed]:
    operator = Operator(tmp_path_factory.mktemp(f"maps-{request.param}"))
    with site() as (routes, running):
        truth = Truth(routes)
        sitemaps(truth, running.url(""))
        start = running.url("/" if request.param == "site" else "/maps/index.xml")
        if request.param == "sitemap":  # what robots.txt names besides is not part of that source
            truth.wanted = {digest: name for digest, name in truth.wanted.items() if name != "/i/own.jpg"}
        (run,) = operator.crawl("--kind", request.param, start)
        yield Listed(truth, running, operator, run)


def test_pages_and_pictures_of_sitemaps_are_found(mapped: Listed) -> None:
    missing = mapped.missing()
    assert not missing, missing


def test_sitemaps_make_no_forbidden_or_repeated_requests(mapped: Listed) -> None:
    assert not mapped.routes.asked("/no/")
    assert repeated(mapped.routes) == {}
    assert mapped.run["status"] == "finished"


# --- Feeds ------------------------------------------------------------------------------------------------------

RSS = """<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><title>News</title>
<image><url>{0}/f/channel.jpg</url></image>
<item><title>One</title><link>{0}/p/rss-one</link><enclosure url="{0}/f/enclosure.jpg" type="image/jpeg" length="9"/>
<media:content url="{0}/f/media.jpg" medium="image"/><media:group><media:thumbnail url="{0}/f/group.jpg"/></media:group>
</item>
<item><title>Two</title><guid isPermaLink="true">{0}/p/rss-two</guid><itunes:image href="{0}/f/itunes.jpg"/>
<description>&lt;p&gt;&lt;img src="{0}/f/description.jpg"&gt;</description>
<content:encoded><![CDATA[<figure><img src="/f/encoded.jpg" srcset="/f/encoded.jpg 900w"></figure>]]></content:encoded>
</item>
<item><enclosure url="{0}/f/sound.mp3" type="audio/mpeg"/></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="{0}/p/"><title>Log</title>
<entry><link rel="alternate" href="atom-one"/><link rel="enclosure" type="image/jpeg" href="{0}/f/atom.jpg"/>
<content type="html">&lt;img src="{0}/f/atom-html.jpg"/&gt;</content></entry>
<entry><link href="{0}/p/atom-two"/><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">
<img src="{0}/f/atom-xhtml.jpg" alt=""/></div></content></entry></feed>"""
JSON_FEED = """{{"version": "https://jsonfeed.org/version/1.1", "items": [{{"id": "1", "url": "{0}/p/json-one",
"image": "{0}/f/json.jpg", "banner_image": "{0}/f/banner.jpg", "content_html": "<img src='{0}/f/json-html.jpg'>",
"attachments": [{{"url": "{0}/f/attached.jpg", "mime_type": "image/jpeg"}}]}}]}}"""
IN_FEED = {
    "rss": ("enclosure", "media", "group", "itunes", "description", "encoded"),
    "atom": ("atom", "atom-html", "atom-xhtml"),
    "json": ("json", "banner", "json-html", "attached"),
}
FEED = {"rss": (RSS, "application/rss+xml"), "atom": (ATOM, "text/xml"), "json": (JSON_FEED, "application/feed+json")}


@pytest.mark.parametrize("kind", ["feed", "auto"])
def test_feeds_give_their_pages_and_pictures(tmp_path: Path, kind: str) -> None:
    operator = Operator(tmp_path)
    with site() as (routes, running):
        truth = Truth(routes)
        for name, (text, media_type) in FEED.items():
            routes[f"/{name}"] = Reply(text.format(running.url("")).encode(), media_type)
            for picture in IN_FEED[name]:
                truth.picture(f"/f/{picture}.jpg")
            for page_name in {"rss": ("one", "two"), "atom": ("one", "two"), "json": ("one",)}[name]:
                story_page(truth, f"{name}-{page_name}")
        runs = operator.crawl("--kind", kind, *(running.url(f"/{name}") for name in FEED))
        assert [run["status"] for run in runs] == ["finished"] * 3
        missing = truth.missing(operator.kept())
        assert not missing, missing
        assert repeated(routes) == {}
        assert "/f/sound.mp3" not in routes.asked()


def test_a_site_is_also_read_through_its_feed(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    with site() as (routes, running):
        truth = Truth(routes)
        routes["/"] = page("Hello", '<link rel="alternate" type="application/rss+xml" href="/feed.xml">')
        link = f"<link>{running.url(story_page(truth, 'from-feed'))}</link>"
        routes["/feed.xml"] = xml(f"<rss version='2.0'><channel><item>{link}</item></channel></rss>")
        operator.crawl(running.url())
        missing = truth.missing(operator.kept())
        assert not missing, missing


# --- Lists and single pages -------------------------------------------------------------------------------------


def test_a_list_and_a_reported_page_stay_what_they_are(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    with site() as (routes, running):
        truth = Truth(routes)
        for name in ("one", "two", "reported"):
            story_page(truth, name, f'<a href="/p/never-{name}">more</a>')
            routes[f"/p/never-{name}"] = page("never")
        operator.crawl("--kind", "urls", running.url("/p/one"), running.url("/p/two"))
        operator.crawl("--kind", "page", running.url("/p/reported"))
        missing = truth.missing(operator.kept())
        assert not missing, missing
        assert not routes.asked("/p/never")


# --- Web archives -----------------------------------------------------------------------------------------------

ARCHIVED = "http://archived.example"


def archive(truth: Truth) -> bytes:
    """What a crawl archive has: requests, responses, revisits, bad records; two pages and their pictures."""
    file = io.BytesIO()
    writer = WARCWriter(file, gzip=True)

    def add(url: str, body: bytes, content_type: str, status: str = "200 OK", kind: str = "response") -> None:
        headers = StatusAndHeaders(status, [("Content-Type", content_type)], protocol="HTTP/1.1")
        writer.write_record(writer.create_warc_record(url, kind, payload=io.BytesIO(body), http_headers=headers))

    writer.write_record(writer.create_warcinfo_record("a.warc.gz", {"software": "test"}))
    add(
        f"{ARCHIVED}/",
        page('<img src="/one.jpg"><img src="//cdn.example/two.jpg"><img src="/gone.jpg">').body,
        "text/html",
    )
    for url in (f"{ARCHIVED}/one.jpg", "http://cdn.example/two.jpg", f"{ARCHIVED}/alone.jpg"):
        data = jpeg(url)
        add(url, data, "image/jpeg")
        truth.expect(data, url)
    add(f"{ARCHIVED}/missing", b"no", "text/html", "404 Not Found")
    add(f"{ARCHIVED}/late", page('<img src="/late.jpg">').body, "text/html")
    add(f"{ARCHIVED}/late.jpg", jpeg("late"), "image/jpeg")
    truth.expect(jpeg("late"), "late.jpg")
    return file.getvalue()


def test_archives_are_read_without_a_request_to_what_they_hold(tmp_path: Path) -> None:
    operator = Operator(tmp_path / "operator", names={"archived.example": ["10.0.0.1"], "cdn.example": ["10.0.0.1"]})
    with site() as (routes, running):
        truth = Truth(routes)
        whole = archive(truth)
        routes["/crawl.warc.gz"] = Reply(whole, "application/gzip")
        (tmp_path / "cut.warc.gz").write_bytes(whole[:-200])
        (by_url,) = operator.crawl("--kind", "warc", running.url("/crawl.warc.gz"))
        missing = truth.missing(operator.kept())
        assert not missing, missing
        assert by_url["status"] == "finished"
        assert set(routes.asked()) <= {"/crawl.warc.gz", "/robots.txt"}
        pages = {page_url for (page_url,) in operator.rows("select page_url from crawler_fetchedimage")}
        assert f"{ARCHIVED}/" in pages
    (cut,) = operator.crawl("--kind", "warc", str(tmp_path / "cut.warc.gz"))
    assert cut["errors"] and cut["images"] >= 3
    assert {address for address, _port in operator.connections()} <= {"127.0.0.1"}
