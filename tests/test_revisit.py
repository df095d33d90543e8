"""The second visit: what has not changed is not fetched again, and counts as seen all the same."""

import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.crawling import Crawler
from tests.sites import Answer, Reply, Site, page, picture, redirect, send, serve


class Tagged:
    """A reply with validators; `conditions` collects what it was asked with."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.conditions: list[tuple[str | None, str | None]] = []

    @property
    def etag(self) -> str:
        return f'"{hash(self.reply.body):x}"'

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("If-None-Match")
        self.conditions.append((asked, handler.headers.get("If-Modified-Since")))
        headers = {"ETag": self.etag, "Last-Modified": "Sun, 01 Nov 2026 10:00:00 GMT"}
        if asked == self.etag:
            send(handler, Reply(status=304, headers=headers))
        else:
            send(handler, Reply(self.reply.body, self.reply.content_type, headers=headers))


@pytest.fixture
def crawler(tmp_path: Path) -> Crawler:
    return Crawler(tmp_path)


def make_due(crawler: Crawler) -> None:
    for table in ("page", "picture"):
        crawler.execute(f"update crawler_{table} set due_at = '2020-01-01 00:00:00'")


def answers() -> dict[str, Tagged]:
    return {
        "/": Tagged(page('<a href="/one">1</a><img src="/a.jpg">', "<title>Home</title>")),
        "/one": Tagged(page('<img src="/b.jpg"><img src="/a.jpg">', "<title>One</title>")),
        "/a.jpg": Tagged(picture(1)),
        "/b.jpg": Tagged(picture(2)),
    }


def asked(site: Site) -> dict[str, int]:
    counts = {path: count for path, count in site.requests.items() if path not in ("/robots.txt", "/sitemap.xml")}
    site.requests.clear()
    return counts


def test_unchanged_pages_are_asked_with_validators_and_pictures_not_at_all(crawler: Crawler) -> None:
    web = answers()
    with serve({**web}) as site:
        (first,) = crawler.runs(site.url())
        assert asked(site) == {"/": 1, "/one": 1, "/a.jpg": 1, "/b.jpg": 1}
        assert (first["fetched"], first["unchanged"]) == (2, 0)
        (second,) = crawler.runs(site.url())
        assert asked(site) == {"/": 1, "/one": 1}
        assert (second["pages"], second["unchanged"], second["images"], second["fetched"]) == (2, 2, 2, 0)
        assert web["/one"].conditions[1] == (web["/one"].etag, "Sun, 01 Nov 2026 10:00:00 GMT")
    places = crawler.rows("select page_url, image_url, sha256, page_title from crawler_fetchedimage order by run_id")
    assert len(places) == 6 and len(set(places)) == 3
    # Nothing waits in the spool for what was only seen again.
    assert crawler.rows("select count(*) from crawler_fetchedimage where size = 0 and processed_at is null")[0][0] >= 3


def test_due_pictures_are_asked_with_validators_and_new_bytes_are_a_new_picture(crawler: Crawler) -> None:
    web = answers()
    with serve({**web}) as site:
        crawler.runs(site.url())
        make_due(crawler)
        web["/b.jpg"].reply = picture(3)
        site.requests.clear()
        (second,) = crawler.runs(site.url())
        assert asked(site) == {"/": 1, "/one": 1, "/a.jpg": 1, "/b.jpg": 1}
        assert (second["images"], second["fetched"]) == (2, 1)
        assert [bool(etag) for etag, _ in web["/a.jpg"].conditions] == [False, True]
    intervals = dict(crawler.rows("select url, interval_seconds from crawler_picture"))
    assert intervals[site.url("/b.jpg")] < intervals[site.url("/a.jpg")]
    hashes = crawler.rows(f"select distinct sha256 from crawler_fetchedimage where image_url = '{site.url('/b.jpg')}'")
    assert len(hashes) == 2


def test_a_scheduled_run_visits_what_is_due_and_new_pages_alone(crawler: Crawler) -> None:
    web = answers()
    with serve({**web}) as site:
        crawler.runs(site.url())
        site.requests.clear()
        (nothing,) = crawler.runs("--due", site.url())
        assert (nothing["status"], nothing["pages"]) == ("finished", 0) and not asked(site)
        crawler.execute(f"update crawler_page set due_at = '2020-01-01 00:00:00' where url = '{site.url('/one')}'")
        web["/one"].reply = page('<img src="/b.jpg"><a href="/new">')
        site.answers["/new"] = page("new")
        (some,) = crawler.runs("--due", site.url())
        assert asked(site) == {"/one": 1, "/new": 1}
        assert (some["pages"], some["unchanged"], some["images"]) == (2, 0, 1)


def test_the_content_tells_where_a_server_has_no_validators(crawler: Crawler) -> None:
    answers = {"/": page('<a href="/moved"><img src="/a.jpg">text'), "/a.jpg": picture(1), "/moved": redirect("/there")}
    with serve({**answers, "/there": page("there")}) as site:
        crawler.runs(site.url())
        (second,) = crawler.runs(site.url())
    assert (second["pages"], second["unchanged"], second["images"], second["fetched"]) == (2, 2, 1, 0)
    assert crawler.rows("select moved_to from crawler_page where url like '%/moved'") == [(site.url("/there"),)]
    (interval,) = crawler.rows("select interval_seconds from crawler_page where depth = 0")
    assert interval == (24 * 3600 * 3 // 2,)


def test_in_watch_mode_everything_is_compared_afresh(crawler: Crawler) -> None:
    crawler.environment["GALLERY_MODE"] = "watch"
    web = answers()
    with serve({**web}) as site:
        crawler.runs(site.url())
        site.requests.clear()
        (second,) = crawler.runs(site.url())
        assert asked(site) == {"/": 1, "/one": 1, "/a.jpg": 1, "/b.jpg": 1} and second["fetched"] == 2
        assert not any(etag for answer in web.values() for etag, _ in answer.conditions)
    assert crawler.rows("select count(*) from crawler_picture") == crawler.rows(
        "select count(*) from crawler_pagepicture"
    )
    assert crawler.rows("select count(*) from crawler_picture") == [(0,)]


def test_a_page_whose_picture_could_not_be_had_is_read_in_full_again(crawler: Crawler) -> None:
    web = answers()
    with serve({**web, "/b.jpg": Reply(status=500)}) as site:
        crawler.runs(site.url())
        site.answers["/b.jpg"] = picture(2)
        (second,) = crawler.runs(site.url())
        assert (second["images"], second["fetched"], second["unchanged"]) == (2, 1, 1)


def test_a_page_that_is_gone_is_forgotten_after_three_visits(crawler: Crawler) -> None:
    with serve({"/": page('<a href="/gone">'), "/gone": page("here")}) as site:
        crawler.runs(site.url())
        site.answers["/"] = page("nothing")
        site.answers.pop("/gone")
        for times in (1, 2, 3):
            assert len(crawler.rows("select url from crawler_page")) == 2
            crawler.runs(site.url())
            assert site.requests["/gone"] == 1 + times
        assert crawler.rows("select url from crawler_page") == [(site.url(),)]


def test_a_picture_is_not_lost_when_the_crawl_dies_after_its_page(crawler: Crawler) -> None:
    reached, release = threading.Event(), threading.Event()

    def slow(handler: BaseHTTPRequestHandler) -> None:
        reached.set()
        release.wait(60)
        send(handler, picture(2))

    web: dict[str, Answer] = {**answers(), "/b.jpg": slow}
    with serve(web) as site:
        process = crawler.start("--json", "--allow-private", site.url())
        assert reached.wait(60)
        process.kill()
        process.communicate()
        release.set()
        (again,) = crawler.runs("--due", site.url())
        assert (again["status"], again["images"]) == ("finished", 2)
