"""What goes with a person who erases their account, and evidence whose time is over.

A case under a legal hold stays whole: its places, letters and captures, and the signed authority behind it. So do
captures of a picture that was withdrawn, as it may show a minor: counsel decides what becomes of them, and nothing in
them points to the person who reported it.
"""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import LegalHold, User
from accounts.retention import Erasure
from crawler import forgetting
from crawler.models import Evidence
from takedowns import events
from takedowns.models import (
    Case,
    CaseEvent,
    CaseMessage,
    Communication,
    InfringingUrl,
    Mandate,
    Notice,
    OrphanMail,
)
from takedowns.states import CaseState

CASES = "Cases"
EVIDENCE_AGE = timedelta(days=90)
ORPHAN_AGE = timedelta(days=180)
_CAPTURED = "evidence.captured"


def cases(user: User, erasure: Erasure) -> int:
    """Every case that is not held, with its places, answers, checks and history."""
    going = _going(user, erasure)
    count = going.count()
    going.delete()
    return count


def letters(user: User, erasure: Erasure) -> int:
    """Our copies of what was written. What was sent stays with whom it was sent to; what was not never goes out."""
    going = _going(user, erasure)
    count = Notice.objects.filter(case__in=going).count()
    Communication.objects.filter(case__in=going).delete()
    Notice.objects.filter(case__in=going).delete()
    return count


def messages(user: User, erasure: Erasure) -> int:
    """What was written between the person and staff."""
    rows = CaseMessage.objects.filter(case__in=_going(user, erasure))
    count = rows.count()
    rows.delete()
    return count


def evidence(user: User, erasure: Erasure) -> int:
    """The captures of the places of these cases, files included."""
    captures = captures_of(_going(user, erasure))
    count = captures.count()
    files = _forget(captures)
    erasure.last.append(lambda: forgetting.unlink(files))
    return count


def mandates(user: User, erasure: Erasure) -> int:
    """The signed authority, unless a case that rests on it is held."""
    if Case.objects.filter(subject__user=user).exists():
        return 0
    rows = Mandate.objects.filter(subject__user=user)
    count = rows.count()
    rows.delete()
    return count


def captures_of(going: QuerySet[Case]) -> QuerySet[Evidence]:
    """What was captured for these cases, those included that no place points to any more."""
    shown = going.exclude(events__kind__in=events.STOPPED)
    pointed = InfringingUrl.objects.filter(case__in=shown).exclude(evidence=None).values_list("evidence", flat=True)
    told = CaseEvent.objects.filter(case__in=shown, kind=_CAPTURED).values_list("data", flat=True)
    ids = {*pointed, *(UUID(data["evidence"]) for data in told if "evidence" in data)}
    elsewhere = InfringingUrl.objects.exclude(case__in=shown).filter(evidence__in=ids)
    return Evidence.objects.filter(pk__in=ids).exclude(pk__in=elsewhere.values("evidence"))


def sweep_evidence() -> int:
    """Delete the captures of cases that ended long ago, unless the case is held. Returns how many went."""
    with transaction.atomic():
        captures = captures_of(_ended().filter(closed_at__lt=timezone.now() - EVIDENCE_AGE))
        count = captures.count()
        files = _forget(captures)
        transaction.on_commit(lambda: forgetting.unlink(files))
    return count


def oldest_evidence() -> datetime | None:
    """When the case ended whose captures have been kept the longest."""
    captures = captures_of(_ended())
    places = InfringingUrl.objects.filter(evidence__in=captures).order_by("case__closed_at")
    return places.values_list("case__closed_at", flat=True).first()


def sweep_orphans() -> int:
    """Delete the mail that belongs to no case when its time is over. Returns how many went."""
    going = OrphanMail.objects.filter(received_at__lt=timezone.now() - ORPHAN_AGE)
    return going.delete()[1].get("takedowns.OrphanMail", 0)


def oldest_orphan() -> datetime | None:
    """When the oldest of it came."""
    return OrphanMail.objects.order_by("received_at").values_list("received_at", flat=True).first()


def _ended() -> QuerySet[Case]:
    """Closed cases of people for whom no case is held: what is held is worked out for one person at a time."""
    held = LegalHold.objects.filter(holding=CASES, released_at=None).values("user")
    return Case.objects.filter(state=CaseState.CLOSED).exclude(subject__user__in=held)


def _going(user: User, erasure: Erasure) -> QuerySet[Case]:
    if erasure.held.all_of(CASES):
        return Case.objects.none()
    return Case.objects.filter(subject__user=user).exclude(pk__in=erasure.held.ids(CASES))


def _forget(captures: QuerySet[Evidence]) -> list[Path]:
    going = Evidence.objects.filter(pk__in=list(captures.values_list("pk", flat=True)))
    InfringingUrl.objects.filter(evidence__in=going).update(evidence=None)
    return forgetting.forget(going)
