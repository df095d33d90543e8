"""What a worker measures of a frame of a live check, and that nothing else of it comes back."""

import numpy as np
import pytest

from search import faces
from search.engine import Model, PictureRefused, wire
from search.engine.cues import Cues, cues
from search.engine.geometry import LANDMARK_TEMPLATE
from tests import moving_face as moving
from tests import photos

MODEL = Model("sface", 4)


def test_a_frame_is_measured_as_a_photo_is() -> None:
    data = photos.jpeg(photos.astronaut())
    look = faces.look_live(data)
    (face,) = look.faces
    assert look.size == (512, 512)
    assert float(face.embedding @ faces.faces_in(data)[0].embedding) > 0.999
    assert 0 < look.cues.moire < 2.3
    assert look.under_18 is not None
    assert 0 <= look.under_18 < 0.5


def test_a_frame_without_anybody() -> None:
    look = faces.look_live(photos.jpeg(photos.coffee()))
    assert (look.faces, look.cues, look.under_18) == ((), Cues(), None)


@pytest.mark.parametrize("data", [b"", b"no picture", photos.jpeg(np.zeros((2100, 2100, 3), np.uint8))])
def test_what_no_camera_sends_is_refused(data: bytes) -> None:
    with pytest.raises(PictureRefused):
        faces.look_live(data)


def test_a_screens_grid_is_seen_and_a_face_has_none() -> None:
    seen = moving.head(photos.hopper())
    points = moving._landmarks(seen(moving.Pose()).tobytes(), (moving.HEIGHT, moving.WIDTH, 3))
    assert cues(seen(moving.Pose()), points).moire < 2.1
    assert cues(moving.screened(seen)(moving.Pose()), points).moire > 3


def test_a_face_at_the_edge_and_a_tiny_one_are_measured_as_nothing_much() -> None:
    picture = photos.astronaut()
    corner = (LANDMARK_TEMPLATE + 450).astype(np.float32)
    tiny = (LANDMARK_TEMPLATE * 0.2).astype(np.float32)
    assert cues(picture, corner).moire >= 0
    assert cues(picture, tiny) == Cues()


def answer(**changes: object) -> dict[str, object]:
    entry = {"width": 64, "height": 48, "faces": 0, "cues": [1.5], "under_18": None}
    return {"pictures": [{**entry, **changes}]}


def test_an_answer_comes_through() -> None:
    (look,) = wire.unpack_live(answer(under_18=0.25), b"", 1, MODEL)
    assert isinstance(look, wire.LiveLook)
    assert (look.size, look.cues.moire, look.under_18) == ((64, 48), 1.5, 0.25)


@pytest.mark.parametrize(
    "changes",
    [
        {"cues": []},
        {"cues": [1.0, 2.0]},
        {"cues": ["1"]},
        {"cues": [float("nan")]},
        {"cues": [-1]},
        {"cues": None},
        {"under_18": 7},
        {"under_18": True},
        {"under_18": "0"},
        {"width": -1},
        {"faces": 3},
    ],
)
def test_nothing_from_a_worker_is_believed_unchecked(changes: dict[str, object]) -> None:
    with pytest.raises(wire.Garbled):
        wire.unpack_live(answer(**changes), b"", 1, MODEL)
