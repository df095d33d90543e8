"""Enrolments of people who look younger than 18: stopped kindly, and opened again by a person alone.

Neither a picture nor the estimate is kept; whoever decides has what the person wrote, and nothing to look at.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts import audit, keys, mailing
from accounts.models import User
from accounts.transitions import change_state
from search import matching
from search.engine.age import LOOKS_YOUNG
from search.models import AgeStop, Enrolment, Subject
from search.states import AGE_STOP, ENROLMENT, OPEN, AgeStopState, EnrolmentState

ASK_AGAIN_AFTER = timedelta(days=30)
"""After a refusal; people grow up, and people who decide err."""
_STATEMENT = "age-appeal"


class ApparentMinor(Exception):
    """They look younger than 18, or did before, and nobody has decided otherwise. The message is for them."""


class NotPossible(Exception):
    """Why a step in an appeal is not possible now, in one sentence."""


def check(user: User, under_18: Sequence[float]) -> None:
    """Stop somebody who looks younger than 18, by estimates (0 to 1) of several frames or photos of one face.

    Who was stopped once stays so, whatever later pictures look like, until a person decides; who was allowed is not
    stopped again. Not to be called within a transaction, which would take the stop back with everything else.

    Raises ApparentMinor.
    """
    with transaction.atomic(durable=True):
        stop = latest(user)
        looks_young = len(under_18) > 0 and float(np.median(under_18)) >= LOOKS_YOUNG
        if stop is None and looks_young:
            # Two tries at once: one of them makes the row, and both are stopped.
            stop, new = AgeStop.objects.get_or_create(user=user, state=AgeStopState.STOPPED)
            if new:
                audit.record("age.stopped", stop, about=user)
    _refuse(stop)


def require_not_stopped(user: User) -> None:
    """For the beginning of a try, before there is any picture. Raises ApparentMinor."""
    _refuse(latest(user))


def latest(user: User) -> AgeStop | None:
    """What holds for this person now, if they were ever stopped."""
    return AgeStop.objects.filter(user=user).order_by("-created_at").first()


def _refuse(stop: AgeStop | None) -> None:
    if stop is not None and stop.state != AgeStopState.ALLOWED:
        raise ApparentMinor(
            "We could not tell that you are 18 or older, so we have stopped here. Such estimates are often wrong: "
            "you can ask a person to decide."
        )


# --- Asking a person ---------------------------------------------------------------------------------------


def ask(user: User, statement: str) -> AgeStop:
    """The person asks somebody to decide. Raises NotPossible."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        stop = latest(user)
        if stop is not None and stop.state == AgeStopState.REFUSED and may_ask_from(stop) <= timezone.now():
            stop = AgeStop.objects.create(user=user)
        if stop is None or stop.state != AgeStopState.STOPPED:
            raise NotPossible("There is nothing to decide at the moment.")
        sealed = keys.seal(user, _STATEMENT, statement.encode())
        change_state(stop, AGE_STOP, AgeStopState.APPEALED, appealed_at=timezone.now(), sealed_statement=sealed)
        audit.record("age.appealed", stop, actor=user, about=user)
    return stop


def may_ask_from(stop: AgeStop) -> datetime:
    """When somebody who was refused can ask once more."""
    return (stop.decided_at or stop.created_at) + ASK_AGAIN_AFTER


def waiting() -> QuerySet[AgeStop]:
    """What a person has to decide, oldest first."""
    return AgeStop.objects.filter(state=AgeStopState.APPEALED).select_related("user").order_by("appealed_at")


def statement(stop: AgeStop) -> str:
    """What the person wrote."""
    return keys.unseal(stop.user, _STATEMENT, stop.sealed_statement).decode() if stop.sealed_statement else ""


def decide(stop: AgeStop, staff: User, *, allowed: bool, reason: str) -> None:
    """A member of staff decides, and the person is told. Raises IllegalTransition or StaleState.

    With a refusal ends what there is of an enrolment: we look for adults only.
    """
    state = AgeStopState.ALLOWED if allowed else AgeStopState.REFUSED
    with transaction.atomic():
        change_state(stop, AGE_STOP, state, decided_at=timezone.now(), decided_by=staff, reason=reason)
        audit.record(f"age.{state.value}", stop, actor=staff, about=stop.user)
        if not allowed:
            _end_enrolment(stop.user, staff)
        transaction.on_commit(lambda: _tell(stop), robust=True)


def _end_enrolment(user: User, staff: User) -> None:
    for enrolment in Enrolment.objects.filter(subject__user=user, state__in=OPEN).select_related("subject"):
        change_state(enrolment, ENROLMENT, EnrolmentState.WITHDRAWN)
        destroyed = enrolment.templates.all().delete()[0]
        matching.forget_candidates(enrolment.subject)
        audit.record("enrolment.withdrawn", enrolment, actor=staff, about=user, destroyed=destroyed)


def _tell(stop: AgeStop) -> None:
    context = {
        "stop": stop,
        "allowed": stop.state == AgeStopState.ALLOWED,
        "may_ask_from": may_ask_from(stop),
        "link": settings.PORTAL_URL + reverse("search:age"),
        "contact_email": settings.CONTACT_EMAIL,
    }
    mailing.message("search/email/age_decided", context, to=stop.user.email, user=stop.user).send()


def known_adults() -> set[UUID]:
    """The subjects whom the estimate takes for minors, and of whom a person has found that they are not."""
    allowed = AgeStop.objects.filter(state=AgeStopState.ALLOWED)
    return set(Subject.objects.filter(user__in=allowed.values("user")).values_list("pk", flat=True))
