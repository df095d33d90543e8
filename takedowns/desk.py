"""A case as staff work on it: where it stands, how its clock runs, what is next, and which acts are open to whom.

The letters are in `desk_letters`, what happened is in `history`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.transitions import allowed
from takedowns import casefile, grounds
from takedowns.contacts.choosing import healths
from takedowns.grounds import Lane
from takedowns.models import (
    AbuseContact,
    Case,
    FollowUp,
    GroundDecision,
    InfringingUrl,
    Notice,
    WorkItem,
)
from takedowns.states import CASE, CaseState, NoticeState

_SOURCES = {"rdap_ip": "the network's registry entry", "rdap_domain": "the domain's registry entry"}
_RUNNING = (NoticeState.SENT, NoticeState.ACKNOWLEDGED)
PICTURE_SHOWN = "picture.shown"


def load(found: QuerySet[Case]) -> QuerySet[Case]:
    """With everything that the page shows, in a bounded number of queries."""
    places = InfringingUrl.objects.select_related("evidence").prefetch_related("verifications", "delistings__engine")
    people = ("approved_by", "drafted_by")
    letters = Notice.objects.select_related("operator", "contact", *people)
    return found.select_related(
        "subject__user", "match__image", "ground_decision", "relapse_of", "follows", "assigned_to"
    ).prefetch_related(
        Prefetch("urls", places.order_by("host", "page_url")),
        Prefetch(
            "notices",
            letters.prefetch_related(
                "urls__evidence", Prefetch("follow_ups", FollowUp.objects.select_related(*people))
            ).order_by("drafted_at"),
        ),
        Prefetch("work_items", WorkItem.objects.filter(done_at=None).order_by("created_at")),
        "relapses",
    )


# --- Where it stands ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clock:
    """One line about time: an answer that is due, a clock that stands still, a promise, a case that was put off."""

    text: str
    at: datetime | None = None
    late: bool = False


def clocks(case: Case) -> list[Clock]:
    """How time runs in a case that comes from `load`; nothing where it has ended."""
    if case.state == CaseState.CLOSED:
        return []
    now, lines = timezone.now(), []
    for notice in _in(case, *_RUNNING):
        promised = notice.promised_until
        if promised is not None and promised > now:
            text = f"{notice.operator.name} said that it would act by then; nobody asks again before:"
            lines.append(Clock(text, promised))
        elif notice.due_at is not None:
            text = f"{notice.operator.name}: {casefile.time_left(notice.due_at, now)},"
            lines.append(Clock(text, notice.due_at, late=overdue(notice)))
    lines.sort(key=lambda line: line.at or now)
    for notice in _in(case, NoticeState.INFO_REQUESTED):
        left = f" {casefile.span_words(notice.time_left)} are left once we have answered." if notice.time_left else ""
        lines.append(Clock(f"Paused: {notice.operator.name} asked us something.{left}"))
    contested = _in(case, NoticeState.CONTESTED)
    lines += [Clock(f"Paused: the notice to {notice.operator.name} was contested.") for notice in contested]
    if case.deferred_until and case.deferred_until > now:
        lines.append(Clock("Off the queue until", case.deferred_until))
    return lines


def overdue(notice: Notice) -> bool:
    """Whether an operator has not answered in time, nor by a later day that it named."""
    now = timezone.now()
    promised = notice.promised_until is not None and notice.promised_until >= now
    return notice.state in _RUNNING and notice.due_at is not None and notice.due_at < now and not promised


@dataclass(frozen=True, slots=True)
class Next:
    """What is to be done next, for staff; `late` is whether an answer is overdue."""

    text: str
    late: bool = False


def next_for_staff(case: Case) -> Next:
    """The most pressing thing in a case that comes from `load`."""
    late = any(clock.late for clock in clocks(case))
    return Next(_next_words(case, late), late)


def _next_words(case: Case, late: bool) -> str:
    for words in (_ended_or_theirs(case), _letters_to_do(case), _undone(case)):
        if words:
            return words
    waiting = _in(case, *_RUNNING)
    if late:
        return f"No answer in time from {_names([one for one in waiting if overdue(one)])}: decide what to do."
    if waiting:
        return f"Waiting for {_names(waiting)}."
    if case.state == CaseState.ACTION_NEEDED:
        return "No letter is on its way: decide what to do."
    return "The letters are being prepared."


def _ended_or_theirs(case: Case) -> str:
    if case.state == CaseState.CLOSED:
        return f"This case has ended: {case.get_outcome_display().lower()}. Nothing is to be done."
    return "Waiting for the subscriber's answer." if case.state == CaseState.AWAITING_SUBJECT else ""


def _undone(case: Case) -> str:
    items = len(case.work_items.all())
    return f"{casefile.counted(items, 'thing')} to be settled by a person, below." if items else ""


def _letters_to_do(case: Case) -> str:
    asked, drafts = _in(case, NoticeState.INFO_REQUESTED), _in(case, NoticeState.DRAFT)
    followed = (one for notice in case.notices.all() for one in notice.follow_ups.all())
    further = [one for one in followed if one.state == NoticeState.DRAFT]
    if further:
        return f"Read the {further[0].get_kind_display().lower()}, and approve it."
    if asked:
        return f"Answer {_names(asked)}."
    if _undone(case):
        return ""
    approved = _in(case, NoticeState.APPROVED)
    if drafts:
        return f"Read the {'letter' if len(drafts) == 1 else 'letters'} to {_names(drafts)}, and approve."
    if approved:
        return f"Send the {'letter' if len(approved) == 1 else 'letters'} to {_names(approved)}."
    return "A letter is being sent." if _in(case, NoticeState.SENDING) else ""


def _in(case: Case, *states: NoticeState) -> list[Notice]:
    return [notice for notice in case.notices.all() if notice.state in states]


def _names(letters: Sequence[Notice]) -> str:
    return " and ".join(sorted({notice.operator.name for notice in letters}))


# --- What else the page shows ------------------------------------------------------------------------------


def contacts(case: Case) -> list[dict[str, object]]:
    """Where the case's letters go or could go: every known address of the operators it writes to."""
    operators = {notice.operator_id for notice in case.notices.all()}
    known = list(
        AbuseContact.objects.filter(operator__in=operators)
        .select_related("operator")
        .order_by("operator__name", "-confidence")
    )
    how = zip(known, healths(known), strict=True)
    return [
        {
            "contact": contact,
            "source": _SOURCES.get(contact.source, contact.source.replace("_", " ")),
            "percent": round(100 * contact.confidence),
            "health": health,
        }
        for contact, health in how
    ]


