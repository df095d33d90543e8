"""The spider: pages of the named sources breadth first, and the pictures they show from wherever these lie.

Redirects are not followed by Scrapy but come here as responses, so that each hop is one more URL of the
frontier: asked for once, judged by the policy and by robots.txt like any other.
"""

import hashlib
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any
from urllib.parse import urljoin

import scrapy
from scrapy import Request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.extract import ImageCandidate, extract, robots_directives
from crawler.frontier import Pictures, RedirectLoop, Showing, Site, StoredImage, Visit
from crawler.items import ImageItem, PageItem
from crawler.middlewares import NotFetched
from crawler.policy import FetchRefused, canonical_url
from crawler.sniff import image_type, is_html

logger = logging.getLogger(__name__)

PAGE_ACCEPT = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5"
IMAGE_ACCEPT = "image/jpeg,image/png,image/webp,image/*;q=0.8,*/*;q=0.5"
# Pictures come before further pages, so that the queue stays short; shallow pages before deep ones.
IMAGE_PRIORITY = 100
FAILURES: tuple[tuple[type[Exception], str], ...] = (
    (CannotResolveHostError, "dns"),
    (DownloadTimeoutError, "timeout"),
    (DownloadConnectionRefusedError, "connect"),
    (DownloadCancelledError, "too_large"),
    (ResponseDataLossError, "broken"),
    # What is left of these comes from the decompressor, for a body that grows past the limit.
    (IgnoreRequest, "too_large"),
)
Output = Iterator[Request | PageItem | ImageItem]


