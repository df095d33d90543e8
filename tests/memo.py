"""The real engine, which remembers what it has seen: many tests look at the same few photos.

It stands where the pool stands, within the process of the tests. `test_pool` is about the pool itself.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from django.conf import settings

from search.engine import FaceEngine, Model, Pool, load_engine
from search.engine.age import load_age
from search.engine.base import Box
from search.engine.wire import Fingerprints, LiveOutcome, Outcome
from search.engine.worker import fingerprints, live, look_at, preview


class RememberingPool(Pool):
    """A pool without processes that analyses each picture once."""

    def __init__(self, engine: FaceEngine) -> None:
        self._engine = engine
        self._seen: dict[bytes, Outcome] = {}
        self._seen_live: dict[bytes, LiveOutcome] = {}

    def model(self) -> Model:
        return Model(self._engine.model_id, self._engine.dimension)

    def start(self) -> None:
        """There is no process to start."""

    def analyse(self, items: Iterable[bytes]) -> Iterator[Outcome]:
        for data in items:
            key = hashlib.sha256(data).digest()
            if key not in self._seen:
                (self._seen[key],) = look_at(self._engine, load_age(settings.MODEL_CACHE_DIR), [data])
            yield self._seen[key]

    def fingerprint(self, items: Iterable[bytes]) -> Iterator[Fingerprints]:
        return map(fingerprints, items)

    def live(self, items: Iterable[bytes]) -> Iterator[LiveOutcome]:
        ages = load_age(settings.MODEL_CACHE_DIR)
        for data in items:
            key = hashlib.sha256(data).digest()
            if key not in self._seen_live:
                self._seen_live[key] = live(self._engine, ages, data)
            yield self._seen_live[key]

    def render(self, data: bytes, keep: Box | None, others: Sequence[Box]) -> bytes:
        return preview(data, keep, others)

    def close(self) -> None:
        """There is nothing to end."""


def remembering_pool(spec: str | None = None) -> RememberingPool:
    """In place of `search.faces.pool`."""
    return _pool(spec or settings.FACE_MODEL, settings.MODEL_CACHE_DIR)


@cache
def _pool(spec: str, cache_dir: Path) -> RememberingPool:
    return RememberingPool(load_engine(spec, cache_dir))
