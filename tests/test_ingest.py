"""Ingest: from waiting pictures to faces and sightings; safe to kill and to call again."""

from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from crawler import spool
from crawler.models import FetchedImage, Picture, url_digest
from search import ingest, matching
from search.models import Enrolment, Face, Image, Match, Sighting
from tests import photos
from tests.fetched import a_run, fetched

ASTRONAUT = photos.jpeg(photos.astronaut())
GROUP = photos.jpeg(photos.group())

pytestmark = pytest.mark.django_db


def test_faces_and_sightings_are_written_and_the_bytes_deleted() -> None:
    row = fetched(GROUP, "group.jpg")
    report = ingest.ingest_waiting()
    assert (report.images, report.sightings, report.faces) == (1, 1, 6)
    image = Image.objects.get()
    assert (image.width, image.height, len(image.pdq)) == (1280, 886, 64)
    assert image.faces.count() == 6
    row.refresh_from_db()
    assert row.outcome == ingest.INGESTED
    with pytest.raises(spool.NotInSpool):
        spool.get(row.sha256)


def test_one_picture_at_three_places_is_one_image() -> None:
    for page in ("a.html", "b.html"):
        fetched(ASTRONAUT, "same.jpg", page)
    fetched(ASTRONAUT, "other-name.jpg", "c.html")
    ingest.ingest_waiting()
    assert Image.objects.count() == 1
    assert Sighting.objects.count() == 3


def test_seen_again_is_a_later_last_seen_and_no_new_face() -> None:
    fetched(ASTRONAUT, "a.jpg")
    ingest.ingest_waiting()
    before = Sighting.objects.get()
    fetched(ASTRONAUT, "a.jpg")
    report = ingest.ingest_waiting()
    assert (report.images, report.sightings, report.faces) == (0, 0, 0)
    after = Sighting.objects.get()
    assert after.last_seen > before.last_seen
    assert after.first_seen == before.first_seen


def test_bad_pictures_get_a_reason_and_harm_no_other() -> None:
    bad = {
        "text.jpg": (b"<html>not found</html>", "not_a_picture"),
        "cut.jpg": (ASTRONAUT[:3000], "damaged"),
        "tiny.png": (photos.encode(photos.astronaut()[:4, :4], "PNG"), "too_small"),
    }
    for name, (data, _) in bad.items():
        fetched(data, name)
    fetched(ASTRONAUT, "good.jpg")
    report = ingest.ingest_waiting()
    assert report.faces == 1
    for name, (_, reason) in bad.items():
        assert FetchedImage.objects.get(image_url__endswith=name).outcome == reason
    assert not FetchedImage.objects.filter(processed_at=None).exists()


def test_missing_bytes_are_named_and_fetched_again_at_the_next_visit() -> None:
    row = fetched(ASTRONAUT, "a.jpg")
    Picture.objects.create(url=row.image_url, digest=url_digest(row.image_url), sha256=row.sha256, size=row.size)
    spool.discard(row.sha256)
    assert ingest.ingest_waiting().refused == {"bytes_missing": 1}
    row.refresh_from_db()
    assert row.outcome == "bytes_missing"
    assert not Picture.objects.exists()


def test_new_pictures_cost_few_queries(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    run = a_run()
    for number in range(30):
        fetched(photos.jpeg(photos.resized(photos.hopper(), 0.3 + number / 100)), f"{number}.jpg", run=run)
    with django_assert_max_num_queries(80):
        assert ingest.ingest_waiting().images == 30


def test_pictures_seen_again_cost_few_queries(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    names = [f"{number}.jpg" for number in range(30)]
    data = {name: photos.jpeg(photos.resized(photos.hopper(), 0.3 + int(name[:-4]) / 100)) for name in names}
    run = a_run()
    for name in names:
        fetched(data[name], name, run=run)
    ingest.ingest_waiting()
    run = a_run()
    for name in names:
        for page in ("index.html", "new.html"):
            fetched(data[name], name, page, run=run)
    Sighting.objects.update(last_seen="2026-01-01T00:00Z")
    Image.objects.update(last_seen="2026-01-01T00:00Z")
    with django_assert_max_num_queries(40):
        report = ingest.ingest_waiting()
    assert (report.images, report.faces, report.sightings) == (0, 0, 30)
    assert Sighting.objects.filter(last_seen__year=timezone.now().year, last_seen__gt="2026-01-02T00:00Z").count() == 60
    assert not Image.objects.filter(last_seen__lt="2026-01-02T00:00Z").exists()
    assert not FetchedImage.objects.filter(processed_at=None).exists()


def test_what_was_seen_last_never_goes_back() -> None:
    row = fetched(ASTRONAUT, "a.jpg")
    ingest.ingest_waiting()
    old = fetched(ASTRONAUT, "a.jpg")
    FetchedImage.objects.filter(pk=old.pk).update(fetched_at="2020-01-01T00:00Z")
    ingest.ingest_waiting()
    assert Sighting.objects.get().last_seen == row.fetched_at
    assert Image.objects.get().last_seen >= row.fetched_at


@pytest.mark.parametrize("step", ["search.ingest.optout.hidden", "search.matching.forward", "crawler.spool.discard"])
def test_killed_anywhere_and_called_again_it_ends_the_same(
    enrolled_alice: Enrolment, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    fetched(ASTRONAUT, "a.jpg")
    fetched(GROUP, "g.jpg")

    def die(*args: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(step, die)
        with pytest.raises(SystemExit):
            ingest.ingest_waiting()
    ingest.ingest_waiting()
    assert (Image.objects.count(), Face.objects.count(), Sighting.objects.count()) == (2, 7, 2)
    assert Match.objects.count() == 1
    assert not Face.objects.filter(processed_at=None).exists()
    assert matching.forward() == 0


def test_nothing_waiting_is_nothing_done() -> None:
    assert ingest.ingest_waiting() == ingest.Report()


@pytest.mark.parametrize("mode", ["index", "watch"])
def test_a_match_says_with_how_many_faces_the_person_was_compared(
    enrolled_alice: Enrolment, settings: Any, mode: str
) -> None:
    settings.GALLERY_MODE = mode
    fetched(ASTRONAUT, "a.jpg")
    fetched(GROUP, "g.jpg")
    ingest.ingest_waiting()
    assert Match.objects.get().gallery_size == 7
