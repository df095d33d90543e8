"""What an operator is never sent: the same thing twice, two stories about one place, or more than it can work through.

These rules look across cases, so they are held under a lock on the operator and everybody in its cluster: two letters
that exclude each other cannot both be approved, however close together.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from takedowns import grounds
from takedowns.cases import NotAllowed
from takedowns.grounds import Addressee
from takedowns.models import CounterNotice, FollowUp, Notice, Operator
from takedowns.states import CaseState, CounterNoticeState, NoticeState, UrlState

DAY = timedelta(days=1)
_Kind = FollowUp.Kind
# What presses an operator to act. Everything else answers it, thanks it, or takes something back.
_PRESSING = frozenset({_Kind.REMINDER, _Kind.COMPLAINT})
# Letters that were not said, or not any more.
_UNSAID = (NoticeState.DRAFT, NoticeState.WITHDRAWN, NoticeState.BOUNCED, NoticeState.RETRACTED)
# Letters on which the operator has the next move, or soon will.
_RUNNING = (
    NoticeState.APPROVED,
    NoticeState.SENDING,
    NoticeState.SENT,
    NoticeState.ACKNOWLEDGED,
    NoticeState.INFO_REQUESTED,
)
_UNANSWERED = (*_RUNNING, NoticeState.PARTLY_COMPLIED, NoticeState.CONTESTED)
_THERE = (UrlState.LIVE, UrlState.UNREACHABLE)
# Grounds that say that the person took the picture or owns the rights in it: two people cannot both.
_AUTHORSHIP = frozenset({"dmca_512c", "dmca_512d"})


class NotYet(NotAllowed):
    """It may be sent, but later; nobody need do anything about it."""


def require_allowed(notice: Notice, approver: User | None = None) -> None:
    """Whether the operator may be sent this letter, given all that it was sent. Call it in a transaction.

    `approver` is who approves it now; without one, who has. A letter that is approved already is about to be sent,
    and only then are an operator's letters of the day counted.

    Raises:
        NotYet: the operator has had its letters for today.
        NotAllowed: for every other reason.
    """
    if why := why_not(notice, approver or notice.approved_by, _locked_cluster(notice.operator)):
        raise NotAllowed(why)
    if notice.state == NoticeState.APPROVED:
        _require_room(notice.operator)


def hold(operators: Iterable[Operator]) -> None:
    """Lock these operators and their clusters for a transaction that approves many letters, after the letters."""
    keys = {operator.pk for operator in operators}
    clusters = Operator.objects.filter(pk__in=keys, cluster__isnull=False).values("cluster")
    held = Operator.objects.filter(Q(pk__in=keys) | Q(cluster__in=clusters)).order_by("pk")
    list(held.select_for_update(no_key=True))


def why_not(notice: Notice, approver: User | None = None, cluster: Sequence[Operator] = ()) -> str:
    """Why the operator may not be sent this letter, in a sentence; empty where it may. For pages, without a lock."""
    cluster = cluster or list(_cluster(notice.operator))
    senior = approver is not None and approver.is_senior_staff
    if not senior and any(operator.stance == Operator.Stance.HOSTILE for operator in cluster):
        return f"Letters to {notice.operator} reach whoever put the picture there: only senior staff may approve one."
    if not senior and _disputed(notice):
        return (
            "Somebody disputed a copyright notice about this place, and no court has said otherwise: only senior staff "
            "may approve another one."
        )
    for other in _said_about_the_same(notice, cluster):
        if why := _contradiction(notice, other, senior):
            return why
    for other in _unanswered_about_the_same(notice):
        if why := _repetition(notice, other):
            return why
    return ""


def require_time(follow_up: FollowUp) -> None:
    """Nobody is pressed before the day by which they said that they would act. Raises NotYet."""
    promised = follow_up.notice.promised_until
    if follow_up.kind in _PRESSING and promised is not None and promised > timezone.now():
        raise NotYet(f"{follow_up.notice.operator} said that it would act by {_day(promised)}: not before.")


# --- Two stories -------------------------------------------------------------------------------------------


def _said_about_the_same(notice: Notice, cluster: Sequence[Operator]) -> QuerySet[Notice]:
    """What the operator or its cluster was told, or is about to be, about a place of this letter, in any case."""
    return _others(notice).filter(operator__in=cluster, urls__digest__in=_places(notice)).distinct()


def _disputed(notice: Notice) -> bool:
    """Whether a counter-notice about a place of this copyright notice is open, or ended with it put back.

    17 U.S.C. 512(g)(2)(C): after that a provider may keep it up, and a second notice would say what was answered.
    """
    if notice.ground not in _AUTHORSHIP:
        return False
    about = CounterNotice.objects.filter(
        notice__case__subject=notice.case.subject_id, notice__urls__digest__in=_places(notice)
    )
    restored = Q(state=CounterNoticeState.ENDED, notice__state=NoticeState.REFUSED)
    return about.exclude(notice=notice).filter(~Q(state=CounterNoticeState.ENDED) | restored).exists()


def _contradiction(notice: Notice, other: Notice, senior: bool) -> str:
    ours = other.case.subject_id == notice.case.subject_id
    if not ours and not senior and {notice.ground, other.ground} <= _AUTHORSHIP:
        return (
            f"Case {other.case.reference} says to {other.operator} that somebody else owns the copyright in this "
            "picture. Find out who does; only senior staff may approve this."
        )
    why = grounds.conflicts(other.ground, notice.ground)
    if not why or (not ours and senior):
        return ""
    remedy = "Retract that letter first, or leave this one." if ours else "Only senior staff may approve this."
    return (
        f"{other.operator} was told something else about the same place (case {other.case.reference}): {why} {remedy}"
    )


# --- Too often ---------------------------------------------------------------------------------------------


def _unanswered_about_the_same(notice: Notice) -> QuerySet[Notice]:
    """Letters for the same person to the same operator about a place of this one that is still there."""
    about = _others(notice).filter(operator=notice.operator, case__subject=notice.case.subject_id)
    return about.filter(urls__digest__in=_places(notice), urls__state__in=_THERE, state__in=_UNANSWERED).distinct()


def _repetition(notice: Notice, other: Notice) -> str:
    if other.ground == notice.ground and other.case_id != notice.case_id and other.case.state != CaseState.CLOSED:
        return f"{other.operator} was asked the same about this place in case {other.case.reference}, which is open."
    if (other.addressee == Addressee.SEARCH) != (notice.addressee == Addressee.SEARCH):
        return ""  # what somebody lists and what they keep are two things to ask about
    if other.state not in _RUNNING:
        return ""
    if other.state in {NoticeState.APPROVED, NoticeState.SENDING} or other.sent_at is None:
        return f"Another letter to {other.operator} about the same place is about to leave."
    if other.state == NoticeState.INFO_REQUESTED:
        return f"{other.operator} asked us something about its letter on the same place: that is answered first."
    until = max((end for end in (other.due_at, other.promised_until) if end), default=None)
    if until is None or until <= timezone.now():
        return ""
    sent, end = _day(other.sent_at), _day(until)
    return f"{other.operator} was told about the same place on {sent} and has until {end}: not before."


def _require_room(operator: Operator) -> None:
    since = timezone.now() - DAY
    begun = Notice.objects.filter(operator=operator, sending_at__gt=since).exclude(state=NoticeState.WITHDRAWN)
    if begun.count() >= settings.OPERATOR_DAILY_LETTERS:
        raise NotYet(f"{operator} has had {settings.OPERATOR_DAILY_LETTERS} letters within a day: this one waits.")


# --- What they look at -------------------------------------------------------------------------------------


def _others(notice: Notice) -> QuerySet[Notice]:
    """Letters that were said. One that is approved itself looks only at those that were sent: the first one goes."""
    unsaid = _UNSAID if notice.state == NoticeState.DRAFT else (*_UNSAID, NoticeState.APPROVED)
    others = Notice.objects.exclude(pk=notice.pk).exclude(state__in=unsaid)
    return others.select_related("operator", "case").order_by("drafted_at")


def _places(notice: Notice) -> list[str]:
    return list(notice.urls.values_list("digest", flat=True))


def _cluster(operator: Operator) -> QuerySet[Operator]:
    """The operator and those that are the same people under another name, as they are now."""
    alone = Operator.objects.filter(pk=operator.pk)
    known = alone.values_list("cluster", flat=True).first()
    return (Operator.objects.filter(cluster=known) if known else alone).order_by("pk")


def _locked_cluster(operator: Operator) -> list[Operator]:
    """In one order, so that two transactions never wait for each other. No lock on who only refers to them."""
    return list(_cluster(operator).select_for_update(no_key=True))


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"
