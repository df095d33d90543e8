"""The transparency report: every half-year in counts, with the small ones left out.

A finished half is published once and never changed, so that nobody can learn of one person by comparing two readings.
Nothing is added up over rows: a total would give away what was left out.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone

from accounts import audit
from accounts.models import AuditEvent, DataRequest, Incident, LegalRequest, PublishedReport, Role, User
from accounts.policies import usage
from accounts.states import LegalRequestState
from search.calibration import Band
from search.models import AgeStop, CrawlVolume, Match
from search.states import AgeStopState, MatchState
from takedowns.grounds import GROUNDS
from takedowns.models import Case, CounterNotice, FollowUp, InfringingUrl, Notice, Operator
from takedowns.states import NoticeState, Outcome, UrlState

SMALLEST = 5
"""Counts below it, other than none at all, are given as "fewer than 5"."""
_FEWEST_FOR_A_RATE = 20
_FIRST_ANSWER = timedelta(hours=48)

Span = tuple[datetime, datetime]
Counts = dict[str, int]


@dataclass(frozen=True)
class Half:
    """A half-year of the calendar, in UTC."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> "Half":
        return cls(day.year, 1 if day.month <= 6 else 2)

    @property
    def name(self) -> str:
        return f"{self.year}-H{self.number}"

    @property
    def words(self) -> str:
        return f"{'January to June' if self.number == 1 else 'July to December'} {self.year}"

    @property
    def span(self) -> Span:
        """From its first moment until before the first of the next."""
        return _first_day(self.year, self.number), _first_day(*self.following)

    @property
    def following(self) -> tuple[int, int]:
        return (self.year, 2) if self.number == 1 else (self.year + 1, 1)


@dataclass(frozen=True)
class Row:
    """One number of the report; a string where it is too small to be given."""

    label: str
    value: int | str


@dataclass(frozen=True)
class Section:
    """Some numbers that belong together, and what exactly they count."""

    title: str
    definition: str
    rows: list[Row]


def _first_day(year: int, number: int) -> datetime:
    return datetime(year, 1 if number == 1 else 7, 1, tzinfo=UTC)


def publish_due() -> list[PublishedReport]:
    """Publish every finished half since the first account that is not published yet; those that are new."""
    first = User.objects.order_by("date_joined").values_list("date_joined", flat=True).first()
    if first is None:
        return []
    half, now, new = Half.of(first.date()), timezone.now(), []
    while half.span[1] <= now:
        row, created = PublishedReport.objects.get_or_create(period=half.name, defaults={"body": report(half)})
        if created:
            audit.record("report.published", row, period=half.name)
            new.append(row)
        half = Half(*half.following)
    return new


def report(half: Half) -> dict[str, Any]:
    """The report of a half-year as JSON."""
    return {
        "period": half.name,
        "title": half.words,
        "smallest_count": SMALLEST,
        "sections": [asdict(part(half.span)) for part in _PARTS],
    }


def suppressed(counts: Counts) -> list[Row]:
    """Rows without the counts that are so small that they could tell of somebody. None at all tells of nobody."""
    return [Row(label, f"fewer than {SMALLEST}" if 0 < count < SMALLEST else count) for label, count in counts.items()]


def rate(part: int, whole: int) -> int | str:
    """Per cent, or that there are too few for one."""
    return f"{round(100 * part / whole)} % of {whole}" if whole >= _FEWEST_FOR_A_RATE else "too few to say"


def _enrolments(span: Span) -> Section:
    counts = {
        "Enrolments that became active": _events(span, "enrolment.active"),
        "Refused by a member of staff": _events(span, "enrolment.refused"),
        "Withdrawn by the person": _events(span, "enrolment.withdrawn"),
        "Live checks passed": _events(span, "live.passed"),
        "Live checks failed": _events(span, "live.failed"),
    }
    stops = AgeStop.objects.filter(_in("created_at", span))
    counts["Stopped because they looked younger than 18"] = stops.count()
    counts["of these, allowed by a person"] = stops.filter(state=AgeStopState.ALLOWED).count()
    definition = "Live checks include those that somebody passes again later, and those for an opt-out."
    return Section("People who enrolled", definition, suppressed(counts))


def _opt_outs(span: Span) -> Section:
    counts = {
        "Came into effect": _events(span, "opt_out.active"),
        "Refused": _events(span, "opt_out.refused"),
        "Withdrawn by the person": _events(span, "opt_out.withdrawn"),
    }
    return Section("Opt-outs", "Free, without an account. Each is one face.", suppressed(counts))


def _crawling(span: Span) -> Section:
    days = CrawlVolume.objects.filter(day__gte=span[0].date(), day__lt=span[1].date())
    totals = days.aggregate(faces=Sum("faces"), minors=Sum("minors"))
    counts = {
        "Faces compared": totals["faces"] or 0,
        "Faces dropped before, as they looked like a minor's": totals["minors"] or 0,
    }
    return Section("What the crawler met", "Faces in public pictures on the sites we visit.", suppressed(counts))


def _alerts(span: Span) -> Section:
    answered = Match.objects.filter(_in("decided_at", span)).exclude(state=MatchState.CANDIDATE)
    rows = [
        Row(
            f"“Not me”, of those we had called {band.value}",
            rate(_not_me(answered.filter(band=band)), answered.filter(band=band).count()),
        )
        for band in Band
    ]
    definition = "Of the pictures that people answered, how many showed somebody else: our rate of false alerts."
    return Section("Pictures that were of somebody else", definition, rows)


