"""The disk is bounded: while enough waits for ingest nothing new is requested, and a crawl does not wait for ever."""

import io
import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crawler.backpressure import MEASURE_SECONDS, Pressure
from tests.crawling import Crawler
from tests.sites import Answer, Reply, page, serve

LIMIT = 400_000
PICTURES = 60


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_shuts_at_the_limit_and_opens_when_a_fifth_is_free() -> None:
    waiting = [0]
    pressure = Pressure(1000, measure=lambda: waiting[0], clock=Clock())
    assert [pressure.put(size) for size in (999, 1, 50)] == [False, True, False]
    waiting[0] = 900
    pressure.measure(0)
    shut = pressure.is_shut
    waiting[0] = 700
    pressure.measure(100)
    assert shut and not pressure.is_shut


def test_what_others_put_there_is_seen_in_time() -> None:
    waiting, clock = [0], Clock()
    pressure = Pressure(1000, measure=lambda: waiting[0], clock=clock)
    pressure.measure(0)
    waiting[0] = 2000
    pressure.measure(0)
    assert not pressure.is_shut
    clock.now += MEASURE_SECONDS
    pressure.measure(0)
    assert pressure.is_shut


def test_it_is_hopeless_only_when_nobody_takes_anything_away() -> None:
    waiting, clock = [2000], Clock()
    pressure = Pressure(1000, measure=lambda: waiting[0], clock=clock, patience=60)
    pressure.measure(0)
    clock.now = 59
    assert not pressure.is_hopeless()
    waiting[0] = 1900
    pressure.measure(0)
    clock.now = 100
    pressure.measure(0)
    assert not pressure.is_hopeless()
    clock.now = 120
    assert pressure.is_hopeless()


def noise(seed: int) -> Reply:
    pixels = np.random.default_rng(seed).integers(0, 256, (100, 100, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return Reply(buffer.getvalue(), "image/png")


@pytest.fixture
def answers() -> dict[str, Answer]:
    names = [f"/{number}.png" for number in range(PICTURES)]
    body = "".join(f"<img src={name}>" for name in names)
    return {"/": page(body), **{name: noise(number) for number, name in enumerate(names)}}


class Ingest(threading.Thread):
    """Stands in for ingest: takes pictures away and marks their rows. `most` is the most that it ever found."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.folder = folder
        self.done = threading.Event()
        self.most = 0

    def run(self) -> None:
        while not self.done.wait(0.05):
            files = [path for path in (self.folder / "spool").rglob("*") if path.is_file() and len(path.name) == 64]
            self.most = max(self.most, sum(path.stat().st_size for path in files))
            if sum(path.stat().st_size for path in files) < LIMIT // 2:
                continue
            with sqlite3.connect(self.folder / "faceward.sqlite3", timeout=30) as database:
                sql = "update crawler_fetchedimage set processed_at = '2026-01-01 00:00:00' where sha256 = ?"
                done = [path for path in files if database.execute(sql, [path.name]).rowcount]
            for path in done:
                path.unlink()


def test_the_spool_stays_within_its_limit(tmp_path: Path, answers: dict[str, Answer]) -> None:
    crawler, ingest = Crawler(tmp_path, {"SPOOL_MAX_BYTES": str(LIMIT)}), Ingest(tmp_path)
    ingest.start()
    with serve(answers) as site:
        (run,) = crawler.runs(site.url())
    ingest.done.set()
    ingest.join()
    assert (run["status"], run["images"]) == ("finished", PICTURES)
    assert all(site.requests[path] == 1 for path in answers)
    in_flight = 16 * 31_000
    assert LIMIT // 2 < ingest.most < LIMIT + in_flight < PICTURES * 30_000


def test_where_nobody_ingests_the_run_pauses_and_says_so(tmp_path: Path, answers: dict[str, Answer]) -> None:
    crawler = Crawler(
        tmp_path, {"SPOOL_MAX_BYTES": str(LIMIT)}, "import crawler.backpressure as b; b.NOBODY_SECONDS = 1"
    )
    with serve(answers) as site:
        (full,) = crawler.runs(site.url())
        assert full["status"] == "paused" and full["images"] < PICTURES
        assert full["reason"].startswith(
            "The spool is full: start an ingest worker, then go on with manage.py crawl --res"
        )
        crawler.execute("update crawler_fetchedimage set processed_at = '2026-01-01 00:00:00'")
        crawler.environment["SPOOL_MAX_BYTES"] = "100000000"
        (resumed,) = crawler.runs("--resume", full["run"])
        assert (resumed["status"], resumed["images"]) == ("finished", PICTURES)
        pictures = {path: count for path, count in site.requests.items() if path.endswith(".png")}
        assert set(pictures.values()) == {1} and len(pictures) == PICTURES
