"""PDQ: a perceptual hash by which copies of one picture are known again, however they were saved.

The hash is taken of a copy of 512 pixels, as PDQ's authors do: of a whole photo it costs more than finding and
embedding every face in it (455 ms at 7 megapixels, against 20).
"""

from collections.abc import Iterable

import numpy as np
import pdqhash
from numpy.typing import NDArray

from search.engine.base import Rgb
from search.engine.resize import reduced

LONG_SIDE = 512


def pdq(pixels: Rgb) -> str:
    """The perceptual hash as 64 hex digits."""
    bits, _ = pdqhash.compute(np.ascontiguousarray(reduced(pixels, LONG_SIDE)))
    return _hex(bits)


def pdq_dihedral(pixels: Rgb) -> tuple[str, ...]:
    """The hashes of the picture in its eight mirrored and turned forms, as it is first."""
    hashes, _ = pdqhash.compute_dihedral(np.ascontiguousarray(reduced(pixels, LONG_SIDE)))
    return tuple(_hex(bits) for bits in hashes)


def distance(first: str, second: str) -> int:
    """Differing bits, 0 to 256."""
    return (int(first, 16) ^ int(second, 16)).bit_count()


def _hex(bits: Iterable[int] | NDArray[np.uint8]) -> str:
    return bytes(np.packbits(np.asarray(bits, dtype=np.uint8))).hex()
