"""A case as its subscriber reads it: what happened, in sentences with dates, and what comes next."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils import timezone

from takedowns import events
from takedowns.cases import WAITING_TO_LEAVE
from takedowns.models import Case, InfringingUrl, Notice
from takedowns.states import CaseState, NoticeState, Outcome, UrlState

Whose = Literal["us", "you", "them", "nobody"]


@dataclass(frozen=True)
class Sentence:
    """One thing that happened. `text` names the day itself."""

    at: datetime
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class NextStep:
    """Whose move it is, what comes next, and by when, where there is a date."""

    whose: Whose
    text: str
    due_at: datetime | None = None


def story(case: Case) -> list[Sentence]:
    """What happened, oldest first."""
    told = ((event.at, events.sentence(event)) for event in case.events.order_by("id"))
    return [Sentence(at, text) for at, text in told if text]


def next_step(case: Case) -> NextStep:
    """What comes next."""
    return _NEXT[CaseState(case.state)](case)


def _triage(case: Case) -> NextStep:
    decision = getattr(case, "ground_decision", None)
    if decision is not None and not decision.ground:
        return NextStep("us", "A senior colleague looks at this first. We write to you when they have decided.")
    return NextStep("us", "We are finding out who can remove the picture.")


def _drafting(case: Case) -> NextStep:
    if case.notices.filter(state__in=WAITING_TO_LEAVE).exists():
        return NextStep("us", "A second person checks the notice, and then it goes out.")
    return NextStep("us", "We are finding out who can remove the picture.")


def _awaiting_provider(case: Case) -> NextStep:
    check = _second_look(case)
    if check is not None:
        return NextStep("us", f"It looks gone. We look again on {_day(check)} before we call it removed.", check)
    waiting = case.notices.filter(state__in=(NoticeState.SENT, NoticeState.ACKNOWLEDGED)).order_by("due_at")
    notice = waiting.select_related("operator").first()
    if notice is None or notice.due_at is None:
        return NextStep("us", "We are looking whether the picture is gone.")
    return _answer_of(notice, notice.due_at)


def _answer_of(notice: Notice, due: datetime) -> NextStep:
    name = notice.operator.name
    if due < timezone.now():
        return NextStep("us", f"{name} has not answered in time. We are deciding what to do next.", due)
    return NextStep("them", f"{name} has been asked to remove it. We expect an answer by {_day(due)}.", due)


def _action_needed(_case: Case) -> NextStep:
    return NextStep("us", "Something needs a colleague's attention before this can go on. You need not do anything.")


def _awaiting_subject(case: Case) -> NextStep:
    if case.relapse_of_id:
        return NextStep("you", "The picture seems to be back. Tell us whether we shall have it removed again.")
    return NextStep("you", "We need an answer from you before we can go on.")


def _closed(case: Case) -> NextStep:
    if case.outcome == Outcome.REMOVED:
        next_look = case.urls.exclude(next_check_at=None).order_by("next_check_at").first()
        at = next_look.next_check_at if next_look else None
        return NextStep("nobody", "The picture is gone. We keep looking whether it comes back.", at)
    return NextStep("nobody", "This case has ended.")


_NEXT = {
    CaseState.TRIAGE: _triage,
    CaseState.DRAFTING: _drafting,
    CaseState.AWAITING_PROVIDER: _awaiting_provider,
    CaseState.ACTION_NEEDED: _action_needed,
    CaseState.AWAITING_SUBJECT: _awaiting_subject,
    CaseState.CLOSED: _closed,
}


def _second_look(case: Case) -> datetime | None:
    """When we look again, where a first look found every place that is left gone."""
    left = list(case.urls.exclude(state=UrlState.REMOVED).prefetch_related("verifications"))
    if not left or not all(_seems_gone(url) for url in left):
        return None
    return max((url.next_check_at for url in left if url.next_check_at), default=None)


def _seems_gone(url: InfringingUrl) -> bool:
    checks = list(url.verifications.all())
    return bool(checks) and checks[-1].outcome == "removed_source"


def _day(at: datetime) -> str:
    return events.plain_date(at.date())
