"""Does what the retention schedule says hold? The oldest record of each kind against its limit."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts import retention

# The sweep comes round every few minutes; one that is later than this has stopped.
GRACE = timedelta(hours=1)


@dataclass(frozen=True)
class Line:
    """One holding with a limit: since when its oldest record counts (None: there is none), and how late it is."""

    name: str
    limit: timedelta
    oldest: datetime | None
    late: timedelta

    @property
    def broken(self) -> bool:
        return self.late > timedelta(0)


def check(now: datetime) -> list[Line]:
    """Every holding that has a limit."""
    lines = []
    for holding in retention.holdings():
        if holding.limit is None or holding.oldest is None:
            continue
        oldest = holding.oldest()
        overdue = now - oldest - holding.limit - GRACE if oldest else timedelta(0)
        lines.append(Line(holding.name, holding.limit, oldest, max(overdue, timedelta(0))))
    return lines
