"""When an answer is due, when we ask again or go on to the next, and when we look again: clocks as data. Pure.

Instants are aware datetimes; whatever zone they come in, they are counted and given back in UTC, which has no summer
time. A clock of law is marked so; the others are house rules for laws that name no number ("expeditiously"). They are
not legal advice.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

REVIEWED_ON = date(2026, 11, 22)


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: hours count exactly, months by the calendar, working days without the free ones."""

    hours: int = 0
    months: int = 0
    working_days: int = 0

    def after(self, start: datetime, holidays: Iterable[date] = ()) -> datetime:
        """`start` plus this span; a month from the 31st ends with the next month."""
        end = _add_months(start, self.months) + timedelta(hours=self.hours)
        if not self.working_days:
            return end
        day = add_working_days(end.date(), self.working_days, holidays)
        return datetime.combine(day, end.timetz())


@dataclass(frozen=True, slots=True)
class Clock:
    """How long an operator has. `remind` and `escalate` count from sending, too.

    `extension` is how long they may take by law where they say within the first time that they need more.
    """

    answer: Span
    remind: Span
    escalate: Span
    by_law: bool
    basis: str
    # Regulation (EEC, Euratom) 1182/71, Article 3(2)(c) and (4): a period in months ends with the last hour of its
    # last day; where that is a Saturday, a Sunday or a holiday, of the next working day. The UK counts alike.
    ends_on_working_day: bool = False
    extension: Span | None = None


_DAY = Span(hours=24)
_TWO_DAYS = Span(hours=48)
_THREE_DAYS = Span(hours=72)
_WEEK = Span(hours=7 * 24)
_TEN_DAYS = Span(hours=10 * 24)
_MONTH = Span(months=1)


def _usual(basis: str) -> Clock:
    """Three days for an answer, then a reminder, and after a week the next step."""
    return Clock(_THREE_DAYS, _THREE_DAYS, _WEEK, False, basis)


def _quick(basis: str) -> Clock:
    return Clock(_DAY, _DAY, _TWO_DAYS, False, basis)


def _owner(basis: str) -> Clock:
    return Clock(_WEEK, _WEEK, _TEN_DAYS, False, basis)


def _gdpr(basis: str) -> Clock:
    return Clock(_MONTH, Span(hours=21 * 24), _MONTH, True, basis, True, Span(months=3))


_EXPEDITIOUSLY = 'says "expeditiously"; house rule'
_ENGINES = "Each search engine's own rules name no time; house rule"
_PROFILES = "The platform's own rules name no time; house rule"

CLOCKS: dict[str, Clock] = {
    "take_it_down": Clock(
        _TWO_DAYS, _TWO_DAYS, Span(hours=50), True, "47 U.S.C. 223a(a)(3): within 48 hours of a valid request"
    ),
    # The Crime and Policing Act 2026 adds 48 hours (section 10(3A)); we have not read that these are in force.
    "uk_intimate": _quick('Online Safety Act 2023, section 10(3)(b) says "swiftly"; house rule'),
    "ncii_policy": _quick("The operator's own rules name no time; house rule"),
    "dmca_512c": _usual(f"17 U.S.C. 512(c)(1)(C) {_EXPEDITIOUSLY}"),
    "dmca_512d": _usual(f"17 U.S.C. 512(d)(3) {_EXPEDITIOUSLY}"),
    "dsa_16": _usual('Regulation (EU) 2022/2065, Art. 16(6) says "timely"; house rule'),
    "host_policy": _usual("House rule"),
    "impersonation": _usual(_PROFILES),
    "dating_profile": _usual(_PROFILES),
    "scam_profile": _usual(_PROFILES),
    "gdpr_erasure": _gdpr("Article 12(3) GDPR: one month, two more where it says why"),
    "image_right": _owner("The laws name no time; the letter sets one of seven days"),
    "publicity": _owner("The laws name no time; the letter sets one of seven days"),
    # The reminder is for a receipt that did not come (11 CCR 7021(a)).
    "ccpa_delete": Clock(
        Span(hours=45 * 24),
        Span(working_days=10),
        Span(hours=45 * 24),
        True,
        "California Civil Code 1798.130(a)(2): 45 days, 45 more where it says so",
        extension=Span(hours=90 * 24),
    ),
    "owner_request": _owner("House rule"),
    "cdn_forward": _usual("House rule"),
    "upstream": _usual("House rule"),
    "registrar": _usual('ICANN Registrar Accreditation Agreement, 3.18.1 says "promptly"; house rule'),
    "search_explicit": _usual(_ENGINES),
    "search_personal": _usual(_ENGINES),
    "search_outdated": _usual(_ENGINES),
    "eu_rtbf": _gdpr("Article 12(3) GDPR: one month, two more where it says why"),
    "ad_payment": _usual("House rule"),
}
_INTIMATE = _quick("House rule for intimate pictures")


def clock(ground: str, *, intimate: bool = False) -> Clock:
    """The clock of a ground; an intimate picture shortens those that are house rules."""
    own = CLOCKS[ground]
    return _INTIMATE if intimate and not own.by_law else own


def due_at(ground: str, sent_at: datetime, *, intimate: bool = False, holidays: Iterable[date] = ()) -> datetime:
    """When an answer to a notice sent at `sent_at` is due. `holidays` are the operator's public holidays."""
    chosen = clock(ground, intimate=intimate)
    return _end(chosen, chosen.answer, sent_at, holidays)


