"""Background work of the crawler."""

import subprocess
import sys
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from crawler.models import CrawlRun, Source
from crawler.states import RunState, SourceState

CRAWL_LIMIT_SECONDS = 4 * 3600
# A crawl that was enqueued and never began is enqueued again after this long.
ENQUEUED_FOR = timedelta(hours=1)


@shared_task(name="crawler.crawl", time_limit=CRAWL_LIMIT_SECONDS + 60)
def crawl(source_id: str, due_only: bool = False) -> None:
    """Crawl a source in a process of its own, as a reactor starts only once per process."""
    source = Source.objects.filter(pk=source_id, state=SourceState.ACTIVE).first()
    if source is None:
        return
    command = crawl_command(source, due_only=due_only)
    subprocess.run(command, stdout=subprocess.DEVNULL, timeout=CRAWL_LIMIT_SECONDS, check=True)  # noqa: S603


def crawl_command(source: Source, *, due_only: bool = False) -> list[str]:
    """The command line that crawls `source` as it is configured, or goes on with its paused run."""
    paused = source.runs.filter(state=RunState.PAUSED).order_by("-started_at").first()
    what = ["--resume", str(paused.pk)] if paused and not due_only else ["--source", str(source.pk)]
    return [
        sys.executable,
        str(settings.BASE_DIR / "manage.py"),
        "crawl",
        "--json",
        *what,
        *(["--due"] if due_only else []),
    ]


@shared_task(name="crawler.start_due", time_limit=300)
def start_due() -> None:
    """Enqueue every source that is due, once."""
    for source in due_sources():
        if _claim(source):
            crawl.delay(str(source.pk), due_only=True)


def due_sources() -> list[Source]:
    """Active sources whose time has come, unless somebody paused their run."""
    held = CrawlRun.objects.filter(state=RunState.PAUSED, wish=CrawlRun.Wish.PAUSE).values("source")
    due = Source.objects.filter(state=SourceState.ACTIVE, every__isnull=False).exclude(pk__in=held)
    return list(due.filter(Q(next_run_at=None) | Q(next_run_at__lte=timezone.now())).order_by("next_run_at"))


def _claim(source: Source) -> bool:
    """Whether this process is the one to enqueue it. The run's end sets the time of the next one."""
    mine = Source.objects.filter(pk=source.pk, next_run_at=source.next_run_at)
    return bool(mine.update(next_run_at=timezone.now() + max(ENQUEUED_FOR, source.every or ENQUEUED_FOR)))
