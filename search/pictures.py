"""Is this the same picture again? By perceptual hash (PDQ), or by the very same face."""

import numpy as np
import pdqhash

from search import faces
from search.engine import PictureRefused, decode
from search.engine.base import Rgb, Vector
from search.models import Match

# Distances of 256-bit PDQ hashes: up to 31 there was no false match in 6,555 pairs.
PDQ_SAME = 31
# Two different photos of one person never came this close; a crop or a screenshot of one photo does.
FACE_SAME = 0.92


def pdq(pixels: Rgb) -> str:
    """The perceptual hash as 64 hex digits."""
    bits, _ = pdqhash.compute(np.ascontiguousarray(pixels))
    return bytes(np.packbits(np.asarray(bits, dtype=np.uint8))).hex()


def pdq_distance(first: str, second: str) -> int:
    """Differing bits, 0 to 256."""
    return (int(first, 16) ^ int(second, 16)).bit_count()


def same_picture(first: Match, second: Match) -> bool:
    """Whether two matches of one subject show one picture, however it was cropped or recoloured between."""
    if first.image_id == second.image_id:
        return True
    if _near(first.image.pdq, [second.image.pdq]):
        return True
    one, other = _embedding(first), _embedding(second)
    return one is not None and other is not None and float(one @ other) >= FACE_SAME


def shows_again(match: Match, data: bytes) -> bool:
    """Whether these bytes are the match's picture, mirrored or turned too, or show its very face again.

    Bytes that are no picture show nothing.
    """
    try:
        pixels = decode(data).rgb
    except PictureRefused:
        return False
    if _near(match.image.pdq, _all_pdq(pixels)):
        return True
    known = _embedding(match)
    if known is None:
        return False
    found = faces.engine().analyse([pixels])[0]
    return any(float(face.embedding @ known) >= FACE_SAME for face in found)


def _near(known: str, others: list[str]) -> bool:
    return bool(known) and any(other and pdq_distance(known, other) <= PDQ_SAME for other in others)


def _all_pdq(pixels: Rgb) -> list[str]:
    """The hashes of the picture in its eight mirrored and turned forms."""
    hashes, _ = pdqhash.compute_dihedral(np.ascontiguousarray(pixels))
    return [bytes(np.packbits(np.asarray(bits, dtype=np.uint8))).hex() for bits in hashes]


def _embedding(match: Match) -> Vector | None:
    face = match.face
    if face is None or face.model_id != faces.engine().model_id:
        return None
    return faces.from_bytes(face.embedding)


__all__ = ["FACE_SAME", "PDQ_SAME", "pdq", "pdq_distance", "same_picture", "shows_again"]
