"""The clocks of requests and incidents: what is due next, what is late, and telling the people here about it.

Every deadline is told of twice: once some time before it, once when it has passed. Two fields of a record say when it
was last told; as each deadline has a time of its own from which it is told, these are enough for all of a record's
deadlines, also when one is moved.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Least
from django.urls import reverse
from django.utils import timezone

from accounts import audit
from accounts.models import DataRequest, Incident
from accounts.states import IncidentState, RequestState
from accounts.tickets import post

_BEFORE_ANSWER = timedelta(hours=12)
_BEFORE_DEADLINE = timedelta(days=7)
# Art. 33(1) GDPR: 72 hours. Told of when a day is left.
_BEFORE_AUTHORITY = timedelta(hours=24)
# What `next_due` says, for sorting.
NEXT_DUE = Case(When(answered_at=None, then=Least("answer_due_at", "due_at")), default=F("due_at"))


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something due, in words, and how long before it somebody is told."""

    what: str
    at: datetime
    before: timedelta


def deadlines(request: DataRequest) -> Sequence[Deadline]:
    """What a request still has to keep; none when it is closed."""
    if request.state == RequestState.CLOSED:
        return ()
    statutory = Deadline("the deadline of the law", request.due_at, _BEFORE_DEADLINE)
    if request.answered_at:
        return (statutory,)
    return (Deadline("the first answer", request.answer_due_at, _BEFORE_ANSWER), statutory)


def authority_deadline(incident: Incident) -> Sequence[Deadline]:
    """The authority has to hear of it, unless that was done, or there is a reason why not."""
    if incident.state == IncidentState.CLOSED or incident.authority_told_at or incident.no_notice_reason:
        return ()
    return (Deadline("telling the authority (Art. 33 GDPR)", incident.authority_due_at, _BEFORE_AUTHORITY),)


def next_due(request: DataRequest) -> datetime:
    """The earliest deadline that is still to be kept."""
    if request.answered_at:
        return request.due_at
    return min(request.answer_due_at, request.due_at)


def overdue(now: datetime) -> Q:
    """Requests that missed a deadline."""
    return ~Q(state=RequestState.CLOSED) & (Q(due_at__lt=now) | Q(answered_at=None, answer_due_at__lt=now))


def tell() -> int:
    """Remind of what is due soon and raise the alarm for what is late, once each. How many mails went out."""
    requests = DataRequest.objects.exclude(state=RequestState.CLOSED)
    incidents = Incident.objects.exclude(state=IncidentState.CLOSED)
    told = sum(_tell(request, deadlines(request), "request", "tickets:ticket") for request in requests.iterator())
    told += sum(_tell(found, authority_deadline(found), "incident", "tickets:incident") for found in incidents)
    return told


def _tell(record: DataRequest | Incident, found: Sequence[Deadline], name: str, route: str) -> int:
    now = timezone.now()
    due = ((deadline, _field(record, deadline, now)) for deadline in found)
    return sum(_tell_one(record, deadline, field, now, name, route) for deadline, field in due if field)


def _field(record: DataRequest | Incident, deadline: Deadline, now: datetime) -> str:
    """The field that says whether this was told of; empty where there is nothing to tell."""
    since, reminded, alarmed = deadline.at - deadline.before, record.reminded_at, record.alarmed_at
    if now >= deadline.at:
        return "alarmed_at" if alarmed is None or alarmed < deadline.at else ""
    return "reminded_at" if now >= since and (reminded is None or reminded < since) else ""


def _tell_one(
    record: DataRequest | Incident, deadline: Deadline, field: str, now: datetime, name: str, route: str
) -> int:
    before = getattr(record, field)
    rows: QuerySet[Any] = type(record)._default_manager.filter(pk=record.pk)
    if not rows.filter(**{field: before}).update(**{field: now}):
        return 0  # another process told of it
    context = {
        "record": record,
        "kind": record.get_kind_display() if isinstance(record, DataRequest) else "Incident",
        "what": deadline.what,
        "due_at": deadline.at,
        "late": field == "alarmed_at",
        "link": f"{settings.PORTAL_URL}{reverse(route, args=[record.pk])}",
    }
    if not post.to_office("deadline", context):
        rows.update(**{field: before})  # so that it is told the next time
        return 0
    setattr(record, field, now)
    audit.record(f"{name}.{'alarmed' if field == 'alarmed_at' else 'reminded'}", record)
    return 1
