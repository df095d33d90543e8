"""Runs: crawling sources now in this process."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from django.conf import settings
from django.utils import timezone
from filelock import FileLock, Timeout
from scrapy.crawler import CrawlerProcess

from crawler.defaults import web_policy
from crawler.frontier import Site
from crawler.models import CrawlRun, Source
from crawler.pipelines import save_tally
from crawler.policy import FetchPolicy
from crawler.scrapy_settings import scrapy_settings
from crawler.spiders.site import SiteSpider
from crawler.states import RunState


class AlreadyCrawling(Exception):
    """Another process is crawling one of the sources right now."""


def crawl(sources: Sequence[Source], *, allow_private: bool = False) -> list[CrawlRun]:
    """Crawl `sources` now and wait for the end; a run for each, in the same order.

    Works once per process, as Twisted's reactor cannot be started again. Private addresses are open to the
    whole crawl or to none of it. Raises AlreadyCrawling.
    """
    policy = web_policy(allow_private=allow_private)
    with _locked(sources):
        _close_stale_runs(sources)
        runs = [CrawlRun.objects.create(source=source) for source in sources]
        sites = [
            Site(str(run.pk), source.url, source.depth, source.max_pages)
            for run, source in zip(runs, sources, strict=True)
        ]
        ended = False
        try:
            ended = _run_spider(sites, policy)
        finally:
            for run, site in zip(runs, sites, strict=True):
                _finish(run, site, ended)
    return runs


def _run_spider(sites: Sequence[Site], policy: FetchPolicy) -> bool:
    """Whether the crawl came to its own end, rather than being told to stop."""
    with _quiet():
        process = CrawlerProcess(scrapy_settings(policy, settings.CRAWLER_DELAY_SECONDS))
    crawler = process.create_crawler(SiteSpider)
    process.crawl(crawler, sites=sites)
    process.start()
    return bool(crawler.stats.get_value("finish_reason") == "finished")


@contextmanager
def _quiet() -> Iterator[None]:
    """Scrapy sets its loggers to DEBUG and introduces itself; ours stay as the settings have them."""
    before = logging.root.manager.disable
    logging.disable(logging.INFO)
    yield
    logging.disable(before)
    for name in ("scrapy", "twisted"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _finish(run: CrawlRun, site: Site, ended: bool) -> None:
    if not ended:
        run.state = RunState.INTERRUPTED
    elif site.tally.pages or site.tally.pictures or set(site.tally.errors) <= {"robots"}:
        run.state = RunState.FINISHED
    else:
        run.state = RunState.FAILED
    run.finished_at = timezone.now()
    run.save(update_fields=["state", "finished_at"])
    save_tally(site)
    run.refresh_from_db()


def _close_stale_runs(sources: Sequence[Source]) -> None:
    """Runs whose process died; we hold the lock of their source, so nobody is at work on them."""
    CrawlRun.objects.filter(source__in=sources, state=RunState.RUNNING).update(
        state=RunState.INTERRUPTED, finished_at=timezone.now()
    )


@contextmanager
def _locked(sources: Sequence[Source]) -> Iterator[None]:
    """One crawl of a source at a time on this machine; the lock dies with its process."""
    folder = settings.DATA_DIR / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        for source in sorted(sources, key=lambda source: str(source.pk)):
            try:
                stack.enter_context(FileLock(folder / f"source-{source.pk}.lock", timeout=0))
            except Timeout:
                raise AlreadyCrawling(f"{source.url} is being crawled already.") from None
        yield
