"""Is this the same picture again? By perceptual hash (PDQ), or by the very same face."""

from enum import StrEnum

from crawler.blocklists import blocklist
from search import faces
from search.calibration import Band
from search.engine import Analysis, PictureRefused
from search.engine.base import Vector
from search.engine.pdq import distance as pdq_distance
from search.engine.pdq import pdq
from search.models import Match
from search.states import MatchState

# Distances of 256-bit PDQ hashes: up to 31 there was no false match in 6,555 pairs.
PDQ_SAME = 31
# Two different photos of one person never came this close; a crop or a screenshot of one photo does.
FACE_SAME = 0.92
# Among so many faces the same person is told from strangers: more than a page has, however often it is looked at.
_CROWD = 1000


class Likeness(StrEnum):
    """What a picture has to do with a match: its very picture, another one of that person, or nothing."""

    SAME = "same"
    PERSON = "person"
    NONE = ""


def near(first: str, second: str) -> bool:
    """Whether two perceptual hashes are of one picture; an empty one is like none."""
    return bool(first and second) and pdq_distance(first, second) <= PDQ_SAME


def same_picture(first: Match, second: Match) -> bool:
    """Whether two matches of one subject show one picture, however it was cropped or recoloured between."""
    if first.image_id == second.image_id or near(first.image.pdq, second.image.pdq):
        return True
    one, other = _embedding(first), _embedding(second)
    return one is not None and other is not None and float(one @ other) >= FACE_SAME


def likeness(match: Match, data: bytes) -> Likeness:
    """What these bytes show of a match: its picture, mirrored or turned too, its very face, or the person again.

    Bytes that are no picture show nothing, and a picture on a hash list is not looked at. Another picture of the
    person about which they have said something else is a matter of its own.
    """
    if blocklist.known(data):
        return Likeness.NONE
    try:
        found = faces.analyse(data)
    except PictureRefused:
        return Likeness.NONE
    if any(near(match.image.pdq, turned) for turned in found.pdq):
        return Likeness.SAME
    known = _embedding(match)
    if known is None:
        return Likeness.NONE
    if any(float(face.embedding @ known) >= FACE_SAME for face in found.faces):
        return Likeness.SAME
    # A small copy of a part of the picture comes no closer than another photo of the person does.
    if _is_person(match, known, found) and not _decided_apart(match, found):
        return Likeness.PERSON
    return Likeness.NONE


def shows_again(match: Match, data: bytes) -> bool:
    """Whether these bytes are the match's picture, mirrored or turned too, or show its very face again."""
    return likeness(match, data) == Likeness.SAME


def _is_person(match: Match, known: Vector, found: Analysis) -> bool:
    """Whether a face in the picture is likely to be the match's, by the model's own calibration."""
    calibration = faces.calibration()
    bands = (
        calibration.band(float(face.embedding @ known), _CROWD, min(face.quality.length, match.quality_length))
        for face in found.faces
    )
    return any(band in {Band.CERTAIN, Band.LIKELY} for band in bands)


def _decided_apart(match: Match, found: Analysis) -> bool:
    """Whether the subject has answered about this picture as a match of its own: leave it, not me, remove it."""
    others = Match.objects.filter(subject=match.subject_id).exclude(pk=match.pk).exclude(state=MatchState.CANDIDATE)
    hashes = others.values_list("image__pdq", flat=True)
    return any(near(known, turned) for known in hashes.iterator() for turned in found.pdq)


def _embedding(match: Match) -> Vector | None:
    face = match.face
    if face is None or face.model_id != faces.model().model_id:
        return None
    return faces.from_bytes(face.embedding)


__all__ = [
    "FACE_SAME",
    "PDQ_SAME",
    "Likeness",
    "likeness",
    "near",
    "pdq",
    "pdq_distance",
    "same_picture",
    "shows_again",
]
