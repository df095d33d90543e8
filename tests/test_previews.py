"""Previews: the subject's own face stays sharp, everybody else's cannot be recognised."""

import io

import numpy as np
import pytest
from PIL import Image

from search import faces, previews
from search.engine.base import DetectedFace, Rgb
from tests import photos


def sharp_faces(jpeg: bytes) -> list[DetectedFace]:
    with Image.open(io.BytesIO(jpeg)) as image:
        return faces.engine().analyse([np.asarray(image.convert("RGB"))])[0]


@pytest.mark.parametrize("own", range(6))
def test_of_six_faces_one_is_left(own: int) -> None:
    group: Rgb = photos.group()
    found = faces.engine().analyse([group])[0]
    left = sharp_faces(previews.render(group, found[own].box))
    # A small picture costs some likeness by itself: compare with what is left of it unblurred.
    unblurred = sharp_faces(photos.jpeg(photos.resized(group, previews.LONG_SIDE / group.shape[1])))
    likeness = [max(float(face.embedding @ found[own].embedding) for face in some) for some in (left, unblurred)]
    assert likeness[0] > likeness[1] - 0.15
    for other in (face for place, face in enumerate(found) if place != own):
        assert all(float(face.embedding @ other.embedding) < 0.4 for face in left)


def test_where_the_own_face_is_not_found_all_are_blurred() -> None:
    group = photos.group()
    left = sharp_faces(previews.render(group, (0, 0, 5, 5)))
    people = [face.embedding for face in faces.engine().analyse([group])[0]]
    assert all(float(face.embedding @ person) < 0.4 for face in left for person in people)


def test_a_preview_is_small() -> None:
    with Image.open(io.BytesIO(previews.render(photos.group(), (466, 267, 102, 145)))) as image:
        assert max(image.size) <= 720
