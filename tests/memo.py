"""The real engine, which remembers what it has seen: many tests look at the same few photos."""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from search.engine import DetectedFace, FaceEngine, load_engine
from search.engine.base import Rgb


class RememberingEngine:
    """A FaceEngine that analyses each picture once per process."""

    def __init__(self, engine: FaceEngine) -> None:
        self._engine = engine
        self._seen: dict[tuple[object, ...], list[DetectedFace]] = {}
        self.model_id = engine.model_id
        self.dimension = engine.dimension

    def analyse(self, images: Sequence[Rgb]) -> list[list[DetectedFace]]:
        keys = [(image.shape, hashlib.sha256(image.tobytes()).digest()) for image in images]
        for key, image in zip(keys, images, strict=True):
            if key not in self._seen:
                self._seen[key] = self._engine.analyse([image])[0]
        return [list(self._seen[key]) for key in keys]


@cache
def remembering_engine(spec: str, cache_dir: Path) -> RememberingEngine:
    return RememberingEngine(load_engine(spec, cache_dir))
