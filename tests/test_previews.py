"""Previews: the subject's own face stays sharp, everybody else's cannot be recognised."""

import hashlib
import io

import pytest
from django.core.cache import cache
from django.utils import timezone
from PIL import Image

from crawler.blocklists import blocklist, restricted
from crawler.models import RestrictedPicture
from search import faces, previews
from search.engine import DetectedFace, PictureRefused
from search.engine.rendering import LONG_SIDE, own_and_others, render
from search.models import Enrolment, Match
from search.states import MatchState
from tests import cases, photos
from tests.matches import make_match
from tests.sites import Site

GROUP = photos.jpeg(photos.group())


def people() -> list[DetectedFace]:
    return faces.faces_in(GROUP)


def boxes() -> list[tuple[float, float, float, float]]:
    return [face.box for face in people()]


@pytest.mark.parametrize("own", range(6))
def test_of_six_faces_one_is_left(own: int) -> None:
    found = people()
    left = faces.faces_in(previews.render(GROUP, found[own].box, boxes()))
    # A small picture costs some likeness by itself: compare with what is left of it unblurred.
    unblurred = faces.faces_in(previews.render(GROUP, found[own].box, []))
    likeness = [max(float(face.embedding @ found[own].embedding) for face in some) for some in (left, unblurred)]
    assert likeness[0] > likeness[1] - 0.15
    for other in (face for place, face in enumerate(found) if place != own):
        assert all(float(face.embedding @ other.embedding) < 0.4 for face in left)


def test_where_the_own_face_is_not_found_all_are_blurred() -> None:
    left = faces.faces_in(previews.render(GROUP, (0, 0, 5, 5), boxes()))
    assert all(float(face.embedding @ person.embedding) < 0.4 for face in left for person in people())


def test_a_preview_is_small() -> None:
    with Image.open(io.BytesIO(previews.render(GROUP, (466, 267, 102, 145), boxes()))) as image:
        assert max(image.size) <= LONG_SIDE


def test_of_a_picture_read_at_half_its_size_the_same_faces_are_blurred() -> None:
    whole = render(photos.group(), boxes()[0], boxes()[1:])
    half = render(photos.resized(photos.group(), 0.5), boxes()[0], boxes()[1:], scale=2.0)
    own = people()[0]
    for jpeg in (whole, half):
        assert max(float(face.embedding @ own.embedding) for face in faces.faces_in(jpeg)) > 0.5
        left = faces.faces_in(jpeg)
        assert all(float(face.embedding @ other.embedding) < 0.4 for face in left for other in people()[1:])


@pytest.mark.parametrize("box", [(-50.0, -50.0, 10.0, 10.0), (5000.0, 5000.0, 40.0, 40.0), (3.0, 3.0, 0.0, 0.0)])
def test_boxes_that_lie_elsewhere_do_no_harm(box: tuple[float, float, float, float]) -> None:
    assert render(photos.hopper(), box, [box]).startswith(b"\xff\xd8")


def test_the_own_face_is_the_one_that_lies_closest() -> None:
    left, right = (0.0, 0.0, 10.0, 10.0), (8.0, 0.0, 10.0, 10.0)
    assert own_and_others([left, right], [7, 0, 10, 10]) == (right, [left])
    assert own_and_others([left, right], [50, 50, 5, 5]) == (None, [left, right])
    assert own_and_others([], [0, 0, 5, 5]) == (None, [])


def test_what_cannot_be_read_any_more_has_no_preview() -> None:
    with pytest.raises(PictureRefused):
        previews.render(b"gone", (0, 0, 5, 5), [])


def test_what_is_not_you_is_not_fetched_again_nor_what_was_withdrawn(
    enrolled_alice: Enrolment, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Match] = []

    def fill(match: Match) -> bool:
        asked.append(match)
        return False

    monkeypatch.setattr("search.previews._fill", fill)
    dismissed, withdrawn, wanted = (make_match(enrolled_alice.subject) for _ in range(3))
    Match.objects.filter(pk=dismissed.pk).update(state=MatchState.DISMISSED)
    withdrawn.image.withdrawn_at = timezone.now()
    withdrawn.image.save()
    previews.fill_missing()
    assert asked == [wanted]


def test_a_restricted_address_and_a_listed_picture_give_no_preview(
    enrolled_alice: Enrolment, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    match = cases.astronaut_match(enrolled_alice.subject, site)
    address = match.image.sightings.get().image_url
    restricted.note([("https://elsewhere.example/", address)], "A list")
    assert previews.fill_missing() == 0
    assert not site.requests["/photo.jpg"]
    RestrictedPicture.objects.all().delete()
    cache.clear()
    blocklist.remember([hashlib.sha256(cases.photo().body).hexdigest()])
    assert previews.fill_missing() == 0
    assert RestrictedPicture.objects.get().image_url == address
