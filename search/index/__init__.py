"""Nearest faces among many: ids and vectors in, ids and scores out. Knows nothing of Django or pictures."""

from search.index.base import (
    FaceIndex,
    Hit,
    IndexCorrupt,
    IndexMismatch,
    IndexMissing,
    IndexStats,
    IndexUnusable,
)
from search.index.files import erase_index
from search.index.flat import FlatIndex

__all__ = [
    "FaceIndex",
    "FlatIndex",
    "Hit",
    "IndexCorrupt",
    "IndexMismatch",
    "IndexMissing",
    "IndexStats",
    "IndexUnusable",
    "erase_index",
]
