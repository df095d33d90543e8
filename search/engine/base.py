"""What a face engine gives, whichever model is behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
"""Upright picture, (height, width, 3), red first."""

Vector = NDArray[np.float32]

Box = tuple[float, float, float, float]
"""x, y, width, height."""


class EngineUnavailable(Exception):
    """The engine cannot be used here; the message is one sentence for the operator."""


class Grade(StrEnum):
    GOOD = "good"
    USABLE = "usable"
    POOR = "poor"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class Quality:
    """How far a face can be trusted.

    `length` is THE quality score: the length of the embedding before it is normalised, in SFace units (10 and
    more is good), because it predicts wrong matches far better than blur or the detector's score do. The rest
    explains it.
    """

    length: float
    size: float
    """Width of the face, in pixels of the picture."""
    blur: float
    """Variance of the Laplacian over the aligned grey crop: higher is sharper."""
    yaw: float
    """Degrees, positive when the nose points to the right edge of the picture. Coarse, as is pitch."""
    pitch: float
    """Degrees, positive when the nose points up."""
    roll: float
    """Degrees, positive when the head is turned clockwise in the picture."""
    exposure: float
    """Mean brightness of the aligned crop, 0 to 1."""

    @property
    def grade(self) -> Grade:
        if self.length >= 10:
            return Grade.GOOD
        if self.length >= 9:
            return Grade.USABLE
        if self.length >= 7:
            return Grade.POOR
        return Grade.UNUSABLE


@dataclass(frozen=True, slots=True, eq=False)
class DetectedFace:
    """One face. Pixels are those of the upright full-resolution picture."""

    box: Box
    """Cut to the picture."""
    landmarks: NDArray[np.float32]
    """(5, 2): the person's right eye (left in the picture), left eye, nose, right and left mouth corner."""
    score: float
    """The detector's, 0 to 1."""
    quality: Quality
    embedding: Vector
    """L2-normalised. Comparable only with embeddings of the same `model_id`."""
    model_id: str
    under_18: float = 0.0
    """How probable it is that this is a minor, 0 to 1 (see `age`); 0 where nobody has estimated it."""


class FaceEngine(Protocol):
    @property
    def model_id(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def analyse(self, images: Sequence[Rgb]) -> list[list[DetectedFace]]:
        """One list for each picture, in order, each face with the best detection score first."""
        ...


def clip_box(left: float, top: float, right: float, bottom: float, image: Rgb) -> Box:
    """Corners to x, y, width, height inside the picture."""
    height, width = image.shape[:2]
    x, y = min(max(left, 0.0), width), min(max(top, 0.0), height)
    return x, y, max(min(right, width) - x, 0.0), max(min(bottom, height) - y, 0.0)


def overlap(first: Sequence[float], second: Sequence[float]) -> float:
    """Intersection over union of two boxes (x, y, width, height), 0 to 1."""
    width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    return common / (first[2] * first[3] + second[2] * second[3] - common)
