"""Any number of processes ingest at once, each its own pictures; killed or stopped, nothing is lost or done twice."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from crawler import spool
from crawler.models import FetchedImage
from search import claims, ingest
from search.models import CrawlVolume, Face, Image, Sighting
from tests import photos
from tests.fetched import a_run, fetched
from tests.installation import ROOT, Installation
from tests.memo import RememberingPool
from tests.test_services import installation

__all__ = ["installation"]

PICTURES = [photos.jpeg(photos.resized(photos.astronaut(), 0.25 + number / 200)) for number in range(40)]
FILL = """
import pathlib
from tests.fetched import a_run, fetched
run = a_run()
for path in sorted(pathlib.Path({folder!r}).glob("*.jpg")):
    for page in ("a.html", "b.html"):
        fetched(path.read_bytes(), path.name, page, run)
"""


@pytest.mark.django_db
def test_what_one_has_claimed_another_leaves_alone() -> None:
    run = a_run()
    for number, data in enumerate(PICTURES[:3]):
        fetched(data, f"{number}.jpg", run=run)
    first = claims.take()
    assert first is not None
    assert list(first.rows) == list(FetchedImage.objects.order_by("pk").values_list("sha256", flat=True))
    fetched(PICTURES[0], "0.jpg", "later.html", run)  # seen once more while the first one works on it
    assert claims.take() is None
    assert ingest.ingest_waiting().images == 0
    first.release()
    again = claims.take()
    assert again is not None
    assert sum(map(len, again.rows.values())) == 4


@pytest.mark.django_db
def test_claims_of_a_killed_process_run_out() -> None:
    fetched(PICTURES[0], "0.jpg")
    assert claims.take() is not None
    with time_machine.travel(timezone.now() + claims.LEASE - timedelta(seconds=5), tick=False):
        assert claims.take() is None
    with time_machine.travel(timezone.now() + claims.LEASE + timedelta(seconds=5), tick=False):
        assert ingest.ingest_waiting().images == 1


@pytest.mark.django_db
def test_who_works_long_keeps_its_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched(PICTURES[0], "0.jpg")
    claim = claims.take()
    assert claim is not None
    before = FetchedImage.objects.get().claimed_until
    claim.renew()
    assert before is not None
    assert FetchedImage.objects.get().claimed_until == before
    monkeypatch.setattr(claim, "_renewed", claim._renewed - claims.LEASE.total_seconds() / 2)
    claim.renew()
    assert FetchedImage.objects.filter(claimed_until__gt=before).exists()


@pytest.mark.django_db
def test_a_batch_is_so_many_pictures_however_many_pages_show_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.claims.PICTURES", 2)
    run = a_run()
    for number in (0, 1, 2):
        for page in ("a.html", "b.html"):
            fetched(PICTURES[number], f"{number}.jpg", page, run)
    first, second = claims.take(), claims.take()
    assert first is not None
    assert second is not None
    assert [len(rows) for rows in first.rows.values()] == [2, 2]
    assert [len(rows) for rows in second.rows.values()] == [2]


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["index", "watch"])
def test_asked_to_end_it_ends_after_the_picture_at_hand(
    monkeypatch: pytest.MonkeyPatch, settings: Any, mode: str
) -> None:
    settings.GALLERY_MODE = mode
    run = a_run()
    for number, data in enumerate(PICTURES[:6]):
        fetched(data, f"{number}.jpg", run=run)
    whole = RememberingPool.analyse

    def stopped(self: RememberingPool, items: Iterable[bytes]) -> Iterator[Any]:
        for number, outcome in enumerate(whole(self, items)):
            if number == 1:
                os.kill(os.getpid(), signal.SIGTERM)
            yield outcome

    handler = signal.getsignal(signal.SIGTERM)
    with monkeypatch.context() as patched:
        patched.setattr(RememberingPool, "analyse", stopped)
        ingest.ingest_waiting()
    assert signal.getsignal(signal.SIGTERM) == handler
    left = FetchedImage.objects.filter(processed_at=None)
    assert left.count() == 4
    assert not left.exclude(claimed_by=None).exists()
    assert all(spool.get(row.sha256) for row in left)
    assert CrawlVolume.objects.get().pictures == 2
    ingest.ingest_waiting()
    assert not left.all().exists()
    assert CrawlVolume.objects.get().pictures == 6


@pytest.mark.django_db
def test_a_call_may_have_an_end_in_time() -> None:
    fetched(PICTURES[0], "0.jpg")
    assert ingest.ingest_waiting(seconds=-1).images == 0
    assert FetchedImage.objects.get().claimed_by is None


@pytest.mark.django_db
def test_where_another_process_was_first_with_a_picture_it_is_there_once(monkeypatch: pytest.MonkeyPatch) -> None:
    row = fetched(PICTURES[0], "0.jpg")
    whole = RememberingPool.analyse

    def overtaken(self: RememberingPool, items: Iterable[bytes]) -> Iterator[Any]:
        for outcome in whole(self, items):
            Image.objects.create(sha256=row.sha256, width=1, height=1, model_id=self.model().model_id)
            yield outcome

    monkeypatch.setattr(RememberingPool, "analyse", overtaken)
    ingest.ingest_waiting()
    assert (Image.objects.count(), Face.objects.count(), Sighting.objects.count()) == (1, 1, 1)


@pytest.mark.django_db
def test_who_follows_goes_on_with_what_comes_and_ends_when_nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    run = a_run()
    fetched(PICTURES[0], "0.jpg", run=run)
    comes = iter([(1,), (2, 3), None])

    def idle(_seconds: float) -> None:
        numbers = next(comes)
        if numbers is None:
            fetched(PICTURES[4], "4.jpg", run=run)
            os.kill(os.getpid(), signal.SIGINT)
        for number in numbers or ():
            fetched(PICTURES[number], f"{number}.jpg", run=run)

    monkeypatch.setattr("search.ingest.time.sleep", idle)
    handler = signal.getsignal(signal.SIGINT)
    assert ingest.follow().images == 5
    assert signal.getsignal(signal.SIGINT) == handler
    assert not FetchedImage.objects.filter(processed_at=None).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT, signal.SIGINT]])
def test_who_follows_ends_at_once_when_asked_to(monkeypatch: pytest.MonkeyPatch, signals: list[int]) -> None:
    def idle(_seconds: float) -> None:
        fetched(PICTURES[0], "0.jpg")
        for each in signals:
            os.kill(os.getpid(), each)

    monkeypatch.setattr("search.ingest.time.sleep", idle)
    assert ingest.follow() == ingest.Report()
    assert FetchedImage.objects.get().claimed_by is None


@pytest.mark.slow
def test_two_processes_share_the_work(installation: Installation, tmp_path: Path) -> None:
    """On SQLite and on PostgreSQL, each picture is measured once."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, data in enumerate(PICTURES):
        (folder / f"{number:03}.jpg").write_bytes(data)
    assert installation.run("migrate", "--no-input").returncode == 0
    done = installation.run("shell", "-c", FILL.format(folder=str(folder)))
    assert done.returncode == 0, done.stderr
    command = [sys.executable, "manage.py", "ingest", "--json"]
    running = [
        subprocess.Popen(command, cwd=ROOT, env=installation.environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    reports = [json.loads(process.communicate(timeout=240)[0]) for process in running]
    assert sum(report["images"] for report in reports) == len(PICTURES)
    assert sum(report["sightings"] for report in reports) == 2 * len(PICTURES)
    assert [report["refused"] for report in reports] == [{}, {}]
    counted = installation.run("shell", "-c", "from search.models import *; print(CrawlVolume.objects.get().pictures)")
    assert counted.stdout.split()[-1] == str(len(PICTURES))
