"""The pulse of a crawl: every half second it looks what was asked of its runs, and shows how far they are."""

import asyncio
import logging
from typing import TYPE_CHECKING

from django.utils import timezone

from crawler.frontiers.frontier import Site
from crawler.models import CrawlRun

if TYPE_CHECKING:
    from crawler.spiders.site import SiteSpider

logger = logging.getLogger(__name__)

BEAT_SECONDS = 0.5
# So long a run that is to pause or stop goes on with what it has begun.
GRACE_SECONDS = 10.0
STOPPED = "stopped"
FULL = "full"


class Pulse:
    """Beats in the event loop for as long as the spider is open; the database is for the writer's thread."""

    def __init__(self, spider: "SiteSpider") -> None:
        self._spider = spider
        self._task: asyncio.Task[None] | None = None
        self._closing: asyncio.Future[None] | None = None
        self._ends_at = 0.0

    def start(self) -> None:
        self._task = asyncio.ensure_future(self._beat())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _beat(self) -> None:
        while True:
            try:
                await self._look()
            except Exception:
                logger.exception("The pulse of a crawl missed a beat.")
            await asyncio.sleep(BEAT_SECONDS)

    async def _look(self) -> None:
        spider = self._spider
        wishes = await spider.writer.call(self._in_database)
        engine, pressure = spider.crawler.engine, spider.writer.pressure
        if pressure.is_shut != engine.paused:
            engine.pause() if pressure.is_shut else engine.unpause()
        for site in spider.sites:
            site.held = site.held or bool(wishes.get(site.run_id))
        if pressure.is_hopeless():
            self._close(FULL)
        elif all(site.held for site in spider.sites):
            self._wind_up()
        elif not engine.paused:
            spider.pump()
            if engine._slot is not None:
                engine._slot.nextcall.schedule()

    def _wind_up(self) -> None:
        """Let the pages that were begun have their pictures, for a while."""
        now = asyncio.get_running_loop().time()
        self._ends_at = self._ends_at or now + GRACE_SECONDS
        if self._spider.is_quiet() or now >= self._ends_at or self._spider.crawler.engine.paused:
            self._close(STOPPED)

    def _in_database(self) -> dict[str, str]:
        """Progress, sign of life and wishes."""
        self._spider.writer.pressure.measure(self._spider.writer.unwritten)
        for site in self._spider.sites:
            save_tally(site)
        runs = CrawlRun.objects.filter(pk__in=[site.run_id for site in self._spider.sites])
        return {str(pk): wish for pk, wish in runs.values_list("pk", "wish")}

    def _close(self, reason: str) -> None:
        """What is under way is finished; what was not begun stays in the frontier."""
        for site in self._spider.sites:
            site.held = True
        engine = self._spider.crawler.engine
        engine.unpause()
        if self._closing is None:
            self._closing = asyncio.ensure_future(engine.close_spider_async(reason=reason))


def save_tally(site: Site) -> None:
    tally = site.tally
    CrawlRun.objects.filter(pk=site.run_id).update(
        seen_at=timezone.now(),
        pages=tally.pages,
        unchanged=tally.unchanged,
        waiting=site.waiting(),
        images=tally.images,
        fetched=tally.fetched,
        fetched_bytes=tally.fetched_bytes,
        errors=dict(tally.errors),
        examples={name: list(urls) for name, urls in list(tally.examples.items()) if urls},
    )
