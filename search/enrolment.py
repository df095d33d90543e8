"""Enrolment: from consent, a live check and photos to a face that may be looked for.

Two ways lead to an active enrolment: a live check with the camera that was passed, and at least two reference photos
of that face; or at least two reference photos, and a member of staff who met the person. The photos are measured in
memory and discarded; nothing is ever stored of them but the sealed face templates. A template of another model says
nothing any more: then the whole way has to be gone again.
"""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import audit, consent, keys, regions
from accounts.limits import limited
from accounts.models import AuditEvent, User
from accounts.security import locks
from accounts.transitions import change_state
from search import ages, faces, live, matching, probes
from search.engine import EngineUnavailable, PictureRefused
from search.engine.base import Vector
from search.models import Enrolment, FaceTemplate, LivenessCheck, Subject
from search.reference import ReferenceRefused, single_face
from search.same_face import (
    EnrolmentRefused,
    Measured,
    check_free,
    check_is_live_face,
    check_like_before,
    check_one_person,
)
from search.states import ENROLMENT, LIVENESS, OPEN, EnrolmentState, LivenessState

MIN_PHOTOS, MAX_PHOTOS = 2, 5
DAILY_PHOTOS = 10
UNFINISHED_DAYS = 30
# A photo that differs from those before is taken for so long after another live check.
FRESH = timedelta(minutes=10)
# Refusals in a day for showing somebody else, after which a person has to look at the account.
_PHOTOS_OF_OTHERS, _OTHER_FACES = 6, 3
_DAY = 24 * 3600

# What a page may catch without knowing the engine: its sentence is for the operator.
Unavailable = EngineUnavailable
Origin = FaceTemplate.Origin

__all__ = [
    "DAILY_PHOTOS",
    "MAX_PHOTOS",
    "MIN_PHOTOS",
    "OPEN",
    "EnrolmentRefused",
    "Stage",
    "Unavailable",
    "add_photos",
    "ask_for_assistance",
    "attest",
    "begin",
    "current",
    "enrol",
    "live_passed",
    "refuse",
    "stage",
    "sweep_unfinished",
    "withdraw",
]


class Stage(StrEnum):
    """What an open enrolment waits for."""

    LIVE_CHECK = "live_check"
    PHOTOS = "photos"
    STAFF = "staff"
    ACTIVE = "active"


def current(user: User) -> Enrolment | None:
    """The person's open enrolment: on its way, or active."""
    return Enrolment.objects.filter(subject__user=user, state__in=OPEN).select_related("subject__user").first()


def stage(enrolment: Enrolment) -> Stage:
    """What has to come next. Photos and live checks of another model count for nothing."""
    if enrolment.state == EnrolmentState.ACTIVE:
        return Stage.ACTIVE
    if _live_face(enrolment) is not None:
        return Stage.PHOTOS
    if enrolment.liveness_checks.filter(state=LivenessState.PENDING).exists():
        return Stage.STAFF if _photos(enrolment).count() >= MIN_PHOTOS else Stage.PHOTOS
    return Stage.LIVE_CHECK


# --- The way in ----------------------------------------------------------------------------------------------


def begin(user: User, *, adult: bool) -> Enrolment:
    """Open an enrolment for somebody who consented; one that is open stays as it is.

    Raises:
        EnrolmentRefused: and nothing is left behind.
        ages.ApparentMinor: they were stopped before.
    """
    _check_person(user, adult)
    with transaction.atomic():
        subject, _ = Subject.objects.get_or_create(user=user)
        # Locks the subject, so that two requests at once cannot make two enrolments.
        Subject.objects.select_for_update().get(pk=subject.pk)
        return current(user) or Enrolment.objects.create(
            subject=subject, model_id=faces.model().model_id, adult_declared_at=timezone.now()
        )


