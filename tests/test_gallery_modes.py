"""What is kept of strangers: for a time in `index`, nothing at all in `watch`."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.core.checks import run_checks
from django.core.files.storage import storages
from django.db import connection
from django.utils import timezone

from accounts import consent, retention
from accounts.models import Purpose, User
from crawler.models import FetchedImage
from search import enrolment, faces, gallery, ingest, matching, review, volume
from search.calibration import Band
from search.models import CrawlVolume, Enrolment, Face, Image, Match, Sighting
from search.states import Decision
from tests import photos
from tests.fetched import fetched

ASTRONAUT = photos.jpeg(photos.astronaut())
HOPPER = photos.jpeg(photos.hopper())
TOGETHER = photos.jpeg(photos.beside(photos.hopper(), photos.astronaut()))
GROUP = photos.jpeg(photos.group())


@pytest.fixture
def watching(settings: Any) -> None:
    settings.GALLERY_MODE = "watch"


def crawl(**pictures: bytes) -> ingest.Report:
    for name, data in pictures.items():
        fetched(data, f"{name}.jpg", f"{name}.html")
    return ingest.ingest_waiting()


def traces(data: bytes) -> list[bytes]:
    """By what a picture and its faces could be recognised on a disk."""
    analysis = faces.analyse(data)
    return [
        data[2000:2064],
        analysis.pdq[0].encode(),
        *(faces.to_bytes(face.embedding)[:32] for face in analysis.faces),
    ]


def everything_stored(folders: list[Path]) -> bytes:
    """Every value of every row, and every byte of every file."""
    values: list[bytes] = []
    for model in apps.get_models(include_auto_created=True):
        for row in model._base_manager.values_list():
            values += [bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode() for value in row]
    files = [path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()]
    return b"\n".join(values + files)


def folders(tmp_path: Path) -> list[Path]:
    name = connection.settings_dict["NAME"]
    database = [Path(name).parent] if connection.vendor == "sqlite" and Path(str(name)).is_file() else []
    spool = Path(storages["spool"].location)  # type: ignore[attr-defined]
    return [django_settings.INDEX_DIR, spool, tmp_path, django_settings.DATA_DIR, *database]


def test_watch_writes_nothing_about_a_face_that_is_no_match(
    watching: None, enrolled_alice: Enrolment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Safeguard 8."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    report = crawl(alice=ASTRONAUT, grace=HOPPER, together=TOGETHER, group=GROUP)
    assert (report.images, report.faces, report.matches) == (2, 2, 2)
    stored = everything_stored(folders(tmp_path))
    for stranger in (HOPPER, GROUP):
        assert not [trace for trace in traces(stranger) if trace in stored]
    assert b"grace.html" not in stored
    assert b"group.jpg" not in stored
    # The scan sees: what belongs to Alice's match is there.
    assert faces.analyse(ASTRONAUT).pdq[0].encode() in stored
    assert b"alice.html" in stored
    # Of the picture of two only Alice's face.
    beside = next(face for face in faces.analyse(TOGETHER).faces if face.box[0] < 200)
    assert faces.to_bytes(beside.embedding)[:32] not in stored


def test_watch_finds_what_index_finds(watching: None, enrolled_alice: Enrolment) -> None:
    crawl(alice=ASTRONAUT, grace=HOPPER, together=TOGETHER)
    seen = {place.page_url.rsplit("/", 1)[1] for match in Match.objects.all() for place in match.places()}
    assert seen == {"alice.html", "together.html"}


def test_watch_looks_again_for_whoever_enrols_later(watching: None, alice: User, carol: User) -> None:
    crawl(alice=ASTRONAUT)
    assert not Image.objects.exists()
    consent.give(alice, Purpose)
    enrolled = enrolment.enrol(alice, photos.pair(ASTRONAUT), adult=True)
    enrolment.attest(enrolled, carol, "Met in person.")
    assert not Match.objects.exists()  # there is no gallery to search
    crawl(alice=ASTRONAUT)
    assert Match.objects.get().subject == enrolled.subject


def test_watch_seen_again_is_one_match_and_one_face(watching: None, enrolled_alice: Enrolment) -> None:
    crawl(alice=ASTRONAUT)
    before = Sighting.objects.get().last_seen
    report = crawl(alice=ASTRONAUT)
    assert (report.images, report.faces, report.matches) == (0, 0, 0)
    assert Face.objects.count() == 1
    assert Sighting.objects.get().last_seen > before


def test_watch_forgets_the_face_that_was_not_me(watching: None, enrolled_alice: Enrolment) -> None:
    crawl(alice=ASTRONAUT)
    match = Match.objects.get()
    review.dismiss(match, enrolled_alice.subject.user)
    Match.objects.update(decided_at=timezone.now() - timedelta(days=2))
    crawl(alice=ASTRONAUT)
    match.refresh_from_db()
    assert match.face is None
    assert match.sealed_preview is None
    assert not Face.objects.exists()
    assert match.state == "dismissed"  # and is not asked about again


def test_switching_to_watch_forgets_the_gallery(enrolled_alice: Enrolment, settings: Any) -> None:
    crawl(alice=ASTRONAUT, grace=HOPPER)
    assert gallery.stats().count == 2
    settings.GALLERY_MODE = "watch"
    retention.sweep()
    assert Face.objects.count() == 1
    assert Image.objects.count() == 1
    assert not [file for file in settings.INDEX_DIR.iterdir() if file.suffix == ".flat"]


@pytest.mark.parametrize(
    "step", ["search.ingest.volume.count", "search.ingest.matching.forward", "crawler.spool.discard"]
)
def test_watch_killed_anywhere_ends_the_same(
    watching: None, enrolled_alice: Enrolment, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    fetched(ASTRONAUT, "a.jpg")
    fetched(HOPPER, "g.jpg")

    def die(*args: object, **options: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(step, die)
        with pytest.raises(SystemExit):
            ingest.ingest_waiting()
    ingest.ingest_waiting()
    assert (Image.objects.count(), Face.objects.count(), Match.objects.count()) == (1, 1, 1)
    assert FetchedImage.objects.count() == 1


def test_faces_not_seen_for_long_leave_the_rows_and_the_index(enrolled_alice: Enrolment, settings: Any) -> None:
    crawl(alice=ASTRONAUT, grace=HOPPER, group=GROUP)
    settings.GALLERY_RETENTION_DAYS = 30
    Image.objects.exclude(sightings__page_url__endswith="group.html").update(
        last_seen=timezone.now() - timedelta(days=31)
    )
    assert gallery.expire(timezone.now()) == 1  # Grace; Alice's face belongs to her match
    assert Face.objects.count() == 7
    assert not Image.objects.filter(sightings__page_url__endswith="grace.html").exists()
    assert gallery.verify().exact
    (grace,) = faces.faces_in(HOPPER)
    assert gallery.search(grace.embedding[np.newaxis], 0.6) == [[]]
    assert gallery.expire(timezone.now()) == 0


def test_seen_again_in_time_stays(settings: Any, db: None) -> None:
    crawl(grace=HOPPER)
    Image.objects.update(last_seen=timezone.now() - timedelta(days=10_000))
    crawl(grace=HOPPER)
    assert gallery.expire(timezone.now()) == 0


def test_a_stranger_somebody_dismissed_expires_too(enrolled_alice: Enrolment) -> None:
    crawl(alice=ASTRONAUT)
    review.dismiss(Match.objects.get(), enrolled_alice.subject.user)
    Image.objects.update(last_seen=timezone.now() - timedelta(days=10_000))
    assert gallery.expire(timezone.now()) == 1
    assert Match.objects.get().face is None


def test_a_confirmed_match_keeps_its_face(enrolled_alice: Enrolment) -> None:
    crawl(alice=ASTRONAUT)
    review.confirm(Match.objects.get(), enrolled_alice.subject.user, Decision.ACT)
    Image.objects.update(last_seen=timezone.now() - timedelta(days=10_000))
    assert gallery.expire(timezone.now()) == 0
    assert Match.objects.get().face is not None


def test_thresholds_follow_the_volume_of_the_crawl(enrolled_alice: Enrolment) -> None:
    calm = matching.scorer([])
    volume.count(pictures=400_000, faces=1_000_000)
    busy = matching.scorer([])
    assert busy.population == 1_000_000
    expected = faces.calibration().fmr(faces.calibration().band_threshold(Band.POSSIBLE, busy.population)) * 1_000_000
    assert expected <= 1.0 + 1e-9
    assert busy.population > calm.population
    CrawlVolume.objects.update(day=timezone.now().date() - timedelta(days=31))
    assert volume.faces_per_month() == 0


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [("GALLERY_MODE", "watchh", "search.E002"), ("GALLERY_RETENTION_DAYS", 0, "search.E003")],
)
def test_a_slip_in_the_settings_is_named(settings: Any, name: str, value: object, check: str) -> None:
    setattr(settings, name, value)
    assert check in {problem.id for problem in run_checks()}
