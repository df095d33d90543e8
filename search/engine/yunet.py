"""YuNet: where the faces are.

The network wants faces of 20 to 300 pixels and finds none wider than 700, so a picture is never looked at in
its own size but on copies of fixed size, and what they show is merged.
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
LONG_SIDES = (320, 640)
LARGE_LONG_SIDE = 1280
LARGE_FROM = 900
"""Pictures with a longer side than this are looked at in LARGE_LONG_SIDE too."""
MAX_FACES = 500


def _rewrite(network: "onnx.ModelProto") -> None:
    """Any picture size, and no block size on tensors with a single scale (onnxruntime refuses those)."""
    _, _, height, width = network.graph.input[0].type.tensor_type.shape.dim
    height.dim_param, width.dim_param = "height", "width"
    for output in network.graph.output:
        output.type.tensor_type.shape.dim[1].dim_param = f"{output.name}_cells"
    del network.graph.value_info[:]  # they state the shapes of the one size it was exported for
    tensors = {tensor.name: tensor for tensor in network.graph.initializer}
    for node in network.graph.node:
        if node.op_type == "DequantizeLinear" and list(tensors[node.input[1]].dims) == [1]:
            del node.attribute[:]
            for name in node.input[1:]:
                del tensors[name].dims[:]


YUNET = ModelFile(
    name="face_detection_yunet_2023mar_int8bq.onnx",
    sha256="49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    revision=1,
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

    def pick(self, rows: NDArray[np.intp]) -> "Detections":
        return Detections(self.boxes[rows], self.landmarks[rows], self.scores[rows])


class YuNet:
    def __init__(self, cache_dir: Path, *, min_score: float = 0.6, max_overlap: float = 0.3) -> None:
        self._session = open_session(prepare(YUNET, cache_dir))
        self._outputs = [f"{kind}_{stride}" for stride in STRIDES for kind in ("cls", "obj", "bbox", "kps")]
        self._min_score = min_score
        self._max_overlap = max_overlap

    def detect(self, image: Rgb) -> Detections:
        """Faces in pixels of `image`, at most MAX_FACES."""
        longest = max(image.shape[:2])
        sides = LONG_SIDES + ((LARGE_LONG_SIDE,) if longest > LARGE_FROM else ())
        found = merge([self._detect_at(image, side / longest) for side in sides], self._max_overlap)
        return found.pick(np.arange(min(len(found), MAX_FACES)))

    def _detect_at(self, image: Rgb, scale: float) -> Detections:
        height, width = (max(round(side * scale), 1) for side in image.shape[:2])
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        canvas = np.zeros((-(-height // 32) * 32, -(-width // 32) * 32, 3), dtype=np.uint8)
        canvas[:height, :width] = cv2.resize(image, (width, height), interpolation=method)
        blob = canvas[:, :, ::-1].transpose(2, 0, 1)[np.newaxis].astype(np.float32)  # blue first, 0 to 255
        maps = self._session.run(self._outputs, {"input": blob})
        levels = [
            self._decode(*maps[4 * level : 4 * level + 4], stride=stride, columns=canvas.shape[1] // stride)
            for level, stride in enumerate(STRIDES)
        ]
        found = merge(levels, self._max_overlap)
        stretch = np.array([image.shape[1] / width, image.shape[0] / height], dtype=np.float32)
        return Detections(found.boxes * np.tile(stretch, 2), found.landmarks * stretch, found.scores)

    def _decode(self, cls: Vector, obj: Vector, bbox: Vector, kps: Vector, *, stride: int, columns: int) -> Detections:
        """One level of the network: every cell proposes a face relative to itself, in units of the stride."""
        scores = np.sqrt(np.clip(cls[0, :, 0], 0, 1) * np.clip(obj[0, :, 0], 0, 1))
        cells = np.flatnonzero(scores >= self._min_score)
        places = np.stack([cells % columns, cells // columns], axis=1).astype(np.float32)
        centres = (bbox[0, cells, :2] + places) * stride
        halves = np.exp(np.minimum(bbox[0, cells, 2:], 10)) * stride / 2  # capped so that it cannot overflow
        landmarks = (kps[0, cells].reshape(-1, 5, 2) + places[:, np.newaxis]) * stride
        return Detections(np.concatenate([centres - halves, centres + halves], axis=1), landmarks, scores[cells])


def merge(parts: Sequence[Detections], max_overlap: float) -> Detections:
    """All of them without the doubles, best score first."""
    joined = Detections(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.landmarks for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )
    return joined.pick(suppress(joined.boxes, joined.scores, max_overlap))


def suppress(boxes: Vector, scores: Vector, max_overlap: float) -> NDArray[np.intp]:
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
