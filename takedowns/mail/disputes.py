"""A counter-notice comes in: what it lacks, until when it can be answered, and whose move it is.

A module of its own, so that letters that come in need not know the letters that go out (`counter`).
"""

from datetime import UTC, date, datetime, time

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts import keys
from accounts.transitions import allowed, change_state
from takedowns import deadlines
from takedowns.calendars import holidays_from
from takedowns.cases import NotAllowed, ask_person, locked, move
from takedowns.mail.classify import lacking
from takedowns.models import Case, Communication, CounterNotice, Notice
from takedowns.notices import locked_notice, record_event
from takedowns.states import NOTICE, CaseState, CounterNoticeState, NoticeState

RECEIVED = "counter_notice"
_READ = (
    "A counter-notice came in, and the notice is contested. Read it, check the day on which the provider got it, and"
    " what it lacks."
)


def applies_to(notice: Notice) -> bool:
    """Whether somebody can dispute it in this way: 17 U.S.C. 512(g) is about notices to hosts under 512(c)."""
    return notice.ground == "dmca_512c"


def is_open(case: Case) -> bool:
    """Whether a counter-notice about the case has not ended."""
    return CounterNotice.objects.filter(notice__case=case).exclude(state=CounterNoticeState.ENDED).exists()


def in_dispute(case: Case) -> bool:
    """Whether a counter-notice about the case is open, or ended with the material put back, as the law lets it.

    Not where a later letter had it removed all the same.
    """
    later = Notice.objects.filter(case=case, state=NoticeState.COMPLIED, sent_at__gt=OuterRef("received_at"))
    ended = CounterNotice.objects.filter(notice__case=case, notice__state=NoticeState.REFUSED)
    return is_open(case) or ended.filter(~Exists(later)).exists()


def window(provider_received_on: date) -> tuple[date, date]:
    """The first and the last day on which the provider may put it back, by US federal business days."""
    return deadlines.counter_window(provider_received_on, holidays_from("US", provider_received_on))


def receive(notice: Notice, communication: Communication | None, provider_received_on: date) -> CounterNotice:
    """Record a counter-notice: the notice is contested, and the subject has the move. Twice is once.

    The days count from when the provider got it; a day that has not come yet is taken for today.

    Raises:
        NotAllowed: the notice is none that can be disputed in this way, or has not been sent.
    """
    with transaction.atomic():
        notice = locked_notice(notice)
        case = notice.case = locked(notice.case)
        known = notice.counter_notices.exclude(state=CounterNoticeState.ENDED).first() or (
            CounterNotice.objects.filter(communication=communication).first() if communication else None
        )
        if known is not None:
            return known
        if not applies_to(notice) or not allowed(NOTICE, notice.state, NoticeState.CONTESTED):
            raise NotAllowed("Only a copyright notice to a host, which was sent, can be answered by a counter-notice.")
        day = min(provider_received_on, timezone.now().date())
        opens_on, ends_on = window(day)
        change_state(notice, NOTICE, NoticeState.CONTESTED, time_left=None)
        counter = CounterNotice.objects.create(
            notice=notice,
            communication=communication,
            provider_received_on=day,
            window_opens_on=opens_on,
            window_ends_on=ends_on,
            lacks=list(lacking(_text(communication))) if communication else [],
        )
        record_event(notice, "counter.received", window_on=opens_on.isoformat())
        ask_person(case, RECEIVED, counter.pk, _READ, due_at=end_of(opens_on))
        move(case, CaseState.AWAITING_SUBJECT)
    return counter


def end_of(day: date) -> datetime:
    """The last second of a day (UTC)."""
    return datetime.combine(day, time(23, 59, 59), UTC)


def _text(communication: Communication) -> str:
    try:
        owner = communication.case.subject.user
        return keys.unseal(owner, "communication", communication.sealed_body).decode("utf-8", "replace")
    except keys.Unreadable:
        return ""
