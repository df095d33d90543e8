"""The gallery: every face that was crawled. Its rows are the truth; the index beside them is a cache."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from django.conf import settings
from filelock import FileLock
from numpy.typing import NDArray

from search import faces
from search.index import FaceIndex, FlatIndex, Hit, IndexStats, IndexUnusable
from search.models import Face

_CHUNK = 5_000
_LOCK_SECONDS = 300


@dataclass(frozen=True)
class Difference:
    """What an index lacks and what it holds too much, against the rows."""

    missing: NDArray[np.int64]
    surplus: NDArray[np.int64]

    @property
    def exact(self) -> bool:
        return not len(self.missing) and not len(self.surplus)


def size() -> int:
    """How many faces a search runs through: the N of every expected number of false matches."""
    return Face.objects.filter(model_id=faces.engine().model_id).count()


def search(probes: NDArray[np.float32], threshold: float) -> list[list[Hit]]:
    """For each probe, (m, dimension), the faces that score `threshold` or more, from an index brought up to date."""
    return sync().search(probes, threshold=threshold)


def sync() -> FaceIndex:
    """The index, made to hold just the faces that the rows hold, and saved if it had to change."""
    with _locked():
        index = _load_or_empty()
        difference = _compare(index)
        if not difference.exact:
            index.remove(difference.surplus)
            _add(index, difference.missing)
            index.save(settings.INDEX_DIR)
        return index


def rebuild() -> IndexStats:
    """Make the index anew from the rows."""
    with _locked():
        index = _empty()
        _add(index, _row_ids())
        index.save(settings.INDEX_DIR)
        return index.stats()


def verify() -> Difference:
    """Compare the saved index with the rows. Raises `IndexUnusable` where it cannot be loaded."""
    with _locked():
        return _compare(_load())


def stats() -> IndexStats:
    """What the saved index holds. Raises `IndexUnusable` where there is none that can be used."""
    return _load().stats()


@contextmanager
def _locked() -> Iterator[None]:
    settings.INDEX_DIR.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.INDEX_DIR / "lock", timeout=_LOCK_SECONDS):
        yield


def _load() -> FaceIndex:
    engine = faces.engine()
    return FlatIndex.load(settings.INDEX_DIR, engine.model_id, engine.dimension)


def _empty() -> FaceIndex:
    engine = faces.engine()
    return FlatIndex(engine.model_id, engine.dimension)


def _load_or_empty() -> FaceIndex:
    try:
        return _load()
    except IndexUnusable:
        return _empty()


def _row_ids() -> NDArray[np.int64]:
    rows = Face.objects.filter(model_id=faces.engine().model_id).order_by("pk").values_list("pk", flat=True)
    return np.fromiter(rows.iterator(), dtype=np.int64)


def _compare(index: FaceIndex) -> Difference:
    rows, held = _row_ids(), index.ids()
    return Difference(missing=np.setdiff1d(rows, held), surplus=np.setdiff1d(held, rows))


def _add(index: FaceIndex, ids: NDArray[np.int64]) -> None:
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK].tolist()
        wanted = set(chunk)
        rows = Face.objects.filter(pk__gte=chunk[0], pk__lte=chunk[-1]).values_list("pk", "embedding")
        found = {pk: embedding for pk, embedding in rows.iterator() if pk in wanted}
        if found:
            index.add(list(found), faces.stack(found.values(), index.dimension))
