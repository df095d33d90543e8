"""What a face index gives, whichever library is behind it.

An index is a cache of embeddings that live in the database. It stores ids, never payloads; it can be deleted
at any moment and rebuilt; and it refuses to load when anything about it differs from what is asked for.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ids = NDArray[np.int64]
Vectors = NDArray[np.float32]

UNIT_TOLERANCE = 1e-3


class IndexUnusable(Exception):
    """The index on disk cannot be used and must be rebuilt; the message is one sentence."""


class IndexMissing(IndexUnusable):
    """There is none."""


class IndexMismatch(IndexUnusable):
    """It was built for another model or dimension."""


class IndexCorrupt(IndexUnusable):
    """Its files are not what was saved."""


class Hit(NamedTuple):
    id: int
    score: float
    """Cosine, -1 to 1, higher is closer."""


@dataclass(frozen=True, slots=True)
class IndexStats:
    kind: str
    model_id: str
    dimension: int
    count: int
    bytes: int
    """In memory."""
    through: int | None
    """The last database row that was looked at when it was built or brought up to date."""


class FaceIndex(Protocol):
    """Scores are the same for every implementation: the exact dot product of both vectors, as float32."""

    through: int | None

    @property
    def model_id(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def __len__(self) -> int: ...

    def ids(self) -> Ids:
        """Every id that is there, in ascending order."""
        ...

    def add(self, ids: ArrayLike, vectors: ArrayLike) -> None:
        """(n,) int64 ids and (n, dimension) unit vectors. An id that is there already is replaced.

        Raises ValueError, and adds nothing, when shapes do not fit or a vector is not finite or not a unit.
        """
        ...

    def remove(self, ids: ArrayLike) -> int:
        """How many of them were there. None of them is returned by a search again."""
        ...

    def search(
        self, probes: ArrayLike, *, k: int | None = None, threshold: float | None = None, batch: int = 256
    ) -> list[list[Hit]]:
        """For each of the (m, dimension) unit probes its hits, best first, ties by id.

        At most `k` of them, all with score >= `threshold`; at least one of the two must be given. `batch`
        probes are looked up at a time. Raises ValueError as `add` does.
        """
        ...

    def save(self, path: Path) -> None:
        """Into the folder `path`. Killed at any moment, it leaves the old index there or the new one."""
        ...

    @classmethod
    def load(cls, path: Path, model_id: str, dimension: int) -> Self:
        """Raises IndexMissing, IndexMismatch or IndexCorrupt."""
        ...

    def stats(self) -> IndexStats: ...


def check_vectors(vectors: ArrayLike, dimension: int) -> Vectors:
    """(n, dimension) float32, contiguous. Raises ValueError when it is anything but unit vectors."""
    checked = np.ascontiguousarray(vectors, dtype=np.float32)
    if checked.ndim != 2 or checked.shape[1] != dimension:
        raise ValueError(f"Expected vectors of shape (n, {dimension}), got {checked.shape}.")
    if not np.isfinite(checked).all():
        raise ValueError("A vector holds a value that is not a finite number.")
    lengths = np.linalg.norm(checked, axis=1)
    if (np.abs(lengths - 1) > UNIT_TOLERANCE).any():
        raise ValueError("A vector is not of length 1.")
    return checked


def check_ids(ids: ArrayLike) -> Ids:
    """(n,) int64. Raises ValueError for anything that is not whole numbers from 0 up."""
    checked = np.asarray(ids)
    if checked.size == 0:
        checked = checked.astype(np.int64)
    if checked.ndim != 1 or not np.issubdtype(checked.dtype, np.integer) or (checked < 0).any():
        raise ValueError("Expected a flat list of whole numbers from 0 up as ids.")
    return np.ascontiguousarray(checked, dtype=np.int64)
