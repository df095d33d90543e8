"""Opt-outs: a face that must not be found. Free, without an account; an address is confirmed, then a live face.

`pending → confirmed → active`: from a mailed link to a live check. Without a camera a person decides (`assisted`), and
they do where an opt-out would hide somebody who is enrolled (`contested`), so that nobody can blind a subscriber.

An opt-out in effect is asked at ingest (the face is dropped), at query (it is filtered out) and at enrolment (it is
refused). The list is sealed under a key of its own and read by `optouts.listed` only.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

import numpy as np
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from numpy.typing import NDArray

from accounts import audit, keys
from accounts.models import User
from accounts.references import reference
from accounts.transitions import IllegalTransition, StaleState, change_state
from search import faces, probes
from search.engine import PictureRefused
from search.engine.base import Vector
from search.models import Enrolment, Face, FaceTemplate, Match, OptOut
from search.optouts import links, mails
from search.optouts.listed import bars_enrolment, hidden, hidden_in, is_hidden, only, require_comparable, waiting
from search.optouts.sealing import email_of, sealed_email, sealed_templates, templates_of
from search.reference import ReferenceRefused, one_person, same_person_threshold, single_face
from search.states import OPT_OUT, EnrolmentState, MatchState, OptOutState

MAX_PHOTOS = 3
_UNFINISHED = (OptOutState.PENDING, OptOutState.CONFIRMED)
_ENDED = (OptOutState.WITHDRAWN, OptOutState.REFUSED)
_KEEP_ENDED = timedelta(days=30)
_CHUNK = 5000


class OptOutRefused(Exception):
    """Why nothing was done, in one clear sentence."""


class Measured(Protocol):
    """A face that was measured by the configured model."""

    @property
    def embedding(self) -> Vector: ...


class Passed(Protocol):
    """What a live check that was passed hands over: the face in its best frames."""

    @property
    def faces(self) -> Sequence[Measured]: ...


# --- Asking, and confirming the address --------------------------------------------------------------------


def request(email: str) -> OptOut:
    """Take an opt-out and mail its link; without it nothing happens. Raises OSError where no mail can be sent."""
    optout = OptOut.objects.create(reference=reference("OO"), sealed_email=sealed_email(email))
    mails.send("confirm", optout)
    return optout


def confirm(token: str) -> OptOut:
    """The address is theirs: the live check may begin. Asking twice changes nothing more. Raises `OptOutRefused`."""
    optout = find(links.CONFIRM, token)
    if optout.state == OptOutState.PENDING:
        with transaction.atomic():
            _change(optout, OptOutState.CONFIRMED, confirmed_at=timezone.now())
            audit.record("opt_out.confirmed", optout)
    return optout


def find(action: str, token: str) -> OptOut:
    """The opt-out that a mailed link names. Raises `OptOutRefused`."""
    try:
        return links.opened(action, token)
    except links.BadLink as error:
        raise OptOutRefused("This link is not valid, or no longer. You can ask for a new one.") from error


def yours(optout: OptOut) -> str:
    """What the link of its owner carries, once the address is confirmed."""
    return links.token(links.YOURS, optout)


def end_token(optout: OptOut) -> str:
    """What the link that ends it carries."""
    return links.token(links.WITHDRAW, optout)


# --- The face ------------------------------------------------------------------------------------------------


def may_check(optout: OptOut) -> bool:
    """Whether a live check would do something for it: it has no face yet, a person is to decide, or it is of an
    earlier model."""
    if may_ask_person(optout):
        return True
    return optout.state in {OptOutState.ACTIVE, OptOutState.CONTESTED} and of_earlier_model(optout)


def may_ask_person(optout: OptOut) -> bool:
    """Whether photos for a person to decide on would do something for it."""
    return optout.state in {OptOutState.CONFIRMED, OptOutState.ASSISTED}


def of_earlier_model(optout: OptOut) -> bool:
    """Whether it has to be made anew, as we measure faces in another way now."""
    return bool(optout.model_id) and optout.model_id != faces.model().model_id


def live_passed(optout: OptOut, passed: Passed) -> None:
    """The outcome of the live check: in effect at once, and the receipt by mail. Raises `OptOutRefused`."""
    if not may_check(optout):
        raise OptOutRefused("This opt-out needs no check now.")
    embeddings = [face.embedding for face in passed.faces]
    with transaction.atomic():
        _take_effect(optout, embeddings)
    mails.try_to_send("receipt", optout)


def ask_person(optout: OptOut, photos: Sequence[bytes]) -> None:
    """For who has no camera: measure one to three photos, and let a person decide, who sees none of them.

    The photos are measured in memory and discarded. Asking again replaces what was measured. Raises `OptOutRefused`.
    """
    embeddings = _measured(photos)
    if not may_ask_person(optout):
        raise OptOutRefused("This opt-out needs no photos now.")
    also = {"sealed_template": sealed_templates(embeddings), "model_id": faces.model().model_id}
    with transaction.atomic():
        if optout.state == OptOutState.CONFIRMED:
            _change(optout, OptOutState.ASSISTED, **also)
        else:
            _update(optout, **also)
        audit.record("opt_out.assisted", optout, photos=len(photos))
    mails.try_to_send("assisted", optout)


def _measured(photos: Sequence[bytes]) -> list[Vector]:
    if not 1 <= len(photos) <= MAX_PHOTOS:
        raise OptOutRefused(f"Please give between one and {MAX_PHOTOS} photos.")
    try:
        found = [single_face(photo) for photo in photos]
    except (PictureRefused, ReferenceRefused) as error:
        raise OptOutRefused(str(error)) from error
    embeddings = [face.embedding for face in found]
    if not one_person(embeddings):
        raise OptOutRefused("The photos seem to show different people. An opt-out is for one face.")
    return embeddings


def _take_effect(optout: OptOut, embeddings: Sequence[Vector]) -> None:
    """Store these templates and bring them into effect, or before a person where they would hide a subscriber."""
    new = OptOutState.CONTESTED if hides_a_subscriber(np.stack(embeddings)) else OptOutState.ACTIVE
    fields: dict[str, object] = {
        "sealed_template": sealed_templates(embeddings),
        "model_id": faces.model().model_id,
        "activated_at": timezone.now() if new == OptOutState.ACTIVE else None,
        "recapture_asked_at": None,
    }
    if optout.state == new:
        _update(optout, **fields)
    else:
        _change(optout, new, **fields)
    audit.record(f"opt_out.{new.value}", optout, templates=len(embeddings))
    if new == OptOutState.ACTIVE:
        _forget_faces(optout.model_id, np.stack(embeddings))


def hides_a_subscriber(templates: NDArray[np.float32]) -> bool:
    """Whether these would hide somebody who is enrolled. Nobody is told who it is."""
    model_id = faces.model().model_id
    rows = FaceTemplate.objects.filter(enrolment__state=EnrolmentState.ACTIVE, model_id=model_id)
    by_enrolment: dict[Enrolment, list[Vector]] = {}
    for row in rows.select_related("enrolment__subject__user"):
        try:
            by_enrolment.setdefault(row.enrolment, []).append(probes.unsealed(row))
        except keys.Unreadable:  # their key was destroyed: there is nobody to hide any more
            by_enrolment.pop(row.enrolment, None)
    if not by_enrolment:
        return False
    enrolled = np.stack([faces.fused(vectors) for vectors in by_enrolment.values()])
    return bool((enrolled @ templates.T).max() >= same_person_threshold(1))


def _forget_faces(model_id: str, templates: NDArray[np.float32]) -> None:
    """Delete the face from what was crawled before, with any undecided match that rested on it.

    Exact and over the rows, which are the truth: an opt-out must not wait for an index.
    """
    threshold, last = same_person_threshold(1), 0
    rows = Face.objects.filter(model_id=model_id).order_by("pk").values_list("pk", "embedding")
    while chunk := list(rows.filter(pk__gt=last)[:_CHUNK]):
        last = chunk[-1][0]
        scores = faces.stack((stored for _, stored in chunk), templates.shape[1]) @ templates.T
        found = [pk for (pk, _), score in zip(chunk, scores.max(axis=1), strict=True) if score >= threshold]
        for start in range(0, len(found), 500):
            some = found[start : start + 500]
            Match.objects.filter(face__in=some, state=MatchState.CANDIDATE).delete()
            Face.objects.filter(pk__in=some).delete()


# --- What a person decides -----------------------------------------------------------------------------------


def for_person(staff: User) -> QuerySet[OptOut]:
    """Those that wait for a person, oldest first; contested ones are for senior staff."""
    states = [OptOutState.ASSISTED, OptOutState.CONTESTED] if staff.is_senior_staff else [OptOutState.ASSISTED]
    return OptOut.objects.filter(state__in=states).order_by("confirmed_at", "pk")


def address(optout: OptOut, staff: User) -> str:
    """Whom to write to. That it was looked at is recorded."""
    audit.record("opt_out.address_shown", optout, actor=staff)
    return email_of(optout)


def approve(optout: OptOut, staff: User, reason: str) -> None:
    """A person found that the face is its owner's. Raises `OptOutRefused`, and OSError where no mail can be sent.

    Where that would hide somebody who is enrolled, it goes on to senior staff; theirs is the last word.
    """
    _require_decider(optout, staff)
    if of_earlier_model(optout):
        raise OptOutRefused("We measure faces in a new way since. Ask them for a new check or new photos.")
    templates = templates_of(optout, faces.model().dimension)
    held = optout.state != OptOutState.CONTESTED and hides_a_subscriber(templates)
    with transaction.atomic():
        if held:
            _decided(optout, OptOutState.CONTESTED, staff, reason)
            return
        _decided(optout, OptOutState.ACTIVE, staff, reason, activated_at=timezone.now())
        _forget_faces(optout.model_id, templates)
        mails.send("in_effect", optout)


def refuse(optout: OptOut, staff: User, reason: str) -> None:
    """A person could not find that; the template is destroyed and the owner told. Raises as `approve` does."""
    _require_decider(optout, staff)
    with transaction.atomic():
        _decided(optout, OptOutState.REFUSED, staff, reason, sealed_template=b"", withdrawn_at=timezone.now())
        mails.send("refused", optout)
        _update(optout, sealed_email=b"")


def _require_decider(optout: OptOut, staff: User) -> None:
    if not for_person(staff).filter(pk=optout.pk).exists():
        raise OptOutRefused("Somebody else decided this one first, or it is not yours to decide.")


def _decided(optout: OptOut, new: OptOutState, staff: User, reason: str, **also: object) -> None:
    told = f"{optout.reason}\n{reason}".strip()
    _change(optout, new, decided_by=staff, reason=told, **also)
    audit.record(f"opt_out.{new.value}", optout, actor=staff)


# --- The end -------------------------------------------------------------------------------------------------


def withdraw(token: str, action: str = links.WITHDRAW) -> OptOut:
    """End an opt-out for good: its face templates and the address are destroyed. Raises `OptOutRefused`."""
    optout = find(action, token)
    if optout.state in _ENDED:
        return optout
    with transaction.atomic():
        _change(optout, OptOutState.WITHDRAWN, withdrawn_at=timezone.now(), sealed_template=b"")
        audit.record("opt_out.withdrawn", optout)
    mails.try_to_send("ended", optout)
    _update(optout, sealed_email=b"")
    return optout


def sweep() -> int:
    """Delete what was never finished, and what is left of those that ended. Returns how many."""
    now = timezone.now()
    unfinished = Q(state__in=_UNFINISHED, created_at__lt=now - timedelta(days=links.DAYS_TO_CONFIRM))
    ended = Q(state__in=_ENDED, withdrawn_at__lt=now - _KEEP_ENDED)
    return OptOut.objects.filter(unfinished | ended).delete()[1].get("search.OptOut", 0)


def _change(optout: OptOut, new: OptOutState, **also: object) -> None:
    try:
        change_state(optout, OPT_OUT, new, **also)
    except (IllegalTransition, StaleState) as error:
        raise OptOutRefused("This opt-out is no longer as it was. Please open the link in your mail again.") from error


def _update(optout: OptOut, **fields: object) -> None:
    """Fields that change without the state. The state it was loaded with must still hold."""
    if not OptOut.objects.filter(pk=optout.pk, state=optout.state).update(**fields):
        raise OptOutRefused("This opt-out is no longer as it was. Please open the link in your mail again.")
    for name, value in fields.items():
        setattr(optout, name, value)


__all__ = [
    "MAX_PHOTOS",
    "Measured",
    "OptOutRefused",
    "Passed",
    "address",
    "approve",
    "ask_person",
    "bars_enrolment",
    "confirm",
    "end_token",
    "find",
    "for_person",
    "hidden",
    "hidden_in",
    "hides_a_subscriber",
    "is_hidden",
    "live_passed",
    "may_ask_person",
    "may_check",
    "of_earlier_model",
    "only",
    "refuse",
    "request",
    "require_comparable",
    "sweep",
    "waiting",
    "withdraw",
    "yours",
]
