"""How far a head has turned and come nearer, by its landmarks and how they lay at first.

Seen from afar, a rigid thing that turns moves its points by a matrix of its flat part, the same whatever the thing
is, plus a shift of each point by its depth. A picture of a face has no depth, however it is held, moved or tilted:
that shift is what tells them apart, and what is measured here. Only the nose stands out of a face's landmarks, so it
is coarse: half or three quarters of the true angle.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

# Of eyes, nose and corners of the mouth, towards the camera, in units of the distance between the eyes.
_DEPTHS = np.array([0.0, 0.0, 0.48, 0.02, 0.02])


@dataclass(frozen=True, slots=True)
class Turn:
    yaw: float
    """Degrees from the first look, positive towards the right edge of the picture."""
    pitch: float
    """Degrees, positive upwards."""
    nearness: float
    """How many times as large as at first."""
    squeeze: float
    """How much narrower it became in one direction than in the other, 0 to 1; 1 is not at all."""


def normalised(landmarks: NDArray[np.float32]) -> Points:
    """Upright, around their centre, in units of the distance between the eyes. (5, 2)."""
    points = landmarks.astype(np.float64)
    right, down = points[1] - points[0], points[3:].mean(axis=0) - points[:2].mean(axis=0)
    angle = math.atan2(right[1], right[0])
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    unit = max(math.hypot(*right), math.hypot(*down) / 1.155 / 2, 1e-6)
    return np.asarray((points - points.mean(axis=0)) @ turn / unit)


class FirstLook:
    """How the landmarks lay while the face looked straight at the camera."""

    def __init__(self, frames: Sequence[NDArray[np.float32]]) -> None:
        shape = np.mean([normalised(points) for points in frames], axis=0)
        self._eyes = float(np.median([math.hypot(*(points[1] - points[0]).astype(float)) for points in frames]))
        self._eyes = max(self._eyes, 1e-6)
        self._solve = np.linalg.pinv(np.column_stack([shape, _DEPTHS, np.ones(5)]))

    def turned(self, landmarks: NDArray[np.float32]) -> Turn:
        fitted = self._solve @ landmarks.astype(np.float64)
        left, sizes, right = np.linalg.svd(fitted[:2].T)
        scale = max(float(sizes[0]), 1e-6)
        across, down = (left @ right).T @ fitted[2] / scale
        return Turn(_degrees(across), -_degrees(down), scale / self._eyes, float(sizes[1]) / scale)


def _degrees(sine: float) -> float:
    return math.degrees(math.asin(min(max(float(sine), -1.0), 1.0)))
