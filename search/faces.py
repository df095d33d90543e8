"""What is in a picture, by the configured engine in processes of its own; and how embeddings are stored."""

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from search.calibration import FITTED_FILE, Calibration, calibration_for, read_fitted
from search.engine import (
    EMBEDDED,
    Analysis,
    DetectedFace,
    EngineUnavailable,
    Model,
    PictureRefused,
    Pool,
    SFaceEngine,
)
from search.engine.base import Vector
from search.engine.pool import usable_cores
from search.engine.wire import Fingerprints, LiveLook


def pool(spec: str | None = None) -> Pool:
    """The processes that look at pictures with the configured engine, or with the one named. One pool per process."""
    return _pool(spec or settings.FACE_MODEL, settings.MODEL_CACHE_DIR, settings.FACE_WORKERS, os.getpid())


@cache
def _pool(spec: str, cache_dir: Path, workers: int, process_id: int) -> Pool:
    """`process_id`: a fork must not talk to the workers of the process it came from."""
    return Pool(spec, cache_dir, workers=workers or usable_cores())


def model(spec: str | None = None) -> Model:
    """Which model the configured engine is, or the one named. Raises `EngineUnavailable`."""
    if (spec or settings.FACE_MODEL) in EMBEDDED:
        return Model(SFaceEngine.model_id, SFaceEngine.dimension)  # known without loading it
    return pool(spec).model()


def analyse_all(items: Iterable[bytes]) -> Iterator[Analysis | PictureRefused]:
    """What is in each encoded picture, in order; they are taken from `items` as they are needed.

    Raises `EngineUnavailable`.
    """
    return pool().analyse(items)


def fingerprint_all(items: Iterable[bytes]) -> Iterator[Fingerprints]:
    """The perceptual hashes of each picture's eight forms, in order. Nobody's face is looked for.

    Raises `EngineUnavailable`.
    """
    return pool().fingerprint(items)


def analyse(data: bytes, spec: str | None = None) -> Analysis:
    """What is in one encoded picture. Raises `PictureRefused` and `EngineUnavailable`."""
    (outcome,) = pool(spec).analyse([data])
    if isinstance(outcome, PictureRefused):
        raise outcome
    return outcome


def faces_in(data: bytes) -> list[DetectedFace]:
    """Every face in one encoded picture. Raises `PictureRefused` and `EngineUnavailable`."""
    return list(analyse(data).faces)


def look_live(data: bytes) -> LiveLook:
    """What is in one frame of a live check. Raises `PictureRefused` and `EngineUnavailable`."""
    (outcome,) = pool().live([data])
    if isinstance(outcome, PictureRefused):
        raise outcome
    return outcome


def calibration(model_id: str = "") -> Calibration:
    """The calibration of a model, or of the configured one: the operator's own fit where there is one.

    Raises ValueError where that fit is there and cannot be read.
    """
    return calibration_for(model_id or model().model_id, _fitted(settings.DATA_DIR / FITTED_FILE))


@cache
def _fitted(path: Path) -> dict[str, Calibration]:
    return read_fitted(path)


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


__all__ = [
    "EngineUnavailable",
    "LiveLook",
    "analyse",
    "analyse_all",
    "calibration",
    "faces_in",
    "fingerprint_all",
    "from_bytes",
    "fused",
    "look_live",
    "model",
    "pool",
    "stack",
    "to_bytes",
]
