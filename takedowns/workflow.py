"""A case from "this is me, remove it" to its end: opened, released, assigned, deferred, noted, closed.

Opening is in two parts. The first is one transaction that stores what the subject said; the second,
`preparing.prepare`, asks the network for evidence and contacts and drafts the letters.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.billing import plans
from accounts.billing.plans import Feature, NotInPlan
from accounts.models import User
from accounts.transitions import IllegalTransition, StaleState
from search import review, withdrawal
from search.models import Enrolment, Match
from search.states import Decision as Wish
from search.states import EnrolmentState, MatchState
from takedowns import asking, events, grounds, notices
from takedowns.cases import (
    NotAllowed,
    add_places,
    ask_person,
    end,
    finish_items,
    locked,
    move,
    require_staff,
    settle_turn,
    withdraw_unsent,
)
from takedowns.grounds import Lane
from takedowns.models import Case, GroundDecision, WorkItem
from takedowns.preparing import NO_CONTACT, abandoned, prepare, prepare_or_ask, unprepared
from takedowns.states import CaseState, Outcome, UrlState
from takedowns.story import NextStep, Sentence, next_step, story

EXPRESSION = "expression"
LONGEST_DEFERRAL = timedelta(days=90)
# What the subscriber is told that a senior colleague looks at.
_FOR_SENIORS = frozenset({EXPRESSION, asking.NOT_SATISFIED})
_LONGEST_NOTE = 400
_PROCEDURE = "Do not open the picture. Follow the reporting procedure."


def open_case(match: Match, user: User, answers: Mapping[str, str]) -> Case:
    """The subject wants a picture gone: open its case, or go on with the open one. `prepare` is the next step.

    Raises:
        grounds.BadAnswers: a question is unanswered.
        NotAllowed: it is not theirs to ask, or consent, mandate or identity check is missing, or their plan has no
            removals.
    """
    decision = grounds.decide(answers)
    with transaction.atomic():
        match = Match.objects.select_for_update(of=("self",)).select_related("image", "subject__user").get(pk=match.pk)
        _check_may_open(match, user, decision)
        case = match.cases.exclude(state=CaseState.CLOSED).first()
        if case is not None and GroundDecision.objects.filter(case=case).exists():
            return case
        if match.image.withdrawn_at:
            raise NotAllowed("A senior colleague deals with this picture. There is nothing more for you to do.")
        if case is None:
            _check_plan(user, decision)
        _want_removed(match, user)
        case = case or Case(subject=match.subject, match=match)
        case.intimate = decision.lane == Lane.INTIMATE
        case.save()
        _decide(case, answers, decision, user)
    if decision.lane == Lane.MINOR:
        # Also what others asked for about the same picture.
        stop_withdrawn()
    return case


def prepare_abandoned() -> list[Case]:
    """Go on with cases whose preparation died half-way; stop those whose picture was withdrawn."""
    stop_withdrawn()
    return [case for case in abandoned() if prepare_or_ask(case)]


def stop_withdrawn() -> list[Case]:
    """Stop every case, open or closed, whose picture was withdrawn meanwhile: no letter leaves, no address is asked.

    Captures that were made before stay where they are: counsel decides what is preserved.
    """
    found = Case.objects.filter(match__image__withdrawn_at__isnull=False).exclude(events__kind__in=events.STOPPED)
    stopped = []
    for case in found:
        with transaction.atomic():
            case = locked(case)
            captures = _stop(case)
            events.record(case, "case.withdrawn")
            kept = f" Captures made before: {captures}. Ask counsel what is kept." if captures else ""
            if captures or case.state != CaseState.CLOSED:
                ask_person(case, "minor", case.pk, f"{_PROCEDURE}{kept}")
                settle_turn(case)
        stopped.append(case)
    return stopped


def release(case: Case, staff: User, reason: str) -> Case:
    """News or satire, and a notice is right all the same: a senior colleague's decision, with its reason.

    `prepare` is the next step. Raises NotAllowed.
    """
    if not staff.is_senior_staff:
        raise NotAllowed("Only a senior colleague can decide this.")
    words = _words(reason, "Please say why a notice is right.")
    with transaction.atomic():
        case = locked(case)
        decision = GroundDecision.objects.select_for_update().filter(case=case).first()
        if case.state == CaseState.CLOSED or decision is None or decision.released_at:
            raise NotAllowed("There is nothing to be released in this case.")
        if grounds.decide(decision.answers).lane != Lane.EXPRESSION:
            raise NotAllowed("Only a case of news or satire waits for this decision.")
        now_holds = grounds.decide(decision.answers, released=True)
        decision.ground, decision.considered = now_holds.ground, _as_rows(now_holds)
        decision.released_by, decision.released_at, decision.released_because = staff, timezone.now(), words
        decision.save()
        finish_items(case.work_items.filter(kind=EXPRESSION), staff)
        events.record(case, "case.released", actor=staff, reason=words)
        audit.record("case.released", case, actor=staff, about=case.subject.user)
    return case


def defer(case: Case, staff: User, until: datetime) -> None:
    """Take a case off the queue until then; whatever happens to it brings it back. Raises NotAllowed."""
    require_staff(staff)
    now = timezone.now()
    if not now < until <= now + LONGEST_DEFERRAL:
        raise NotAllowed(f"Choose a time within the next {LONGEST_DEFERRAL.days} days.")
    with transaction.atomic():
        case = locked(case)
        if case.state == CaseState.CLOSED:
            raise NotAllowed("The case is closed.")
        events.record(case, "case.deferred", actor=staff, until_on=until.date().isoformat())
        case.deferred_until = until
        case.save(update_fields=["deferred_until"])


def assign(case: Case, staff: User, by: User | None = None) -> None:
    """Make a case somebody's own, who does it unless a colleague (`by`) does. Raises NotAllowed."""
    require_staff(staff)
    require_staff(by or staff)
    with transaction.atomic():
        case = locked(case)
        case.assigned_to = staff
        case.save(update_fields=["assigned_to"])
        events.record(case, "case.assigned", actor=by or staff, staff=staff.full_name or "a colleague")


