"""The embedded engine: YuNet finds the faces, SFace tells them apart. Works with no download."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from search.engine.base import DetectedFace, Rgb, Vector, clip_box
from search.engine.geometry import align, measure
from search.engine.weights import ModelFile, open_session, prepare
from search.engine.yunet import YuNet

if TYPE_CHECKING:
    import onnx


def _rewrite(network: "onnx.ModelProto") -> None:
    """The file lists its weights as inputs, made by nodes in the graph too, which onnxruntime refuses."""
    picture = next(value for value in network.graph.input if value.name == "data")
    del network.graph.input[:]
    network.graph.input.append(picture)


SFACE = ModelFile(
    name="face_recognition_sface_2021dec_int8bq.onnx",
    sha256="fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
    revision=1,
    rewrite=_rewrite,
)


class SFace:
    def __init__(self, cache_dir: Path) -> None:
        self._session = open_session(prepare(SFACE, cache_dir))

    def embed(self, crop: Rgb) -> Vector:
        """Aligned (112, 112, 3) crop to 128 numbers, not normalised.

        The network takes red first and 0..255; other scalings seem to work and are far less accurate.
        """
        blob = crop.transpose(2, 0, 1)[np.newaxis].astype(np.float32)
        return np.asarray(self._session.run(["fc1"], {"data": blob})[0][0], dtype=np.float32)


class SFaceEngine:
    model_id = "sface-2021dec-int8bq"
    dimension = 128

    def __init__(self, cache_dir: Path) -> None:
        """Prepares the models in `cache_dir` at first use. Raises EngineUnavailable."""
        self._detector = YuNet(cache_dir)
        self._embedder = SFace(cache_dir)

    def analyse(self, images: Sequence[Rgb]) -> list[list[DetectedFace]]:
        return [self._analyse(image) for image in images]

    def _analyse(self, image: Rgb) -> list[DetectedFace]:
        found = self._detector.detect(image)
        faces = (
            self._face(image, box, landmarks, float(score))
            for box, landmarks, score in zip(found.boxes, found.landmarks, found.scores, strict=True)
        )
        return [face for face in faces if face is not None]

    def _face(self, image: Rgb, box: Vector, landmarks: Vector, score: float) -> DetectedFace | None:
        """None for a find that cannot be a face: no extent, or an embedding without direction."""
        try:
            crop = align(image, landmarks)
        except ValueError:
            return None
        embedding = self._embedder.embed(crop)
        length = float(np.linalg.norm(embedding))
        if not np.isfinite(length) or length < 1e-6:
            return None
        left, top, right, bottom = map(float, box)
        return DetectedFace(
            box=clip_box(left, top, right, bottom, image),
            landmarks=landmarks,
            score=score,
            quality=measure(crop, landmarks, size=right - left, length=length),
            embedding=embedding / np.float32(length),
            model_id=self.model_id,
        )
