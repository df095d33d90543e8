"""How well removals work: every rate with what it is a rate of.

A removal counts only where two checks agreed that the picture is gone. A notice counts from when it was sent; one that
came back or was retracted was never dealt with by anybody and is left out, and said so.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import TruncWeek
from django.utils import timezone

from takedowns import casefile
from takedowns.grounds import Addressee
from takedowns.models import Case, CaseEvent, Communication, Notice, Operator
from takedowns.preparing import ADDRESSEES
from takedowns.states import CaseState, NoticeState, Outcome

# What was sent and could be acted on.
COUNTED = (
    NoticeState.SENT,
    NoticeState.ACKNOWLEDGED,
    NoticeState.INFO_REQUESTED,
    NoticeState.COMPLIED,
    NoticeState.PARTLY_COMPLIED,
    NoticeState.REFUSED,
    NoticeState.CONTESTED,
)
# Answers that a person gave, or that say something; a machine's "we got it" is none.
_ANSWERS = (
    Communication.Kind.REPLY,
    Communication.Kind.COMPLIED,
    Communication.Kind.REFUSED,
    Communication.Kind.QUESTION,
    Communication.Kind.COUNTER_NOTICE,
)
RELAPSE_DAYS = (30, 90)
_MOST_OPERATORS = 50
# A search engine takes a page out of its results; the picture stays where it is. That is counted apart.
_SEARCH = Addressee.SEARCH.value


@dataclass(frozen=True, slots=True)
class Rate:
    """A share, always with what it is a share of."""

    part: int
    whole: int

    @property
    def percent(self) -> int | None:
        return round(100 * self.part / self.whole) if self.whole else None

    def __str__(self) -> str:
        return f"{self.part} of {self.whole}"


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took, in hours; None where it never happened."""

    median: float | None
    p90: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table: what became of the notices that have something in common."""

    key: str
    label: str
    removed: Rate
    answered: Rate
    refused: Rate
    until_removed: Times


@dataclass(frozen=True, slots=True)
class Overview:
    """The figures of a period."""

    cases_ended: Rate
    until_removed: Times
    left_out: int
    delisted: Rate
    relapsed: tuple[tuple[int, Rate], ...]
    by_ground: list[Line]
    by_rung: list[Line]
    by_operator: list[Line]
    by_week: list[tuple[str, Rate]]


class _Tally(NamedTuple):
    """How many notices have all of this in common."""

    ground: str
    addressee: str
    operator_id: UUID
    state: str
    whole: int
    answered: int


class _Removed(NamedTuple):
    """A notice that was complied with, and how many hours that took."""

    ground: str
    addressee: str
    operator_id: UUID
    hours: float


def overview(since: datetime, until: datetime) -> Overview:
    """The figures of the notices that were sent, and of the cases that ended, from `since` until before `until`."""
    sent = Notice.objects.filter(sent_at__gte=since, sent_at__lt=until)
    counted = sent.filter(state__in=COUNTED)
    providers, engines = counted.exclude(addressee=_SEARCH), counted.filter(addressee=_SEARCH)
    ended, durations = _ended(since, until)
    removed, tallies = _removed(providers), _tallies(providers)
    return Overview(
        cases_ended=ended,
        until_removed=times(durations),
        left_out=sent.filter(state__in=(NoticeState.BOUNCED, NoticeState.RETRACTED)).count(),
        delisted=Rate(engines.filter(state=NoticeState.COMPLIED).count(), engines.count()),
        relapsed=tuple((days, relapsed(days, since, until)) for days in RELAPSE_DAYS),
        by_ground=_lines(tallies, "ground", casefile.ground_in_short, removed),
        by_rung=_lines(tallies, "addressee", lambda key: _ADDRESSEE_NAMES.get(key, key), removed),
        by_operator=_lines(tallies, "operator_id", _operator_names(providers), removed)[:_MOST_OPERATORS],
        by_week=_by_week(providers),
    )


def of_operators(operators: Iterable[UUID], *, with_times: bool = False) -> dict[UUID, Line]:
    """The figures of some operators over all time, by id; one that was never written to is not in it."""
    counted = Notice.objects.filter(state__in=COUNTED, operator__in=list(operators)).exclude(addressee=_SEARCH)
    lines = _lines(_tallies(counted), "operator_id", _operator_names(counted), _removed(counted) if with_times else [])
    return {UUID(line.key): line for line in lines}


def relapsed(days: int, since: datetime, until: datetime) -> Rate:
    """Of the cases removed in the period at least so many days ago: how many came back within as many days."""
    span = timedelta(days=days)
    removed = Case.objects.filter(
        state=CaseState.CLOSED,
        outcome=Outcome.REMOVED,
        closed_at__gte=since,
        closed_at__lt=min(until, timezone.now() - span),
    )
    pairs = removed.annotate(back=Min("relapses__created_at")).values_list("closed_at", "back")
    rows = [(closed, back) for closed, back in pairs if closed is not None]
    return Rate(sum(back is not None and back - closed <= span for closed, back in rows), len(rows))


def times(hours: Sequence[float]) -> Times:
    """The median and the 90th percentile (inclusive method, linear between ranks)."""
    if not hours:
        return Times(None, None, 0)
    if len(hours) == 1:
        return Times(hours[0], hours[0], 1)
    cuts = quantiles(hours, n=10, method="inclusive")
    return Times(cuts[4], cuts[8], len(hours))


def in_words(hours: float | None) -> str:
    """`5 hours`, `3.2 days`."""
    if hours is None:
        return "none yet"
    return casefile.counted(round(hours), "hour") if hours < 48 else f"{hours / 24:.1f} days"


_ADDRESSEE_NAMES = {addressee.value: name[0].upper() + name[1:] for addressee, name in ADDRESSEES.items()}


def _removed(found: QuerySet[Notice]) -> list[_Removed]:
    """How long each notice took until the second check agreed for the last of its places."""
    events = CaseEvent.objects.filter(kind="notice.complied", case__in=found.order_by().values("case"))
    done_at = {UUID(data["notice"]): at for data, at in events.order_by("id").values_list("data", "at")}
    rows = found.filter(state=NoticeState.COMPLIED).order_by()
    return [
        _Removed(ground, addressee, operator, _hours(done_at[pk] - sent_at))
        for pk, ground, addressee, operator, sent_at in rows.values_list(
            "pk", "ground", "addressee", "operator_id", "sent_at"
        )
        if pk in done_at and sent_at is not None
    ]


def _tallies(found: QuerySet[Notice]) -> list[_Tally]:
    """How many notices there are of each ground, addressee, operator and state, and how many of them were answered."""
    fields = ("ground", "addressee", "operator_id", "state")
    counts = found.order_by().values_list(*fields).annotate(Count("pk"))
    answers = Communication.objects.filter(
        direction=Communication.Direction.IN, kind__in=_ANSWERS, notice__in=found.order_by().values("pk")
    )
    told = answers.order_by().values_list(*(f"notice__{field}" for field in fields))
    answered = {tuple(key): count for *key, count in told.annotate(Count("notice", distinct=True))}
    return [
        _Tally(ground, addressee, operator, state, whole, answered.get((ground, addressee, operator, state), 0))
        for ground, addressee, operator, state, whole in counts
    ]


def _lines(
    tallies: Iterable[_Tally], group: str, name: Callable[[str], str], removed: Iterable[_Removed]
) -> list[Line]:
    """One line for each value of a field, the largest first."""
    grouped: dict[object, list[_Tally]] = defaultdict(list)
    for tally in tallies:
        grouped[getattr(tally, group)].append(tally)
    hours: dict[object, list[float]] = defaultdict(list)
    for one in removed:
        hours[getattr(one, group)].append(one.hours)
    lines = [_line(str(key), name(str(key)), members, hours[key]) for key, members in grouped.items()]
    return sorted(lines, key=lambda line: (-line.removed.whole, line.label))


def _line(key: str, label: str, members: Iterable[_Tally], hours: Sequence[float]) -> Line:
    states: Counter[str] = Counter()
    answered = 0
    for tally in members:
        states[tally.state] += tally.whole
        answered += tally.answered
    whole = states.total()
    return Line(
        key=key,
        label=label,
        removed=Rate(states[NoticeState.COMPLIED], whole),
        answered=Rate(answered, whole),
        refused=Rate(states[NoticeState.REFUSED], whole),
        until_removed=times(hours),
    )


def _operator_names(found: QuerySet[Notice]) -> Callable[[str], str]:
    known = Operator.objects.filter(pk__in=found.order_by().values("operator")).values_list("pk", "name")
    names = {str(pk): name for pk, name in known}
    return lambda key: names.get(key, key)


def _by_week(found: QuerySet[Notice]) -> list[tuple[str, Rate]]:
    """By the Monday (UTC) of the week in which they were sent, oldest first."""
    weeks = found.order_by().annotate(week=TruncWeek("sent_at", tzinfo=UTC)).values("week")
    rows = weeks.annotate(whole=Count("pk"), gone=Count("pk", filter=Q(state=NoticeState.COMPLIED))).order_by("week")
    return [(row["week"].date().isoformat(), Rate(row["gone"], row["whole"])) for row in rows]


def _ended(since: datetime, until: datetime) -> tuple[Rate, list[float]]:
    """How many of the cases that ended after a letter ended with a removal, and how long those took from opening."""
    ended = Case.objects.filter(state=CaseState.CLOSED, closed_at__gte=since, closed_at__lt=until)
    after_letters = ended.annotate(sent=Count("notices", filter=Q(notices__sent_at__isnull=False))).filter(sent__gt=0)
    rows = list(after_letters.values_list("outcome", "created_at", "closed_at"))
    removed = [
        _hours(closed - opened) for outcome, opened, closed in rows if outcome == Outcome.REMOVED and closed is not None
    ]
    return Rate(len(removed), len(rows)), removed


def _hours(span: timedelta) -> float:
    return span.total_seconds() / 3600
