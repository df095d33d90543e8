"""How much is compared: one row of numbers a day, by which thresholds follow the volume of the crawl."""

from datetime import timedelta

from django.db.models import F, Sum
from django.utils import timezone

from search.models import CrawlVolume

_MONTH = timedelta(days=30)


def count(pictures: int, faces: int) -> None:
    """Add to today's numbers."""
    if not pictures and not faces:
        return
    today, _ = CrawlVolume.objects.get_or_create(day=timezone.now().date())
    CrawlVolume.objects.filter(pk=today.pk).update(pictures=F("pictures") + pictures, faces=F("faces") + faces)


def count_minors(faces: int) -> None:
    """Add to today's number of faces that were dropped as apparent minors'."""
    if not faces:
        return
    today, _ = CrawlVolume.objects.get_or_create(day=timezone.now().date())
    CrawlVolume.objects.filter(pk=today.pk).update(minors=F("minors") + faces)


def faces_per_month() -> int:
    """How many crawled faces were compared in the last thirty days."""
    recent = CrawlVolume.objects.filter(day__gt=timezone.now().date() - _MONTH)
    return recent.aggregate(total=Sum("faces"))["total"] or 0


def forget() -> int:
    """Delete the numbers that no threshold looks at any more."""
    return CrawlVolume.objects.filter(day__lte=timezone.now().date() - 12 * _MONTH).delete()[0]
