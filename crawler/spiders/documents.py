"""What a crawl reads besides pages: sitemaps and feeds that name pages, and style sheets that show pictures."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.frontiers.frontier import Site
from crawler.frontiers.pictures import Showing
from crawler.items import FoundItem
from crawler.policy import FetchRefused, canonical_url, parse_url
from crawler.reading import feeds, stylesheets
from crawler.reading.feeds import Listing
from crawler.reading.stylesheets import StyleSheet
from crawler.spiders.desk import IMAGE_PRIORITY, PictureDesk
from crawler.spiders.readings import Reading, Readings
from crawler.spiders.responses import failure_name, may_pass, redirect_target

MAX_LISTINGS = 500
MAX_NESTING = 3
MAX_FEEDS = 10
MAX_LISTED = 50_000
SHEETS_PER_PAGE = 20
MAX_SHEETS = 200
MAX_SHEET_BYTES = 1024 * 1024
_LISTING_PRIORITY = 50
_SHEET_ACCEPT = "text/css,*/*;q=0.1"
_LISTING_ACCEPT = "application/xml,application/rss+xml,application/atom+xml,application/feed+json,*/*;q=0.5"


class Listings:
    """Sitemaps and feeds of one source; `quiet` ones were looked for without anybody having named them."""

    def __init__(self, site: Site, desk: PictureDesk, next_pages: Any) -> None:
        self._site = site
        self._desk = desk
        self._next_pages = next_pages
        self._asked: set[str] = set()
        self._feeds = 0
        self._listed = 0
        self.looked = False

    def look(self, sitemaps: Sequence[str], origin: str) -> Iterator[Request]:
        """Ask once for the sitemaps that robots.txt names, else for the one that most sites have."""
        self.looked = True
        urls = [url for url in map(_canonical, sitemaps) if url]
        for url in urls or [f"{origin}/sitemap.xml"]:
            yield from self._request(url, depth=1, nesting=0, quiet=not urls)

    def follow_feeds(self, urls: Sequence[str]) -> Iterator[Request]:
        for url in urls:
            if self._feeds < MAX_FEEDS and url not in self._asked and self._site.in_scope(url):
                self._feeds += 1
                yield from self._request(url, depth=1, nesting=MAX_NESTING, quiet=False)

    def _request(self, url: str, depth: int, nesting: int, *, quiet: bool) -> Iterator[Request]:
        if url in self._asked or len(self._asked) >= MAX_LISTINGS:
            return
        self._asked.add(url)
        yield Request(
            url,
            callback=self.on_listing,
            errback=self.on_failure,
            headers={"Accept": _LISTING_ACCEPT},
            priority=_LISTING_PRIORITY,
            dont_filter=True,
            meta={"listing": (depth, nesting, quiet), **self._site.pace(url)},
        )

    async def on_listing(self, response: Response) -> AsyncIterator[Any]:
        depth, nesting, quiet = response.meta["listing"]
        target = redirect_target(response)
        if target is not None:
            for request in self._request(target, depth, nesting + 1, quiet=quiet) if nesting < MAX_NESTING else ():
                yield request
            return
        listing = feeds.read(response.body, response.url) if response.status == 200 else None
        if listing is None:
            if not quiet:
                self._site.tally.count(f"http_{response.status}" if response.status != 200 else "listing", response.url)
            return
        async for output in self.read(listing, response.url, depth, nesting):
            yield output

    def on_failure(self, failure: Failure) -> None:
        request: Request = failure.request  # type: ignore[attr-defined]
        if not request.meta["listing"][2]:
            self._site.tally.count(failure_name(failure), request.url)

    async def read(self, listing: Listing, url: str, depth: int, nesting: int) -> AsyncIterator[Any]:
        """Offer what is listed; `depth` is that of the pages."""
        if listing.error:
            self._site.tally.count(listing.error, url)
        found = []
        for page in listing.pages[: MAX_LISTED - self._listed]:
            self._listed += 1
            if self._site.offer(page, depth, listed=depth == 0):
                found.append((page, depth))
        if found:
            yield FoundItem(self._site, found)
        showings = [
            Showing(self._site, one.page_url, one.title, depth, one.image_url, "listed")
            for one in listing.images
            if self._site.in_scope(one.page_url)
        ]
        async for output in self._desk.show_all(showings):
            yield output
        for child in listing.children if nesting < MAX_NESTING else ():
            for request in self._request(child, depth, nesting + 1, quiet=False):
                yield request
        for request in self._next_pages(self._site):
            yield request


class Sheets:
    """Linked style sheets: each asked for once, its pictures shown at every page that links it."""

    def __init__(self, desk: PictureDesk, readings: Readings) -> None:
        self._desk = desk
        self._readings = readings
        self._read: dict[str, StyleSheet] = {}
        self._waiting: dict[str, list[Reading]] = {}
        self._used: dict[Reading, set[str]] = {}

    async def link(self, reading: Reading, urls: Sequence[str]) -> AsyncIterator[Any]:
        """A page links these style sheets, or one of them imports them."""
        used = self._used.setdefault(reading, set())
        for url in urls:
            if url in used or len(used) >= SHEETS_PER_PAGE:
                continue
            used.add(url)
            if url in self._read:
                async for output in self._show(reading, url):
                    yield output
            elif url in self._waiting:
                reading.pending += 1
                self._waiting[url].append(reading)
            elif len(self._read) + len(self._waiting) < MAX_SHEETS:
                reading.pending += 1
                self._waiting[url] = [reading]
                yield self._request(url, reading)

    def forget(self, reading: Reading) -> None:
        """Its page is done."""
        self._used.pop(reading, None)

    def _request(self, url: str, reading: Reading) -> Request:
        return Request(
            url,
            callback=self.on_sheet,
            errback=self.on_failure,
            headers={"Accept": _SHEET_ACCEPT, "Referer": reading.visit.url},
            priority=IMAGE_PRIORITY,
            dont_filter=True,
            meta={"sheet": url, "download_maxsize": MAX_SHEET_BYTES, **reading.site.pace(url)},
        )

    async def on_sheet(self, response: Response) -> AsyncIterator[Any]:
        url: str = response.meta["sheet"]
        readings = self._waiting.pop(url, [])
        target = redirect_target(response)
        self._read[url] = StyleSheet([], [target] if target is not None else [])
        if target is None and response.status == 200:
            self._read[url] = stylesheets.pictures(response.body, url)
        elif target is None:
            _count(readings, f"http_{response.status}", url)
        for reading in readings:
            async for output in self._show(reading, url):
                yield output
            item = self._readings.settle(reading)
            if item is not None:
                yield item

    def on_failure(self, failure: Failure) -> Iterator[Any]:
        url: str = failure.request.meta["sheet"]  # type: ignore[attr-defined]
        readings, name = self._waiting.pop(url, []), failure_name(failure)
        self._read[url] = StyleSheet([], [])
        _count(readings, name, url)
        for reading in readings:
            reading.whole = reading.whole and not may_pass(name)
            item = self._readings.settle(reading)
            if item is not None:
                yield item

    async def _show(self, reading: Reading, url: str) -> AsyncIterator[Any]:
        site, visit, sheet = reading.site, reading.visit, self._read[url]
        showings = [Showing(site, visit.url, reading.title, visit.depth, one.url, one.kind) for one in sheet.images]
        async for output in self._desk.show_all(showings):
            yield output
        async for output in self._desk.show_inline(site, visit.url, reading.title, sheet.inline):
            yield output
        async for output in self.link(reading, sheet.imports):
            yield output


def _count(readings: Sequence[Reading], name: str, url: str) -> None:
    for site in {reading.site for reading in readings}:
        site.tally.count(name, url)


def _canonical(url: str) -> str:
    try:
        return canonical_url(url)
    except FetchRefused:
        return ""


def origin_of(url: str) -> str:
    parsed = parse_url(url)
    return f"{parsed.scheme}://{parsed.netloc}"
