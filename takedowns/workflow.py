"""A case from "this is me, remove it" to its end: opened, prepared, assigned, noted, closed.

Opening is in two parts. The first is one transaction that stores what the subject said; the second,
`prepare`, asks the network for evidence and contacts, drafts the letters, and can be killed and called
again at any point.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import consent
from accounts.billing import plans
from accounts.billing.plans import Feature, NotInPlan
from accounts.models import Purpose, User
from accounts.transitions import IllegalTransition, StaleState
from crawler import evidence
from crawler.blocklists import restricted
from crawler.defaults import web_policy
from search import blurring, review, withdrawal
from search.engine import EngineUnavailable
from search.models import Enrolment, Match
from search.states import Decision as Wish
from search.states import EnrolmentState, MatchState
from takedowns import contacts, events, grounds, notices
from takedowns.cases import NotAllowed, add_places, ask_person, end, locked, move, settle_turn, withdraw_unsent
from takedowns.grounds import GROUNDS, Addressee, Lane
from takedowns.models import AbuseContact, Case, GroundDecision, InfringingUrl, WorkItem
from takedowns.states import CaseState, Outcome, UrlState
from takedowns.story import NextStep, Sentence, next_step, story

NO_CONTACT = "no_contact"
ABANDONED_AFTER = timedelta(minutes=10)
_LONGEST_NOTE = 400
# A case with one of these is stopped for good.
_STOPPED = ("case.minor", "case.withdrawn")
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


def prepare(case: Case) -> Case:
    """Evidence, contacts and drafts for a case with a ground; what is there already is not made again.

    Raises:
        NotAllowed: consent or mandate were withdrawn meanwhile.
    """
    notices.require_authority(case)
    with transaction.atomic():
        case = locked(case)
        if case.state == CaseState.CLOSED:
            raise NotAllowed("The case is closed.")
        if case.match.image.withdrawn_at:
            raise NotAllowed("The picture was withdrawn. Follow the reporting procedure.")
        move(case, CaseState.DRAFTING)
    if Purpose.EVIDENCE in consent.given(case.subject.user):
        for url in case.urls.filter(evidence=None):
            _capture(case, url)
    reasons = [reason for code in _letters(case) for reason in _write_to(case, code)]
    with transaction.atomic():
        case = locked(case)
        if reasons and not case.notices.exists():
            text = "Nobody was found to write to. " + " ".join(dict.fromkeys(reasons))
            ask_person(case, NO_CONTACT, case.pk, text, again=True)
        elif case.notices.exists():
            _done(case.work_items.filter(kind=NO_CONTACT), None)
        settle_turn(case)
    return case


def unprepared() -> QuerySet[Case]:
    """Cases with a ground to write on, for which nothing is drafted yet."""
    unfinished = Q(state__in=(CaseState.TRIAGE, CaseState.DRAFTING), notices=None, work_items=None)
    return Case.objects.filter(unfinished, ground_decision__ground__gt="")


def prepare_or_ask(case: Case) -> bool:
    """Prepare a case; whether that was allowed. If not, a person is asked to look."""
    try:
        prepare(case)
    except NotAllowed as refusal:
        _ask(case, "not_allowed", str(refusal))
        return False
    return True


def prepare_abandoned() -> list[Case]:
    """Go on with cases whose preparation died half-way; stop those whose picture was withdrawn."""
    stop_withdrawn()
    stale = unprepared().filter(created_at__lt=timezone.now() - ABANDONED_AFTER)
    return [case for case in stale if prepare_or_ask(case)]


def stop_withdrawn() -> list[Case]:
    """Stop every case, open or closed, whose picture was withdrawn meanwhile: no letter leaves, no address is asked.

    Captures that were made before stay where they are: counsel decides what is preserved.
    """
    found = Case.objects.filter(match__image__withdrawn_at__isnull=False).exclude(events__kind__in=_STOPPED)
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


def assign(case: Case, staff: User) -> None:
    """Make a case somebody's own. Raises NotAllowed."""
    _require_staff(staff)
    with transaction.atomic():
        case = locked(case)
        case.assigned_to = staff
        case.save(update_fields=["assigned_to"])
        events.record(case, "case.assigned", actor=staff, staff=staff.full_name or "a colleague")


