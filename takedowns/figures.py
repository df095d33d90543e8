"""How well removals work: every rate with what it is a rate of.

A removal counts only where two checks agreed that the picture is gone. A notice counts from when it was sent; one that
came back or was retracted was never dealt with by anybody and is left out, and said so.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import quantiles
from typing import NamedTuple
from uuid import UUID

from django.core.cache import cache
from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from takedowns import casefile
from takedowns.grounds import Addressee
from takedowns.models import Case, CaseEvent, Communication, Notice, Operator
from takedowns.preparing import ADDRESSEES
from takedowns.states import ARRIVED, CaseState, NoticeState, Outcome

# Answers that a person gave, or that say something; a machine's "we got it" is none.
_ANSWERS = (
    Communication.Kind.REPLY,
    Communication.Kind.COMPLIED,
    Communication.Kind.REFUSED,
    Communication.Kind.QUESTION,
    Communication.Kind.COUNTER_NOTICE,
)
RELAPSE_DAYS = (30, 90)
# Seconds. A task counts them anew every few minutes, before that.
_KEPT = 15 * 60
_MOST_OPERATORS = 50
# A search engine takes a page out of its results; the picture stays where it is. That is counted apart.
_SEARCH = Addressee.SEARCH.value


@dataclass(frozen=True)
class Period:
    """A span that ends now."""

    key: str
    label: str
    days: int


PERIODS = (
    Period("90", "Last 90 days", 90),
    Period("30", "Last 30 days", 30),
    Period("365", "Last 12 months", 365),
    Period("all", "All time", 365 * 50),
)


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


@dataclass(frozen=True, slots=True)
class Recent:
    """The figures of a period as they were counted at `at`."""

    overview: Overview
    at: datetime


class _Sent(NamedTuple):
    """A notice that counts. Read once, and counted in as many ways as the page shows."""

    pk: UUID
    ground: str
    addressee: str
    operator_id: UUID
    state: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class _Counted:
    """Notices, which of them were answered, and how many hours it took where one was complied with."""

    notices: list[_Sent]
    answered: frozenset[UUID]
    hours: dict[UUID, float]


def recent(period: Period) -> Recent:
    """At most a quarter of an hour old: with years of letters, counting takes longer than a page should."""
    found: Recent | None = cache.get(_place(period))
    return found or count(period)


def count(period: Period) -> Recent:
    """Count the figures now, for `recent` to give them out."""
    now = timezone.now()
    found = Recent(overview(now - timedelta(days=period.days), now), now)
    cache.set(_place(period), found, _KEPT)
    return found


def _place(period: Period) -> str:
    return f"figures:{period.key}"


def overview(since: datetime, until: datetime) -> Overview:
    """The figures of the notices that were sent, and of the cases that ended, from `since` until before `until`."""
    sent = Notice.objects.filter(sent_at__gte=since, sent_at__lt=until)
    engines = sent.filter(state__in=ARRIVED, addressee=_SEARCH)
    providers = _counted(sent)
    ended, durations = _ended(since, until)
    names = _operator_names({notice.operator_id for notice in providers.notices})
    return Overview(
        cases_ended=ended,
        until_removed=times(durations),
        left_out=sent.filter(state__in=(NoticeState.BOUNCED, NoticeState.RETRACTED)).count(),
        delisted=Rate(engines.filter(state=NoticeState.COMPLIED).count(), engines.count()),
        relapsed=tuple((days, relapsed(days, since, until)) for days in RELAPSE_DAYS),
        by_ground=_lines(providers, "ground", casefile.ground_in_short),
        by_rung=_lines(providers, "addressee", lambda key: _ADDRESSEE_NAMES.get(key, key)),
        by_operator=_lines(providers, "operator_id", names)[:_MOST_OPERATORS],
        by_week=_by_week(providers.notices),
    )


def of_operators(operators: Iterable[UUID]) -> dict[UUID, Line]:
    """The figures of some operators over all time, without times; one that was never written to is not in it."""
    found = _countable(Notice.objects.filter(operator__in=list(operators)))
    # Counted by the database: a page of operators has thousands of letters behind it.
    rows = found.values_list("operator_id", "operator__name", "state").annotate(Count("pk"))
    answered = dict(_answers(found).values_list("notice__operator_id").annotate(Count("notice", distinct=True)))
    states: dict[tuple[UUID, str], Counter[str]] = defaultdict(Counter)
    for operator, name, state, count in rows:
        states[operator, name][state] = count
    return {key: _line(str(key), name, counts, answered.get(key, 0), ()) for (key, name), counts in states.items()}


def of_operator(operator: Operator) -> Line | None:
    """The figures of one operator over all time, with its times; None where nobody wrote to it."""
    counted = _counted(Notice.objects.filter(operator=operator))
    return next(iter(_lines(counted, "operator_id", lambda _: operator.name)), None)


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


def _countable(found: QuerySet[Notice]) -> QuerySet[Notice]:
    """Of these notices those that count and went to somebody other than a search engine."""
    return found.filter(state__in=ARRIVED, sent_at__isnull=False).exclude(addressee=_SEARCH).order_by()


def _answers(found: QuerySet[Notice]) -> QuerySet[Communication]:
    came_in = Communication.objects.filter(direction=Communication.Direction.IN, kind__in=_ANSWERS)
    return came_in.filter(notice__in=found.values("pk")).order_by()


def _counted(sent: QuerySet[Notice]) -> _Counted:
    found = _countable(sent)
    notices = [_Sent(*row) for row in found.values_list(*_Sent._fields)]
    answered = frozenset(_answers(found).values_list("notice_id", flat=True).distinct())
    return _Counted(notices, answered, _until_removed(found, notices))


def _until_removed(found: QuerySet[Notice], notices: Iterable[_Sent]) -> dict[UUID, float]:
    """The hours from sending a notice until the second check agreed for the last of its places."""
    complied = {str(notice.pk): notice for notice in notices if notice.state == NoticeState.COMPLIED}
    cases = found.filter(state=NoticeState.COMPLIED).values("case")
    events = CaseEvent.objects.filter(kind="notice.complied", case__in=cases).order_by("id")
    rows = ((complied.get(data["notice"]), at) for data, at in events.values_list("data", "at"))
    return {notice.pk: _hours(at - notice.sent_at) for notice, at in rows if notice}


def _lines(counted: _Counted, group: str, name: Callable[[str], str]) -> list[Line]:
    """One line for each value of a field, the largest first."""
    grouped: dict[object, list[_Sent]] = defaultdict(list)
    for notice in counted.notices:
        grouped[getattr(notice, group)].append(notice)
    lines = [_line_of(str(key), name(str(key)), members, counted) for key, members in grouped.items()]
    return sorted(lines, key=lambda line: (-line.removed.whole, line.label))


def _line_of(key: str, label: str, members: Sequence[_Sent], counted: _Counted) -> Line:
    states = Counter(notice.state for notice in members)
    answered = sum(notice.pk in counted.answered for notice in members)
    return _line(key, label, states, answered, [counted.hours[one.pk] for one in members if one.pk in counted.hours])


def _line(key: str, label: str, states: Counter[str], answered: int, hours: Sequence[float]) -> Line:
    whole = states.total()
    return Line(
        key=key,
        label=label,
        removed=Rate(states[NoticeState.COMPLIED], whole),
        answered=Rate(answered, whole),
        refused=Rate(states[NoticeState.REFUSED], whole),
        until_removed=times(hours),
    )


def _operator_names(operators: Iterable[UUID]) -> Callable[[str], str]:
    names = {str(pk): name for pk, name in Operator.objects.filter(pk__in=set(operators)).values_list("pk", "name")}
    return lambda key: names.get(key, key)


def _by_week(notices: Iterable[_Sent]) -> list[tuple[str, Rate]]:
    """By the Monday (UTC) of the week in which they were sent, oldest first."""
    sent: Counter[date] = Counter()
    gone: Counter[date] = Counter()
    for notice in notices:
        day = notice.sent_at.astimezone(UTC).date()
        monday = day - timedelta(days=day.weekday())
        sent[monday] += 1
        gone[monday] += notice.state == NoticeState.COMPLIED
    return [(monday.isoformat(), Rate(gone[monday], whole)) for monday, whole in sorted(sent.items())]


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
