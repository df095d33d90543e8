"""The register of incidents: what happened to people's data, what was done, and whether it was told in time.

Art. 33 GDPR gives 72 hours from becoming aware to telling the authority. What is written stays as it was: a database
trigger refuses to change an entry.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import Incident, IncidentEntry, User
from accounts.references import reference
from accounts.states import INCIDENT, IncidentState
from accounts.tickets.refusal import Refused
from accounts.transitions import change_state

AUTHORITY_WITHIN = timedelta(hours=72)


def open_incident(
    user: User, *, title: str, text: str, aware_at: datetime, people_affected: int | None = None
) -> Incident:
    """Begin the register of an incident with what is known now. The clock runs from `aware_at`. Raises `Refused`."""
    if aware_at > timezone.now():
        raise Refused("We cannot have become aware of it in the future.")
    with transaction.atomic():
        incident = Incident.objects.create(
            reference=reference("IN"),
            title=title,
            aware_at=aware_at,
            authority_due_at=aware_at + AUTHORITY_WITHIN,
            people_affected=people_affected,
            opened_by=user,
        )
        _write(incident, user, text)
        audit.record("incident.opened", incident, actor=user)
    return incident


def add_entry(incident: Incident, user: User, text: str, *, people_affected: int | None = None) -> None:
    """What was found or done; also in a closed one, as knowledge comes late."""
    with transaction.atomic():
        if people_affected is not None and people_affected != incident.people_affected:
            text = f"{text}\n\nPeople affected, as far as known: {people_affected}."
            _save(incident, people_affected=people_affected)
        _write(incident, user, text)
        audit.record("incident.entry", incident, actor=user)


def authority_told(incident: Incident, user: User, at: datetime, text: str) -> None:
    """The authority heard of it. After the 72 hours the law wants the reasons for the delay. Raises `Refused`."""
    _past(incident, at)
    late = at > incident.authority_due_at
    if late and not text.strip():
        raise Refused("That is later than 72 hours. Say why: Art. 33(1) wants the reasons for the delay.")
    words = f"The authority was told on {_when(at)}. {text}"
    with transaction.atomic():
        _save(incident, authority_told_at=at)
        _write(incident, user, words)
        audit.record("incident.authority_told", incident, actor=user, late=late)


def no_notice(incident: Incident, user: User, reason: str) -> None:
    """The authority need not hear of it: a risk for people is unlikely (Art. 33(1)). Raises `Refused`."""
    if incident.authority_told_at:
        raise Refused("The authority has been told of this incident.")
    with transaction.atomic():
        _save(incident, no_notice_reason=reason)
        _write(incident, user, f"The authority is not told: {reason}")
        audit.record("incident.no_notice", incident, actor=user)


def people_told(incident: Incident, user: User, at: datetime, text: str) -> None:
    """The people concerned heard of it (Art. 34). Raises `Refused`."""
    _past(incident, at)
    with transaction.atomic():
        _save(incident, people_told_at=at)
        _write(incident, user, f"The people concerned were told on {_when(at)}. {text}")
        audit.record("incident.people_told", incident, actor=user)


def close(incident: Incident, user: User, text: str) -> None:
    """End an incident with its facts, its effects and what was done (Art. 33(5)). Raises `Refused`."""
    if not incident.authority_told_at and not incident.no_notice_reason:
        raise Refused("Tell the authority first, or say why it need not hear of this.")
    if incident.people_affected is None:
        raise Refused("Say first how many people are affected, as far as it is known. It may be 0.")
    with transaction.atomic():
        _write(incident, user, f"Closed. {text}")
        change_state(incident, INCIDENT, IncidentState.CLOSED, closed_at=timezone.now())
        audit.record("incident.closed", incident, actor=user)


def reopen(incident: Incident, user: User, text: str) -> None:
    """Go on with a closed one."""
    with transaction.atomic():
        _write(incident, user, f"Open again. {text}")
        change_state(incident, INCIDENT, IncidentState.OPEN, closed_at=None)
        audit.record("incident.reopened", incident, actor=user)


def _past(incident: Incident, at: datetime) -> None:
    if at > timezone.now():
        raise Refused("That is in the future.")
    if at < incident.aware_at:
        raise Refused("That is before we became aware of it.")


def _write(incident: Incident, user: User, text: str) -> None:
    IncidentEntry.objects.create(incident=incident, author=user, text=text.strip())


def _save(incident: Incident, **fields: object) -> None:
    for name, value in fields.items():
        setattr(incident, name, value)
    incident.save(update_fields=list(fields))


def _when(at: datetime) -> str:
    return f"{at.day} {at:%B %Y, %H:%M} UTC"
