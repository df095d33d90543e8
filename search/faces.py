"""The configured face engine, and how embeddings are stored."""

from collections.abc import Iterable, Sequence

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from search.calibration import Calibration, calibration_for
from search.engine import DetectedFace, FaceEngine, decode, load_engine
from search.engine.base import Vector


def engine() -> FaceEngine:
    """The engine named by `FACE_MODEL`, loaded once per process. Raises `EngineUnavailable`."""
    return load_engine(settings.FACE_MODEL, settings.MODEL_CACHE_DIR)


def calibration() -> Calibration:
    """The calibration of the configured engine."""
    return calibration_for(engine().model_id)


def faces_in(data: bytes) -> list[DetectedFace]:
    """Every face in one encoded picture. Raises `PictureRefused`."""
    return engine().analyse([decode(data).rgb])[0]


def to_bytes(embedding: Vector) -> bytes:
    """Little-endian float32, the form in which embeddings are stored."""
    return np.asarray(embedding, dtype="<f4").tobytes()


def from_bytes(stored: bytes | memoryview) -> Vector:
    """The inverse of `to_bytes`."""
    return np.frombuffer(bytes(stored), dtype="<f4").astype(np.float32)


def stack(stored: Iterable[bytes | memoryview], dimension: int) -> NDArray[np.float32]:
    """Stored embeddings as one array, (n, dimension)."""
    rows = [from_bytes(item) for item in stored]
    return np.stack(rows) if rows else np.empty((0, dimension), np.float32)


def fused(embeddings: Sequence[Vector] | NDArray[np.float32]) -> Vector:
    """One probe from several reference photos: the normalised mean, which ranks better than the best single one."""
    mean = np.mean(np.asarray(embeddings, dtype=np.float32), axis=0)
    return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)