def note(case: Case, staff: User, text: str) -> None:
    """Write something into the case's history, for staff only. Raises NotAllowed."""
    require_staff(staff)
    if not text.strip() or len(text) > _LONGEST_NOTE:
        raise NotAllowed(f"A note has between 1 and {_LONGEST_NOTE} characters.")
    with transaction.atomic():
        events.record(locked(case), "case.note", actor=staff, note=" ".join(text.split()))


def finish(item: WorkItem, staff: User) -> None:
    """Somebody has dealt with a work item; the case goes on where it can. Raises NotAllowed."""
    require_staff(staff)
    if item.kind in _FOR_SENIORS and not staff.is_senior_staff:
        raise NotAllowed("A senior colleague deals with this.")
    with transaction.atomic():
        case = locked(item.case)
        finish_items(case.work_items.filter(pk=item.pk), staff)
        settle_turn(case)


def close(case: Case, staff: User, outcome: Outcome | str, reason: str) -> None:
    """End a case by a person's decision; the subject may withdraw their own.

    Raises:
        NotAllowed: it is not theirs to close, or the outcome is not true.
    """
    outcome = Outcome(outcome)
    with transaction.atomic():
        case = locked(case)
        own = case.subject.user_id == staff.pk and outcome == Outcome.WITHDRAWN
        if not own:
            require_staff(staff)
        if outcome == Outcome.NONE or not reason.strip():
            raise NotAllowed("Please choose an outcome and say why.")
        if outcome == Outcome.REMOVED and case.urls.exclude(state=UrlState.REMOVED).exists():
            raise NotAllowed("Only checks can say that a picture is removed: some places are not.")
        if case.state == CaseState.CLOSED:
            raise NotAllowed("The case is closed already.")
        words = " ".join(reason.split())[:_LONGEST_NOTE]
        end(case, outcome, words, staff)


