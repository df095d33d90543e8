"""What happens when nothing happens: a reminder, then the next step of the ladder.

Nobody is asked again before a date that they promised, while it is our turn to answer them, or about a place that is
gone: before anything leaves, the place is looked at.
"""

import logging
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from takedowns import contacts, deadlines, events, follow_ups, ladder, notices, preparing, verification
from takedowns.calendars import holidays_from
from takedowns.cases import NotAllowed, ask_person, locked, settle_turn
from takedowns.ladder import Step
from takedowns.mail import effects
from takedowns.models import Case, FollowUp, InfringingUrl, Notice, Operator, WorkItem
from takedowns.states import CaseState, NoticeState, UrlState

logger = logging.getLogger(__name__)

LADDER_ENDED = "ladder_ended"
REMINDER_BLOCKED = "reminder_blocked"
NO_ANSWER = "it did not act in time"
_RUNNING = (NoticeState.SENT, NoticeState.ACKNOWLEDGED)
# Letters from which something may still come: those that are on their way, and those that are answered or disputed.
_UNDER_WAY = (
    NoticeState.DRAFT,
    NoticeState.APPROVED,
    NoticeState.SENDING,
    *_RUNNING,
    NoticeState.INFO_REQUESTED,
    NoticeState.CONTESTED,
)
_ASKED = frozenset(NoticeState) - {NoticeState.WITHDRAWN, NoticeState.BOUNCED, NoticeState.RETRACTED}
_RELATED = ("operator", "contact", "case__subject__user", "case__match__image", "case__ground_decision")
_BATCH = 100


def write_next(notice: Notice, reason: str) -> list[Notice]:
    """Draft what comes after a notice that came back, was refused or was not acted on.

    One that came back goes to the next contact of the same operator first. Otherwise it is the next step of the
    notice's track that has somebody who was not asked about the place. Asks the network; never call it in a
    transaction. Twice writes nothing twice.

    Raises:
        NotAllowed: the case is closed, or consent or mandate are missing.
    """
    case = notice.case
    if case.state == CaseState.CLOSED:
        raise NotAllowed("The case is closed.")
    notices.require_authority(case)
    urls = list(notice.urls.exclude(state=UrlState.REMOVED).select_related("evidence"))
    written = _to_other_contact(notice, urls) or _to_next_step(notice, urls)
    with transaction.atomic():
        case = locked(case)
        first = Notice.objects.filter(pk=notice.pk, escalated_at=None).update(escalated_at=timezone.now())
        if first:
            notices.record_event(notice, "notice.escalated", reason=reason)
        if not written and urls:
            _ladder_ended(case, notice)
        settle_turn(case)
    return written


def remind_due() -> list[FollowUp]:
    """Draft and release a reminder for each notice that is due for one. Returns them; sending is `delivery`'s."""
    reminded = FollowUp.objects.filter(notice=OuterRef("pk"), kind=FollowUp.Kind.REMINDER)
    now, reminders = timezone.now(), []
    for notice in _waiting().filter(~Exists(reminded)):
        plan = _plan(notice)
        if plan is not None and plan.remind_at <= now < plan.escalate_at and (reminder := _remind(notice)):
            reminders.append(reminder)
    return reminders


def escalate_due() -> list[Notice]:
    """Take the next step for each notice that came back, was refused, or that nobody acted on in time.

    Returns the drafts.
    """
    drafts = [draft for notice in effects.came_back()[:_BATCH] for draft in _step_on(notice, "mail to it came back")]
    refused = Notice.objects.filter(_is_open, state=NoticeState.REFUSED, escalated_at=None)
    for notice in refused.select_related(*_RELATED)[:_BATCH]:
        drafts += _step_on(notice, "it refused")
    now = timezone.now()
    for notice in _waiting():
        plan = _plan(notice)
        if plan is not None and plan.escalate_at <= now and still_there(notice):
            drafts += _step_on(notice, NO_ANSWER)
    return drafts


def still_there(notice: Notice) -> bool:
    """Whether a place that the notice names is there, as a fresh look says."""
    left = notice.urls.exclude(state=UrlState.REMOVED).select_related("case__match__image", "case__match__face")
    gone = [verification.seems_gone(url) for url in left]
    return not all(gone)


# --- Who is asked next -------------------------------------------------------------------------------------