class SiteSpider(scrapy.Spider):
    """Crawls all of `sites` at once; they share the memory of pictures, and each has its own tally."""

    name = "site"

    def __init__(self, sites: Sequence[Site], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sites = sites
        self.pictures = Pictures()

    async def start(self) -> AsyncIterator[Any]:
        for site in self.sites:
            for request in self._next_pages(site):
                yield request

    # --- Pages ---------------------------------------------------------------------------------------

    def _next_pages(self, site: Site) -> Iterator[Request]:
        for visit in site.take():
            yield Request(
                visit.url,
                callback=self.on_page,
                errback=self.on_page_failure,
                headers={"Accept": PAGE_ACCEPT},
                priority=-visit.depth,
                dont_filter=True,
                meta={"site": site, "visit": visit},
            )

    def on_page(self, response: Response) -> Output:
        site, visit = response.meta["site"], response.meta["visit"]
        yield from self._read_page(site, visit, response)
        site.returned()
        yield from self._next_pages(site)

    def on_page_failure(self, failure: Failure) -> Output:
        site: Site = failure.request.meta["site"]  # type: ignore[attr-defined]
        site.tally.errors[failure_name(failure)] += 1
        site.returned()
        yield from self._next_pages(site)

    def _read_page(self, site: Site, visit: Visit, response: Response) -> Output:
        """What a page gives; a page that cannot be read is counted, and the crawl goes on."""
        try:
            yield from self._page_output(site, visit, response)
        except Exception:
            site.tally.errors["internal"] += 1
            logger.exception("A page could not be read.")

    def _page_output(self, site: Site, visit: Visit, response: Response) -> Output:
        target = redirect_target(response)
        if target is not None:
            site.redirect(visit, target)
            return
        if response.status != 200:
            site.tally.errors[f"http_{response.status}"] += 1
            yield PageItem(site, visit.url, response.status, visit.depth)
            return
        media_type = image_type(response.body)
        if media_type is not None:
            yield self._store(response, media_type, [_alone(site, visit)])
            return
        if not is_html(response.body, header(response, b"Content-Type")):
            site.tally.errors["not_html"] += 1
            return
        yield from self._html_output(site, visit, response)

    def _html_output(self, site: Site, visit: Visit, response: Response) -> Output:
        content = extract(
            response.body, visit.url, header(response, b"Content-Type"), header(response, b"X-Robots-Tag")
        )
        site.tally.pages += 1
        yield PageItem(site, visit.url, response.status, visit.depth, content.title)
        if content.refresh is not None and content.refresh != visit.url:
            site.redirect(visit, content.refresh)
        for url in content.links:
            site.offer(url, visit.depth + 1)
        for candidate in content.images:
            yield from self._show(_showing(site, visit, content.title, candidate))

    # --- Pictures ------------------------------------------------------------------------------------

    def _show(self, showing: Showing) -> Output:
        try:
            shown = self.pictures.show(showing)
        except RedirectLoop:
            showing.site.tally.errors["redirect_loop"] += 1
            return
        if shown.image is not None:
            yield _placed(ImageItem(shown.image, [showing]))
        elif shown.request is not None:
            yield Request(
                shown.request,
                callback=self.on_image,
                errback=self.on_image_failure,
                headers={"Accept": IMAGE_ACCEPT, "Referer": showing.page_url},
                priority=IMAGE_PRIORITY,
                dont_filter=True,
                meta={"picture": shown.request},
            )

    def on_image(self, response: Response) -> Output:
        url: str = response.meta["picture"]
        target = redirect_target(response)
        if target is not None:
            for showing in self.pictures.moved(url, target):
                yield from self._show(showing)
            return
        media_type = image_type(response.body)
        if response.status != 200:
            self._fail_image(url, f"http_{response.status}")
        elif robots_directives(header(response, b"X-Robots-Tag")) & {"noindex", "noimageindex", "none"}:
            self._fail_image(url, "robots")
        elif media_type is None:
            pages = list(self._pages_behind_link(url, response))
            yield from pages
            self._fail_image(url, "" if pages else "not_image")
        else:
            showings = self.pictures.waiting(url)
            item = self._store(response, media_type, showings)
            self.pictures.done(url, item.image)
            yield item

    def on_image_failure(self, failure: Failure) -> None:
        url: str = failure.request.meta["picture"]  # type: ignore[attr-defined]
        self._fail_image(url, failure_name(failure))

    def _fail_image(self, url: str, name: str) -> None:
        """No picture at `url`; counted once per site under `name`, unless that is empty."""
        for site in {showing.site for showing in self.pictures.done(url, None)}:
            if name:
                site.tally.errors[name] += 1

    def _pages_behind_link(self, url: str, response: Response) -> Output:
        """Some sites have pages under names like `/File:Portrait.jpg`: no picture, but a page to read."""
        if not is_html(response.body, header(response, b"Content-Type")):
            return
        for showing in self.pictures.waiting(url):
            visit = showing.site.claim(url, showing.page_depth + 1) if showing.kind == "link" else None
            if visit is not None:
                yield from self._read_page(showing.site, visit, response)
                showing.site.returned()

    @staticmethod
    def _store(response: Response, media_type: str, showings: list[Showing]) -> ImageItem:
        digest = hashlib.sha256(response.body).hexdigest()
        image = StoredImage(digest, len(response.body), media_type)
        return _placed(ImageItem(image, showings, response.body))


def _placed(item: ImageItem) -> ImageItem:
    for showing in item.showings:
        showing.site.tally.pictures.add(showing.image_url)
    return item


def _showing(site: Site, visit: Visit, title: str, candidate: ImageCandidate) -> Showing:
    return Showing(site, visit.url, title, visit.depth, candidate.url, candidate.kind)


def _alone(site: Site, visit: Visit) -> Showing:
    """A picture that is its own page, as when its URL was named as a source."""
    return Showing(site, visit.url, "", visit.depth, visit.url, "page")


def header(response: Response, name: bytes) -> str:
    """All values of a header, joined by commas."""
    return b",".join(response.headers.getlist(name)).decode("latin-1")


def redirect_target(response: Response) -> str | None:
    """Where a response redirects to, canonical; None where it does not, or not to a web address."""
    location = response.headers.get(b"Location")
    if response.status not in (301, 302, 303, 307, 308) or not location:
        return None
    try:
        return canonical_url(urljoin(response.url, location.decode("utf-8", "replace")))
    except (FetchRefused, ValueError):
        return None


def failure_name(failure: Failure) -> str:
    """The name by which a request without a response is counted."""
    error = failure.value
    if isinstance(error, NotFetched):
        return error.code
    return next((name for kind, name in FAILURES if isinstance(error, kind)), "broken")
