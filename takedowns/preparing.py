"""Getting a case ready: evidence of its places, whom to write to, and the letters as drafts.

Whom to write to comes from the ladder. Each of its tracks is walked down for each place until somebody is found who
takes notices; what is found is written to at once, and the steps below wait for `escalation`. All of this can be killed
and called again at any point.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import takewhile
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts import consent
from accounts.models import Purpose
from crawler import evidence
from crawler.blocklists import restricted
from crawler.defaults import web_policy
from search import blurring
from search.engine import EngineUnavailable
from takedowns import contacts, events, grounds, ladder, notices
from takedowns.cases import NotAllowed, ask_person, finish_items, locked, move, settle_turn
from takedowns.grounds import Addressee
from takedowns.ladder import Step
from takedowns.models import AbuseContact, Case, InfringingUrl, Notice, Operator, WorkItem
from takedowns.states import CaseState, NoticeState, UrlState

Asked = Callable[[InfringingUrl, Operator, str], bool]

NO_CONTACT = "no_contact"
_MOST_ENGINES = 4
ABANDONED_AFTER = timedelta(minutes=10)
# Letters that count as if they had never been written.
_NEVER_ARRIVED = (NoticeState.WITHDRAWN, NoticeState.BOUNCED, NoticeState.RETRACTED)
_NEAR = frozenset({Addressee.PLATFORM, Addressee.HOST, Addressee.PAGE_HOST, Addressee.CDN})
_PASSED_BY = {
    Operator.Stance.HOSTILE: "Letters to it reach whoever put the picture there, so it is left out.",
    Operator.Stance.IGNORES: "It never answers notices, so the next step is taken at once.",
}


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
    begun = [write(case, beginning(track), places_left(case)) for track in tracks(case)]
    reasons = [reason for written in begun for reason in written.reasons]
    with transaction.atomic():
        case = locked(case)
        if reasons and not case.notices.exists():
            text = "Nobody was found to write to. " + " ".join(dict.fromkeys(reasons))
            ask_person(case, NO_CONTACT, case.pk, text, again=True)
        elif case.notices.exists():
            finish_items(case.work_items.filter(kind=NO_CONTACT), None)
        settle_turn(case)
    return case


def unprepared() -> QuerySet[Case]:
    """Cases with a ground to write on, for which nothing is drafted yet and nobody is asked."""
    undone = WorkItem.objects.filter(case=OuterRef("pk"), done_at=None)
    unfinished = Case.objects.filter(state__in=(CaseState.TRIAGE, CaseState.DRAFTING), notices=None)
    return unfinished.filter(~Exists(undone), ground_decision__ground__gt="")


def prepare_or_ask(case: Case) -> bool:
    """Prepare a case; whether that was allowed. If not, a person is asked to look."""
    try:
        prepare(case)
    except NotAllowed as refusal:
        with transaction.atomic():
            case = locked(case)
            ask_person(case, "not_allowed", case.pk, str(refusal))
            settle_turn(case)
        return False
    return True


def abandoned() -> QuerySet[Case]:
    """Cases whose preparation died half-way."""
    return unprepared().filter(created_at__lt=timezone.now() - ABANDONED_AFTER)


# --- The ladder --------------------------------------------------------------------------------------------


def decided(case: Case) -> grounds.Decision:
    """What follows from the subject's answers and, for news or satire, from a senior colleague's decision."""
    decision = case.ground_decision
    return grounds.decide(decision.answers, released=decision.released_at is not None)


def situation(case: Case) -> ladder.Situation:
    """What the ladder has to know of a case."""
    return ladder.Situation(
        decision=decided(case),
        answers=grounds.completed(case.ground_decision.answers),
        intimate=case.intimate,
        left_out=_left_out(case),
        repeated=case.relapse_of_id is not None,
    )


def _left_out(case: Case) -> frozenset[Addressee]:
    """The host, where one that served these places before is known never to answer."""
    hosts = case.urls.values("host")
    ignoring = Operator.objects.filter(
        kind=Operator.Kind.HOST, stance=Operator.Stance.IGNORES, notices__urls__host__in=hosts
    )
    return frozenset({Addressee.HOST}) if ignoring.exists() else frozenset()


def tracks(case: Case) -> tuple[tuple[Step, ...], ...]:
    """The case's ladders, each an ordered row of steps. None where a person has to decide first."""
    return ladder.tracks(situation(case)) if decided(case).letters else ()


