"""Counter-notices: the subject is told the same day, chooses, is warned, and in the end it is kept down or restored.

17 U.S.C. 512(g)(2)(C): the provider puts the material back ten to fourteen business days after it got the
counter-notice, unless it is told before that an action was filed; a claim at the Copyright Claims Board counts as well
(17 U.S.C. 1507(d)). What the counter-notice says is addressed to the subject, and shown to them when they ask for it.
It names somebody, so it is in no mail.
"""

import logging
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts import keys, mailing
from accounts.models import User
from accounts.transitions import change_state
from takedowns import deadlines, events, follow_ups
from takedowns.calendars import holidays_from
from takedowns.cases import NotAllowed, ask_person, finish_items, locked, move, require_staff, settle_turn
from takedowns.cases import end as end_case
from takedowns.mail.disputes import RECEIVED, applies_to, end_of, receive, window
from takedowns.models import Case, CounterNotice, FollowUp, Notice
from takedowns.notices import locked_notice, record_event
from takedowns.states import COUNTER_NOTICE, NOTICE, CaseState, CounterNoticeState, NoticeState, Outcome, UrlState

logger = logging.getLogger(__name__)

COURT, CCB, LET_RESTORE, SWITCH_GROUND = "court", "ccb", "let_restore", "switch_ground"
# What lies on a person's desk because of one.
WINDOW, OVER, CHOSEN = "counter_window", "counter_over", "counter_chosen"
# The business day on which the subject is warned, and after which they must hurry.
WARN_ON = 8
_UNDECIDED = (CounterNoticeState.RECEIVED, CounterNoticeState.INFORMED)
_FILED = (COURT, CCB)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the subject can do about a counter-notice, in plain words with its dates."""

    key: str
    title: str
    text: str


def choices(counter: CounterNotice) -> tuple[Choice, ...]:
    """What the subject can choose. Nothing of it is legal advice, and the page has to say so."""
    before, last = events.plain_date(counter.window_opens_on), events.plain_date(counter.window_ends_on)
    operator = counter.notice.operator.name
    return (
        Choice(
            COURT,
            "I go to court",
            f"You ask a court in the United States to order that it stays down, and send us its confirmation before"
            f" {before}. We then tell {operator}, which leaves the picture offline. You will want a lawyer for this.",
        ),
        Choice(
            CCB,
            "I file a claim with the Copyright Claims Board",
            f"A board of the US Copyright Office that decides small claims; you need no lawyer. If you file before"
            f" {before} and send us its notice, we tell {operator}, which leaves the picture offline.",
        ),
        Choice(
            LET_RESTORE,
            "I let it be",
            f"We do nothing more about this copyright notice. {operator} may put the picture back between {before} and"
            f" {last}.",
        ),
        Choice(
            SWITCH_GROUND,
            "Look for another reason to have it removed",
            "A colleague looks whether it can be removed for another reason than copyright, such as your privacy. The"
            " picture may be back until then.",
        ),
    )


def open_of(case: Case) -> CounterNotice | None:
    """The counter-notice of a case that has not ended: the one whose time runs out first."""
    return _open().filter(notice__case=case).order_by("window_opens_on", "received_at").first()


def read(counter: CounterNotice, user: User) -> str:
    """What the counter-notice says, for the subject, who asked to see it. Raises NotAllowed for anybody else."""
    case = counter.notice.case
    if case.subject.user_id != user.pk:
        raise NotAllowed("This is not a case of yours.")
    if counter.communication is None:
        return ""
    try:
        text = keys.unseal(user, "communication", counter.communication.sealed_body).decode("utf-8", "replace")
    except keys.Unreadable as error:
        raise NotAllowed("It cannot be read any more.") from error
    with transaction.atomic():
        events.record(case, "counter.read", actor=user)
    return text


# --- Telling the subject -----------------------------------------------------------------------------------


def inform_due() -> int:
    """Tell every subject who was not told yet. Returns how many were; a mail that cannot leave is tried again."""
    return sum(inform(counter) for counter in _open().filter(state=CounterNoticeState.RECEIVED))


def inform(counter: CounterNotice) -> bool:
    """Tell the subject by mail; whether it left now. A mail sent twice because of a crash is shown once."""
    if counter.state != CounterNoticeState.RECEIVED or not _send(counter, "counter_received"):
        return False
    with transaction.atomic():
        counter = _locked(counter)
        if counter.state != CounterNoticeState.RECEIVED:
            return False
        change_state(counter, COUNTER_NOTICE, CounterNoticeState.INFORMED, told_at=timezone.now())
        record_event(counter.notice, "counter.told")
    return True


def warn_due() -> int:
    """Warn from the eighth business day on, and put what is over on a person's desk. Returns how many were warned."""
    today = timezone.now().date()
    for counter in _open().filter(window_ends_on__lt=today):
        _is_over(counter)
    unwarned = _open().filter(warned_at=None, window_ends_on__gte=today)
    return sum(_warn(counter) for counter in unwarned if warns_on(counter) <= today)


