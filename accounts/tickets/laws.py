"""How long we have for what a person asks of us: clocks as data. Pure; instants are aware datetimes.

Not legal advice. Where no law below is known to apply, the GDPR's month is what everybody gets.
"""

import calendar
from dataclasses import dataclass
from datetime import date, datetime, timedelta

REVIEWED_ON = date(2026, 11, 22)
# A house rule, shorter than any law's.
FIRST_ANSWER = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: days count exactly, months by the calendar."""

    months: int = 0
    days: int = 0

    def after(self, start: datetime) -> datetime:
        """`start` plus this span; a month from the 31st ends with the last day of the next month."""
        index = start.year * 12 + start.month - 1 + self.months
        year, month = index // 12, index % 12 + 1
        day = min(start.day, calendar.monthrange(year, month)[1])
        return start.replace(year=year, month=month, day=day) + timedelta(days=self.days)

    def __str__(self) -> str:
        parts = ((self.months, "month"), (self.days, "day"))
        return " and ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in parts if count)


@dataclass(frozen=True, slots=True)
class Law:
    """One statute's deadline: both spans count from the day on which the request came."""

    code: str
    answer: Span
    extended: Span
    citation: str
    regions: tuple[str, ...] = ()


GDPR = Law(
    "gdpr",
    Span(months=1),
    Span(months=3),
    "Art. 12(3) GDPR: one month of receipt, extended by two further months where necessary, with the reasons",
)
LAWS: tuple[Law, ...] = (
    GDPR,
    Law(
        "uk_gdpr",
        Span(months=1),
        Span(months=3),
        "Art. 12(3) and 12A UK GDPR: one month, extended by two further months where necessary",
        ("GB",),
    ),
    Law(
        "ccpa",
        Span(days=45),
        Span(days=90),
        "Cal. Civ. Code § 1798.130(a)(2)(A): 45 days of receipt, extended once by 45 days when reasonably necessary",
        ("US-CA",),
    ),
)


def law_for(region: str) -> Law:
    """The law whose deadline counts for somebody who lives in `region` (as in `User.region`)."""
    return next((law for law in LAWS if region in law.regions), GDPR)
