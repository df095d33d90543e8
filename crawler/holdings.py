"""What this app holds, and when it goes."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.retention import Holding, register
from crawler.models import FetchedImage, Page, PageVisit, Picture, Source
from crawler.states import SourceState

_LOG_AGE = timedelta(days=30)
_MEMORY_AGE = timedelta(days=90)
_REPORT_AGE = timedelta(days=180)
_CHUNK = 5000


def _sweep_log() -> int:
    before = timezone.now() - _LOG_AGE
    fetched, _ = FetchedImage.objects.filter(processed_at__lt=before).delete()
    visits, _ = PageVisit.objects.filter(fetched_at__lt=before).delete()
    return fetched + visits


def _sweep_memory() -> int:
    """Pictures that no page has shown for long, and pages that no source brings us to any more."""
    before = timezone.now() - _MEMORY_AGE
    pictures, _ = Picture.objects.filter(seen_at__lt=before).delete()
    stale = Page.objects.filter(Q(fetched_at__lt=before) | Q(fetched_at=None, found_at__lt=before))
    # Those of a source at work are visited again, and go when they are gone.
    pages, _ = stale.filter(Q(source__state=SourceState.PAUSED) | Q(source__every=None)).delete()
    return pictures + pages


def _sweep_reports() -> int:
    """Reported pages that nobody has reported again since; their log has gone long before."""
    old = Source.objects.filter(kind=Source.Kind.PAGE, every=None, created_at__lt=timezone.now() - _REPORT_AGE)
    return old.exclude(runs__started_at__gt=timezone.now() - _REPORT_AGE).delete()[0]


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
        "Known pages and picture addresses",
        "The addresses of public pages and pictures and a fingerprint of each file, so that we do not fetch anew what "
        "has not changed. The pictures themselves are not kept.",
        "90 days after we last saw them",
        sweep=_sweep_memory,
    ),
    Holding(
        "Pages you reported",
        "The address of each page that you asked us to look at, and that it was you who asked.",
        "180 days after we last looked, or when your account is erased",
        sweep=_sweep_reports,
    ),
    Holding(
        "Hash lists",
        "Fingerprints of known abuse pictures, given to us by hash-sharing programmes, and of pictures withdrawn "
        "here, so that they are never kept again. They hold no picture and no name.",
        "as long as the list is in use",
    ),
    Holding(
        "Restricted pictures",
        "Where and when we met a picture that is on such a list or may show a minor, for senior staff to report it. "
        "The picture itself is never kept.",
        "kept for good: the address must not be requested again",
    ),
    Holding(
        "Evidence",
        "If you agreed to it: a copy of the public page and picture that you asked to have removed, as proof.",
        "as long as your case",
    ),
)
