"""Steps that every part of the takedown work takes on a case: load it, move it, ask a person, end it."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.transitions import allowed, change_state
from crawler.models import url_digest
from crawler.policy import FetchError, parse_url
from search.models import Sighting
from takedowns import events
from takedowns.models import Case, InfringingUrl, Notice, WorkItem
from takedowns.states import CASE, NOTICE, CaseState, NoticeState, Outcome, UrlState

WAITING_TO_LEAVE = (NoticeState.DRAFT, NoticeState.APPROVED)
WITH_OPERATOR = (NoticeState.SENT, NoticeState.ACKNOWLEDGED, NoticeState.PARTLY_COMPLIED)


class NotAllowed(Exception):
    """The rules forbid this step; the text says why in one sentence for people."""


def locked(case: Case) -> Case:
    """The case as it is now, locked until the end of the transaction."""
    return Case.objects.select_for_update(of=("self",)).select_related("subject__user", "match__image").get(pk=case.pk)


def move(case: Case, state: CaseState) -> None:
    """Move an open case, if it is not there already and the table leads there."""
    if case.state != state and allowed(CASE, case.state, state):
        change_state(case, CASE, state)


def settle_turn(case: Case) -> None:
    """Whose move is it? Ours while something is undone or unsent, else that of operators that were not gone past."""
    if case.state not in {CaseState.DRAFTING, CaseState.AWAITING_PROVIDER, CaseState.ACTION_NEEDED}:
        return
    notices = Notice.objects.filter(case=case)
    if WorkItem.objects.filter(case=case, done_at=None).exists():
        move(case, CaseState.ACTION_NEEDED)
    elif notices.filter(state__in=WAITING_TO_LEAVE).exists():
        # While somebody is waited for, another letter to be read is our move.
        move(case, CaseState.ACTION_NEEDED if case.state == CaseState.AWAITING_PROVIDER else CaseState.DRAFTING)
    elif notices.filter(state__in=(*WITH_OPERATOR, NoticeState.CONTESTED), escalated_at=None).exists():
        move(case, CaseState.AWAITING_PROVIDER)
    elif not notices.filter(state=NoticeState.SENDING).exists():
        move(case, CaseState.ACTION_NEEDED)


def ask_person(
    case: Case, kind: str, about: object, text: str, *, again: bool = False, due_at: datetime | None = None
) -> WorkItem | None:
    """Put something on a person's desk, once for each record it is about. None if it was there.

    Without `again` an item that somebody has dealt with does not come back.
    """
    known = WorkItem.objects.filter(kind=kind, about=str(about))
    if (known.filter(done_at=None) if again else known).exists():
        return None
    return WorkItem.objects.create(case=case, kind=kind, about=str(about), text=text, due_at=due_at)


def add_places(case: Case, sightings: Iterable[Sighting]) -> list[InfringingUrl]:
    """Add the places that the case does not have yet; returns the new ones."""
    known = set(case.urls.values_list("digest", flat=True))
    new = {_digest(sighting): sighting for sighting in sightings if _digest(sighting) not in known}
    return [
        InfringingUrl.objects.create(
            case=case,
            page_url=sighting.page_url,
            image_url=sighting.image_url,
            digest=digest,
            host=host_name(sighting.image_url),
        )
        for digest, sighting in new.items()
    ]


def finish_items(items: QuerySet[WorkItem], staff: User | None) -> None:
    """What these items ask for is done."""
    items.filter(done_at=None).update(done_at=timezone.now(), done_by=staff)


def require_staff(staff: User) -> None:
    """Raises NotAllowed for everybody else."""
    if not staff.is_staff_member:
        raise NotAllowed("Only a member of staff can do this.")


def host_name(url: str) -> str:
    """The host in a URL, or an empty string for one that we would not fetch either."""
    try:
        return parse_url(url).host
    except FetchError:
        return ""


def withdraw_unsent(case: Case, reason: str, actor: User | None = None) -> None:
    """Take back every letter that has not left."""
    for notice in case.notices.filter(state__in=WAITING_TO_LEAVE).select_related("operator"):
        change_state(notice, NOTICE, NoticeState.WITHDRAWN)
        events.record(
            case,
            "notice.withdrawn",
            actor=actor,
            operator=notice.operator.name,
            reason=reason,
            notice=str(notice.pk),
        )


def end(case: Case, outcome: Outcome, reason: str, actor: User | None = None) -> None:
    """Close a case: nothing unsent stays, nothing is left to do, only removed places are watched further."""
    withdraw_unsent(case, reason, actor)
    now = timezone.now()
    WorkItem.objects.filter(case=case, done_at=None).update(done_at=now, done_by=actor)
    case.urls.exclude(state=UrlState.REMOVED).update(next_check_at=None)
    change_state(case, CASE, CaseState.CLOSED, outcome=outcome, closed_at=now)
    if outcome == Outcome.REMOVED:
        events.record(case, "case.removed", actor=actor)
    else:
        events.record(case, "case.closed", actor=actor, outcome=outcome.label.lower(), reason=reason)


def _digest(sighting: Sighting) -> str:
    return url_digest(sighting.page_url, sighting.image_url)
