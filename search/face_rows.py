"""The face rows of one picture, and how they are replaced when another model measured it."""

from collections.abc import Iterable, Sequence

from django.db.models import Q

from search import faces
from search.engine import DetectedFace
from search.engine.base import overlap
from search.models import Face, Image, Match
from search.states import MatchState

# Two detectors never draw quite the same box round a face; those of two people in one picture hardly overlap.
SAME_PLACE = 0.25


def row(image: Image, face: DetectedFace) -> Face:
    """An unsaved row, which waits to be compared with the enrolled people."""
    return Face(
        image=image,
        box=[round(float(value), 1) for value in face.box],
        score=face.score,
        quality_length=face.quality.length,
        embedding=faces.to_bytes(face.embedding),
        model_id=face.model_id,
    )


def replace(image: Image, found: Iterable[DetectedFace], model_id: str) -> list[Face]:
    """Put what `model_id` found in the place of the picture's faces. Call it in a transaction that locks the picture.

    A match goes on with the new face in its old one's place; without one it keeps its box and has no face.
    """
    new = Face.objects.bulk_create(row(image, face) for face in found)
    for match in Match.objects.filter(Q(face__image=image) | Q(image=image, face=None)).select_related("face"):
        box = match.face.box if match.face else match.box
        Match.objects.filter(pk=match.pk).update(face=_at(box, new))
    image.faces.exclude(pk__in=[face.pk for face in new]).delete()
    Image.objects.filter(pk=image.pk).update(model_id=model_id)
    return new


def matched_places(image: Image) -> list[list[float]]:
    """Where the faces are that a match, not answered with "not me", is about."""
    matches = Match.objects.filter(image=image).exclude(state=MatchState.DISMISSED)
    return list(matches.values_list("box", flat=True))


def at_one_place(box: Sequence[float], boxes: Iterable[Sequence[float]]) -> bool:
    """Whether one of `boxes` lies where `box` does, so that both are of one face."""
    return any(overlap(box, other) >= SAME_PLACE for other in boxes)


def _at(box: Sequence[float], rows: Sequence[Face]) -> Face | None:
    best = max(rows, key=lambda face: overlap(box, face.box), default=None)
    return best if best is not None and overlap(box, best.box) >= SAME_PLACE else None
