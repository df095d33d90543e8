"""An answer teaches nothing: it moves the person's own threshold, and leaves every other trace of software alone."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from accounts import consent
from accounts.models import Purpose, User
from search import calibration, enrolment, faces, matching, probes, review
from search.models import Enrolment, Face, FaceTemplate, Match
from tests import photos
from tests.matches import make_match

CODE = Path(calibration.__file__).parent


def files() -> Iterator[tuple[str, str]]:
    """Every file that there is of ours outside of the database, by its hash."""
    for folder in (CODE, Path(settings.DATA_DIR)):
        for path in sorted(folder.rglob("*")):
            kept = path.is_file() and "__pycache__" not in path.parts and "sqlite3" not in path.name
            if kept and not path.is_relative_to(settings.DATA_DIR / "cache"):
                yield str(path), hashlib.sha256(path.read_bytes()).hexdigest()


def near_threshold(enrolled: Enrolment) -> Match:
    """A match at a score at which an answer counts."""
    probe = probes.probe_of(enrolled)
    match = make_match(enrolled.subject)
    match.score = matching.scorer([probe]).threshold(probe) + 0.005
    match.save()
    return match


def everything_learnt() -> list[object]:
    found = faces.calibration()
    return [
        dict(files()),
        (found.mean, found.deviation),
        [(bytes(row.sealed), row.quality_length) for row in FaceTemplate.objects.order_by("pk")],
        [bytes(row.embedding) for row in Face.objects.order_by("pk")],
    ]


@pytest.mark.parametrize("answer", ["not_me", "keep", "act", "unsure"])
def test_an_answer_changes_no_file_no_template_and_no_calibration(
    enrolled_alice: Enrolment, alice: User, answer: str
) -> None:
    match = near_threshold(enrolled_alice)
    before = everything_learnt()
    review.ANSWERS[answer](match, alice)
    assert everything_learnt() == before


def test_not_me_moves_nobody_elses_threshold(enrolled_alice: Enrolment, alice: User, bob: User, carol: User) -> None:
    consent.give(bob, Purpose)
    bobs = enrolment.enrol(bob, photos.pair(photos.hopper()), adult=True)
    enrolment.attest(bobs, carol, "Met in person.")
    probe = probes.probe_of(Enrolment.objects.get(pk=bobs.pk))
    before = matching.scorer([probe]).threshold(probe)
    for _ in range(10):
        review.dismiss(near_threshold(enrolled_alice), alice)
    assert matching.scorer([probe]).threshold(probe) == before


def test_not_sure_counts_as_no_answer(enrolled_alice: Enrolment, alice: User) -> None:
    probe = probes.probe_of(enrolled_alice)
    before = matching.scorer([probe]).threshold(probe)
    for _ in range(10):
        review.unsure(near_threshold(enrolled_alice), alice)
    assert matching.scorer([probe]).threshold(probe) == before


def test_the_page_says_so(enrolled_alice: Enrolment, alice: User, client_for: object) -> None:
    match = make_match(enrolled_alice.subject)
    browser = client_for(alice)  # type: ignore[operator]
    for url in (f"/matches/{match.pk}/", "/matches/?tab=not-you"):
        assert "teaches no software" in browser.get(url).content.decode()
