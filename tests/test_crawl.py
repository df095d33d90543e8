"""`manage.py crawl`, in a process of its own, against real sites on loopback."""

import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from crawler.downloading.pace import PRIVATE_HOST_CONCURRENCY
from crawler.models import CrawlRun, Source
from crawler.states import RunState
from crawler.tasks import crawl_command
from tests.crawling import Crawler
from tests.sites import Answer, Reply, Site, flood, gzipped, page, picture, redirect, send, serve, talker


@pytest.fixture
def crawler(tmp_path: Path) -> Crawler:
    return Crawler(tmp_path)


# --- One crawl of three sites, looked at from all sides ---------------------------------------------------


@dataclass
class Story:
    main: Site
    other: Site
    closed: Site
    crawler: Crawler
    runs: dict[str, dict[str, Any]]

    def shown(self) -> list[tuple[str, str]]:
        """Page and picture of every row, as paths, for the main site."""
        rows = self.crawler.rows("select page_url, image_url from crawler_fetchedimage")
        start = self.main.url("")
        return sorted((p.removeprefix(start), i.removeprefix(start)) for p, i in rows if p.startswith(start))


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "image/jpeg")
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"\xff\xd8\xff" + b"x" * 65536)
    except OSError:
        handler.close_connection = True


def garbage(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"220 smtp.example ready\r\n")
    handler.close_connection = True


def main_site(cdn: str, flooding: str) -> dict[str, Any]:
    bad = ["endless", "bomb", "garbage", "loop", "text.jpg", "missing.jpg", "to-metadata", "closed/c.jpg"]
    return {
        "/robots.txt": Reply(b"User-agent: Faceward\nDisallow: /closed/\n", "text/plain"),
        "/": page(
            '<a href="/one?utm_source=home">1</a><a href="/two">2</a><a href="/closed/page">no</a>'
            '<a href="/moved">moved</a><a href="/bad">bad</a><a href="/File:photo.jpg">file</a>'
            f'<a href="{cdn}/elsewhere">elsewhere</a><img src="/shared.jpg">'
            '<picture><source srcset="/big.jpg 1600w, /mid.jpg 800w"><img src="/small.jpg"></picture>',
            "<title>Home &amp; garden</title>",
        ),
        "/one": page(f'<img src="/shared.jpg?fbclid=1"><img src="{cdn}/cdn.jpg"><a href="/">up</a><a href="/three">'),
        "/two": page('<img src="/alias.jpg"><img src="/shared.jpg"><img data-src="/lazy.jpg" src="dot.gif">'),
        "/three": page('<a href="/four">too deep</a>'),
        "/four": page("never read"),
        "/moved": redirect("/two"),
        "/alias.jpg": redirect("/shared.jpg"),
        "/File:photo.jpg": page('<img src="/photo.jpg">'),
        "/bad": page("".join(f'<img src="/{path}">' for path in bad) + f"<img src={flooding}><a href=/latin>"),
        "/latin": Reply(b"<title>Caf\xe9</title><p>\x00<img src=/last.jpg", "text/html; charset=utf-9"),
        "/endless": endless,
        "/bomb": gzipped(b"\xff\xd8\xff" + b"\0" * 30_000_000, "image/jpeg"),
        "/garbage": garbage,
        "/loop": redirect("/loop2"),
        "/loop2": redirect("/loop"),
        "/text.jpg": Reply(b"not a picture", "image/jpeg"),
        "/to-metadata": redirect("http://169.254.169.254/latest/meta-data/"),
        "/closed/page": page("closed"),
        "/closed/c.jpg": picture(99),
        **{f"/{name}.jpg": picture(n) for n, name in enumerate(["shared", "big", "lazy", "photo", "last"])},
    }


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    other_answers: dict[str, Answer] = {
        "/": page('<a href="/p">p</a>'),
        "/p": page('<img src="/cdn.jpg">'),
        "/cdn.jpg": picture(70),
        "/elsewhere": page("not linked from here"),
    }
    closed_answers: dict[str, Answer] = {"/robots.txt": Reply(b"down", status=503), "/": page("unreachable rules")}
    headers = flood(b"HTTP/1.1 200 OK\r\n", b"X-Header: " + b"x" * 8000 + b"\r\n")
    with (
        serve(other_answers) as other,
        serve({}) as main,
        serve(closed_answers) as closed,
        talker(headers) as flooding,
    ):
        main.answers = main_site(other.url(""), f"http://127.0.0.1:{flooding}/f.jpg")
        crawler = Crawler(tmp_path_factory.mktemp("crawl"))
        starts = [main.url(), other.url("/", host="other.localhost"), closed.url()]
        runs = crawler.runs(*starts, "--depth", "2", "--max-pages", "50")
        assert [run["source"] for run in runs] == starts
        yield Story(main, other, closed, crawler, dict(zip(("main", "other", "closed"), runs, strict=True)))


