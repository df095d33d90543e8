"""Past one machine: two crawl and two ingest processes on one PostgreSQL, one Redis and one spool."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from subprocess import Popen
from typing import Any

import psycopg2
import pytest
from redis import Redis

from crawler.frontiers.frontier_client import connect, prefix
from tests.frontiers import frontier_url
from tests.installation import Installation
from tests.sites import Answer, Site, page, picture, send, serve
from tests.test_services import a_database

pytestmark = [pytest.mark.services, pytest.mark.slow]

PAGES = 150
SECONDS = 50


def path_of(number: int) -> str:
    return "/" if number == 0 else f"/{chr(97 + number // 26)}/{chr(97 + number % 26)}.html"


def shown_on(number: int) -> list[str]:
    """Every page has a picture that it shares with nine others, and some have one of their own."""
    return [f"/shared/{number // 10}.jpg", *([f"/own/{number}.jpg"] if number % 5 == 0 else [])]


@dataclass
class Crowd:
    """The two machines: folders of their own, all services shared."""

    machines: list[Installation]
    database: str
    frontier: Redis
    running: list[Popen[bytes]] = field(default_factory=list)

    def start(self, machine: int, *arguments: str) -> Popen[bytes]:
        process = self.machines[machine].start(*arguments)
        self.running.append(process)
        return process

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.database)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(query)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def run_id(self) -> str:
        """Of the run that has just been started, once it is in the frontier."""
        found = wait_for(lambda: self.rows("SELECT id FROM crawler_crawlrun"))
        run_id = str(found[0][0])
        wait_for(lambda: self.workers(run_id))
        return run_id

    def workers(self, run_id: str) -> list[str]:
        return [str(name) for name in self.frontier.zrange(prefix(run_id) + "workers", 0, -1)]

    def holders(self, run_id: str) -> set[str]:
        """Processes that have pages under way."""
        return {str(entry).split()[0] for entry in self.frontier.hvals(prefix(run_id) + "taken")}

    def lapse(self, run_id: str, process: Popen[bytes]) -> None:
        """A minute has gone by since `process` was last heard of."""
        (name,) = [name for name in self.workers(run_id) if f":{process.pid}:" in name]
        self.frontier.zadd(prefix(run_id) + "workers", {name: 1}, xx=True)


def wait_for(look: Callable[[], Any]) -> Any:
    """What `look` gives, once that is something."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come")


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[Crowd]:
    with a_database() as database:
        services = {
            "DATABASE_URL": database,
            "FRONTIER_URL": frontier_url(),
            "SPOOL_DIR": str(tmp_path / "spool"),
            "SECRET_KEY": "the same on every machine, and long enough for it",
            "MASTER_KEY": "0" * 43 + "=",
            "FACE_WORKERS": "1",
        }
        machines = [Installation(tmp_path / name, **services) for name in ("one", "two")]
        done = machines[0].run("migrate", "--no-input")
        assert done.returncode == 0, done.stderr
        crowd = Crowd(machines, database, connect(frontier_url()))
        try:
            yield crowd
        finally:
            for process in crowd.running:
                if process.poll() is None:
                    process.kill()
                process.wait()
            crowd.frontier.close()


@contextmanager
def a_site(on_page: Callable[[str], None]) -> Iterator[Site]:
    """150 pages, each of which links to three others; `on_page` is called, and may wait, before one is given out."""

    def answer(number: int) -> Answer:
        children = [child for child in range(3 * number + 1, 3 * number + 4) if child < PAGES]
        links = "".join(f'<a href="{path_of(child)}">more</a>' for child in children)
        images = "".join(f'<img src="{path}">' for path in shown_on(number))
        reply = page(f"<p>Page {number}</p>{links}{images}", f"<title>{number}</title>")

        def talk(handler: BaseHTTPRequestHandler) -> None:
            on_page(handler.path)
            send(handler, reply)

        return talk

    answers: dict[str, Answer] = {path_of(number): answer(number) for number in range(PAGES)}
    for shade, path in enumerate(sorted({path for number in range(PAGES) for path in shown_on(number)})):
        answers[path] = picture(shade)
    with serve(answers) as site:
        yield site


def check_all_is_there(crowd: Crowd, site: Site) -> None:
    """Each page is in the log once, and each picture in the gallery at each of its places, after two have ingested."""
    visits = Counter(url for (url,) in crowd.rows("SELECT url FROM crawler_pagevisit WHERE status = 200"))
    assert visits == {site.url(path_of(number)): 1 for number in range(PAGES)}
    ingests = [crowd.start(machine, "ingest") for machine in (0, 1)]
    assert [ingest.wait(SECONDS) for ingest in ingests] == [0, 0]
    seen = crowd.rows("SELECT page_url, image_url FROM search_sighting")
    places = {(site.url(path_of(number)), site.url(path)) for number in range(PAGES) for path in shown_on(number)}
    assert set(seen) == places and len(seen) == len(places)
    assert crowd.rows("SELECT outcome, count(*) FROM crawler_fetchedimage GROUP BY outcome") == [
        ("ingested", len(places))
    ]


def test_every_page_and_picture_is_requested_once(crowd: Crowd) -> None:
    both, holders, run_id = threading.Event(), set[str](), ""

    def on_page(_path: str) -> None:
        both.wait(SECONDS)
        holders.update(crowd.holders(run_id))

    with a_site(on_page) as site:
        first = crowd.start(0, "crawl", site.url(), "--allow-private")
        run_id = crowd.run_id()
        second = crowd.start(1, "crawl", site.url(), "--allow-private")
        wait_for(lambda: len(crowd.workers(run_id)) == 2)
        both.set()
        assert [first.wait(SECONDS), second.wait(SECONDS)] == [0, 0]
        assert len(holders) == 2
        check_all_is_there(crowd, site)
        paths = [path for path in site.requests if path != "/robots.txt" and path in site.answers]
        assert len(paths) == len(site.answers) and {site.requests[path] for path in paths} == {1}
    assert crowd.rows("SELECT state, pages, waiting FROM crawler_crawlrun") == [("finished", PAGES, 0)]
    assert list(crowd.frontier.scan_iter(f"*{run_id}*")) == []


@pytest.mark.parametrize("killed", [True, False], ids=["killed", "stopped"])
def test_a_process_that_ends_half_way_loses_nothing(crowd: Crowd, killed: bool) -> None:
    both, half, go_on = threading.Event(), threading.Event(), threading.Event()
    asked = Counter[str]()

    def on_page(path: str) -> None:
        both.wait(SECONDS)
        asked[path] += 1
        if len(asked) >= PAGES // 2:
            half.set()
            go_on.wait(SECONDS)

    with a_site(on_page) as site, ExitStack() as stack:
        stack.callback(go_on.set)
        first = crowd.start(0, "crawl", site.url(), "--allow-private")
        run_id = crowd.run_id()
        second = crowd.start(1, "crawl", site.url(), "--allow-private")
        wait_for(lambda: len(crowd.workers(run_id)) == 2)
        both.set()
        assert half.wait(SECONDS)
        if killed:
            first.kill()
            first.wait()
            crowd.lapse(run_id, first)
        else:
            first.terminate()
        go_on.set()
        assert first.wait(SECONDS) != 0 or not killed
        assert second.wait(SECONDS) == 0
        check_all_is_there(crowd, site)
        assert max(asked.values()) <= 2
    assert crowd.rows("SELECT state FROM crawler_crawlrun") == [("finished",)]