def warns_on(counter: CounterNotice) -> date:
    """The day from which the subject is warned."""
    day = counter.provider_received_on
    return deadlines.add_working_days(day, WARN_ON, holidays_from("US", day))


def _warn(counter: CounterNotice) -> bool:
    """Only who has not chosen is written to; a colleague is told in any case."""
    if counter.state in _UNDECIDED and not _send(counter, "counter_warning"):
        return False
    with transaction.atomic():
        if not CounterNotice.objects.filter(pk=counter.pk, warned_at=None).update(warned_at=timezone.now()):
            return False
        case = locked(counter.notice.case)
        opens, ends = (events.plain_date(day) for day in (counter.window_opens_on, counter.window_ends_on))
        chosen = "The subscriber has chosen." if counter.choice else "The subscriber has not chosen yet."
        text = f"A counter-notice: the picture may be put back from {opens}, and until {ends}. {chosen}"
        ask_person(case, WINDOW, counter.pk, text, due_at=end_of(counter.window_opens_on))
        record_event(counter.notice, "counter.warned", window_on=counter.window_opens_on.isoformat())
        settle_turn(case)
    return True


def _is_over(counter: CounterNotice) -> None:
    text = "The time of a counter-notice is over. Look whether the picture is back, and say how it ended."
    with transaction.atomic():
        case = locked(counter.notice.case)
        if ask_person(case, OVER, counter.pk, text) is not None:
            counter.notice.urls.update(next_check_at=timezone.now())
            settle_turn(case)


def _send(counter: CounterNotice, name: str) -> bool:
    try:
        _message(counter, name).send()
    except OSError as error:
        # smtplib's errors are among them.
        logger.error("A mail about counter-notice %s could not be sent: %s", counter.pk, type(error).__name__)
        return False
    return True


def _message(counter: CounterNotice, name: str) -> EmailMultiAlternatives:
    """Nothing of the counter-notice, nobody's name and no site: it may be read over a shoulder."""
    user = counter.notice.case.subject.user
    context = {
        "opens_on": counter.window_opens_on,
        "ends_on": counter.window_ends_on,
        "link": settings.PORTAL_URL + reverse("takedowns:case", args=[counter.notice.case_id]),
        "contact_email": settings.CONTACT_EMAIL,
    }
    message_id = f"<{name.replace('_', '-')}-{counter.pk}@{settings.MAIL_DOMAIN}>"
    return mailing.message(f"takedowns/email/{name}", context, to=user.email, user=user, message_id=message_id)


# --- The subject's choice, and the end ---------------------------------------------------------------------


def choose(counter: CounterNotice, user: User, choice: str) -> CounterNotice:
    """The subject decides. What is then to be done lies on a person's desk, with the day by which.

    Raises:
        NotAllowed: not theirs, no such choice, or it was chosen already.
    """
    with transaction.atomic():
        case = locked(counter.notice.case)
        counter = _locked(counter)
        if case.subject.user_id != user.pk:
            raise NotAllowed("This is not a case of yours.")
        if choice not in {one.key for one in choices(counter)}:
            raise NotAllowed("Please choose one of the answers.")
        if counter.state not in _UNDECIDED:
            raise NotAllowed("You have chosen already. Write to us about this case if you want something else.")
        now = timezone.now()
        if counter.state == CounterNoticeState.RECEIVED:
            # They have read of it on the page before the mail left.
            change_state(counter, COUNTER_NOTICE, CounterNoticeState.INFORMED, told_at=now)
        change_state(counter, COUNTER_NOTICE, CounterNoticeState.DECIDED, choice=choice, chosen_at=now)
        record_event(counter.notice, "counter.chosen", user, choice=_title(counter, choice))
        _follow(case, counter)
        _our_turn(locked(case))
    return counter


def _follow(case: Case, counter: CounterNotice) -> None:
    before = events.plain_date(counter.window_opens_on)
    due = end_of(counter.window_opens_on)
    if counter.choice in _FILED:
        where = "a court" if counter.choice == COURT else "the Copyright Claims Board"
        text = (
            f"The subscriber goes to {where}. When they have shown that it was filed, write to the provider what was"
            f" filed, and where, and have it sent before {before}."
        )
        ask_person(case, CHOSEN, counter.pk, text, due_at=due)
    elif counter.choice == SWITCH_GROUND:
        text = "The subscriber wants another ground than copyright. Look which ones hold, and write the notice."
        ask_person(case, CHOSEN, counter.pk, text, due_at=due)


