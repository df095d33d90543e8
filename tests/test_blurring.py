"""In the screenshot that is kept nobody can be recognised but the subject; when in doubt, nobody at all."""

import io

import numpy as np
import pytest
from PIL import Image

from search import blurring, faces
from search.engine import PictureRefused
from search.engine.base import Vector
from search.models import Enrolment
from tests import cases, photos


def sheet(height: int = 3000) -> photos.Rgb:
    """A high page: the astronaut below, small and large, and other people around her, across the edges of tiles."""
    page = np.full((height, 1280, 3), 255, np.uint8)
    for pixels, left, top in (
        (photos.hopper(), 40, 900),
        (photos.resized(photos.astronaut(), 0.6), 700, 1180),
        (photos.resized(photos.group(), 0.5), 100, 2300),
    ):
        page[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return page


def recognised(picture: bytes, pixels: photos.Rgb) -> bool:
    """Whether anybody in `picture` is the best face in `pixels`."""
    wanted = max(faces.faces_in(photos.encode(pixels, "PNG")), key=lambda face: face.score).embedding
    page = pixels_of(picture)
    return any(
        float(face.embedding @ wanted) > 0.4
        for top in range(0, page.shape[0], 640)
        for face in faces.faces_in(photos.encode(page[top : top + 1280], "PNG"))
    )


def pixels_of(picture: bytes) -> photos.Rgb:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))


def own_face(pixels: photos.Rgb) -> Vector:
    return max(faces.faces_in(photos.encode(pixels, "PNG")), key=lambda face: face.score).embedding


def test_everybody_on_a_high_page_is_blurred_but_the_subject() -> None:
    page = sheet()
    blurred = blurring.blur(photos.jpeg(page), own_face(photos.astronaut()))
    assert pixels_of(blurred).shape == page.shape
    assert recognised(blurred, photos.astronaut())
    assert not recognised(blurred, photos.hopper())
    assert not recognised(blurred, photos.resized(photos.group()[230:480, 430:620], 2.0))


def test_whose_face_is_not_known_is_blurred_with_the_others() -> None:
    blurred = blurring.blur(photos.jpeg(sheet()), None)
    assert not recognised(blurred, photos.astronaut())


def test_the_face_of_the_match_is_what_is_left_sharp(enrolled_alice: Enrolment) -> None:
    match = cases.match_of(enrolled_alice.subject, photos.astronaut(), "a")
    both = photos.beside(photos.astronaut(), photos.hopper())
    blurred = blurring.others_than(match)(photos.jpeg(both))
    assert recognised(blurred, photos.astronaut()) and not recognised(blurred, photos.hopper())
    match.face.model_id = "another-model"
    assert not recognised(blurring.others_than(match)(photos.jpeg(both)), photos.astronaut())


def test_what_is_no_picture_is_refused() -> None:
    for data in (b"", b"<html>", photos.jpeg(photos.astronaut())[:2000]):
        with pytest.raises(PictureRefused):
            blurring.blur(data, None)
