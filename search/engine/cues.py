"""What the pixels of a camera frame say about the surface in front of the camera: skin, or a screen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.engine.base import Rgb
from search.engine.runtime import cv2

_LARGEST, _SMALLEST = 192, 48
_WIDTH_IN_EYES = 2.2
_LOWEST, _HIGHEST = 0.14, 0.47
"""Cycles per pixel: below is what faces look like, above what compression leaves."""
_AXES = 0.03
"""JPEG leaves its blocks along the axes."""
_RINGS = 16


@dataclass(frozen=True, slots=True)
class Cues:
    """Of the main face in one frame; zero where there is none. Numbers only: no picture can be made from them."""

    moire: float = 0.0
    """How far the strongest regular pattern in the face stands out of the rest of its spectrum, in natural logarithms:
    a camera that looks at a screen sees the grids of both."""


def cues(picture: Rgb, landmarks: NDArray[np.float32]) -> Cues:
    """`picture` is the whole frame."""
    patch = _patch(picture, landmarks)
    return Cues(moire=_moire(patch) if patch is not None else 0.0)


def _patch(picture: Rgb, landmarks: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """The middle of the face in the frame's own pixels, grey and square."""
    eyes = float(np.hypot(*(landmarks[1] - landmarks[0]).astype(float)))
    side = min(round(_WIDTH_IN_EYES * eyes), _LARGEST, *picture.shape[:2])
    if side < _SMALLEST:
        return None
    x, y = landmarks.mean(axis=0)
    left = min(max(round(float(x) - side / 2), 0), picture.shape[1] - side)
    top = min(max(round(float(y) - side / 2), 0), picture.shape[0] - side)
    grey = cv2.cvtColor(np.ascontiguousarray(picture[top : top + side, left : left + side]), cv2.COLOR_RGB2GRAY)
    return np.asarray(grey, dtype=np.float32)


def _moire(patch: NDArray[np.float32]) -> float:
    side = len(patch)
    window = np.hanning(side)
    spectrum = np.abs(np.fft.rfft2((patch - patch.mean()) * np.outer(window, window)))
    across, down = np.fft.rfftfreq(side)[None], np.fft.fftfreq(side)[:, None]
    radius = np.hypot(across, down)
    counted = (radius > _LOWEST) & (radius < _HIGHEST) & (np.abs(across) > _AXES) & (np.abs(down) > _AXES)
    height = np.log(spectrum[counted] + 1e-3)
    ring = ((radius[counted] - _LOWEST) / (_HIGHEST - _LOWEST) * _RINGS).astype(int).clip(0, _RINGS - 1)
    usual = np.array([np.median(height[ring == number]) if (ring == number).any() else 0.0 for number in range(_RINGS)])
    return max(float((height - usual[ring]).max(initial=0.0)), 0.0)