# --- Opening -----------------------------------------------------------------------------------------------


def _check_may_open(match: Match, user: User, decision: grounds.Decision) -> None:
    if match.subject.user_id != user.pk:
        raise NotAllowed("This picture is not among your matches.")
    if match.state == MatchState.DISMISSED:
        raise NotAllowed("You said that this is not you. Take that back first.")
    if not Enrolment.objects.filter(subject=match.subject, state=EnrolmentState.ACTIVE).exists():
        raise NotAllowed("Your identity check has to be finished first.")
    if decision.letters:
        notices.require_authority(Case(subject=match.subject, match=match))


def _check_plan(user: User, decision: grounds.Decision) -> None:
    """A case that is open goes on under any plan; and a picture of a minor is nobody's to pay for."""
    if decision.lane == Lane.MINOR:
        return
    try:
        plans.require(user, Feature.TAKEDOWNS)
    except NotInPlan as refusal:
        raise NotAllowed(str(refusal)) from refusal


def _want_removed(match: Match, user: User) -> None:
    """Make the match the subject's confirmed wish for removal."""
    try:
        if match.state == MatchState.CONFIRMED and match.decision != Wish.ACT:
            review.undo(match, user)
        if match.state == MatchState.CANDIDATE:
            review.confirm(match, user, Wish.ACT)
    except (IllegalTransition, StaleState) as error:
        raise NotAllowed("Your answer changed meanwhile. Please look at the match again.") from error


def _decide(case: Case, answers: Mapping[str, str], decision: grounds.Decision, user: User) -> None:
    """Store the answers and what follows from them; of a minor nothing but that answer."""
    minor = decision.lane == Lane.MINOR
    GroundDecision.objects.create(
        case=case,
        answers={"minor": answers["minor"]} if minor else dict(answers),
        ground=decision.ground,
        considered=_as_rows(decision),
        rules_version=grounds.RULES_VERSION,
    )
    events.record(case, "case.opened", actor=user)
    if case.state == CaseState.AWAITING_SUBJECT:
        move(case, CaseState.TRIAGE)
    if minor:
        withdrawal.withdraw([case.match.image], withdrawal.REPORTED_MINOR)
        _stop(case)
        events.record(case, "case.minor")
        ask_person(case, "minor", case.pk, f"A minor may be shown. {_PROCEDURE}")
        return
    add_places(case, case.match.places())
    if decision.lane == Lane.EXPRESSION:
        events.record(case, "case.expression")
        text = "News or satire: decide, as a senior colleague, whether a notice is right at all."
        ask_person(case, EXPRESSION, case.pk, text)


def _stop(case: Case) -> int:
    """Take back what has not left, and forget the places. Returns how many captures of them there are."""
    withdraw_unsent(case, "The picture was withdrawn.")
    captures = case.urls.exclude(evidence=None).count()
    case.urls.all().delete()
    return captures


# --- Small steps -------------------------------------------------------------------------------------------


def _as_rows(decision: grounds.Decision) -> list[dict[str, object]]:
    return [{"ground": one.ground, "holds": one.holds, "why": one.why} for one in decision.considered]


def _words(text: str, missing: str) -> str:
    """One line of bounded length. Raises NotAllowed where there is none."""
    words = " ".join(text.split())[:_LONGEST_NOTE]
    if not words:
        raise NotAllowed(missing)
    return words


__all__ = [
    "NO_CONTACT",
    "NextStep",
    "NotAllowed",
    "Sentence",
    "assign",
    "close",
    "defer",
    "finish",
    "next_step",
    "note",
    "open_case",
    "prepare",
    "prepare_abandoned",
    "prepare_or_ask",
    "release",
    "stop_withdrawn",
    "story",
    "unprepared",
]