def live_passed(user: User, passed: live.Passed) -> Enrolment:
    """The person stood before the camera; from now on their photos have to show this face.

    Not to be called within a transaction. Raises `EnrolmentRefused` and `ages.ApparentMinor`.
    """
    _require_consent(user)
    ages.check(user, passed.under_18)
    try:
        with transaction.atomic():
            enrolment = _locked(user)
            _renew(enrolment, passed.model_id, user)
            if enrolment.state == EnrolmentState.ACTIVE:
                raise EnrolmentRefused("not_needed", "You are enrolled already.")
            _take_live_face(enrolment, passed)
            active = _activate_if_complete(enrolment)
    except EnrolmentRefused as refusal:
        if refusal.code == "another_live_face" and limited(f"other-face:{user.pk}", _OTHER_FACES - 1, _DAY):
            locks.lock(user, "different_faces")
        raise
    if active:
        matching.backward(enrolment)
    return enrolment


def ask_for_assistance(user: User) -> Enrolment:
    """Without a camera: a member of staff confirms the person. Raises `EnrolmentRefused`."""
    _require_consent(user)
    with transaction.atomic():
        enrolment = _locked(user)
        _renew(enrolment, faces.model().model_id, user)
        if stage(enrolment) == Stage.LIVE_CHECK:
            made = LivenessCheck.objects.create(enrolment=enrolment, method=LivenessCheck.Method.ATTESTED)
            audit.record("enrolment.assistance_asked", made, actor=user, about=user)
    return enrolment


def add_photos(user: User, photos: Sequence[bytes], *, actor: User | None = None) -> Enrolment:
    """Take reference photos, measured in memory and discarded. The same photo again changes nothing.

    With them an enrolment whose live check was passed becomes active, and the search begins.
    Not to be called within a transaction. Raises `EnrolmentRefused` and `ages.ApparentMinor`.
    """
    _require_consent(user)
    ages.require_not_stopped(user)
    if (enrolment := current(user)) is None or stage(enrolment) == Stage.LIVE_CHECK:
        raise EnrolmentRefused("live_check_first", "The live check comes first.")
    measured = _measure(user, photos)
    ages.check(user, [item.face.under_18 for item in measured])
    try:
        with transaction.atomic():
            enrolment = _locked(user)
            new = _add(enrolment, measured, actor or user)
    except EnrolmentRefused as refusal:
        _count_photos_of_others(user, refusal)
        raise
    if new and enrolment.state == EnrolmentState.ACTIVE:
        matching.backward(enrolment)
    return enrolment


def enrol(user: User, photos: Sequence[bytes], *, adult: bool, actor: User | None = None) -> Enrolment:
    """The assisted way in one step: the enrolment waits for a member of staff to attest the person.

    For somebody who is enrolled it adds the photos. Nothing is estimated of their age: who attests has met them.

    Raises:
        EnrolmentRefused: and nothing is left behind.
    """
    _check_person(user, adult)
    measured = _measure(user, photos)
    with transaction.atomic():
        enrolment = begin(user, adult=adult)
        ask_for_assistance(user)
        enrolment = _locked(user)
        new = _add(enrolment, measured, actor or user)
    if new and enrolment.state == EnrolmentState.ACTIVE:
        matching.backward(enrolment)
    return enrolment


# --- Staff, and the way out ------------------------------------------------------------------------------------


def attest(enrolment: Enrolment, staff: User, reason: str) -> None:
    """A member of staff vouches that the live person stood behind the photos; the search begins at once.

    Raises `IllegalTransition` or `StaleState` when it was decided before, and `EnrolmentRefused` when the photos
    were measured with another model or are too few, so that there is nothing to search with.
    """
    if enrolment.templates.filter(origin=Origin.PHOTO, model_id=faces.model().model_id).count() < MIN_PHOTOS:
        raise EnrolmentRefused(
            "needs_new_photos", "We have no two photos that we can measure with. They have to give new photos."
        )
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


def sweep_unfinished() -> int:
    """End enrolments that nobody finished: what was measured is not kept for an intention."""
    before = timezone.now() - timedelta(days=UNFINISHED_DAYS)
    rows = Enrolment.objects.filter(state=EnrolmentState.AWAITING_LIVENESS, created_at__lt=before, activated_at=None)
    rows = rows.exclude(liveness_checks__state=LivenessState.PENDING).select_related("subject__user")
    rows = rows.exclude(templates__created_at__gte=before).distinct()
    for enrolment in rows:
        withdraw(enrolment)
    return len(rows)


# --- Who --------------------------------------------------------------------------------------------------------


