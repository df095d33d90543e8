"""Runs: crawling sources now in this process."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings
from redis import Redis
from scrapy.crawler import CrawlerProcess

from crawler import memory, warc_import
from crawler.backpressure import Pressure
from crawler.blocklists.blocklist import Guard, guard
from crawler.browsing import rendering
from crawler.defaults import crawl_policy
from crawler.downloading.scrapy_settings import scrapy_settings
from crawler.frontiers.frontier import Site
from crawler.frontiers.frontier_client import NoSuchRun, connect
from crawler.frontiers.pictures import Pictures
from crawler.frontiers.shared_frontier import SharedSite, open_site
from crawler.frontiers.shared_pictures import open_pictures
from crawler.models import CrawlRun, Source
from crawler.policy import FetchPolicy
from crawler.run_records import (
    AlreadyCrawling,
    CannotResume,
    Ending,
    begin,
    finish,
    joinable,
    locked,
    resumable,
    spec_of,
    tally_of,
)
from crawler.spiders.site import SiteSpider
from crawler.writer import Writer

__all__ = ["AlreadyCrawling", "CannotResume", "crawl", "resumable"]

# Two processes that begin at the same moment: the second one joins what the first began.
_BEGINNING = "faceward:frontier:beginning"
_BEGINNING_SECONDS = 120
Begun = tuple[Sequence[CrawlRun], Sequence[Site], Pictures]
"""Runs, the frontier of each, in the same order, and the pictures they share."""


def crawl(
    sources: Sequence[Source], *, allow_private: bool = False, due_only: bool = False, resume: CrawlRun | None = None
) -> list[CrawlRun]:
    """Crawl `sources` now and wait for the end; a run for each, in the same order.

    All their known pages are visited again; with `due_only` those that are due; with `resume`, a run of the one
    source given, those that it has not come to. Works once per process, as Twisted's reactor cannot be started
    again. Private networks are open to the whole crawl or to none of it. Raises AlreadyCrawling, CannotResume.
    """
    policy = crawl_policy([url for source in sources for url in spec_of(source).starts], allow_private=allow_private)
    with _begun(sources, due_only=due_only, resume=resume) as (runs, sites, pictures):
        endings = {site.run_id: Ending(by_itself=False, reason="internal") for site in sites}
        try:
            endings = _crawl(sites, pictures, policy)
        finally:
            for run, site in zip(runs, sites, strict=True):
                finish(run, site, endings[site.run_id])
    return list(runs)


@contextmanager
def _begun(sources: Sequence[Source], *, due_only: bool, resume: CrawlRun | None) -> Iterator[Begun]:
    """The runs to crawl in and their frontiers: held alone on this machine, or shared with other processes."""
    if settings.FRONTIER_URL:
        client = connect(settings.FRONTIER_URL)
        with client.lock(_BEGINNING, timeout=_BEGINNING_SECONDS):
            begun = _frontiers(sources, due_only=due_only, resume=resume, client=client)
        yield begun
        return
    with locked(sources):
        yield _frontiers(sources, due_only=due_only, resume=resume, client=None)


def _frontiers(sources: Sequence[Source], *, due_only: bool, resume: CrawlRun | None, client: Redis | None) -> Begun:
    """What each run begins with, and the pictures they share; with a `client`, runs that others are in are joined."""
    runs: list[CrawlRun] = []
    sites: list[Site] = []
    for source in sources:
        run, site = _join(source, client) if client is not None else (None, None)
        if run is None or site is None:
            run = begin(source, resume)
            site = _fresh(run, client, due_only=due_only, resuming=resume is not None)
        runs.append(run)
        sites.append(site)
    shared = [site for site in sites if isinstance(site, SharedSite)]
    return runs, sites, open_pictures(shared[0]) if shared else Pictures()


def _join(source: Source, client: Redis) -> tuple[CrawlRun | None, Site | None]:
    """A run that other processes are at work on, if there is one."""
    run = joinable(source)
    if run is None:
        return None, None
    try:
        return run, open_site(client, str(run.pk), spec_of(source), fresh=False)
    except NoSuchRun:
        return None, None


def _fresh(run: CrawlRun, client: Redis | None, *, due_only: bool, resuming: bool) -> Site:
    spec, run_id, tally = spec_of(run.source), str(run.pk), tally_of(run)
    before = memory.frontier(spec, due_only=due_only, since=run.started_at if resuming else None)
    if client is None:
        return Site(run_id, spec, before.visits, before.known, tally)
    return open_site(client, run_id, spec, fresh=True, visits=before.visits, known=before.known, tally=tally)


def _crawl(sites: Sequence[Site], pictures: Pictures, policy: FetchPolicy) -> dict[str, Ending]:
    """Archives are read in turn, web sites together; how each ended, by run."""
    restricted = guard()
    writer = Writer(restricted, Pressure(settings.SPOOL_MAX_BYTES))
    endings: dict[str, Ending] = {}
    try:
        web = [site for site in sites if site.spec.kind != "warc"]
        if web:
            ending = _run_spider(web, pictures, policy, writer, restricted)
            endings.update({site.run_id: ending for site in web})
        for site in sites:
            if site.spec.kind == "warc":
                endings[site.run_id] = warc_import.read_source(site, policy, writer, restricted)
    finally:
        writer.close()
    return endings


def _run_spider(
    sites: Sequence[Site], pictures: Pictures, policy: FetchPolicy, writer: Writer, restricted: Guard
) -> Ending:
    drawn = any(site.spec.needs_browser for site in sites)
    extra = rendering.settings(policy) if drawn else None
    meta = rendering.meta() if drawn else {}
    with _quiet():
        process = CrawlerProcess(scrapy_settings(policy, settings.CRAWLER_DELAY_SECONDS, extra=extra))
    crawler = process.create_crawler(SiteSpider)
    process.crawl(crawler, sites=sites, pictures=pictures, writer=writer, guard=restricted, rendering=meta)
    process.start()
    reason = str(crawler.stats.get_value("finish_reason") or "internal")
    return Ending(reason == "finished", reason)


@contextmanager
def _quiet() -> Iterator[None]:
    """Scrapy sets its loggers to DEBUG and introduces itself; ours stay as the settings have them."""
    before = logging.root.manager.disable
    logging.disable(logging.INFO)
    yield
    logging.disable(before)
    for name in ("scrapy", "twisted"):
        logging.getLogger(name).setLevel(logging.WARNING)
