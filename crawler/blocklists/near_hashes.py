"""Perceptual hashes (PDQ, 256 bits) that may be compared with a million others while a crawl waits.

Two hashes that differ in at most 31 bits have, in one of their sixteen words of 16 bits, at most one differing bit.
So only the entries that share a word with a hash, or all but one bit of it, are compared in full: of a million about
four thousand.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

SAME = 31
"""Up to this distance two hashes are of one picture: the distance that PDQ's authors recommend."""
_BYTES = 32
_WORDS = 16
_WORD_VALUES = 1 << 16
# A word itself, and the word with any one bit turned.
_NEIGHBOURS = np.array([0, *(1 << bit for bit in range(16))], dtype=np.uint16)


class NearHashes:
    """Entries, each with a label, that can be asked for one within SAME bits."""

    def __init__(self, values: Iterable[str], labels: Iterable[int]) -> None:
        data = b"".join(map(bytes.fromhex, values))
        self._labels = np.fromiter(labels, dtype=np.int64)
        self._hashes = np.frombuffer(data, dtype=np.uint64).reshape(-1, _BYTES // 8)
        words = np.frombuffer(data, dtype=np.uint16).reshape(-1, _WORDS)
        self._order = np.empty((_WORDS, len(words)), dtype=np.uint32)
        self._starts = np.empty((_WORDS, _WORD_VALUES + 1), dtype=np.uint32)
        for place in range(_WORDS):
            column = np.ascontiguousarray(words[:, place])
            self._order[place] = np.argsort(column, kind="stable")
            counts = np.bincount(column, minlength=_WORD_VALUES)
            self._starts[place] = np.concatenate([[0], np.cumsum(counts)])

    def __len__(self) -> int:
        return len(self._labels)

    def find(self, hashes: Sequence[str]) -> int | None:
        """The label of an entry near to any of these hashes, the nearest of its hash; None where there is none."""
        if not len(self):
            return None
        return next((label for text in hashes if (label := self._find(text)) is not None), None)

    def _find(self, text: str) -> int | None:
        data = bytes.fromhex(text)
        candidates = self._candidates(np.frombuffer(data, dtype=np.uint16))
        if not len(candidates):
            return None
        differing = np.bitwise_count(self._hashes[candidates] ^ np.frombuffer(data, dtype=np.uint64))
        distances = differing.sum(axis=1, dtype=np.int64)
        nearest = int(distances.argmin())
        return int(self._labels[candidates[nearest]]) if distances[nearest] <= SAME else None

    def _candidates(self, words: NDArray[np.uint16]) -> NDArray[np.uint32]:
        parts = []
        for place in range(_WORDS):
            keys = (words[place] ^ _NEIGHBOURS).astype(np.int64)
            starts, ends = self._starts[place, keys].tolist(), self._starts[place, keys + 1].tolist()
            order = self._order[place]
            parts += [order[start:end] for start, end in zip(starts, ends, strict=True) if end > start]
        return np.concatenate(parts) if parts else np.empty(0, np.uint32)


def turned(text: str) -> tuple[str, ...]:
    """The hashes of the eight mirrored and turned forms, as it is first, where only the first one is at hand.

    The bits are signs of waves, and to mirror a picture is to change the sign of every other one. It is nearly exact:
    off by up to 16 bits against hashes made of the turned pictures themselves.
    """
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(text), dtype=np.uint8)).reshape(16, 16)
    every_other = np.arange(16) % 2
    none = np.zeros((16, 16), dtype=np.int64)
    across, down = none + every_other, none + every_other[:, np.newaxis]
    forms = [form ^ flip for form in (bits, bits.T) for flip in (none, across, down, across ^ down)]
    return tuple(np.packbits(form.astype(np.uint8)).tobytes().hex() for form in forms)