def _to_other_contact(notice: Notice, urls: list[InfringingUrl]) -> list[Notice]:
    """The same letter to another address of the operator, where mail to the first came back."""
    if notice.state != NoticeState.BOUNCED or not urls:
        return []
    contact = contacts.alternative(notice.contact)
    if contact is None:
        return []
    return [
        notices.draft(notice.case, notice.ground, contact, urls, addressee=notice.addressee, escalates=notice),
    ]


def _to_next_step(notice: Notice, urls: list[InfringingUrl]) -> list[Notice]:
    steps = following(preparing.tracks(notice.case), notice)
    asked = _asked_before(notice.case)
    return preparing.write(notice.case, steps, urls, asked=asked, escalates=notice).notices


def following(tracks: Iterable[tuple[Step, ...]], notice: Notice) -> tuple[Step, ...]:
    """The steps that come after a notice, on its own track; without one, those of the longest track."""
    for track in tracks:
        for place, step in enumerate(track):
            if (step.addressee.value, step.ground) == (notice.addressee, notice.ground):
                return track[place + 1 :]
    return max(tracks, key=len, default=())


def _asked_before(case: Case) -> preparing.Asked:
    """An operator is asked about a place once on each ground; one of the same cluster counts as the same."""
    rows = Notice.objects.filter(case=case, state__in=_ASKED)
    known = list(rows.values_list("urls", "ground", "operator", "operator__cluster"))

    def asked(url: InfringingUrl, operator: Operator, ground: str) -> bool:
        return any(
            (url.pk, ground) == (place, before)
            and (operator.pk == who or (cluster is not None and cluster == operator.cluster))
            for place, before, who, cluster in known
        )

    return asked


def _ladder_ended(case: Case, notice: Notice) -> None:
    """Nobody is left to be asked: a person decides with the subject, and the packs say what else there is."""
    if case.notices.filter(state__in=_UNDER_WAY, escalated_at=None).exists():
        return  # somebody else may still act
    packs = ", ".join(ladder.packs(preparing.situation(case))) or "none"
    text = f"Everybody who could remove it was asked. Decide with the subscriber what follows. Documents: {packs}."
    if ask_person(case, LADDER_ENDED, case.pk, text):
        events.record(case, "case.ladder_ended", reason=f"documents for the subscriber: {packs}")


# --- When it is due ----------------------------------------------------------------------------------------

_is_open = ~Q(case__state=CaseState.CLOSED)


def _waiting() -> QuerySet[Notice]:
    """Notices that an operator has the move on and that were not escalated, in open cases whose picture is shown.

    Left out are those that an operator promised to act on by a date that has not come.
    """
    now = timezone.now()
    running = Notice.objects.filter(
        _is_open, state__in=_RUNNING, escalated_at=None, case__match__image__withdrawn_at=None
    )
    free = running.filter(Q(promised_until=None) | Q(promised_until__lt=now), due_at__isnull=False)
    return free.select_related(*_RELATED).order_by("sent_at")


def _plan(notice: Notice) -> deadlines.Plan | None:
    """The dates of a notice that was sent. None while its time stands still."""
    if notice.sent_at is None or notice.due_at is None:
        return None
    return deadlines.plan(
        notice.ground,
        notice.sent_at,
        due_at=notice.due_at,
        promised_until=notice.promised_until,
        intimate=notice.case.intimate,
        holidays=holidays_from(notice.operator.country, notice.sent_at),
    )


def _remind(notice: Notice) -> FollowUp | None:
    """One reminder for each notice, if it is still there. Who was told that it cannot leave is not told again."""
    if WorkItem.objects.filter(kind=REMINDER_BLOCKED, about=str(notice.pk)).exists() or not still_there(notice):
        return None
    try:
        # In one: of a letter that is written and never approved nobody would hear.
        with transaction.atomic():
            return follow_ups.approve_by_rule(follow_ups.draft(notice, FollowUp.Kind.REMINDER))
    except NotAllowed as refusal:
        _tell(notice, REMINDER_BLOCKED, f"A reminder is due and cannot leave: {refusal}")
        return None


def _step_on(notice: Notice, reason: str) -> list[Notice]:
    try:
        return write_next(notice, reason)
    except NotAllowed as refusal:
        _tell(notice, "escalation_blocked", f"The next step is due and cannot be taken: {refusal}")
        return []


def _tell(notice: Notice, kind: str, text: str) -> None:
    with transaction.atomic():
        case = locked(notice.case)
        ask_person(case, kind, notice.pk, text)
        settle_turn(case)
