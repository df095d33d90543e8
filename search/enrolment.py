"""Enrolment: from photos and consent to a face that may be looked for.

The photos are measured in memory and discarded; nothing is ever stored of them but the sealed face templates.
A template of another model says nothing any more: new photos then need a new liveness check, as the first ones did.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from django.utils import timezone

from accounts import audit, consent, keys
from accounts.models import User
from accounts.transitions import change_state
from search import earlier, face_rows, faces, matching, optout, probes
from search.engine import DetectedFace, EngineUnavailable, PictureRefused
from search.engine.base import Vector
from search.faces import fused
from search.models import Enrolment, FaceTemplate, LivenessCheck, Subject
from search.reference import ReferenceRefused, same_person_threshold, single_face
from search.states import ENROLMENT, LIVENESS, EnrolmentState, LivenessState

MAX_PHOTOS = 5
# Two photos of one person may differ by years and light, so this is OpenCV's own verification threshold for
# SFace (FMR 0.4 %), not a band for searches.
_SAME_PERSON = 0.363
OPEN = (EnrolmentState.AWAITING_LIVENESS, EnrolmentState.ACTIVE)


# What a page may catch without knowing the engine: its sentence is for the operator.
Unavailable = EngineUnavailable


class EnrolmentRefused(Exception):
    """Why nobody was enrolled, in one clear sentence; nothing was stored."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True)
class _Measured:
    fingerprint: str
    photo: bytes
    face: DetectedFace


def current(user: User) -> Enrolment | None:
    """The person's open enrolment: waiting for its liveness check, or active."""
    return Enrolment.objects.filter(subject__user=user, state__in=OPEN).select_related("subject__user").first()


def enrol(user: User, photos: Sequence[bytes], *, adult: bool, actor: User | None = None) -> Enrolment:
    """Enrol a person, or add reference photos to their open enrolment. The same photo again changes nothing.

    A new enrolment waits for its liveness check: nothing is searched for before it is passed. So does one whose
    templates are of another model, as nothing else tells that the new photos show the person who was checked.

    Raises:
        EnrolmentRefused: and nothing is left behind.
    """
    _check_person(user, photos, adult)
    measured = _measure(user, photos)
    with transaction.atomic():
        subject, _ = Subject.objects.get_or_create(user=user)
        # Locks the subject, so that two uploads at once cannot make two enrolments.
        Subject.objects.select_for_update().get(pk=subject.pk)
        enrolment = current(user) or Enrolment.objects.create(
            subject=subject, model_id=measured[0].face.model_id, adult_declared_at=timezone.now()
        )
        _renew(enrolment, measured[0].face.model_id, actor or user)
        rows = enrolment.templates.all()
        known = {row.photo_fingerprint: probes.unsealed(row) for row in rows}
        new = [item for item in measured if item.fingerprint not in known]
        if enrolment.state == EnrolmentState.ACTIVE:
            _check_like_before(list(known.values()), new)
        _check_face(list(known.values()), new, subject)
        _store(enrolment, new, actor or user)
    if new and enrolment.state == EnrolmentState.ACTIVE:
        matching.backward(enrolment)
    return enrolment


def attest(enrolment: Enrolment, staff: User, reason: str) -> None:
    """A member of staff vouches that the live person stood behind the photos; the search begins at once.

    Raises `IllegalTransition` or `StaleState` when it was decided before, and `EnrolmentRefused` when the photos
    were measured with another model and there is nothing to search with.
    """
    if not enrolment.templates.filter(model_id=faces.model().model_id).exists():
        raise EnrolmentRefused("needs_new_photos", "We measure faces in a new way now. They have to give new photos.")
    _decide(enrolment, staff, reason, LivenessState.PASSED, EnrolmentState.ACTIVE)
    matching.backward(enrolment)


def refuse(enrolment: Enrolment, staff: User, reason: str) -> None:
    """A member of staff could not confirm the person; the templates are destroyed."""
    with transaction.atomic():
        _decide(enrolment, staff, reason, LivenessState.FAILED, EnrolmentState.REFUSED)
        enrolment.templates.all().delete()


def withdraw(enrolment: Enrolment) -> None:
    """The person ends the search for their face: templates and undecided matches are destroyed now."""
    user = enrolment.subject.user
    with transaction.atomic():
        change_state(enrolment, ENROLMENT, EnrolmentState.WITHDRAWN)
        enrolment.templates.all().delete()
        matching.forget_candidates(enrolment.subject)
        audit.record("enrolment.withdrawn", enrolment, actor=user, about=user)


def _check_person(user: User, photos: Sequence[bytes], adult: bool) -> None:
    if not user.is_subscriber:
        raise EnrolmentRefused("not_a_subscriber", "Members of staff cannot be enrolled with their staff account.")
    if not adult:
        raise EnrolmentRefused("not_adult", "Only people of 18 or older can be enrolled.")
    if not consent.given(user) >= consent.REQUIRED:
        raise EnrolmentRefused("no_consent", "We need your consent to compare your face and to keep watching.")
    if not 1 <= len(photos) <= MAX_PHOTOS:
        raise EnrolmentRefused("photo_count", f"Please give between one and {MAX_PHOTOS} photos.")


def _measure(user: User, photos: Sequence[bytes]) -> list[_Measured]:
    measured: dict[str, _Measured] = {}
    for number, photo in enumerate(photos, start=1):
        try:
            face = single_face(photo)
        except (PictureRefused, ReferenceRefused) as error:
            code = error.code if isinstance(error, ReferenceRefused) else error.reason.value
            raise EnrolmentRefused(code, f"Photo {number}: {error}") from error
        fingerprint = keys.fingerprint(user, photo)
        measured[fingerprint] = _Measured(fingerprint, photo, face)
    return list(measured.values())