def _check_person(user: User, adult: bool) -> None:
    if not user.is_subscriber:
        raise EnrolmentRefused("not_a_subscriber", "Members of staff cannot be enrolled with their staff account.")
    if not adult:
        raise EnrolmentRefused("not_adult", "Only people of 18 or older can be enrolled.")
    _require_consent(user)
    if current(user) is None:
        ages.require_not_stopped(user)
        if closed := regions.not_offered(user):
            raise EnrolmentRefused("not_offered", closed)


def _require_consent(user: User) -> None:
    if not consent.given(user) >= consent.REQUIRED:
        raise EnrolmentRefused("no_consent", "We need your consent to compare your face and to keep watching.")


def _locked(user: User) -> Enrolment:
    """The open enrolment, with its subject's row locked."""
    Subject.objects.select_for_update().filter(user=user).first()
    enrolment = current(user)
    if enrolment is None:
        raise EnrolmentRefused("not_begun", "Please begin with what you agree to.")
    return enrolment


# --- Faces ------------------------------------------------------------------------------------------------------


def _measure(user: User, photos: Sequence[bytes]) -> list[Measured]:
    """Each photo once, in memory. Raises EnrolmentRefused."""
    if not 1 <= len(photos) <= MAX_PHOTOS:
        raise EnrolmentRefused("photo_count", f"Please give at most {MAX_PHOTOS} photos at once.")
    measured: dict[str, Measured] = {}
    for number, photo in enumerate(photos, start=1):
        name = f"Photo {number}"
        try:
            face = single_face(photo)
        except (PictureRefused, ReferenceRefused) as error:
            code = error.code if isinstance(error, ReferenceRefused) else error.reason.value
            raise EnrolmentRefused(code, f"{name}: {error}") from error
        fingerprint = keys.fingerprint(user, photo)
        measured[fingerprint] = Measured(fingerprint, photo, face, name)
    return list(measured.values())


def _add(enrolment: Enrolment, measured: Sequence[Measured], actor: User) -> list[Measured]:
    """Check and store what is new; an enrolment that has all it needs becomes active."""
    _renew(enrolment, measured[0].face.model_id, actor)
    waiting_for = stage(enrolment)
    if waiting_for == Stage.LIVE_CHECK:
        raise EnrolmentRefused("live_check_first", "The live check comes first.")
    known = {row.photo_fingerprint: probes.unsealed(row) for row in enrolment.templates.all()}
    new = [item for item in measured if item.fingerprint not in known]
    _check_number(enrolment, new)
    if waiting_for == Stage.ACTIVE:
        again = live.passed_since(enrolment.subject.user, live.Purpose.PRESENCE, timezone.now() - FRESH)
        check_like_before(list(known.values()), new, checked_again=again)
    elif (face := _live_face(enrolment)) is not None:
        check_is_live_face(face, [(item.name, item.face.embedding) for item in new])
    everything = [*known.values(), *(item.face.embedding for item in new)]
    check_one_person(everything)
    check_free(everything, new, enrolment.subject)
    _store(enrolment, new, actor)
    _activate_if_complete(enrolment)
    return new


def _check_number(enrolment: Enrolment, new: Sequence[Measured]) -> None:
    if _photos(enrolment).count() + len(new) < MIN_PHOTOS:
        raise EnrolmentRefused("too_few_photos", f"Please give at least {MIN_PHOTOS} different photos.")
    since = timezone.now() - timedelta(days=1)
    added = AuditEvent.objects.filter(about=enrolment.subject.user_id, action="enrolment.photos_added", at__gte=since)
    today = sum(detail.get("photos", 0) for detail in added.values_list("detail", flat=True))
    if new and today + len(new) > DAILY_PHOTOS:
        raise EnrolmentRefused("too_many_today", f"We take {DAILY_PHOTOS} new photos a day. Please go on tomorrow.")


def _count_photos_of_others(user: User, refusal: EnrolmentRefused) -> None:
    of_others = refusal.code in {"not_the_live_face", "different_people", "already_enrolled", "opted_out"}
    if of_others and limited(f"photos-of-others:{user.pk}", _PHOTOS_OF_OTHERS - 1, _DAY):
        locks.lock(user, "photos_of_others")


