"""A run that is paused, stopped, or whose process is told to end, goes on later with nothing lost or done twice."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.crawling import Crawler
from tests.sites import Answer, Site, page, picture, send, serve


class Gate:
    """A page that answers only once it is opened, or after half a minute."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        self.reached.set()
        self.opened.wait(30)
        send(handler, page('<img src="/slow.jpg"><a href="/last">'))


@pytest.fixture
def crawler(tmp_path: Path) -> Crawler:
    return Crawler(tmp_path)


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def site(gate: Gate) -> Iterator[Site]:
    answers: dict[str, Answer] = {
        "/": page('<a href="/one"><a href="/slow"><img src="/a.jpg">'),
        "/one": page('<img src="/b.jpg">one'),
        "/slow": gate,
        "/last": page('<img src="/c.jpg">'),
        "/a.jpg": picture(1),
        "/b.jpg": picture(2),
        "/c.jpg": picture(3),
        "/slow.jpg": picture(4),
    }
    with serve(answers) as running:
        yield running


def finish(process: Any) -> dict[str, Any]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    (run,) = json.loads(out)["runs"]
    return dict(run)


def wish(crawler: Crawler, word: str) -> None:
    crawler.execute(f"update crawler_crawlrun set wish = '{word}'")


def held(crawler: Crawler, site: Site, gate: Gate, word: str) -> dict[str, Any]:
    """A run that was asked to `word` while a page was under way."""
    process = crawler.start("--json", "--allow-private", site.url())
    assert gate.reached.wait(60)
    wish(crawler, word)
    # The wish is seen while the page is still on its way: two signs of life later.
    sign = "select seen_at from crawler_crawlrun"
    for _ in range(2):
        before = crawler.rows(sign)
        while crawler.rows(sign) == before:
            assert process.poll() is None
    gate.opened.set()
    return finish(process)


def test_a_paused_run_finishes_what_is_under_way_and_goes_on_later(crawler: Crawler, site: Site, gate: Gate) -> None:
    paused = held(crawler, site, gate, "pause")
    assert (paused["status"], paused["reason"]) == ("paused", "Somebody paused it.")
    assert paused["pages"] == 3 and site.requests["/last"] == 0
    (last,) = crawler.rows("select fetched_at from crawler_page where url like '%/last'")
    assert last == (None,)
    (resumed,) = crawler.runs("--resume", paused["run"])
    assert (resumed["run"], resumed["status"], resumed["reason"]) == (paused["run"], "finished", "")
    assert (resumed["pages"], resumed["images"], resumed["waiting"]) == (4, 4, 0)
    pages = ("/one", "/slow", "/last", "/a.jpg", "/b.jpg", "/c.jpg", "/slow.jpg")
    assert {path: site.requests[path] for path in pages} == dict.fromkeys(pages, 1)
    again = crawler.run("--resume", paused["run"])
    assert again.returncode == 1 and "there is nothing to go on with" in again.stderr


def test_a_stopped_run_leaves_the_rest_to_the_next(crawler: Crawler, site: Site, gate: Gate) -> None:
    stopped = held(crawler, site, gate, "stop")
    assert (stopped["status"], stopped["reason"]) == ("interrupted", "Somebody stopped it.")
    (due,) = crawler.runs("--due", site.url())
    assert (due["status"], due["pages"]) == ("finished", 1) and site.requests["/last"] == 1


def test_a_run_whose_process_is_told_to_end_is_interrupted(crawler: Crawler, site: Site, gate: Gate) -> None:
    process = crawler.start("--json", "--allow-private", site.url())
    assert gate.reached.wait(60)
    process.terminate()
    gate.opened.set()
    ended = finish(process)
    assert (ended["status"], ended["reason"]) == ("interrupted", "Its process was stopped.")
    (resumed,) = crawler.runs("--resume", ended["run"])
    assert (resumed["status"], resumed["pages"], resumed["images"]) == ("finished", 4, 4)
    assert len(crawler.spooled()) == 4


def test_bad_options_are_one_clear_sentence(crawler: Crawler, site: Site) -> None:
    unknown = "00000000-0000-0000-0000-000000000000"
    for arguments, sentence in (
        ([], "Give at least one URL."),
        (["--resume", unknown], "There is no run with this number."),
        (["--source", unknown], "There is no source with this id."),
        (["--resume", unknown, site.url()], "Give URLs, or a source, or a run to go on with."),
        (["--path", "gallery", site.url()], "must be the beginning of a path"),
        (["--kind", "blog", site.url()], "invalid choice"),
    ):
        refused = crawler.run(*arguments)
        assert refused.returncode != 0 and sentence in refused.stderr, refused.stderr
    assert not site.requests