def beginning(track: Sequence[Step]) -> tuple[Step, ...]:
    """The steps that a track may begin with. Those below are for when somebody was asked and did not act.

    Where nobody is found who stores or serves a picture, a person looks for them; nobody further off is asked instead.
    """
    near = _NEAR if track and track[0].addressee in _NEAR else {step.addressee for step in track[:1]}
    return tuple(takewhile(lambda step: step.addressee in near, track))


def places_left(case: Case) -> list[InfringingUrl]:
    """The places that are not removed."""
    return list(case.urls.exclude(state=UrlState.REMOVED).select_related("evidence").order_by("host", "page_url"))


@dataclass
class Written:
    """The letters that were drafted (or had been), and why places have nobody to write to, in sentences."""

    notices: list[Notice] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


def write(
    case: Case,
    steps: Sequence[Step],
    urls: Iterable[InfringingUrl],
    *,
    asked: Asked = lambda _url, _operator, _ground: False,
    escalates: Notice | None = None,
) -> Written:
    """Draft the letters of one track: for each place to the first step at which somebody takes notices.

    `asked` says which operators were asked about a place on a ground before; those are passed by. Asks the network;
    never call it in a transaction. Raises `NotAllowed` without consent or mandate.
    """
    written = Written()
    found: dict[tuple[Step, AbuseContact], list[InfringingUrl]] = {}
    for url in urls:
        for chosen in _who_takes_notices(case, steps, url, asked, written.reasons):
            found.setdefault(chosen, []).append(url)
    _record_contacts(case, found, written.reasons)
    for (step, contact), places in found.items():
        written.notices.append(
            notices.draft(case, step.ground, contact, places, addressee=step.addressee.value, escalates=escalates)
        )
    return written


def _who_takes_notices(
    case: Case, steps: Sequence[Step], url: InfringingUrl, asked: Asked, reasons: list[str]
) -> list[tuple[Step, AbuseContact]]:
    """The first step for one place that has somebody, and who that is. Only where nobody is do `reasons` say why."""
    why_not: list[str] = []
    for step in steps:
        chosen = []
        for search in _searches(step, url):
            if search.contact is None:
                why_not.append(search.reason)
                continue
            operator = search.contact.operator
            reason = _PASSED_BY.get(Operator.Stance(operator.stance), "") or _contradiction(case, step, operator)
            if reason:
                why_not.append(reason)
            elif not asked(url, operator, step.ground):
                chosen.append((step, search.contact))
        if chosen:
            return chosen
    reasons += [reason for reason in why_not if reason not in reasons]
    return []


def _searches(step: Step, url: InfringingUrl) -> Iterator[contacts.Search]:
    """Who can act at a step: one operator, but every search engine."""
    besides: set[UUID] = set()
    for _ in range(_MOST_ENGINES if step.addressee == Addressee.SEARCH else 1):
        search = contacts.find(step.addressee, url, step.ground, besides=besides)
        if search.contact is not None:
            besides.add(search.contact.operator_id)
        elif besides:
            return
        yield search
        if search.contact is None:
            return


def _contradiction(case: Case, step: Step, operator: Operator) -> str:
    """Why this ground may not go to an operator that has another letter of ours about this case, or nothing."""
    told = case.notices.filter(operator=operator).exclude(state__in=_NEVER_ARRIVED).exclude(ground=step.ground)
    reasons = (grounds.conflicts(ground, step.ground) for ground in told.values_list("ground", flat=True))
    return next((reason for reason in reasons if reason), "")


def _record_contacts(case: Case, found: Mapping[tuple[Step, AbuseContact], object], reasons: Iterable[str]) -> None:
    with transaction.atomic():
        for step, contact in found:
            events.record(
                case,
                "contact.found",
                addressee=ADDRESSEES[step.addressee],
                operator=contact.operator.name,
                source=contact.source,
                contact=str(contact.pk),
            )
        for reason in reasons:
            events.record(case, "contact.missing", reason=reason)


ADDRESSEES = {
    Addressee.OWNER: "site's owner",
    Addressee.PLATFORM: "platform",
    Addressee.HOST: "picture's host",
    Addressee.PAGE_HOST: "page's host",
    Addressee.CDN: "network in front",
    Addressee.UPSTREAM: "network above",
    Addressee.REGISTRAR: "registrar",
    Addressee.SEARCH: "search engine",
    Addressee.ADS: "advertising or payment service",
}


# --- Evidence ----------------------------------------------------------------------------------------------


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