def test_what_robots_forbid_is_not_asked_for(story: Story) -> None:
    assert not [path for path in story.main.requests if path.startswith("/closed/")]
    assert story.runs["main"]["errors"]["robots"] == 2
    assert story.main.agents == {settings.CRAWLER_USER_AGENT}


def test_a_site_whose_robots_txt_cannot_be_had_is_left_alone(story: Story) -> None:
    assert set(story.closed.requests) == {"/robots.txt"}
    assert story.runs["closed"]["status"] == "failed"
    assert story.runs["closed"]["errors"] == {"robots_unreachable": 1}


def test_every_page_is_read_once_and_none_outside_or_too_deep(story: Story) -> None:
    pages = ["/", "/one", "/two", "/three", "/moved", "/bad", "/latin", "/File:photo.jpg"]
    assert {path: story.main.requests[path] for path in pages} == dict.fromkeys(pages, 1)
    assert "/four" not in story.main.requests and "/elsewhere" not in story.other.requests
    assert story.runs["main"]["pages"] == 7
    visits = story.crawler.rows("select url, status, depth, title from crawler_pagevisit")
    assert len(visits) == len(set(visits)) == 7 + 2
    assert (story.main.url(), 200, 0, "Home & garden") in visits


def test_every_picture_is_fetched_once_in_its_largest_form(story: Story) -> None:
    found = ["/shared.jpg", "/big.jpg", "/lazy.jpg", "/photo.jpg", "/last.jpg", "/alias.jpg"]
    assert {path: story.main.requests[path] for path in found} == dict.fromkeys(found, 1)
    assert not {"/mid.jpg", "/small.jpg", "/dot.gif", "/shared.jpg?fbclid=1"} & set(story.main.requests)
    assert story.runs["main"]["images"] == 7


def test_every_place_of_a_picture_is_a_row(story: Story) -> None:
    assert story.shown() == [
        ("/", "/big.jpg"),
        ("/", "/shared.jpg"),
        ("/File:photo.jpg", "/photo.jpg"),
        ("/latin", "/last.jpg"),
        ("/one", "/shared.jpg"),
        ("/one", story.other.url("/cdn.jpg")),
        ("/two", "/alias.jpg"),
        ("/two", "/lazy.jpg"),
        ("/two", "/shared.jpg"),
    ]
    hashes = {sha256 for (sha256,) in story.crawler.rows("select sha256 from crawler_fetchedimage")}
    assert story.crawler.spooled() == hashes and len(hashes) == 6
    assert story.crawler.rows("select distinct content_type, processed_at from crawler_fetchedimage") == [
        ("image/jpeg", None)
    ]


def test_bad_answers_are_counted_by_name_and_the_run_goes_on(story: Story) -> None:
    errors = story.runs["main"]["errors"]
    assert story.runs["main"]["status"] == story.runs["other"]["status"] == "finished"
    assert errors.pop("broken") >= 1
    assert errors == {
        "robots": 2,
        "robots_unreachable": 1,
        "too_large": 2,
        "redirect_loop": 1,
        "not_image": 1,
        "http_404": 1,
        "forbidden_address": 1,
    }
    assert story.runs["other"]["errors"] == {}


# --- Refused, depth nought, and killed ----------------------------------------------------------------------


