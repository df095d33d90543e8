"""Is this the same picture again? By perceptual hash (PDQ), or by the very same face."""

from crawler.blocklists import blocklist
from search import faces
from search.engine import PictureRefused
from search.engine.base import Vector
from search.engine.pdq import distance as pdq_distance
from search.engine.pdq import pdq
from search.models import Match

# Distances of 256-bit PDQ hashes: up to 31 there was no false match in 6,555 pairs.
PDQ_SAME = 31
# Two different photos of one person never came this close; a crop or a screenshot of one photo does.
FACE_SAME = 0.92


def near(first: str, second: str) -> bool:
    """Whether two perceptual hashes are of one picture; an empty one is like none."""
    return bool(first and second) and pdq_distance(first, second) <= PDQ_SAME


def same_picture(first: Match, second: Match) -> bool:
    """Whether two matches of one subject show one picture, however it was cropped or recoloured between."""
    if first.image_id == second.image_id or near(first.image.pdq, second.image.pdq):
        return True
    one, other = _embedding(first), _embedding(second)
    return one is not None and other is not None and float(one @ other) >= FACE_SAME


def shows_again(match: Match, data: bytes) -> bool:
    """Whether these bytes are the match's picture, mirrored or turned too, or show its very face again.

    Bytes that are no picture show nothing, and a picture on a hash list is not looked at.
    """
    if blocklist.known(data):
        return False
    try:
        found = faces.analyse(data)
    except PictureRefused:
        return False
    if any(near(match.image.pdq, turned) for turned in found.pdq):
        return True
    known = _embedding(match)
    return known is not None and any(float(face.embedding @ known) >= FACE_SAME for face in found.faces)


def _embedding(match: Match) -> Vector | None:
    face = match.face
    if face is None or face.model_id != faces.model().model_id:
        return None
    return faces.from_bytes(face.embedding)


__all__ = ["FACE_SAME", "PDQ_SAME", "near", "pdq", "pdq_distance", "same_picture", "shows_again"]
