"""The dashboard's facts: where a person stands, whose move it is, and what happened lately."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max
from django.db.models.functions import TruncDate

from accounts import consent
from accounts.billing import plans
from accounts.billing.plans import Feature
from accounts.models import User
from crawler.models import CrawlRun, Source
from crawler.states import RunState, SourceState
from search import enrolment, filters, recapture, review
from search.enrolment import Stage
from search.models import Enrolment, Match
from search.states import Decision
from takedowns import casefile
from takedowns import events as case_events
from takedowns.casefile import Standing
from takedowns.models import Case, CaseEvent, InfringingUrl
from takedowns.states import CaseState, UrlState
from takedowns.story import NextStep, next_step

_EVENTS = 8
# So many pictures stand there one by one.
_WANTED = 10


@dataclass(frozen=True)
class Event:
    """One line of the timeline."""

    at: datetime
    title: str
    text: str = ""
    tone: str = "plain"


@dataclass(frozen=True)
class CaseRow:
    """An open case, and whose move it is."""

    case: Case
    standing: Standing
    next: NextStep


@dataclass(frozen=True)
class Overview:
    """What the dashboard shows."""

    enrolment: Enrolment | None
    last: Enrolment | None
    paused: bool
    recapture: bool
    to_look_at: int
    # How many pictures they want gone that have no case yet, and the first of them.
    to_answer: int
    wanted: list[Match]
    # What they want gone, where their plan has no removals.
    by_yourself: list[Match]
    # Whether their plan goes on looking, and whether it has looked.
    watched: bool
    looked: bool
    open_cases: list[CaseRow]
    removed: int
    asked: int
    sources: int
    last_crawl: datetime | None
    events: list[Event]
    # What an open enrolment waits for.
    stage: Stage | None = None

    @property
    def waiting(self) -> bool:
        """Enrolled, but a member of staff has still to confirm the person."""
        return self.stage == Stage.STAFF

    @property
    def unfinished(self) -> bool:
        """On the way to an enrolment, and the next step is the person's."""
        return self.stage in {Stage.LIVE_CHECK, Stage.PHOTOS} and not self.recapture

    @property
    def busy(self) -> bool:
        """Whether something else is the next thing for the person to do."""
        return bool(self.to_look_at or self.to_answer or self.yours)

    @property
    def yours(self) -> int:
        """How many open cases wait for the person."""
        return sum(row.case.state == CaseState.AWAITING_SUBJECT for row in self.open_cases)

    @property
    def asked_words(self) -> str:
        """The denominator of `removed`."""
        return f"of {self.asked}"

    @property
    def nothing_yet(self) -> bool:
        return not (self.to_look_at or self.to_answer or self.open_cases or self.asked)


def of(user: User) -> Overview:
    """Everything at once, in a handful of queries."""
    urls = InfringingUrl.objects.filter(case__subject__user=user)
    # What others reported is theirs to know.
    crawls = CrawlRun.objects.filter(state=RunState.FINISHED).exclude(source__kind=Source.Kind.PAGE)
    current = enrolment.current(user)
    wanted = review.of(user).filter(decision=Decision.ACT, cases=None).order_by("-created_at", "id")
    first_wanted = list(wanted.defer("sealed_preview")[:_WANTED])
    removals = plans.allows(user, Feature.TAKEDOWNS)
    return Overview(
        enrolment=current,
        last=Enrolment.objects.filter(subject__user=user).order_by("-created_at").first(),
        paused=not consent.given(user) >= consent.REQUIRED,
        recapture=recapture.needed(current),
        to_look_at=filters.to_look_at(user),
        to_answer=wanted.count() if removals else 0,
        wanted=first_wanted,
        by_yourself=[] if removals else first_wanted,
        watched=plans.allows(user, Feature.WATCH),
        looked=bool(current and current.subject.looked_at),
        open_cases=_open_cases(user),
        removed=urls.filter(state=UrlState.REMOVED).count(),
        asked=urls.count(),
        sources=Source.objects.filter(state=SourceState.ACTIVE).exclude(kind=Source.Kind.PAGE).count(),
        last_crawl=crawls.aggregate(last=Max("finished_at"))["last"],
        events=_events(user),
        stage=enrolment.stage(current) if current else None,
    )


def _open_cases(user: User) -> list[CaseRow]:
    """Those that wait for the person first, then the newest."""
    cases = Case.objects.filter(subject__user=user).exclude(state=CaseState.CLOSED).order_by("-created_at")
    rows = [CaseRow(case, casefile.for_subscriber(case), next_step(case)) for case in cases]
    return sorted(rows, key=lambda row: row.case.state != CaseState.AWAITING_SUBJECT)


def _events(user: User) -> list[Event]:
    events = [*_enrolment_events(user), *_match_events(user), *_case_events(user)]
    return sorted(events, key=lambda event: event.at, reverse=True)[:_EVENTS]


def _enrolment_events(user: User) -> list[Event]:
    events = []
    for row in Enrolment.objects.filter(subject__user=user):
        events.append(Event(row.created_at, "You agreed that we may look for your face"))
        if row.activated_at:
            events.append(Event(row.activated_at, "Your face is confirmed", "We began to look.", "good"))
    return events


def _match_events(user: User) -> list[Event]:
    days = review.visible_matches(user).order_by().annotate(day=TruncDate("created_at")).values("day")
    rows = days.annotate(count=Count("pk"), at=Max("created_at")).order_by("-day")[:_EVENTS]
    return [
        Event(row["at"], f"We found {row['count']} {'picture' if row['count'] == 1 else 'pictures'}") for row in rows
    ]


def _case_events(user: User) -> list[Event]:
    rows = CaseEvent.objects.filter(case__subject__user=user).select_related("case").order_by("-id")[: 4 * _EVENTS]
    told = ((row, case_events.sentence(row)) for row in rows)
    return [Event(row.at, f"Case {row.case.reference}", text) for row, text in told if text]
