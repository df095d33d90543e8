"""When an answer is due, and when we look again: clocks as data. Pure; instants are aware datetimes.

A clock of law is marked so; the others are house rules for laws that name no number ("expeditiously").
They are not legal advice.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

REVIEWED_ON = date(2026, 11, 22)


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: hours count exactly, months by the calendar."""

    hours: int = 0
    months: int = 0

    def after(self, start: datetime) -> datetime:
        """`start` plus this span; a month from the 31st ends with the next month."""
        return _add_months(start, self.months) + timedelta(hours=self.hours)


@dataclass(frozen=True, slots=True)
class Clock:
    """How long an operator has. `remind` and `escalate` count from sending, too."""

    answer: Span
    remind: Span
    escalate: Span
    by_law: bool
    basis: str
    # Regulation (EEC, Euratom) 1182/71, Article 3(4): a period that ends on a free day ends on the next
    # working day.
    ends_on_working_day: bool = False


_TWO_DAYS = Span(hours=48)
_THREE_DAYS = Span(hours=72)
_WEEK = Span(hours=7 * 24)
_DAY = Span(hours=24)

CLOCKS: dict[str, Clock] = {
    "take_it_down": Clock(
        _TWO_DAYS, _TWO_DAYS, Span(hours=50), True, "47 U.S.C. 223a(a)(3): within 48 hours of a valid request"
    ),
    "dmca_512c": Clock(
        _THREE_DAYS, _THREE_DAYS, _WEEK, False, '17 U.S.C. 512(c)(1)(C) says "expeditiously"; house rule'
    ),
    "dsa_16": Clock(
        _THREE_DAYS,
        _THREE_DAYS,
        _WEEK,
        False,
        'Regulation (EU) 2022/2065, Art. 16(6) says "timely"; house rule',
    ),
    "gdpr_erasure": Clock(
        Span(months=1), Span(hours=21 * 24), Span(months=1), True, "Article 12(3) GDPR: one month", True
    ),
    "host_policy": Clock(_THREE_DAYS, _THREE_DAYS, _WEEK, False, "House rule"),
}
_INTIMATE = Clock(_DAY, _DAY, _TWO_DAYS, False, "House rule for intimate pictures")


def clock(ground: str, *, intimate: bool = False) -> Clock:
    """The clock of a ground; an intimate picture shortens those that are house rules."""
    own = CLOCKS[ground]
    return _INTIMATE if intimate and not own.by_law else own


def due_at(ground: str, sent_at: datetime, *, intimate: bool = False, holidays: Iterable[date] = ()) -> datetime:
    """When an answer to a notice sent at `sent_at` is due. `holidays` are the operator's public holidays."""
    chosen = clock(ground, intimate=intimate)
    due = chosen.answer.after(sent_at)
    if chosen.ends_on_working_day and not is_working_day(due.date(), holidays):
        # The period then runs to the end of that working day.
        return datetime.combine(next_working_day(due.date(), holidays), time(23, 59, 59), due.tzinfo)
    return due


def is_working_day(day: date, holidays: Iterable[date] = ()) -> bool:
    return day.weekday() < 5 and day not in set(holidays)


def next_working_day(day: date, holidays: Iterable[date] = ()) -> date:
    """`day` itself, or the first working day after it."""
    free = set(holidays)
    while not is_working_day(day, free):
        day += timedelta(days=1)
    return day


# Days after sending on which we look whether a picture is gone; after the last one, every such many days.
RECHECK_DAYS = (1, 3, 7, 14, 30)
# Days between looks at a place that was removed: weekly for 90 days, then monthly up to a year.
WATCH = ((90, 7), (365, 30))


def next_check(sent_at: datetime, now: datetime, day: timedelta) -> datetime:
    """The next look at a picture that is still there. `day` is the unit of the schedule."""
    for number in RECHECK_DAYS:
        if sent_at + number * day > now:
            return sent_at + number * day
    return now + RECHECK_DAYS[-1] * day


def next_watch(removed_at: datetime, now: datetime, day: timedelta) -> datetime | None:
    """The next look at a place that was removed, or None when the watch is over."""
    for until, every in WATCH:
        if now < removed_at + until * day:
            return now + every * day
    return None


def _add_months(start: datetime, months: int) -> datetime:
    if not months:
        return start
    index = start.month - 1 + months
    year, month = start.year + index // 12, index % 12 + 1
    first_of_next = date(year + month // 12, month % 12 + 1, 1)
    last_day = (first_of_next - timedelta(days=1)).day
    return start.replace(year=year, month=month, day=min(start.day, last_day))
