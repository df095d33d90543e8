"""The spider: pages of the named sources breadth first, and the pictures they show from wherever these lie.

Redirects are not followed by Scrapy but come here as responses, so that each hop is one more URL of the
frontier: asked for once, judged by the policy and by robots.txt like any other.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import scrapy
from scrapy import Request, signals
from scrapy.exceptions import DontCloseSpider
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.blocklists.blocklist import Guard
from crawler.browsing.rendering import ERROR as RENDER_ERROR
from crawler.frontiers.frontier import Site, Visit
from crawler.frontiers.pictures import Pictures, Showing
from crawler.items import FailedItem, FoundItem, ImageItem, Item, MovedItem, PageItem, ReadItem
from crawler.reading import feeds
from crawler.reading.extract import ImageCandidate, PageContent, extract
from crawler.reading.sniff import image_type, is_html, is_warc
from crawler.spiders.desk import PictureDesk
from crawler.spiders.documents import Listings, Sheets, origin_of
from crawler.spiders.pulse import Pulse
from crawler.spiders.readings import Reading, Readings
from crawler.spiders.responses import conditional, failure_name, first_header, header, redirect_target
from crawler.writer import Writer

logger = logging.getLogger(__name__)

PAGE_ACCEPT = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5"


class SiteSpider(scrapy.Spider):
    """Crawls all of `sites` at once; they share the memory of pictures, and each has its own tally."""

    name = "site"

    def __init__(
        self, sites: Sequence[Site], pictures: Pictures, writer: Writer, guard: Guard, rendering: dict[str, Any]
    ) -> None:
        super().__init__()
        self.sites = sites
        self.writer = writer
        self._rendering = rendering
        self._readings = Readings(self._at_end)
        self._desk = PictureDesk(pictures, self._readings, guard, self._page_behind)
        self._sheets = Sheets(self._desk, self._readings)
        self._listings = {site: Listings(site, self._desk, self._next_pages) for site in sites}
        self._nonsense: dict[str, asyncio.Task[str]] = {}
        self._pulse = Pulse(self)

    @classmethod
    def from_crawler(cls, crawler: Any, *args: Any, **kwargs: Any) -> "SiteSpider":
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.on_idle, signals.spider_idle)
        crawler.signals.connect(spider.on_closed, signals.spider_closed)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        loop = asyncio.get_running_loop()
        self.writer.on_written = lambda items: _tell(loop, self._written, items)
        self._pulse.start()
        for site in self.sites:
            for request in self._next_pages(site):
                yield request

    def on_idle(self) -> None:
        """Another process may still find pages for us."""
        if not all(site.held or site.finished() for site in self.sites):
            raise DontCloseSpider

    def on_closed(self) -> None:
        self._pulse.stop()
        # They are read again, and count then.
        for reading in self._readings.unfinished():
            reading.site.tally.pages -= 1
            reading.site.tally.unchanged -= not reading.changed
        self._desk.memory.close()

    def is_quiet(self) -> bool:
        """Whether nothing that was begun is still under way."""
        return not self._readings.unfinished() and not self.crawler.engine.downloader.active

    def pump(self) -> None:
        """Request what has come to the frontier by other ways than a page of ours."""
        for site in self.sites:
            for request in self._next_pages(site):
                self.crawler.engine.crawl(request)
        for output in self._desk.again():
            if isinstance(output, Request):
                self.crawler.engine.crawl(output)
            else:
                self.writer.add(output)

    def _written(self, items: list[Item]) -> None:
        """What other processes wait for is in the database."""
        for item in items:
            if isinstance(item, ReadItem) and item.site.returns_late:
                item.site.returned(item.visit)
                for request in self._next_pages(item.site):
                    self.crawler.engine.crawl(request)
            elif isinstance(item, ImageItem):
                self._desk.written(item)

    # --- Pages ---------------------------------------------------------------------------------------------

    def _next_pages(self, site: Site) -> Iterator[Request]:
        for visit in site.take():
            yield Request(
                visit.url,
                callback=self.on_page,
                errback=self.on_page_failure,
                headers={"Accept": PAGE_ACCEPT, **conditional(visit.etag, visit.last_modified)},
                priority=-visit.depth,
                dont_filter=True,
                meta={
                    "site": site,
                    "visit": visit,
                    **site.pace(visit.url),
                    **(self._rendering if site.spec.needs_browser else {}),
                },
            )

    async def on_page(self, response: Response) -> AsyncIterator[Any]:
        site, visit = response.meta["site"], response.meta["visit"]
        async for output in self._read_page(site, visit, response):
            yield output
        for request in self._next_pages(site):
            yield request

    def on_page_failure(self, failure: Failure) -> Iterator[Any]:
        meta = failure.request.meta  # type: ignore[attr-defined]
        site: Site = meta["site"]
        visit: Visit = meta["visit"]
        site.tally.count(failure_name(failure), visit.url)
        yield FailedItem(site, visit)
        site.returned(visit)
        yield from self._next_pages(site)

    async def _read_page(self, site: Site, visit: Visit, response: Response) -> AsyncIterator[Any]:
        """What a page gives; a page that cannot be read is counted, and the crawl goes on."""
        reading = Reading(site, visit, response.status)
        try:
            async for output in self._page_output(reading, response):
                yield output
        except Exception:
            logger.exception("A page could not be read.")
            site.tally.count("internal", visit.url)
            reading.whole = False
        item = self._readings.settle(reading)
        if item is not None:
            yield item
        if not site.returns_late or not reading.is_read:
            site.returned(visit)

    def _at_end(self, reading: Reading) -> None:
        """All that a page shows is there, or cannot be had."""
        site = reading.site
        self._sheets.forget(reading)
        if reading.changed:
            # What is as it was says nothing about what its kind still has to give.
            site.learned(reading.visit.url, reading.shown, reading.words)

    async def _page_output(self, reading: Reading, response: Response) -> AsyncIterator[Any]:
        site, visit = reading.site, reading.visit
        target, media_type = redirect_target(response), image_type(response.body)
        if target is not None:
            site.redirect(visit, target)
            yield MovedItem(site, visit, response.status, target)
        elif response.status == 304 and (visit.etag or visit.last_modified):
            async for output in self._unchanged(reading):
                yield output
        elif response.status != 200:
            site.tally.count(f"http_{response.status}", visit.url)
            yield PageItem(site, visit.url, response.status, visit.depth)
            yield FailedItem(site, visit, response.status)
        elif media_type is not None:
            self._readings.begin(reading)
            reading.is_read, reading.whole = True, False
            yield self._desk.store(response, media_type, _showing(reading, ImageCandidate(visit.url, "page")))
        elif _names_itself_a_page(response):
            async for output in self._html(reading, response):
                yield output
        else:
            async for output in self._document(reading, response):
                yield output

    async def _unchanged(self, reading: Reading) -> AsyncIterator[Any]:
        """A page that says it is as it was: what it showed then is shown still."""
        site, visit = reading.site, reading.visit
        title, known = await self._desk.memory.shown_by(site, visit.url)
        reading.title, reading.content_hash, reading.changed = title, visit.content_hash, False
        reading.etag, reading.last_modified = visit.etag, visit.last_modified
        self._begin(reading)
        yield PageItem(site, visit.url, 304, visit.depth, title)
        self._desk.remind(known)
        showings = [_showing(reading, ImageCandidate(picture.url, "known")) for picture in known]
        async for output in self._desk.show_all(showings):
            yield output

    async def _document(self, reading: Reading, response: Response) -> AsyncIterator[Any]:
        """What is neither page nor picture, where something was named as a source: a sitemap, a feed, an archive."""
        site, visit = reading.site, reading.visit
        named = visit.depth == 0
        if named and is_warc(response.body):
            site.become("warc", 0)
            return
        listing = feeds.read(response.body, visit.url) if named else None
        if listing is None:
            site.tally.count("not_html", visit.url)
            yield FailedItem(site, visit, response.status)
            return
        if site.spec.kind == "site":
            site.become("feed" if listing.kind == "feed" else "sitemap", 0)
        self._keep_validators(reading, response)
        self._begin(reading)
        yield PageItem(site, visit.url, response.status, visit.depth)
        async for output in self._listings[site].read(listing, visit.url, 0, 0):
            yield output

    async def _html(self, reading: Reading, response: Response) -> AsyncIterator[Any]:
        site, visit = reading.site, reading.visit
        if RENDER_ERROR in response.meta:
            site.tally.count(response.meta[RENDER_ERROR], visit.url)
        content = extract(
            response.body, visit.url, header(response, b"Content-Type"), header(response, b"X-Robots-Tag")
        )
        twin = site.twin(visit.url, content.content_hash)
        if await self._is_missing(reading, content, twin=twin):
            site.tally.count("soft_404", visit.url)
            yield PageItem(site, visit.url, 404, visit.depth, content.title)
            yield FailedItem(site, visit, 404)
            return
        reading.title, reading.content_hash, reading.words = content.title, content.content_hash, content.words
        reading.changed = content.content_hash != visit.content_hash
        self._keep_validators(reading, response)
        self._begin(reading)
        yield PageItem(site, visit.url, response.status, visit.depth, content.title)
        for output in self._links(reading, content, twin=twin):
            yield output
        async for output in self._pictures(reading, content):
            yield output

    def _begin(self, reading: Reading) -> None:
        reading.is_read = True
        reading.site.tally.pages += 1
        reading.site.tally.unchanged += not reading.changed
        self._readings.begin(reading)

    @staticmethod
    def _keep_validators(reading: Reading, response: Response) -> None:
        reading.etag = first_header(response, b"ETag")
        reading.last_modified = first_header(response, b"Last-Modified")

    def _links(self, reading: Reading, content: PageContent, *, twin: bool) -> Iterator[Any]:
        site, visit = reading.site, reading.visit
        if content.refresh is not None and content.refresh != visit.url:
            site.redirect(visit, content.refresh)
        if content.canonical and site.is_canonical(visit.url, content.canonical):
            reading.canonical = content.canonical
        if twin:
            site.tally.count("duplicate_page", visit.url)
            return
        found = [(url, visit.depth + 1) for url in content.links if site.offer(url, visit.depth + 1)]
        if found:
            yield FoundItem(site, found)
        if site.spec.kind == "site" and site.spec.depth:
            listings = self._listings[site]
            if not listings.looked:
                robots: Any = getattr(self.crawler, "robots")  # noqa: B009 - set by our middleware
                origin = origin_of(visit.url)
                yield from listings.look(robots.sitemaps(origin), origin)
            yield from listings.follow_feeds(content.feeds)

    async def _pictures(self, reading: Reading, content: PageContent) -> AsyncIterator[Any]:
        site, visit = reading.site, reading.visit
        async for output in self._desk.show_all([_showing(reading, one) for one in content.images]):
            yield output
        async for output in self._desk.show_inline(site, visit.url, content.title, content.inline):
            yield output
        async for output in self._sheets.link(reading, content.stylesheets):
            yield output

    async def _page_behind(self, showing: Showing, response: Response) -> AsyncIterator[Any]:
        """A page under a picture's name."""
        visit = showing.site.claim(showing.image_url, showing.page_depth + 1)
        if visit is not None:
            async for output in self._read_page(showing.site, visit, response):
                yield output

    # --- Pages that are none -------------------------------------------------------------------------------

    async def _is_missing(self, reading: Reading, content: PageContent, *, twin: bool) -> bool:
        """Whether a page with status 200 says that there is no such page (a soft 404)."""
        if reading.visit.url in reading.site.spec.starts:
            return False
        if content.looks_missing:
            return True
        return twin and content.content_hash == await self._answer_to_nonsense(reading)

    async def _answer_to_nonsense(self, reading: Reading) -> str:
        """The content hash of what the host says to an address that nobody can have; asked once."""
        origin = origin_of(reading.visit.url)
        if origin not in self._nonsense:
            self._nonsense[origin] = asyncio.ensure_future(self._ask_nonsense(origin, reading.site))
        return await asyncio.shield(self._nonsense[origin])

    async def _ask_nonsense(self, origin: str, site: Site) -> str:
        url = f"{origin}/{secrets.token_hex(12)}"
        request = Request(url, headers={"Accept": PAGE_ACCEPT}, dont_filter=True, meta=site.pace(url))
        try:
            response: Response = await self.crawler.engine.download_async(request)
        except Exception as error:  # whatever the reason: then nothing is known of its missing pages
            logger.info("No answer to an invented address: %s", type(error).__name__)
            return ""
        if response.status != 200:
            return ""
        return extract(response.body, url, header(response, b"Content-Type")).content_hash


def _tell(loop: asyncio.AbstractEventLoop, told: Callable[[list[Item]], None], items: list[Item]) -> None:
    """From the writer's thread; what is written last, after the loop, needs no telling."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(told, items)


def _names_itself_a_page(response: Response) -> bool:
    """Some servers say `text/html` of a feed or a sitemap."""
    if not is_html(response.body, header(response, b"Content-Type")):
        return False
    return not response.body[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<rss", b"<feed", b"<urlset"))


def _showing(reading: Reading, candidate: ImageCandidate) -> Showing:
    return Showing(reading.site, reading.visit.url, reading.title, reading.visit.depth, candidate.url, candidate.kind)
