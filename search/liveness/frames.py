"""One frame of a live check, as numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from search.engine.base import DetectedFace
from search.engine.cues import Cues

BACKGROUND = 0.25
"""A face this much narrower than the main one is somebody in the background."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What was measured of one frame. It holds no pixel."""

    number: int
    at: float
    """Seconds since the session began, by the server's clock."""
    size: tuple[int, int]
    """Width and height of the picture, which must not be mirrored."""
    faces: int
    """How many there are, without those far in the background."""
    face: DetectedFace | None
    """The widest one: its box, landmarks, pose (`quality`), embedding."""
    cues: Cues
    under_18: float | None = None
    """The chance that it is the face of somebody under 18, where it was estimated."""


def measure(
    number: int,
    at: float,
    size: tuple[int, int],
    found: Sequence[DetectedFace],
    cues: Cues,
    under_18: float | None = None,
) -> Frame:
    """`cues` and `under_18` are those of the widest face."""
    main = widest(found)
    near = [face for face in found if main and face.box[2] > BACKGROUND * main.box[2]]
    return Frame(number, at, size, len(near), main, cues, under_18)


def widest(found: Sequence[DetectedFace]) -> DetectedFace | None:
    return max(found, key=lambda face: face.box[2], default=None)