def _not_me(answered: QuerySet[Match]) -> int:
    return answered.filter(state=MatchState.DISMISSED).count()


def _notices(span: Span) -> Section:
    sent = Notice.objects.filter(_in("sent_at", span))
    by_ground = dict(sent.order_by().values_list("ground").annotate(Count("pk")))
    counts = {f"Ground: {ground.name}": by_ground.get(code, 0) for code, ground in GROUNDS.items()}
    for kind, label in Operator.Kind.choices:
        counts[f"To the {label.lower()}"] = sent.filter(operator__kind=kind).count()
    for state in (NoticeState.COMPLIED, NoticeState.REFUSED):
        counts[f"Answered: {state.label.lower()}"] = sent.filter(state=state).count()
    counts["Mail came back"] = sent.filter(state=NoticeState.BOUNCED).count()
    counts["Taken back by us as a mistake"] = sent.filter(state=NoticeState.RETRACTED).count()
    disputed = CounterNotice.objects.filter(_in("received_at", span))
    counts["Counter-notices received"] = disputed.count()
    counts["Reminders and other further letters"] = FollowUp.objects.filter(_in("sent_at", span)).count()
    definition = (
        "Letters sent in the half-year. Each is counted by its ground, and once more by who got it. Counter-notices "
        "and further letters are those of the half-year, whenever the first letter was sent."
    )
    return Section("Notices", definition, suppressed(counts))


def _removals(span: Span) -> Section:
    places = InfringingUrl.objects.filter(_in("case__created_at", span), notices__sent_at__isnull=False).distinct()
    gone = places.filter(state=UrlState.REMOVED).count()
    rows = [Row("Places verified as gone", rate(gone, places.count()))]
    back = places.filter(state=UrlState.RELAPSED).count()
    rows.append(Row("Places where the picture came back", rate(back, gone + back)))
    closed = Case.objects.filter(_in("created_at", span)).exclude(outcome=Outcome.NONE)
    by_outcome = dict(closed.order_by().values_list("outcome").annotate(Count("pk")))
    labels = {outcome.label: by_outcome.get(outcome.value, 0) for outcome in Outcome if outcome.value}
    definition = (
        "Of the places in cases opened in the half-year about which a letter was sent. Gone means that two checks at "
        "least a day apart agreed, and that it was not back when this was counted."
    )
    cases = suppressed({f"Cases that ended: {label.lower()}": count for label, count in labels.items()})
    return Section("Removals", definition, rows + cases)


def _requests(span: Span) -> Section:
    asked = DataRequest.objects.filter(_in("received_at", span))
    by_kind = dict(asked.order_by().values_list("kind").annotate(Count("pk")))
    rows = suppressed({kind.label: by_kind.get(kind.value, 0) for kind in DataRequest.Kind})
    prompt = asked.filter(answered_at__lte=F("received_at") + _FIRST_ANSWER).count()
    closed = asked.exclude(closed_at=None)
    rows.append(Row("First answered within 48 hours", rate(prompt, asked.count())))
    in_time = closed.filter(closed_at__lte=F("due_at")).count()
    rows.append(Row("Closed before the legal deadline", rate(in_time, closed.count())))
    return Section("What people asked of us", "By form and by e-mail, with and without an account.", rows)


def _legal_requests(span: Span) -> Section:
    rows = LegalRequest.objects.filter(_in("received_at", span))
    counts = {"Received": rows.count()}
    counts |= {state.label: rows.filter(state=state).count() for state in LegalRequestState}
    counts["The person was told"] = rows.exclude(person_told_at=None).count()
    counts["We are forbidden to tell the person"] = rows.filter(person_told_at=None, gag_until__isnull=False).count()
    definition = "Demands of courts and authorities for somebody's data. Two people look at each one."
    return Section("Legal requests", definition, suppressed(counts))


def _incidents(span: Span) -> Section:
    rows = Incident.objects.filter(_in("aware_at", span))
    in_time = rows.filter(authority_told_at__lte=F("authority_due_at")).count()
    counts = {"Recorded": rows.count(), "Told to the authority within 72 hours": in_time}
    return Section("Incidents", "What went wrong with people's data (Art. 33 GDPR).", suppressed(counts))


def _looks(span: Span) -> Section:
    staff = User.objects.exclude(role=Role.SUBSCRIBER).values("pk")
    seen = AuditEvent.objects.filter(_in("at", span), actor__in=staff, about__isnull=False)
    by_action = seen.order_by().values_list("action").annotate(Count("pk")).order_by("action")
    definition = "Recorded steps of staff that concern a person. Staff never see anybody's own photos."
    return Section("What staff looked at or did", definition, suppressed(dict(by_action)))


def _visits(span: Span) -> Section:
    counts = usage.totals(span[0].date(), span[1].date())
    definition = "How often pages were opened. Nobody is told from anybody; those who ask not to be counted are not."
    return Section("Visits", definition, suppressed(counts))


_PARTS: Iterable[Callable[[Span], Section]] = (
    _enrolments,
    _opt_outs,
    _crawling,
    _alerts,
    _notices,
    _removals,
    _requests,
    _legal_requests,
    _incidents,
    _looks,
    _visits,
)


def _events(span: Span, action: str) -> int:
    """How often the audit trail says so: it outlives the people it is about."""
    return AuditEvent.objects.filter(_in("at", span), action=action).count()


def _in(field: str, span: Span) -> Q:
    return Q(**{f"{field}__gte": span[0], f"{field}__lt": span[1]})
