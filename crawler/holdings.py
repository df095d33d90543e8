"""What this app holds, and when it goes."""

from datetime import timedelta

from django.utils import timezone

from accounts.retention import Holding, register
from crawler.models import FetchedImage, PageVisit

_LOG_AGE = timedelta(days=30)


def _sweep_log() -> int:
    before = timezone.now() - _LOG_AGE
    fetched, _ = FetchedImage.objects.filter(processed_at__lt=before).delete()
    visits, _ = PageVisit.objects.filter(fetched_at__lt=before).delete()
    return fetched + visits


register(
    Holding(
        "Pictures just fetched",
        "Public pictures from the sites we visit, for as long as it takes to measure the faces in them.",
        "minutes: deleted once measured",
    ),
    Holding(
        "Crawl log",
        "Which public pages and picture addresses we visited and when.",
        "30 days",
        sweep=_sweep_log,
    ),
    Holding(
        "Evidence",
        "If you agreed to it: a copy of the public page and picture that you asked to have removed, as proof.",
        "as long as your case",
    ),
)
