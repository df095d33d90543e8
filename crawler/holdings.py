"""What this app holds, and when it goes."""

from datetime import timedelta
from functools import partial

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.retention import (
    DUTY,
    INTEREST,
    NOBODY,
    Erasure,
    Holding,
    count_of,
    json_of,
    not_personal,
    oldest_of,
    register,
)
from crawler import spool
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


def _reported(user: User) -> QuerySet[Source]:
    return Source.objects.filter(reported_by=user).order_by("created_at")


def _erase_reported(user: User, erasure: Erasure) -> int:
    """The page, what was seen there, and pictures of it that still wait to be measured."""
    waiting = FetchedImage.objects.filter(run__source__in=_reported(user), processed_at=None)
    hashes = set(waiting.values_list("sha256", flat=True))
    count = _reported(user).count()
    _reported(user).delete()
    hashes -= set(FetchedImage.objects.filter(sha256__in=hashes, processed_at=None).values_list("sha256", flat=True))
    erasure.last += [partial(spool.discard, sha256) for sha256 in hashes]
    return count


register(
    Holding(
        "Pictures just fetched",
        "Public pictures from the sites we visit, for as long as it takes to measure the faces in them.",
        "minutes: deleted once measured",
        basis=INTEREST,
        seen_by=NOBODY,
    ),
    Holding(
        "Crawl log",
        "Which public pages and picture addresses we visited and when.",
        f"{_LOG_AGE.days} days",
        sweep=_sweep_log,
        basis=INTEREST,
        seen_by="Staff",
        models=("crawler.PageVisit", "crawler.FetchedImage"),
        oldest=oldest_of(PageVisit.objects.all, "fetched_at"),
        limit=_LOG_AGE,
    ),
    Holding(
        "Known pages and picture addresses",
        "The addresses of public pages and pictures and a fingerprint of each file, so that we do not fetch anew what "
        "has not changed. The pictures themselves are not kept.",
        f"{_MEMORY_AGE.days} days after we last saw them",
        sweep=_sweep_memory,
        basis=INTEREST,
        seen_by="Staff",
        models=("crawler.Page", "crawler.Picture", "crawler.PagePicture"),
        oldest=oldest_of(Picture.objects.all, "seen_at"),
        limit=_MEMORY_AGE,
    ),
    Holding(
        "Pages you reported",
        "The address of each page that you asked us to look at, and that it was you who asked.",
        f"{_REPORT_AGE.days} days after we last looked, or when your account is erased",
        sweep=_sweep_reports,
        seen_by="You and staff",
        models=("crawler.Source", "crawler.CrawlRun"),
        count=count_of(_reported),
        export=json_of("reported-pages.json", _reported, "url", "created_at", "state"),
        erase=_erase_reported,
    ),
    Holding(
        "Hash lists",
        "Fingerprints of known abuse pictures, given to us by hash-sharing programmes, and of pictures withdrawn "
        "here, so that they are never kept again. They hold no picture and no name.",
        "as long as the list is in use",
        basis=DUTY,
        seen_by=NOBODY,
        models=("crawler.HashList", "crawler.ImageBlock"),
    ),
    Holding(
        "Restricted pictures",
        "Where and when we met a picture that is on such a list or may show a minor, for senior staff to report it. "
        "The picture itself is never kept.",
        "kept for good: the address must not be requested again",
        basis=DUTY,
        seen_by="Senior staff",
        passed_to="The hotline or authority it is reported to",
        models=("crawler.RestrictedPicture",),
    ),
)
not_personal(crawler__BlockedHost="Names of sites that are never crawled, and why.")
