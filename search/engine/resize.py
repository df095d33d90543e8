"""Small copies of large pictures."""

import numpy as np

from search.engine.base import Rgb
from search.engine.runtime import cv2


def reduced(pixels: Rgb, long_side: int) -> Rgb:
    """A copy whose longer side has at most so many pixels; the picture itself where it is no larger."""
    # Halving has a path of its own in OpenCV, several times faster than any other factor.
    while max(pixels.shape[:2]) >= 2 * long_side and min(pixels.shape[:2]) >= 2:
        height, width = (side // 2 for side in pixels.shape[:2])
        pixels = _resized(pixels[: 2 * height, : 2 * width], width, height)
    scale = long_side / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    height, width = (max(round(side * scale), 1) for side in pixels.shape[:2])
    return _resized(pixels, width, height)


def _resized(pixels: Rgb, width: int, height: int) -> Rgb:
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
