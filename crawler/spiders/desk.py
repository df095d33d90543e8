"""The pictures of a crawl: which are asked for, what came of it, and who is told."""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection
from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler import memory
from crawler.blocklists.blocklist import Guard
from crawler.frontiers.frontier import Site
from crawler.frontiers.pictures import Pictures, RedirectLoop, Showing, StoredImage
from crawler.items import ImageItem, Item, ReadItem
from crawler.memory import KnownPicture
from crawler.reading.extract import robots_directives
from crawler.reading.sniff import image_type, is_html
from crawler.spiders.readings import Readings
from crawler.spiders.responses import conditional, failure_name, first_header, header, may_pass, redirect_target

logger = logging.getLogger(__name__)

IMAGE_ACCEPT = "image/jpeg,image/png,image/webp,image/*;q=0.8,*/*;q=0.5"
# Pictures come before further pages, so that the queue stays short; shallow pages before deep ones.
IMAGE_PRIORITY = 100
NO_PICTURES = frozenset({"noindex", "noimageindex", "none"})
Output = Iterator[Request | Item]
PageBehind = Callable[[Showing, Response], AsyncIterator[Any]]


class Memory:
    """What earlier crawls knew, asked from the event loop by way of a thread with its own connection."""

    def __init__(self) -> None:
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="crawl-reader")

    async def recall(self, urls: Sequence[str]) -> dict[str, KnownPicture]:
        if not urls:
            return {}
        return await asyncio.get_running_loop().run_in_executor(self._reader, memory.recall, urls)

    async def shown_by(self, site: Site, page_url: str) -> tuple[str, list[KnownPicture]]:
        loop, source_id = asyncio.get_running_loop(), site.spec.source_id
        return await loop.run_in_executor(self._reader, memory.shown_by, source_id, page_url)

    def close(self) -> None:
        self._reader.submit(connection.close)
        self._reader.shutdown()


