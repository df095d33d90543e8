"""Background work of the crawler."""

import subprocess
import sys

from celery import shared_task
from django.conf import settings

from crawler.models import Source
from crawler.states import SourceState

CRAWL_LIMIT_SECONDS = 4 * 3600


@shared_task(name="crawler.crawl", time_limit=CRAWL_LIMIT_SECONDS + 60)
def crawl(source_id: str) -> None:
    """Crawl a source in a process of its own, as a reactor starts only once per process."""
    source = Source.objects.filter(pk=source_id, state=SourceState.ACTIVE).first()
    if source is None:
        return
    command = crawl_command(source)
    subprocess.run(command, stdout=subprocess.DEVNULL, timeout=CRAWL_LIMIT_SECONDS, check=True)  # noqa: S603


def crawl_command(source: Source) -> list[str]:
    """The command line that crawls `source` as it is configured; its URL cannot be taken for an option."""
    private = ["--allow-private"] if source.allow_private else []
    return [
        sys.executable,
        str(settings.BASE_DIR / "manage.py"),
        "crawl",
        "--json",
        *private,
        "--",
        source.url,
    ]
