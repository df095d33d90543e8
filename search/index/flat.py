"""The exact index: every probe against every vector, by FAISS."""

from pathlib import Path
from threading import RLock
from typing import Self

import faiss
import numpy as np
from numpy.typing import ArrayLike

from search.index import files
from search.index.base import Hit, Ids, IndexCorrupt, IndexStats, Vectors, check_ids, check_vectors

# FAISS sums in another order with each batch size and processor, so its scores differ in the last digits. It
# only proposes, with this much to spare; the score that counts is worked out anew from the stored vector.
_ROUNDING = 1e-5
_SPARE = 16


class FlatIndex:
    """See FaceIndex. Threads may share one."""

    KIND = "faiss"

    def __init__(self, model_id: str, dimension: int) -> None:
        self.model_id = model_id
        self.dimension = dimension
        self.through: int | None = None
        self._faiss = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
        self._ids: set[int] = set()
        self._lock = RLock()

    def __len__(self) -> int:
        return len(self._ids)

    def ids(self) -> Ids:
        with self._lock:
            return np.array(sorted(self._ids), dtype=np.int64)

    def add(self, ids: ArrayLike, vectors: ArrayLike) -> None:
        numbers, rows = check_ids(ids), check_vectors(vectors, self.dimension)
        if len(numbers) != len(rows):
            raise ValueError(f"Got {len(numbers)} ids for {len(rows)} vectors.")
        last = {number: row for row, number in enumerate(numbers.tolist())}  # the last one of a repeated id counts
        with self._lock:
            self.remove(numbers)
            self._faiss.add_with_ids(rows[list(last.values())], np.array(list(last), dtype=np.int64))
            self._ids.update(last)

    def remove(self, ids: ArrayLike) -> int:
        with self._lock:
            known = self._ids.intersection(check_ids(ids).tolist())
            if known:
                self._faiss.remove_ids(faiss.IDSelectorBatch(np.array(sorted(known), dtype=np.int64)))
                self._ids -= known
        return len(known)

    def search(
        self, probes: ArrayLike, *, k: int | None = None, threshold: float | None = None, batch: int = 256
    ) -> list[list[Hit]]:
        rows = check_vectors(probes, self.dimension)
        if (k is None and threshold is None) or (k is not None and k < 1) or batch < 1:
            raise ValueError("A search needs k or a threshold, and k and batch from 1 up.")
        if threshold is not None and not np.isfinite(threshold):
            raise ValueError("The threshold must be a finite number.")
        results: list[list[Hit]] = []
        with self._lock:
            for start in range(0, len(rows), batch):
                block = rows[start : start + batch]
                proposed = self._above(block, threshold) if threshold is not None else self._best(block, k or 1)
                results += [self._hits(probe, ids, k, threshold) for probe, ids in zip(block, proposed, strict=True)]
        return results

    def _above(self, probes: Vectors, threshold: float) -> list[Ids]:
        """For each probe the ids whose score may reach the threshold."""
        limits, _, ids = self._faiss.range_search(probes, threshold - _ROUNDING)
        return np.split(ids, limits[1:-1])

    def _best(self, probes: Vectors, k: int) -> list[Ids]:
        """For each probe the ids that may be among the best k, those that tie with the k-th included."""
        total = len(self)
        if total == 0:
            return [np.empty(0, dtype=np.int64)] * len(probes)
        wanted = min(k + _SPARE, total)
        scores, ids = self._faiss.search(probes, wanted)
        while wanted < total and (scores[:, k - 1] - scores[:, -1] <= 2 * _ROUNDING).any():
            wanted = min(wanted * 2, total)
            scores, ids = self._faiss.search(probes, wanted)
        return list(ids)

    def _hits(self, probe: Vectors, ids: Ids, k: int | None, threshold: float | None) -> list[Hit]:
        if ids.size == 0:
            return []
        products = self._faiss.reconstruct_batch(ids) * probe.astype(np.float64)
        scores = products.sum(axis=1).astype(np.float32)  # unlike @, this adds up in one order whatever the batch
        order = np.lexsort((ids, -scores))[:k]
        floor = np.float32(-np.inf if threshold is None else threshold)
        return [
            Hit(int(number), float(score))
            for number, score in zip(ids[order], scores[order], strict=True)
            if score >= floor
        ]

    def save(self, path: Path) -> None:
        with self._lock:
            files.save(path, lambda target: faiss.write_index(self._faiss, str(target)), self._manifest)

    def _manifest(self, sha256: str) -> files.Manifest:
        return files.Manifest(
            layout=files.LAYOUT,
            kind=self.KIND,
            model_id=self.model_id,
            dimension=self.dimension,
            count=len(self),
            through=self.through,
            sha256=sha256,
        )

    @classmethod
    def load(cls, path: Path, model_id: str, dimension: int) -> Self:
        manifest, data = files.find(path, cls.KIND, model_id, dimension)
        try:
            stored = faiss.read_index(str(data))
        except RuntimeError as error:
            raise IndexCorrupt("The data file of the index cannot be read.") from error
        if not isinstance(stored, faiss.IndexIDMap2) or (stored.d, stored.ntotal) != (
            dimension,
            manifest.count,
        ):
            raise IndexCorrupt("The data file of the index does not hold what its manifest says.")
        index = cls(model_id, dimension)
        index.through = manifest.through
        index._faiss = stored
        index._ids = set(faiss.vector_to_array(stored.id_map).tolist())
        return index

    def stats(self) -> IndexStats:
        return IndexStats(
            kind=self.KIND,
            model_id=self.model_id,
            dimension=self.dimension,
            count=len(self),
            bytes=len(self) * (self.dimension * 4 + 8),
            through=self.through,
        )