@pytest.mark.django_db
def test_nothing_is_requested_when_one_address_is_refused() -> None:
    with serve({"/": page("secret")}) as site:
        for arguments in (
            [site.url()],
            [site.url("/", host="blog.localhost")],
            [site.url("/", host="2130706433")],
            ["--allow-private", site.url(), "http://169.254.169.254/"],
            ["--allow-private", site.url(), "file:///etc/passwd"],
        ):
            with pytest.raises(CommandError, match=r"Nothing was requested\.$"):
                call_command("crawl", *arguments)
    assert not site.requests and not Source.objects.exists()


def test_the_command_says_why_and_exits_with_one(crawler: Crawler) -> None:
    with serve({"/": page("secret")}) as site:
        refused = crawler.run("--json", site.url())
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "private" in refused.stderr and "--allow-private" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1 and not site.requests


def test_one_page_only_and_a_second_call_for_people_to_read(crawler: Crawler) -> None:
    pause = threading.Event()

    def unhurried(handler: BaseHTTPRequestHandler) -> None:
        pause.wait(0.05)
        send(handler, picture(5))

    names = [f"/{number}.jpg" for number in range(40)]
    body = '<a href="/next">' + "".join(f"<img src={name}>" for name in names)
    with serve({"/": page(body), "/next": page("n"), **dict.fromkeys(names, unhurried)}) as site:
        first, alone = crawler.runs(site.url(), site.url("/7.jpg"), "--depth", "0")
        assert (first["pages"], first["images"], first["errors"]) == (1, 40, {})
        assert (alone["pages"], alone["images"], alone["status"]) == (0, 1, "finished")
        assert "/next" not in site.requests and site.most_at_once <= PRIVATE_HOST_CONCURRENCY
        again = crawler.run("--allow-private", site.url(), "--max-pages", "1")
    assert again.returncode == 0 and again.stderr == ""
    assert again.stdout.splitlines()[2].split() == [site.url(), "finished", "1", "40", "none"]
    sources = crawler.rows("select depth, max_pages, allow_private from crawler_source order by max_pages")
    assert sources == [(0, 1, 1), (0, 1000, 1)]
    assert crawler.rows("select count(*) from crawler_crawlrun where state = 'finished'") == [(3,)]
    assert len(crawler.spooled()) == 1


def test_killed_half_way_and_called_again(crawler: Crawler) -> None:
    reached, release = threading.Event(), threading.Event()

    def slow(handler: BaseHTTPRequestHandler) -> None:
        reached.set()
        release.wait(60)
        send(handler, page('<img src="/b.jpg">'))

    answers: dict[str, Answer] = {
        "/": page('<a href="/slow">s</a><img src="/a.jpg">'),
        "/slow": slow,
        "/a.jpg": picture(1),
        "/b.jpg": picture(2),
    }
    with serve(answers) as site:
        process = crawler.start("--json", "--allow-private", site.url())
        assert reached.wait(60)
        rival = crawler.run("--json", "--allow-private", site.url())
        assert rival.returncode == 1 and "being crawled already" in rival.stderr
        process.kill()
        process.communicate()
        assert crawler.rows("select state, finished_at from crawler_crawlrun") == [("running", None)]
        release.set()
        (again,) = crawler.runs(site.url())
    assert (again["status"], again["pages"], again["images"]) == ("finished", 2, 2)
    assert crawler.rows("select state from crawler_crawlrun order by started_at") == [
        ("interrupted",),
        ("finished",),
    ]
    assert len(crawler.spooled()) == 2


@pytest.mark.django_db
def test_the_task_calls_the_command_for_its_source_only() -> None:
    source = Source.objects.create(url="http://blog.example/", digest="d", allow_private=True)
    start = [sys.executable, str(settings.BASE_DIR / "manage.py"), "crawl", "--json"]
    assert crawl_command(source) == [*start, "--source", str(source.pk)]
    assert crawl_command(source, due_only=True) == [*start, "--source", str(source.pk), "--due"]
    run = CrawlRun.objects.create(source=source, state=RunState.PAUSED)
    assert crawl_command(source) == [*start, "--resume", str(run.pk)]
