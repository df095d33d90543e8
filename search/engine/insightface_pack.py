"""Any insightface model pack behind our protocol, through insightface's own model zoo."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from search.engine.base import DetectedFace, EngineUnavailable, Rgb, clip_box
from search.engine.geometry import align, measure

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")

LENGTH_UNIT = 0.5
"""Quality.length is in SFace units: ArcFace packs give about 20 for a good face where SFace gives 10.

A rule of thumb and not measured: grades and bands of a pack are to be checked before they are relied on.
"""


class InsightFaceEngine:
    def __init__(self, pack: str) -> None:
        """`pack`: a folder of ONNX files, used as it is, or the name of a pack, which insightface
        downloads to its own folder when it is not there. Raises EngineUnavailable.
        """
        self._analysis = _open_pack(_place(pack))
        recogniser = self._analysis.models["recognition"]
        crop = np.zeros((recogniser.input_size[1], recogniser.input_size[0], 3), dtype=np.uint8)
        self.dimension = int(np.asarray(recogniser.get_feat(crop)).size)
        # Two packs may share a name; embeddings are comparable only when the recogniser's weights are.
        weights = hashlib.sha256(Path(recogniser.model_file).read_bytes()).hexdigest()
        self.model_id = f"insightface-{Path(self._analysis.model_dir).name}-{weights[:12]}"

    def analyse(self, images: Sequence[Rgb]) -> list[list[DetectedFace]]:
        return [self._analyse(image) for image in images]

    def _analyse(self, image: Rgb) -> list[DetectedFace]:
        blue_first = np.ascontiguousarray(image[:, :, ::-1])
        faces = (self._face(image, found) for found in self._analysis.get(blue_first))
        return sorted((face for face in faces if face is not None), key=lambda face: -face.score)

    def _face(self, image: Rgb, found: Any) -> DetectedFace | None:
        """None for a find without landmarks, without extent, or with an embedding without direction.

        Insightface names the landmarks as seen in the picture ("left eye") where YuNet names the person's
        ("right eye"): the five points come in the same order.
        """
        if found.kps is None or found.embedding is None:
            return None
        landmarks = np.asarray(found.kps, dtype=np.float32)
        embedding = np.asarray(found.embedding, dtype=np.float32)
        norm = float(np.linalg.norm(embedding))
        if not np.isfinite(norm) or norm < 1e-6:
            return None
        try:
            crop = align(image, landmarks)
        except ValueError:
            return None
        left, top, right, bottom = map(float, found.bbox)
        return DetectedFace(
            box=clip_box(left, top, right, bottom, image),
            landmarks=landmarks,
            score=float(found.det_score),
            quality=measure(crop, landmarks, size=right - left, length=norm * LENGTH_UNIT),
            embedding=embedding / np.float32(norm),
            model_id=self.model_id,
        )


def _place(pack: str) -> str:
    """A folder that is there or the bare name of a pack; a mistyped path must not become a download."""
    folder = Path(pack).expanduser()
    if pack and folder.is_dir():
        return str(folder.resolve())
    if not _NAME.fullmatch(pack):
        raise EngineUnavailable(f"There is no folder {pack!r} with an insightface model pack.")
    return pack


def _open_pack(pack: str) -> Any:
    # Imported here because it takes seconds and only installations that use a pack need it.
    from insightface.app import FaceAnalysis

    try:
        analysis = FaceAnalysis(name=pack, allowed_modules=["detection", "recognition"])
    except Exception as error:  # the model zoo raises whatever its network, archive and graph readers raise
        raise EngineUnavailable(f"The insightface pack {pack!r} cannot be loaded: {_first_line(error)}") from error
    if "recognition" not in analysis.models:
        raise EngineUnavailable(f"The insightface pack {pack!r} has no recognition model.")
    analysis.prepare(ctx_id=0)
    return analysis


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    if isinstance(error, AssertionError):
        return "it has no detection model."
    return text.splitlines()[0] if text else type(error).__name__
