"""YuNet: where the faces are in one look at a picture.

The network wants faces of 20 to 300 pixels and finds none wider than 700, so what it is shown is a copy of the
right size: see `finder`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from search.engine.base import Rgb, Vector
from search.engine.runtime import cv2
from search.engine.weights import ModelFile, open_session, prepare

if TYPE_CHECKING:
    import onnx

STRIDES = (8, 16, 32)
MIN_SCORE = 0.6
MAX_OVERLAP = 0.3
_MOST_PROPOSALS = 2000
"""Before doubles are found, which takes the square of their number: noise can make every cell propose one."""
_KINDS = ("cls", "obj", "bbox", "kps")  # 1, 1, 4 and 10 channels


def _rewrite(network: "onnx.ModelProto") -> None:
    # Imported here because onnx takes time and is needed once per installation.
    from search.engine.yunet_graph import rewrite

    rewrite(network, STRIDES, _KINDS)


YUNET = ModelFile(
    name="face_detection_yunet_2023mar_int8bq.onnx",
    sha256="49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    revision=2,
    rewrite=_rewrite,
)


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """n faces, best score first."""

    boxes: Vector
    """(n, 4): left, top, right, bottom. May reach over the edge of the picture."""
    landmarks: Vector
    """(n, 5, 2), in the order of DetectedFace.landmarks."""
    scores: Vector
    """(n,)"""

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def widths(self) -> Vector:
        return self.boxes[:, 2] - self.boxes[:, 0]

    def pick(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "Detections":
        return Detections(self.boxes[rows], self.landmarks[rows], self.scores[rows])

    def moved(self, stretch: tuple[float, float], shift: tuple[float, float] = (0, 0)) -> "Detections":
        """In pixels of a picture that the one looked at was cut from and reduced."""
        by, to = np.array(stretch, dtype=np.float32), np.array(shift, dtype=np.float32)
        return Detections(self.boxes * np.tile(by, 2) + np.tile(to, 2), self.landmarks * by + to, self.scores)


NOTHING = Detections(
    np.zeros((0, 4), dtype=np.float32), np.zeros((0, 5, 2), dtype=np.float32), np.zeros(0, dtype=np.float32)
)


class YuNet:
    def __init__(self, cache_dir: Path) -> None:
        """Raises EngineUnavailable."""
        self._session = open_session(prepare(YUNET, cache_dir))
        self._outputs = [f"heads_{stride}" for stride in STRIDES]

    def look(self, image: Rgb, min_score: float = MIN_SCORE) -> Detections:
        """Faces in a picture of just this size, in its pixels, without doubles."""
        maps = self._session.run(self._outputs, {"input": _blob(image)})
        return merge([_decode(level[0], stride, min_score) for level, stride in zip(maps, STRIDES, strict=True)])


def _blob(image: Rgb) -> Vector:
    """(1, 3, height, width), 0 to 255, filled up with black to what the strides divide."""
    height, width = image.shape[:2]
    blob = np.zeros((1, 3, -(-height // 32) * 32, -(-width // 32) * 32), dtype=np.float32)
    for plane, colour in zip(blob[0], cv2.split(image), strict=True):
        plane[:height, :width] = colour
    return blob


def _decode(level: Vector, stride: int, min_score: float) -> Detections:
    """One level of the network: every cell proposes a face relative to itself, in units of the stride."""
    # The score is the geometric mean of two sigmoids, so neither may be below its square.
    floor = np.log(min_score**2 / (1 - min_score**2))
    rows, columns = np.nonzero((level[0] >= floor) & (level[1] >= floor))
    cells = level[:, rows, columns].T
    scores = 1 / np.sqrt((1 + np.exp(-cells[:, 0])) * (1 + np.exp(-cells[:, 1])))
    places = np.stack([columns, rows], axis=1).astype(np.float32)
    centres = (cells[:, 2:4] + places) * stride
    halves = np.exp(np.minimum(cells[:, 4:6], 10)) * stride / 2  # capped so that it cannot overflow
    landmarks = (cells[:, 6:].reshape(-1, 5, 2) + places[:, np.newaxis]) * stride
    found = Detections(np.concatenate([centres - halves, centres + halves], axis=1), landmarks, scores)
    return found.pick(scores >= min_score)


def merge(parts: Sequence[Detections]) -> Detections:
    """All of them without the doubles, best score first."""
    joined = Detections(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.landmarks for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )
    best = joined.pick(np.argsort(-joined.scores, kind="stable")[:_MOST_PROPOSALS])
    return best.pick(suppress(best.boxes, best.scores))


def suppress(boxes: Vector, scores: Vector, max_overlap: float = MAX_OVERLAP) -> NDArray[np.intp]:
    """Rows to keep, best score first: none shares more than `max_overlap` of the union with a better one."""
    order = np.argsort(-scores, kind="stable")
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept: list[int] = []
    while order.size:
        best, rest = order[0], order[1:]
        kept.append(int(best))
        corner = np.maximum(boxes[best, :2], boxes[rest, :2])
        sides = np.clip(np.minimum(boxes[best, 2:], boxes[rest, 2:]) - corner, 0, None)
        shared = sides[:, 0] * sides[:, 1]
        order = rest[shared <= max_overlap * (areas[best] + areas[rest] - shared)]
    return np.array(kept, dtype=np.intp)
