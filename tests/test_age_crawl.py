"""Crawled faces of apparent children: dropped before they are compared with anybody, and nothing of them is kept."""

from pathlib import Path
from typing import Any

import pytest

from accounts import consent
from accounts.models import Purpose, User
from search import enrolment, faces, ingest, matching, minors, previews, reembed
from search.engine.age import APPARENT_MINOR, LOOKS_YOUNG
from search.models import AgeStop, CrawlVolume, Enrolment, Face, Image, Match
from search.states import AgeStopState
from tests import photos, switch
from tests.fetched import fetched
from tests.sites import serve
from tests.young import BESIDE_AN_ADULT, YOUNG_LOOKING

HOPPER = photos.jpeg(photos.hopper())

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["index", "watch"])
def mode(request: pytest.FixtureRequest, settings: Any) -> str:
    settings.GALLERY_MODE = request.param
    return str(request.param)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The quality of each face that was compared with anybody."""
    seen: list[float] = []
    real = matching.Scorer.hits

    def watched(self: matching.Scorer, embeddings: Any, lengths: Any) -> Any:
        seen.extend(lengths)
        return real(self, embeddings, lengths)

    monkeypatch.setattr(matching.Scorer, "hits", watched)
    return seen


def allowed(user: User) -> None:
    """As if they had been stopped at enrolment and a person had allowed them."""
    AgeStop.objects.create(user=user, state=AgeStopState.ALLOWED)


def test_safeguard_06_an_apparent_child_is_dropped_before_matching(
    mode: str, enrolled_alice: Enrolment, compared: list[float]
) -> None:
    """Even a face that would have been a match."""
    fetched(YOUNG_LOOKING, "young.png")
    report = ingest.ingest_waiting()
    assert (report.minors, report.faces, report.matches) == (1, 0, 0)
    assert not Face.objects.exists()
    assert not Match.objects.exists()
    assert not compared
    assert matching.backward(enrolled_alice) == 0


def test_only_the_number_is_kept(mode: str, enrolled_alice: Enrolment) -> None:
    fetched(BESIDE_AN_ADULT, "two.png")
    ingest.ingest_waiting()
    day = CrawlVolume.objects.get()
    assert (day.pictures, day.faces, day.minors) == (1, 1, 1)


def test_an_adult_beside_a_child_is_found_and_the_child_is_blurred(
    mode: str, bob: User, carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    _enrol(bob, carol)
    drawn: list[int] = []
    real = previews.sealed

    def watched(subject: Any, box: Any, data: bytes, boxes: Any) -> bytes:
        drawn.append(len(boxes))
        return real(subject, box, data, boxes)

    monkeypatch.setattr("search.previews.sealed", watched)
    fetched(BESIDE_AN_ADULT, "two.png")
    report = ingest.ingest_waiting()
    assert (report.minors, report.faces, report.matches) == (1, 1, 1)
    assert drawn == [2]


def test_an_adult_whom_the_estimate_mistakes_is_found_once_a_person_has_said_so(
    mode: str, enrolled_alice: Enrolment
) -> None:
    allowed(enrolled_alice.subject.user)
    fetched(YOUNG_LOOKING, "young.png")
    report = ingest.ingest_waiting()
    assert (report.minors, report.faces, report.matches) == (0, 1, 1)


def test_nobody_else_is_spared_by_that(mode: str, bob: User, carol: User, enrolled_alice: Enrolment) -> None:
    """Bob's word is about Bob's face; Alice's look-alike child is dropped as before."""
    _enrol(bob, carol)
    allowed(bob)
    fetched(YOUNG_LOOKING, "young.png")
    report = ingest.ingest_waiting()
    assert (report.minors, report.matches) == (1, 0)
    assert not Face.objects.exists()


def test_who_withdrew_spares_nobody(enrolled_alice: Enrolment) -> None:
    allowed(enrolled_alice.subject.user)
    enrolment.withdraw(enrolled_alice)
    fetched(YOUNG_LOOKING, "young.png")
    assert ingest.ingest_waiting().minors == 1
    assert not Face.objects.exists()


def test_a_picture_that_was_seen_before_is_not_measured_again(settings: Any) -> None:
    settings.GALLERY_MODE = "index"
    fetched(YOUNG_LOOKING, "young.png")
    ingest.ingest_waiting()
    fetched(YOUNG_LOOKING, "young.png", "again.html")
    assert ingest.ingest_waiting().minors == 0
    assert Image.objects.get().faces.count() == 0


def test_a_picture_measured_anew_with_another_model_is_held_to_the_same(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    with serve({}) as web:
        switch.crawled(web, "/young.png", YOUNG_LOOKING)
        Image.objects.update(model_id="an earlier one")
        report = reembed.reembed()
    assert (report.images["reembedded"], report.minors, report.faces) == (1, 1, 0)
    assert not Face.objects.exists()


def test_adults_stay_as_they_were() -> None:
    fetched(photos.jpeg(photos.group()), "group.jpg")
    fetched(HOPPER, "hopper.jpg")
    report = ingest.ingest_waiting()
    assert (report.minors, report.faces) == (0, 7)


def test_the_estimate_comes_with_every_face() -> None:
    (young,) = faces.faces_in(YOUNG_LOOKING)
    (adult,) = faces.faces_in(HOPPER)
    assert minors.is_apparent_minor(young)
    assert not minors.is_apparent_minor(adult)
    assert LOOKS_YOUNG < APPARENT_MINOR  # enrolment stops sooner than the crawl drops


def _enrol(user: User, staff: User) -> None:
    consent.give(user, Purpose)
    enrolment.attest(enrolment.enrol(user, photos.pair(photos.hopper()), adult=True), staff, "Met in person.")
