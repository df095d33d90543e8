"""The same code on PostgreSQL and Redis, and on nothing at all: an operator's day, and the work queue."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest

from tests import availability, photos
from tests.installation import ROOT, Installation
from tests.sites import Reply, page, serve

ALICE, CAROL = "alice@example.org", "carol@example.org"


@contextmanager
def a_database() -> Iterator[str]:
    """A PostgreSQL database of its own, dropped afterwards."""
    server, name = availability.postgres(), f"faceward_installation_{os.getpid()}"

    def execute(statement: str) -> None:
        connection = psycopg2.connect(server)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
        connection.close()

    execute(f"DROP DATABASE IF EXISTS {name}")
    execute(f"CREATE DATABASE {name}")
    try:
        yield server.rsplit("/", 1)[0] + f"/{name}"
    finally:
        execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["embedded", pytest.param("services", marks=pytest.mark.services)])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    if request.param == "embedded":
        yield Installation(tmp_path)
        return
    with a_database() as database:
        services = Installation(tmp_path, DATABASE_URL=database, REDIS_URL=availability.redis_url())
        done = services.run("migrate", "--no-input")
        assert done.returncode == 0, done.stderr
        yield services


@pytest.mark.slow
def test_crawled_pictures_are_ingested_by_the_queue(installation: Installation, tmp_path: Path) -> None:
    """Enrol and crawl by hand; a Celery worker does the rest by itself."""
    photo = tmp_path / "alice.jpg"
    photo.write_bytes(photos.jpeg(photos.astronaut()))
    another = tmp_path / "alice-again.jpg"
    another.write_bytes(photos.jpeg(photos.astronaut(), 80))
    installation.json("enrol", ALICE, str(photo), str(another), "--attested-by", CAROL)
    copy = photos.jpeg(photos.mirrored(photos.astronaut()))
    with serve({"/": page('<img src="/a.jpg">'), "/a.jpg": Reply(copy, "image/jpeg")}) as site:
        installation.json("crawl", site.url(), "--allow-private")
        with a_worker(installation):
            give_up = time.monotonic() + 120
            while not (matches := installation.json("matches", ALICE)["matches"]) and time.monotonic() < give_up:
                time.sleep(0.5)
    assert [place["page_url"] for match in matches for place in match["sightings"]] == [site.url()]


@contextmanager
def a_worker(installation: Installation) -> Iterator[None]:
    """One Celery worker with the clock in it, ticking every second."""
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-B", "-P", "solo", "-l", "ERROR"]
    environment = {**installation.environment, "TICK_SECONDS": "1"}
    worker = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        yield
    finally:
        worker.terminate()
        try:
            worker.wait(30)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