def _renew(enrolment: Enrolment, model_id: str, actor: User) -> None:
    """Templates of other models go, and with the last usable one goes what was confirmed of them."""
    usable = enrolment.templates.filter(model_id=model_id).exists()
    destroyed = enrolment.templates.exclude(model_id=model_id).delete()[0]
    if usable or not (destroyed or enrolment.state == EnrolmentState.ACTIVE):
        return
    if enrolment.state == EnrolmentState.ACTIVE:
        change_state(enrolment, ENROLMENT, EnrolmentState.AWAITING_LIVENESS, activated_at=None)
    enrolment.model_id, enrolment.recapture_asked_at = model_id, None
    enrolment.save(update_fields=["model_id", "recapture_asked_at"])
    audit.record("enrolment.renewed", enrolment, actor=actor, about=enrolment.subject.user, destroyed=destroyed)


def _check_like_before(known: Sequence[Vector], new: Sequence[_Measured]) -> None:
    """Photos added after the liveness check must be clearly the face that was checked."""
    if any(float(item.face.embedding @ fused(known)) < same_person_threshold(1) for item in new):
        raise EnrolmentRefused(
            "needs_new_check", "This photo differs a lot from those you were checked with, so it needs a new check."
        )


def _check_face(known: Sequence[Vector], new: Sequence[_Measured], subject: Subject) -> None:
    """All photos one person, nobody who opted out, nobody who has another account."""
    embeddings = [*known, *(item.face.embedding for item in new)]
    for place, embedding in enumerate(embeddings):
        others = [other for index, other in enumerate(embeddings) if index != place]
        if others and float(embedding @ fused(others)) < _SAME_PERSON:
            raise EnrolmentRefused("different_people", "The photos seem to show different people.")
    face = fused(embeddings)
    hidden = any(optout.hidden_in(item.photo, [item.face]).any() for item in new)
    if hidden or optout.is_hidden(face) or any(optout.is_hidden(embedding) for embedding in known):
        raise EnrolmentRefused(
            "opted_out",
            "This face is on the opt-out list, so it cannot be enrolled. If it is yours, please write to us.",
        )
    if _is_of_another(face, new, subject):
        raise EnrolmentRefused(
            "already_enrolled", "This face is too close to one that another account protects. Please write to us."
        )


def _is_of_another(face: Vector, new: Sequence[_Measured], subject: Subject) -> bool:
    """Whether another account protects this face, as far as an engine at hand can tell."""
    others, present = _faces_of_others(subject), faces.model().model_id
    if _is_among(others.pop(present, []), face, present):
        return True
    looks = earlier.engines() if others else {}
    return any(
        face_rows.at_one_place(seen.box, [item.face.box]) and _is_among(others[model_id], seen.embedding, model_id)
        for model_id in others.keys() & looks.keys()
        for item in new
        for seen in looks[model_id](item.photo)
    )


def _is_among(others: Sequence[Vector], face: Vector, model_id: str) -> bool:
    """Whether a face is one of these; all are of one model."""
    threshold = same_person_threshold(len(others), model_id)
    return bool(others) and float((np.stack(others) @ face).max()) >= threshold


def _faces_of_others(subject: Subject) -> dict[str, list[Vector]]:
    """By model, as faces of different models say nothing of each other."""
    rows = FaceTemplate.objects.filter(enrolment__state__in=OPEN).exclude(enrolment__subject=subject)
    by_enrolment: dict[tuple[str, object], list[Vector]] = {}
    for row in rows.select_related("enrolment__subject__user"):
        by_enrolment.setdefault((row.model_id, row.enrolment_id), []).append(probes.unsealed(row))
    by_model: dict[str, list[Vector]] = {}
    for (model_id, _), vectors in by_enrolment.items():
        by_model.setdefault(model_id, []).append(fused(vectors))
    return by_model


def _store(enrolment: Enrolment, new: Sequence[_Measured], actor: User) -> None:
    for item in new:
        FaceTemplate.objects.create(
            enrolment=enrolment,
            sealed=probes.sealed(enrolment, item.face.embedding),
            model_id=item.face.model_id,
            quality_length=item.face.quality.length,
            photo_fingerprint=item.fingerprint,
        )
    if enrolment.state == EnrolmentState.AWAITING_LIVENESS:
        LivenessCheck.objects.get_or_create(
            enrolment=enrolment, state=LivenessState.PENDING, defaults={"method": LivenessCheck.Method.ATTESTED}
        )
    if new:
        audit.record("enrolment.photos_added", enrolment, actor=actor, about=enrolment.subject.user, photos=len(new))


def _decide(enrolment: Enrolment, staff: User, reason: str, check: LivenessState, state: EnrolmentState) -> None:
    if not staff.is_staff_member:
        raise EnrolmentRefused("not_staff", "Only a member of staff can attest an identity check.")
    now = timezone.now()
    with transaction.atomic():
        pending = enrolment.liveness_checks.get(state=LivenessState.PENDING)
        activated = now if state == EnrolmentState.ACTIVE else None
        change_state(enrolment, ENROLMENT, state, activated_at=activated)
        change_state(pending, LIVENESS, check, attested_by=staff, reason=reason, decided_at=now)
        audit.record(f"enrolment.{state.value}", enrolment, actor=staff, about=enrolment.subject.user)