def _renew(enrolment: Enrolment, model_id: str, actor: User) -> None:
    """Templates of other models go, and with the last usable one goes what was confirmed of them."""
    usable = enrolment.templates.filter(model_id=model_id).exists()
    destroyed = enrolment.templates.exclude(model_id=model_id).delete()[0]
    if usable:
        return
    was_active = enrolment.state == EnrolmentState.ACTIVE
    if was_active:
        change_state(enrolment, ENROLMENT, EnrolmentState.AWAITING_LIVENESS, activated_at=None)
    enrolment.model_id, enrolment.recapture_asked_at = model_id, None
    enrolment.save(update_fields=["model_id", "recapture_asked_at"])
    if destroyed or was_active:
        audit.record("enrolment.renewed", enrolment, actor=actor, about=enrolment.subject.user, destroyed=destroyed)


def _photos(enrolment: Enrolment) -> QuerySet[FaceTemplate]:
    return enrolment.templates.filter(origin=Origin.PHOTO, model_id=enrolment.model_id)


def _live_face(enrolment: Enrolment) -> Vector | None:
    """The face of the live check, of the enrolment's model."""
    row = enrolment.templates.filter(origin=Origin.LIVE, model_id=enrolment.model_id).first()
    return probes.unsealed(row) if row else None


def _take_live_face(enrolment: Enrolment, passed: live.Passed) -> None:
    """In the place of that of an earlier check, which it must be like; photos that are there must show it."""
    user, before = enrolment.subject.user, _live_face(enrolment)
    if before is not None:
        _check_same_live_face(before, passed.vector)
    known = [(f"Photo {number}", probes.unsealed(row)) for number, row in enumerate(_photos(enrolment), start=1)]
    check_is_live_face(passed.vector, known)
    check_free([passed.vector, *(face.embedding for face in passed.faces)], [], enrolment.subject)
    enrolment.templates.filter(origin=Origin.LIVE).delete()
    _store_one(enrolment, passed.vector, Origin.LIVE, passed.quality_length, passed.model_id)
    check = enrolment.liveness_checks.filter(state=LivenessState.PENDING).first()
    check = check or LivenessCheck.objects.create(enrolment=enrolment, method=LivenessCheck.Method.CAMERA)
    change_state(check, LIVENESS, LivenessState.PASSED, method=LivenessCheck.Method.CAMERA, decided_at=timezone.now())
    audit.record("enrolment.live_passed", enrolment, actor=user, about=user, frames=len(passed.faces))


def _check_same_live_face(before: Vector, now: Vector) -> None:
    try:
        check_one_person([before, now])
    except EnrolmentRefused as refusal:
        text = "This is not the face of your earlier live check. If it is yours, please write to us."
        raise EnrolmentRefused("another_live_face", text) from refusal


def _activate_if_complete(enrolment: Enrolment) -> bool:
    """The live check was passed and the photos show that face: the search may begin. Staff decide the other way."""
    complete = _live_face(enrolment) is not None and _photos(enrolment).count() >= MIN_PHOTOS
    if enrolment.state != EnrolmentState.AWAITING_LIVENESS or not complete:
        return False
    user = enrolment.subject.user
    change_state(enrolment, ENROLMENT, EnrolmentState.ACTIVE, activated_at=timezone.now())
    audit.record("enrolment.active", enrolment, actor=user, about=user)
    return True


def _store(enrolment: Enrolment, new: Sequence[Measured], actor: User) -> None:
    for item in new:
        _store_one(enrolment, item.face.embedding, Origin.PHOTO, item.face.quality.length, item.face.model_id, item)
    if new:
        audit.record("enrolment.photos_added", enrolment, actor=actor, about=enrolment.subject.user, photos=len(new))


def _store_one(
    enrolment: Enrolment,
    embedding: Vector,
    origin: FaceTemplate.Origin,
    quality_length: float,
    model_id: str,
    photo: Measured | None = None,
) -> None:
    made = photo.fingerprint if photo else keys.fingerprint(enrolment.subject.user, faces.to_bytes(embedding))
    FaceTemplate.objects.create(
        enrolment=enrolment,
        sealed=probes.sealed(enrolment, embedding),
        origin=origin,
        model_id=model_id,
        quality_length=quality_length,
        photo_fingerprint=made,
    )


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