def draft_response(counter: CounterNotice, staff: User, filed: str) -> FollowUp:
    """The letter that tells the provider that an action was filed: `filed` says what, where, and under which number.

    Nobody can write it before there is something to name, as it has to be true.

    Raises:
        NotAllowed: not staff, the subject has not chosen to file anything, or the letter cannot be written.
    """
    require_staff(staff)
    if counter.choice not in _FILED or counter.state == CounterNoticeState.ENDED:
        raise NotAllowed("The subscriber has not chosen to file anything.")
    return follow_ups.draft(counter.notice, FollowUp.Kind.COUNTER_RESPONSE, note=filed, staff=staff)


def end(counter: CounterNotice, staff: User, kept_down: bool) -> CounterNotice:
    """A person says how it ended; the places are looked at again. Raises NotAllowed."""
    require_staff(staff)
    with transaction.atomic():
        case = locked(counter.notice.case)
        counter = _locked(counter)
        if counter.state == CounterNoticeState.ENDED:
            raise NotAllowed("This counter-notice has ended already.")
        change_state(counter, COUNTER_NOTICE, CounterNoticeState.ENDED)
        notice = locked_notice(counter.notice)
        if notice.state == NoticeState.CONTESTED:
            change_state(notice, NOTICE, NoticeState.COMPLIED if kept_down else NoticeState.REFUSED)
        if not kept_down:
            # The law let them put it back: what else there is, a person decides with the subject.
            Notice.objects.filter(pk=notice.pk, escalated_at=None).update(escalated_at=timezone.now())
        notice.urls.update(next_check_at=timezone.now())
        record_event(notice, "counter.kept_down" if kept_down else "counter.restored", staff)
        ours = case.work_items.filter(kind__in=(RECEIVED, WINDOW, OVER, CHOSEN), about=str(counter.pk))
        finish_items(ours, staff)
        _our_turn(case)
        if kept_down and not case.urls.exclude(state=UrlState.REMOVED).exists() and open_of(case) is None:
            _end_removed(case, staff)
    return counter


def _end_removed(case: Case, staff: User) -> None:
    """Every place was found gone twice while it was disputed; now it is settled."""
    if case.state != CaseState.CLOSED:
        end_case(case, Outcome.REMOVED, "everything is removed, and stays so", staff)


def correct(counter: CounterNotice, staff: User, provider_received_on: date) -> CounterNotice:
    """A person knows better on which day the provider got it: the window is counted anew. Raises NotAllowed."""
    require_staff(staff)
    if provider_received_on > timezone.now().date():
        raise NotAllowed("This day has not come yet.")
    with transaction.atomic():
        locked(counter.notice.case)
        counter = _locked(counter)
        if counter.state == CounterNoticeState.ENDED:
            raise NotAllowed("This counter-notice has ended already.")
        opens_on, ends_on = window(provider_received_on)
        counter.provider_received_on, counter.window_opens_on, counter.window_ends_on = (
            provider_received_on,
            opens_on,
            ends_on,
        )
        counter.warned_at = None
        counter.save(update_fields=["provider_received_on", "window_opens_on", "window_ends_on", "warned_at"])
        record_event(counter.notice, "counter.corrected", staff, window_on=opens_on.isoformat())
    return counter


def _our_turn(case: Case) -> None:
    """The subject has nothing to decide any more."""
    if (
        case.state == CaseState.AWAITING_SUBJECT
        and not _open().filter(notice__case=case, state__in=_UNDECIDED).exists()
    ):
        move(case, CaseState.ACTION_NEEDED)
    settle_turn(case)


def _title(counter: CounterNotice, key: str) -> str:
    return next(one.title for one in choices(counter) if one.key == key)


def _open() -> QuerySet[CounterNotice]:
    related = ("notice__operator", "notice__case__subject__user", "communication")
    return CounterNotice.objects.exclude(state=CounterNoticeState.ENDED).select_related(*related)


def _locked(counter: CounterNotice) -> CounterNotice:
    related = ("notice__operator", "notice__case__subject__user")
    return CounterNotice.objects.select_for_update(of=("self",)).select_related(*related).get(pk=counter.pk)


__all__ = [
    "Choice",
    "applies_to",
    "choices",
    "choose",
    "correct",
    "draft_response",
    "end",
    "inform",
    "inform_due",
    "open_of",
    "read",
    "receive",
    "warn_due",
    "warns_on",
]
