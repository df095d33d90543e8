"""Robots directives with a date: `unavailable_after`, after which a page is `noindex`. Pure; never raises.

The directive is Google's; its dates are those of RFC 822 and RFC 850, or ISO 8601.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# A date has one comma, after the day of the week.
_DATED = re.compile(
    r"unavailable_after\s{0,9}:\s{0,9}(?P<date>(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},)?[^,]{0,100})",
    re.IGNORECASE,
)
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def settle(directives: str, now: datetime) -> str:
    """`directives` with `noindex` in the place of each date that has passed; a date to come wishes nothing."""

    def settled(dated: re.Match[str]) -> str:
        end = _moment(dated["date"].strip())
        return "noindex" if end is not None and end <= now else ""

    return _DATED.sub(settled, directives)


def _moment(text: str) -> datetime | None:
    """The time meant, in UTC where it names no zone; None where it cannot be read."""
    try:
        moment = datetime.fromisoformat(text.upper()) if _ISO_DAY.match(text) else _by_mail(text)
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _by_mail(text: str) -> datetime:
    """RFC 822, RFC 850; a day alone starts at midnight."""
    return parsedate_to_datetime(text if ":" in text else f"{text} 00:00:00")
