"""Ways of seeing a picture: reduced, turned, or only a part of it, and back to the picture's own pixels."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.engine.base import Rgb
from search.engine.runtime import cv2
from search.engine.yunet import Detections

Matrix = NDArray[np.float64]
"""(2, 3): linear part and shift."""

Point = NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What a look is given. `matrix` brings points of the picture to points of `pixels`."""

    pixels: Rgb
    matrix: Matrix

    def turned(self, quarters: int) -> "View":
        """Anticlockwise."""
        view = self
        for _ in range(quarters):
            turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
            matrix = turn @ view.matrix
            matrix[1, 2] += view.pixels.shape[1] - 1
            view = View(np.rot90(view.pixels), matrix)
        return view

    def to_picture(self, found: Detections) -> Detections:
        """In pixels of the picture. Boxes stay upright, at their faces' centre and of their size."""
        inverse = np.linalg.inv(self.matrix[:, :2])
        points = np.concatenate([found.landmarks, found.boxes.reshape(-1, 2, 2).mean(axis=1, keepdims=True)], axis=1)
        points = (points - self.matrix[:, 2]) @ inverse.T
        sides = (found.boxes[:, 2:] - found.boxes[:, :2]) / 2
        stretch = np.linalg.norm(inverse, axis=0)
        lies = abs(inverse[1, 0]) > abs(inverse[0, 0])
        halves = (sides * stretch)[:, ::-1] if lies else sides * stretch
        centres = points[:, 5]
        boxes = np.concatenate([centres - halves, centres + halves], axis=1)
        return Detections(boxes.astype(np.float32), points[:, :5].astype(np.float32), found.scores)


class Copies:
    """A picture and its halves, each made when first asked for."""

    def __init__(self, picture: Rgb) -> None:
        self._halves = [picture]

    @property
    def picture(self) -> Rgb:
        return self._halves[0]

    @property
    def longest(self) -> int:
        return int(max(self.picture.shape[:2]))

    def at_least(self, scale: float) -> tuple[Rgb, float]:
        """The smallest of them that is still as large as asked for, or the picture, and its scale."""
        level = 0
        while 0.5 ** (level + 1) >= scale and min(self._halves[level].shape[:2]) >= 2:
            level += 1
            if level == len(self._halves):
                self._halves.append(_half(self._halves[-1]))
        return self._halves[level], 0.5**level

    def whole(self, scale: float) -> View:
        """All of the picture, reduced or enlarged."""
        source, reduction = self.at_least(scale)
        pixels, across, down = _resized(source, scale / reduction)
        return View(pixels, np.array([[across * reduction, 0.0, 0.0], [0.0, down * reduction, 0.0]]))

    def part(self, scale: float, left: float, top: float, width: float, height: float) -> View:
        """An upright part, given in pixels of the picture."""
        source, reduction = self.at_least(scale)
        x, y = max(round(left * reduction), 0), max(round(top * reduction), 0)
        cut = source[y : y + max(round(height * reduction), 1), x : x + max(round(width * reduction), 1)]
        pixels, across, down = _resized(cut, scale / reduction)
        matrix = np.array([[across, 0.0, -x * across], [0.0, down, -y * down]])
        matrix[:, :2] *= reduction
        return View(pixels, matrix)

    def around(self, centre: Point, scale: float, angle: float, side: int) -> View:
        """A square part, turned so that what leans by `angle` degrees clockwise stands upright."""
        source, reduction = self.at_least(scale)
        cosine, sine = scale * math.cos(math.radians(angle)), scale * math.sin(math.radians(angle))
        matrix = np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0]])
        matrix[:, 2] = side / 2 - matrix[:, :2] @ centre
        of_source = matrix / np.array([reduction, reduction, 1.0])
        pixels = cv2.warpAffine(source, of_source, (side, side), flags=cv2.INTER_LINEAR)
        return View(np.asarray(pixels, dtype=np.uint8), matrix)


def _resized(picture: Rgb, scale: float) -> tuple[Rgb, float, float]:
    """With the scales, across and down, that it really has: sides are whole pixels, at least one."""
    height, width = (max(round(side * scale), 1) for side in picture.shape[:2])
    if (height, width) == picture.shape[:2]:
        return picture, 1.0, 1.0
    pixels = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(pixels, dtype=np.uint8), width / picture.shape[1], height / picture.shape[0]


def _half(picture: Rgb) -> Rgb:
    """Averages of 2 x 2 pixels; OpenCV does this far faster than any other reduction. An odd row or column is lost."""
    height, width = (side // 2 for side in picture.shape[:2])
    half = cv2.resize(picture[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(half, dtype=np.uint8)