class PictureDesk:
    """Shows pictures at places; `on_image` and `on_failure` are the callbacks of its requests."""

    def __init__(self, pictures: Pictures, readings: Readings, guard: Guard, page_behind: PageBehind) -> None:
        self.memory = Memory()
        self._pictures = pictures
        self._readings = readings
        self._guard = guard
        self._page_behind = page_behind
        self._asking: dict[str, KnownPicture] = {}
        self._failed: dict[str, str] = {}

    # --- Showing -------------------------------------------------------------------------------------------

    async def show_all(self, showings: Sequence[Showing]) -> AsyncIterator[Any]:
        """Show pictures at their places, with what earlier crawls knew of them."""
        urls = dict.fromkeys(showing.image_url for showing in showings)
        self._learn(await self.memory.recall([url for url in urls if self._pictures.is_new(url)]))
        for showing in showings:
            for output in self._show(showing):
                yield output

    def remind(self, known: Iterable[KnownPicture]) -> None:
        """What a page that has not changed showed before."""
        self._learn({picture.url: picture for picture in known})

    def _learn(self, known: dict[str, KnownPicture]) -> None:
        for url, picture in known.items():
            if picture.due:
                self._asking[url] = picture
            else:
                self._pictures.recall(url, picture.image)

    def _show(self, showing: Showing) -> Output:
        refusal = self._refusal(showing)
        if refusal:
            showing.site.tally.count(refusal, showing.image_url)
            self._readings.failed(showing, refusal)
            return
        try:
            shown = self._pictures.show(showing)
        except RedirectLoop:
            showing.site.tally.count("redirect_loop", showing.image_url)
            return
        if shown.image is not None:
            yield self._placed(ImageItem(shown.image, [showing], seen_again=True))
        elif shown.request is not None:
            self._readings.wait(showing)
            yield self._request(shown.request, showing)
        elif shown.waits:
            self._readings.wait(showing)
        else:
            self._readings.failed(showing, self._failed.get(showing.image_url, ""))

    def _refusal(self, showing: Showing) -> str:
        if self._guard.address(showing.image_url):
            return "restricted"
        return showing.site.may_show(showing.image_url, asks=self._pictures.is_new(showing.image_url))

    def _request(self, url: str, showing: Showing) -> Request:
        known = self._asking.get(url)
        asked = conditional(known.etag, known.last_modified) if known else {}
        return Request(
            url,
            callback=self.on_image,
            errback=self.on_failure,
            headers={"Accept": IMAGE_ACCEPT, "Referer": showing.page_url, **asked},
            priority=IMAGE_PRIORITY,
            dont_filter=True,
            meta={"picture": url, **showing.site.pace(url)},
        )

    async def show_inline(self, site: Site, page_url: str, title: str, pictures: Sequence[Any]) -> AsyncIterator[Any]:
        """Pictures inside of a page, each under an address that is the page's and theirs."""
        by_url = {f"{page_url}#data-{picture.sha256[:16]}": picture for picture in pictures}
        known = await self.memory.recall(list(by_url))
        for url, picture in by_url.items():
            media_type = image_type(picture.data)
            if media_type is None or site.may_show(url, asks=False):
                continue
            image = StoredImage(picture.sha256, len(picture.data), media_type)
            showing = Showing(site, page_url, title, 0, url, "inline")
            again = url in known
            yield self._placed(ImageItem(image, [showing], None if again else picture.data, seen_again=again))

    # --- What came -----------------------------------------------------------------------------------------

    async def on_image(self, response: Response) -> AsyncIterator[Any]:
        url: str = response.meta["picture"]
        target = redirect_target(response)
        if target is not None:
            async for output in self._moved(url, target):
                yield output
            return
        known = self._asking.pop(url, None)
        media_type = image_type(response.body)
        if response.status == 304 and known is not None:
            outputs = self._not_modified(url, known)
        elif response.status != 200:
            outputs = self.fail(url, f"http_{response.status}")
        elif robots_directives(header(response, b"X-Robots-Tag")) & NO_PICTURES:
            outputs = self.fail(url, "robots")
        elif media_type is None:
            pages = False
            async for output in self._pages_behind_link(url, response):
                pages = True
                yield output
            outputs = self.fail(url, "" if pages else "not_image")
        else:
            outputs = self._came(url, response, media_type, known)
        for output in outputs:
            yield output

    def on_failure(self, failure: Failure) -> Output:
        url: str = failure.request.meta["picture"]  # type: ignore[attr-defined]
        yield from self.fail(url, failure_name(failure))

    async def _moved(self, url: str, target: str) -> AsyncIterator[Any]:
        if self._guard.address(target):
            for output in self.fail(url, "restricted"):
                yield output
            return
        showings = self._pictures.moved(url, target, written=False)
        if self._pictures.is_new(target):
            self._learn(await self.memory.recall([target]))
        for showing in showings:
            for output in self._show(showing):
                yield output
            for item in self._settled([showing]):
                yield item
        # Whoever shows `target` is settled by it; `url` itself leads on and needs no more.
        self._pictures.stored(url)

    def _came(self, url: str, response: Response, media_type: str, known: KnownPicture | None) -> Output:
        image = StoredImage(hashlib.sha256(response.body).hexdigest(), len(response.body), media_type)
        again = known is not None and known.image.sha256 == image.sha256
        showings = self._pictures.done(url, image, written=False)
        for site in {showing.site for showing in showings}:
            site.tally.fetched += 1
            site.tally.fetched_bytes += len(response.body)
        interval = memory.next_interval(known.interval if known else 0, not again, memory.first_picture_interval())
        etag, modified = first_header(response, b"ETag"), first_header(response, b"Last-Modified")
        body = None if again else response.body
        yield self._placed(ImageItem(image, showings, body, url, etag, modified, interval, seen_again=again))
        yield from self._settled(showings)

    def _not_modified(self, url: str, known: KnownPicture) -> Output:
        showings = self._pictures.done(url, known.image, written=False)
        interval = memory.next_interval(known.interval, changed=False)
        item = ImageItem(known.image, showings, None, url, known.etag, known.last_modified, interval, seen_again=True)
        yield self._placed(item)
        yield from self._settled(showings)

    def fail(self, url: str, name: str) -> Output:
        """No picture at `url`; counted once per site under `name`, unless that is empty."""
        if may_pass(name):
            self._failed[url] = name
        showings = self._pictures.done(url, None)
        for site in {showing.site for showing in showings}:
            if name:
                site.tally.count(name, url)
        for showing in showings:
            self._readings.failed(showing, name)
        yield from self._settled(showings)

    def again(self) -> Output:
        """What waited for another process, shown anew."""
        for showing in self._pictures.again():
            yield from self._show(showing)
            yield from self._settled([showing])

    def written(self, item: ImageItem) -> None:
        """What came of a request is in the database."""
        if item.url:
            self._pictures.stored(item.url)

    async def _pages_behind_link(self, url: str, response: Response) -> AsyncIterator[Any]:
        """Some sites have pages under names like `/File:Portrait.jpg`: no picture, but a page to read."""
        if not is_html(response.body, header(response, b"Content-Type")):
            return
        for showing in self._pictures.waiting(url):
            if showing.kind == "link":
                async for output in self._page_behind(showing, response):
                    yield output

    def store(self, response: Response, media_type: str, showing: Showing) -> ImageItem:
        """A picture that was met where a page was expected."""
        image = StoredImage(hashlib.sha256(response.body).hexdigest(), len(response.body), media_type)
        showing.site.tally.fetched += 1
        showing.site.tally.fetched_bytes += len(response.body)
        return self._placed(ImageItem(image, [showing], response.body))

    def _settled(self, showings: Iterable[Showing]) -> Iterator[ReadItem]:
        for showing in showings:
            item = self._readings.settle(self._readings.of(showing))
            if item is not None:
                yield item

    def _placed(self, item: ImageItem) -> ImageItem:
        for showing in item.showings:
            showing.site.tally.pictures.add(showing.image_url)
            self._readings.shown(showing)
        return item
