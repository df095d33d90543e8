"""What somebody left or dismissed they are never asked about again, however it was cropped or put on a page."""

import numpy as np
import pytest

from accounts.models import User
from search import faces, ingest, matching, pictures, review
from search.models import Enrolment, Face, Image, Match
from tests import photos
from tests.fetched import fetched

ASTRONAUT = photos.astronaut()
WHOLE = photos.jpeg(ASTRONAUT)
AGAIN = {
    "cropped.png": photos.encode(photos.cropped(ASTRONAUT), "PNG"),
    "screenshot.jpg": photos.jpeg(photos.beside(photos.hopper(), ASTRONAUT, photos.hanks())),
    "recoloured.jpg": photos.jpeg(photos.recoloured(ASTRONAUT)),
}


@pytest.fixture
def first(enrolled_alice: Enrolment) -> Match:
    fetched(WHOLE, "whole.jpg")
    ingest.ingest_waiting()
    return Match.objects.get()


def crawl_again() -> None:
    for name, data in AGAIN.items():
        fetched(data, name)
    ingest.ingest_waiting()


@pytest.mark.parametrize("answer", ["keep", "not_me"])
def test_a_crop_or_a_screenshot_of_it_joins_it(alice: User, first: Match, answer: str) -> None:
    review.ANSWERS[answer](first, alice)
    crawl_again()
    assert Match.objects.get() == first
    assert first.variants.count() == len(AGAIN)
    first.refresh_from_db()
    assert first.state in {"confirmed", "dismissed"}, "its answer stands"


@pytest.mark.parametrize("answer", ["act", "unsure"])
def test_of_what_is_to_go_or_still_open_it_is_news(alice: User, first: Match, answer: str) -> None:
    review.ANSWERS[answer](first, alice)
    crawl_again()
    assert Match.objects.exclude(pk=first.pk).exists()


def face_like(face: Face, likeness: float) -> Face:
    """A face as a crawl would find it in another picture, of this cosine with the given one."""
    vector = faces.from_bytes(face.embedding)
    across = np.roll(vector, 1)
    across -= (across @ vector) * vector
    across /= np.linalg.norm(across)
    mixed = (likeness * vector + np.sqrt(1 - likeness**2) * across).astype("<f4")
    image = Image.objects.create(sha256="a" * 64, pdq="", width=9, height=9, model_id=face.model_id)
    return Face.objects.create(
        image=image,
        box=face.box,
        score=face.score,
        quality_length=face.quality_length,
        embedding=mixed.tobytes(),
        model_id=face.model_id,
    )


@pytest.mark.parametrize(("likeness", "matches"), [(pictures.FACE_SAME + 0.01, 1), (pictures.FACE_SAME - 0.02, 2)])
def test_another_photo_of_the_same_person_is_asked_about(
    alice: User, first: Match, likeness: float, matches: int
) -> None:
    review.ANSWERS["keep"](first, alice)
    assert first.face is not None
    face_like(first.face, likeness)
    matching.forward()
    assert Match.objects.count() == matches
