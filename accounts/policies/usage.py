"""The only statistics of visits there are: how often a page was opened on a day, by everybody together.

No visitor is told from another, so there is nothing to opt out of; whoever sends Global Privacy Control or Do Not
Track is left out of the count all the same.
"""

from datetime import date, timedelta

from django.db.models import F, Sum
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import UsageCount

_KEPT = timedelta(days=2 * 365)


def count(request: HttpRequest, name: str) -> None:
    """Count that `name` was opened today, unless the visitor asks not to be counted."""
    if request.headers.get("Sec-GPC") == "1" or request.headers.get("DNT") == "1":
        return
    row, _ = UsageCount.objects.get_or_create(day=timezone.now().date(), name=name)
    UsageCount.objects.filter(pk=row.pk).update(count=F("count") + 1)


def totals(start: date, end: date) -> dict[str, int]:
    """How often each page was opened from `start` until before `end`."""
    rows = UsageCount.objects.filter(day__gte=start, day__lt=end).values_list("name").annotate(Sum("count"))
    return dict(rows.order_by("name"))


def forget() -> int:
    """Delete the counts that are past their time; how many went."""
    return UsageCount.objects.filter(day__lt=timezone.now().date() - _KEPT).delete()[0]
