"""A case as its subscriber reads it: what happened, in sentences with dates, and what comes next."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils import timezone

from takedowns import events
from takedowns.cases import WAITING_TO_LEAVE
from takedowns.events import plain_date
from takedowns.models import Case, CaseMessage, CounterNotice, InfringingUrl, Notice
from takedowns.states import CaseState, CounterNoticeState, NoticeState, Outcome, UrlState

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
    disputed = CounterNotice.objects.filter(notice__case=case, state=CounterNoticeState.DECIDED).first()
    if notice is None and disputed is not None:
        opens, ends = plain_date(disputed.window_opens_on), plain_date(disputed.window_ends_on)
        return NextStep(
            "them", f"Somebody disputes our notice. The picture may be put back between {opens} and {ends}."
        )
    if notice is None or notice.due_at is None:
        return NextStep("us", "We are looking whether the picture is gone.")
    return _answer_of(notice, notice.due_at)


def _answer_of(notice: Notice, due: datetime) -> NextStep:
    name, promised = notice.operator.name, notice.promised_until
    if promised is not None and promised > timezone.now():
        return NextStep("them", f"{name} said that it would act by {_day(promised)}. Then we look.", promised)
    if due < timezone.now():
        return NextStep("us", f"{name} has not answered in time. We are deciding what to do next.", due)
    return NextStep("them", f"{name} has been asked to remove it. We expect an answer by {_day(due)}.", due)


def _action_needed(case: Case) -> NextStep:
    asked = case.notices.filter(state=NoticeState.INFO_REQUESTED).select_related("operator").first()
    if asked is not None:
        return NextStep(
            "us", f"{asked.operator.name} asked us something. We answer, and their time stands still until then."
        )
    return NextStep("us", "Something needs a colleague's attention before this can go on. You need not do anything.")


def _awaiting_subject(case: Case) -> NextStep:
    counter = CounterNotice.objects.filter(notice__case=case, state=CounterNoticeState.INFORMED).first()
    if counter is not None:
        until = plain_date(counter.window_opens_on)
        return NextStep("you", f"Whoever put it there says that it may stay. Please choose what we do, before {until}.")
    last = case.messages.exclude(kind=CaseMessage.Kind.MESSAGE).order_by("-pk").first()
    if last is not None and last.kind == CaseMessage.Kind.QUESTION:
        return NextStep("you", "We have a question for you. It is below.")
    if case.relapse_of_id:
        return NextStep("you", "The picture seems to be back. Tell us whether we shall have it removed again.")
    if case.follows_id:
        return NextStep("you", "You asked us to take this up again. Tell us whether your answers still hold.")
    return NextStep("you", "We need an answer from you before we can go on.")


def _closed(case: Case) -> NextStep:
    if case.outcome == Outcome.REMOVED:
        next_look = case.urls.exclude(next_check_at=None).order_by("next_check_at").first()
        at = next_look.next_check_at if next_look else None
        return NextStep("nobody", "The picture is gone. We keep looking whether it comes back.", at)
    if case.outcome in {Outcome.NOT_ACTIONABLE, Outcome.DUPLICATE}:
        return NextStep("nobody", "This case has ended.")
    return NextStep("nobody", "This case has ended. If things have changed, you can ask us to take it up again.")


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
    return plain_date(at.date())
