"""What goes with a person who erases their account: their face, and the faces in the gallery that are theirs."""

from collections.abc import Collection

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.retention import Erasure
from search import faces, gallery
from search.engine import EngineUnavailable
from search.index import erase_index
from search.models import Enrolment, Face, FaceTemplate, Image, Match, Subject
from search.reference import same_person_threshold
from search.states import MatchState


def templates(user: User, _erasure: Erasure) -> int:
    """The face templates of every enrolment; returns how many."""
    rows = FaceTemplate.objects.filter(enrolment__subject__user=user)
    count = rows.count()
    rows.delete()
    return count


def enrolments(user: User, _erasure: Erasure) -> int:
    """Enrolments with their checks, and the subject, unless a case that is held is theirs."""
    rows = Enrolment.objects.filter(subject__user=user)
    count = rows.count()
    rows.delete()
    Subject.objects.filter(user=user, cases=None, matches=None).delete()
    return count


def matches(user: User, _erasure: Erasure) -> int:
    """Every match without a case (whose case is held stays with it), and the person's faces in those pictures.

    What they had not dismissed is taken for theirs: measurements of their face, found on the web, that nobody may
    search for any more. A face that somebody else's match rests on stays.
    """
    going = Match.objects.filter(subject__user=user, cases=None)
    ids = list(going.values_list("pk", flat=True))
    images = set(going.values_list("image", flat=True)) | set(going.values_list("variants", flat=True)) - {None}
    theirs = _faces_of(going.exclude(state=MatchState.DISMISSED))
    going.delete()
    Face.objects.filter(pk__in=theirs).exclude(pk__in=Match.objects.exclude(face=None).values("face")).delete()
    _forget_empty(images)
    cache.delete_many([f"preview-tried:{pk}" for pk in ids])
    # An index is a cache of the rows; every search brings it in line before it looks.
    transaction.on_commit(tidy_index, robust=True)
    return len(ids)


def tidy_index() -> None:
    """The index holds what the rows hold; where no engine can say what it is of, there is none any more."""
    try:
        gallery.tidy()
    except EngineUnavailable:
        erase_index(settings.INDEX_DIR)


def _faces_of(mine: QuerySet[Match]) -> set[int]:
    """The matched faces, and in the same pictures those that are the same person's, in every variant."""
    found: set[int] = set()
    for match in mine.exclude(face=None).select_related("face").prefetch_related("variants"):
        face = match.face
        if face is None:
            continue
        vector, least = faces.from_bytes(face.embedding), same_person_threshold(1, face.model_id)
        pictures = [match.image_id, *(image.pk for image in match.variants.all())]
        rows = Face.objects.filter(image__in=pictures, model_id=face.model_id).values_list("pk", "embedding")
        found |= {face.pk} | {pk for pk, other in rows if float(faces.from_bytes(other) @ vector) >= least}
    return found


def _forget_empty(images: Collection[object]) -> None:
    """Pictures that no face and no match is left of, with the places where they were seen."""
    kept = Match.objects.filter(Q(image__in=images) | Q(variants__in=images))
    told = set(kept.values_list("image", flat=True)) | set(kept.values_list("variants", flat=True))
    Image.objects.filter(pk__in=[pk for pk in images if pk not in told], faces=None).delete()