def remind_at(ground: str, sent_at: datetime, *, intimate: bool = False, holidays: Iterable[date] = ()) -> datetime:
    """When the same operator is asked again. It may be before an answer is due, and never after `escalate_at`."""
    chosen = clock(ground, intimate=intimate)
    return chosen.remind.after(_utc(sent_at), holidays)


def escalate_at(ground: str, sent_at: datetime, *, intimate: bool = False, holidays: Iterable[date] = ()) -> datetime:
    """When the next step of the ladder is taken; never before an answer is due."""
    chosen = clock(ground, intimate=intimate)
    return _end(chosen, chosen.escalate, sent_at, holidays)


def extended_until(ground: str, sent_at: datetime, *, holidays: Iterable[date] = ()) -> datetime | None:
    """Until when an operator may take by law if it says in time that it needs longer; None where no law allows it."""
    chosen = CLOCKS[ground]
    return _end(chosen, chosen.extension, sent_at, holidays) if chosen.extension else None


# --- Our turn and theirs -----------------------------------------------------------------------------------


def pause(due_at: datetime, now: datetime) -> timedelta:
    """What is left of a time that stands still because it is our turn; nothing if it is over already."""
    return max(_utc(due_at) - _utc(now), timedelta(0))


def resume(due_at: datetime | None, time_left: timedelta | None, now: datetime) -> datetime | None:
    """The new end of a time that runs again: what was left counts from now. What did not stand still is unchanged."""
    return due_at if time_left is None else _utc(now) + time_left


@dataclass(frozen=True, slots=True)
class Plan:
    """When an answer to a notice is due, and what happens where none comes."""

    due_at: datetime
    remind_at: datetime
    escalate_at: datetime


def plan(
    ground: str,
    sent_at: datetime,
    *,
    due_at: datetime | None = None,
    promised_until: datetime | None = None,
    intimate: bool = False,
    holidays: Iterable[date] = (),
) -> Plan:
    """The dates of one notice. `due_at` is its end as it stands now, which pauses have moved: the others move along.

    Nobody is asked again before a date by which they said that they would act.
    """
    free = frozenset(holidays)
    clock_of = clock(ground, intimate=intimate)
    first_due = _end(clock_of, clock_of.answer, sent_at, free)
    paused = max(_utc(due_at) - first_due, timedelta(0)) if due_at else timedelta(0)
    times = [
        first_due,
        remind_at(ground, sent_at, intimate=intimate, holidays=free),
        escalate_at(ground, sent_at, intimate=intimate, holidays=free),
    ]
    floor = _utc(promised_until or sent_at)
    return Plan(*(max(moment + paused, floor) for moment in times))


# --- Working days ------------------------------------------------------------------------------------------


def is_working_day(day: date, holidays: Iterable[date] = ()) -> bool:
    return day.weekday() < 5 and day not in _set(holidays)


def next_working_day(day: date, holidays: Iterable[date] = ()) -> date:
    """`day` itself, or the first working day after it."""
    free = _set(holidays)
    while not is_working_day(day, free):
        day += timedelta(days=1)
    return day


def add_working_days(day: date, number: int, holidays: Iterable[date] = ()) -> date:
    """The `number`-th working day after `day`, which is not counted itself.

    Raises:
        ValueError: the number is negative.
    """
    if number < 0:
        raise ValueError("The number of working days cannot be negative.")
    free = _set(holidays)
    for _ in range(number):
        day = next_working_day(day + timedelta(days=1), free)
    return day


# 17 U.S.C. 512(g)(2)(C): not less than ten and not more than fourteen business days after the counter-notice came.
COUNTER_WINDOW = (10, 14)


def counter_window(provider_received_on: date, holidays: Iterable[date] = ()) -> tuple[date, date]:
    """The first and the last day on which a provider puts material back after a counter-notice.

    Counted from the day on which the provider got it, which is not when we did. `holidays` are the US federal ones.
    """
    free = _set(holidays)
    opens_on, ends_on = (add_working_days(provider_received_on, number, free) for number in COUNTER_WINDOW)
    return opens_on, ends_on


# --- Looking -----------------------------------------------------------------------------------------------

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


# --- Counting ----------------------------------------------------------------------------------------------


def _end(chosen: Clock, span: Span, sent_at: datetime, holidays: Iterable[date]) -> datetime:
    free = _set(holidays)
    end = span.after(_utc(sent_at), free)
    if not chosen.ends_on_working_day:
        return end
    return datetime.combine(next_working_day(end.date(), free), time(23, 59, 59), UTC)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("An instant needs a time zone.")
    return moment.astimezone(UTC)


def _set(days: Iterable[date]) -> frozenset[date]:
    return days if isinstance(days, frozenset) else frozenset(days)


def _add_months(start: datetime, months: int) -> datetime:
    if not months:
        return start
    index = start.month - 1 + months
    year, month = start.year + index // 12, index % 12 + 1
    first_of_next = date(year + month // 12, month % 12 + 1, 1)
    last_day = (first_of_next - timedelta(days=1)).day
    return start.replace(year=year, month=month, day=min(start.day, last_day))
