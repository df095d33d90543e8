"""How much was crawled, by day."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from crawler.models import CrawlRun

DAYS = 30


@dataclass(frozen=True, slots=True)
class Bar:
    """One column of a chart."""

    label: str
    value: int


@dataclass(frozen=True, slots=True)
class Volume:
    """The last thirty days, the oldest first; a day's numbers are those of the runs that began on it."""

    pages: list[Bar]
    pictures: list[Bar]

    @property
    def most_pages(self) -> int:
        return max(bar.value for bar in self.pages)

    @property
    def most_pictures(self) -> int:
        return max(bar.value for bar in self.pictures)

    @property
    def total_pages(self) -> int:
        return sum(bar.value for bar in self.pages)

    @property
    def total_pictures(self) -> int:
        return sum(bar.value for bar in self.pictures)

    @property
    def nothing(self) -> bool:
        return not self.total_pages and not self.total_pictures


def by_day() -> Volume:
    """Pages read and pictures seen, in one query over the runs."""
    today = timezone.now().date()
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    runs = CrawlRun.objects.filter(started_at__date__gte=days[0]).order_by()
    sums = runs.annotate(day=TruncDate("started_at")).values("day")
    rows = list(sums.annotate(pages=Sum("pages"), pictures=Sum("images")))
    pages = {row["day"]: row["pages"] for row in rows}
    pictures = {row["day"]: row["pictures"] for row in rows}
    return Volume(_bars(days, pages), _bars(days, pictures))


def _bars(days: list[date], numbers: dict[date, int]) -> list[Bar]:
    return [Bar(_label(day), numbers.get(day, 0)) for day in days]


def _label(day: date) -> str:
    return f"{day.day} {day:%B}"
