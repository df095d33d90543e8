"""When the next mail may go to somebody: how often they want it, never in their quiet hours, never above the ceiling.

Plain computation. Times come and go with a zone; hours are those of the wall clock where the person lives. An hour that
the clocks skip is taken at the moment of the change, and one that comes twice is taken the first time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

AT_ONCE, DAILY, WEEKLY = "at_once", "daily", "weekly"
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True)
class Wishes:
    """How somebody wants mail. `weekday` is 0 on Mondays; quiet hours from `quiet_from` to before `quiet_until`,
    none where the two are the same.
    """

    cadence: str
    hour: int
    weekday: int
    zone: ZoneInfo
    quiet_from: int
    quiet_until: int


def next_mail_at(
    wishes: Wishes,
    *,
    first_waiting: datetime,
    first_urgent: datetime | None,
    sent: Sequence[datetime],
    settle: timedelta,
    per_day: int,
    per_week: int,
    not_before: datetime | None = None,
) -> datetime:
    """When everything that waits for somebody is mailed.

    `first_waiting` and `first_urgent`: since when the first thing waits, and the first that is reason enough for a mail
    of its own. `sent`: the mails of the last seven days. At most `per_day` in any 24 hours and `per_week` in any seven
    days (at least one), whatever waits. `not_before`: now, where the moment may have passed, as after an outage.
    """
    at = _wanted_at(wishes, first_waiting, first_urgent, settle)
    at = max([at, *([not_before] if not_before else []), *_ceilings(sent, per_day, per_week)])
    return after_quiet(at, wishes)


def next_digest(at: datetime, wishes: Wishes) -> datetime:
    """The next moment for a digest, `at` itself included: once a week for weekly mail, otherwise once a day."""
    weekly = wishes.cadence == WEEKLY
    return next(
        moment
        for day in _days(at, wishes)
        if (not weekly or day.weekday() == wishes.weekday)
        and (moment := _moment(day, wishes.hour, wishes.zone)) >= at.astimezone(UTC)
    )


def after_quiet(at: datetime, wishes: Wishes) -> datetime:
    """`at`, or the end of the quiet hours in which it lies."""
    if not is_quiet(at, wishes):
        return at
    ends = (_moment(day, wishes.quiet_until, wishes.zone) for day in _days(at, wishes))
    return next(end for end in ends if end > at and not is_quiet(end, wishes))


def is_quiet(at: datetime, wishes: Wishes) -> bool:
    """Whether it is a quiet hour where they live."""
    hour, start, end = at.astimezone(wishes.zone).hour, wishes.quiet_from, wishes.quiet_until
    return start <= hour < end if start <= end else hour >= start or hour < end


def _wanted_at(wishes: Wishes, first_waiting: datetime, first_urgent: datetime | None, settle: timedelta) -> datetime:
    at = next_digest(first_waiting, wishes)
    if wishes.cadence == AT_ONCE and first_urgent is not None:
        # What can wait comes with it.
        return min(at, first_urgent + settle)
    return at


def _ceilings(sent: Sequence[datetime], per_day: int, per_week: int) -> Iterator[datetime]:
    """From when on the ceilings allow one more mail."""
    newest = sorted(sent, reverse=True)
    for most, span in ((max(per_day, 1), _DAY), (max(per_week, 1), _WEEK)):
        if len(newest) >= most:
            yield newest[most - 1] + span


def _days(at: datetime, wishes: Wishes) -> Iterator[date]:
    """The days where they live, from the one before `at`: a change of clocks may move an hour over midnight."""
    first = at.astimezone(wishes.zone).date() - _DAY
    return (first + timedelta(days=number) for number in range(400))


def _moment(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=zone).astimezone(UTC)