def note(case: Case, staff: User, text: str) -> None:
    """Write something into the case's history, for staff only. Raises NotAllowed."""
    _require_staff(staff)
    if not text.strip() or len(text) > _LONGEST_NOTE:
        raise NotAllowed(f"A note has between 1 and {_LONGEST_NOTE} characters.")
    with transaction.atomic():
        events.record(locked(case), "case.note", actor=staff, note=" ".join(text.split()))


def finish(item: WorkItem, staff: User) -> None:
    """Somebody has dealt with a work item; the case goes on where it can. Raises NotAllowed."""
    _require_staff(staff)
    with transaction.atomic():
        case = locked(item.case)
        _done(case.work_items.filter(pk=item.pk), staff)
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
            _require_staff(staff)
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
        considered=[{"ground": one.ground, "holds": one.holds, "why": one.why} for one in decision.considered],
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
        ask_person(case, "expression", case.pk, text)


def _stop(case: Case) -> int:
    """Take back what has not left, and forget the places. Returns how many captures of them there are."""
    withdraw_unsent(case, "The picture was withdrawn.")
    captures = case.urls.exclude(evidence=None).count()
    case.urls.all().delete()
    return captures


# --- Preparing ---------------------------------------------------------------------------------------------


def _capture(case: Case, url: InfringingUrl) -> None:
    if restricted.is_restricted(url.image_url):
        return
    try:
        capture = evidence.capture(url.page_url, url.image_url, web_policy(), blur=_blur(case))
    except OSError as error:
        with transaction.atomic():
            events.record(case, "evidence.failed", url=str(url.pk), reason=type(error).__name__)
        return
    with transaction.atomic():
        if InfringingUrl.objects.filter(pk=url.pk, evidence=None).update(evidence=capture):
            events.record(case, "evidence.captured", url=str(url.pk), evidence=str(capture.pk))


def _blur(case: Case) -> Callable[[bytes], bytes] | None:
    """What a screenshot must pass; None, and so no screenshot, where faces cannot be found."""
    try:
        return blurring.others_than(case.match)
    except EngineUnavailable:
        return None


def _letters(case: Case) -> tuple[str, ...]:
    return grounds.decide(case.ground_decision.answers).letters


def _write_to(case: Case, code: str) -> list[str]:
    """Draft a ground's letters, one for each operator that can act. Returns why places have no contact."""
    found: dict[AbuseContact, list[InfringingUrl]] = {}
    missing: dict[str, InfringingUrl] = {}
    addressee = GROUNDS[code].addressee
    for url in case.urls.exclude(state=UrlState.REMOVED).select_related("evidence"):
        search = contacts.find(addressee, url)
        if search.contact is not None:
            found.setdefault(search.contact, []).append(url)
        else:
            missing.setdefault(search.reason, url)
    _record_contacts(case, addressee, found, list(missing))
    for contact, urls in found.items():
        notices.draft(case, code, contact, urls)
    return list(missing)


def _record_contacts(
    case: Case, addressee: Addressee, found: Mapping[AbuseContact, object], reasons: list[str]
) -> None:
    with transaction.atomic():
        for contact in found:
            events.record(
                case,
                "contact.found",
                addressee=addressee.value,
                operator=contact.operator.name,
                source=contact.source,
                contact=str(contact.pk),
            )
        for reason in reasons:
            events.record(case, "contact.missing", addressee=addressee.value, reason=reason)


# --- Small steps -------------------------------------------------------------------------------------------


def _ask(case: Case, kind: str, text: str) -> None:
    with transaction.atomic():
        case = locked(case)
        ask_person(case, kind, case.pk, text)
        settle_turn(case)


def _done(items: QuerySet[WorkItem], staff: User | None) -> None:
    items.filter(done_at=None).update(done_at=timezone.now(), done_by=staff)


def _require_staff(staff: User) -> None:
    if not staff.is_staff_member:
        raise NotAllowed("Only a member of staff can do this.")


__all__ = [
    "NextStep",
    "NotAllowed",
    "Sentence",
    "assign",
    "close",
    "finish",
    "next_step",
    "note",
    "open_case",
    "prepare",
    "prepare_abandoned",
    "prepare_or_ask",
    "stop_withdrawn",
    "story",
    "unprepared",
]