def considered(decision: GroundDecision) -> list[dict[str, object]]:
    """Every ground that was looked at, and why it holds or not."""
    return [{**one, "name": casefile.ground_name(one["ground"])} for one in decision.considered]


def answers(decision: GroundDecision) -> list[dict[str, str]]:
    """The questions and what the subscriber answered, in words."""
    given = decision.answers
    return [
        {
            "question": question.text,
            "answer": dict(question.options).get(given[question.key], given[question.key]),
        }
        for question in grounds.QUESTIONS
        if question.key in given
    ]


def why_not_open(case: Case) -> str:
    """Why nobody may see anything of the picture or its page here, or an empty string."""
    decision = getattr(case, "ground_decision", None)
    if case.match.image.withdrawn_at or (decision and decision.answers.get("minor") != "no"):
        return "A minor may be shown, so nobody opens this picture here."
    return ""


def why_not_look(case: Case) -> str:
    """Why nobody may open the picture here, or an empty string."""
    return why_not_open(case) or ("" if case.match.sealed_preview else "There is no preview of this picture.")


def acts(case: Case, staff: User) -> dict[str, bool]:
    """Which acts on the case itself are open."""
    is_open = case.state != CaseState.CLOSED
    return {
        "assign": is_open and case.assigned_to_id != staff.pk,
        "defer": is_open,
        "ask": allowed(CASE, case.state, CaseState.AWAITING_SUBJECT),
        "close": allowed(CASE, case.state, CaseState.CLOSED),
        "verify": any(True for _ in case.urls.all()),
        "look": not why_not_look(case),
        "release": is_open and staff.is_senior_staff and _waits_for_release(case),
        "reissue": is_open and case.relapse_of_id is not None and case.state != CaseState.AWAITING_SUBJECT,
    }


def _waits_for_release(case: Case) -> bool:
    decision = getattr(case, "ground_decision", None)
    if decision is None or decision.released_at or decision.answers.get("minor") != "no":
        return False
    return grounds.decide(decision.answers).lane == Lane.EXPRESSION
