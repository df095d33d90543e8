"""Pages that need JavaScript, drawn by Chromium within a Scrapy crawl; the browser never touches the network.

A page is downloaded as every other is: judged, paced, capped, its status and headers untouched. Only then, where it
is a page at all, Chromium is given its bytes and runs its scripts. What these ask for is fetched by us under the same
policy and robots.txt, and only what can change the page: no pictures, which the spider fetches once, no media, no
frames. Where the page wants to lead elsewhere, it stays, and says so to the spider, which asks its frontier.
"""

import asyncio
import html
import logging
import secrets
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from playwright.async_api import BrowserContext, Page, Request
from playwright.async_api import Error as PlaywrightError
from scrapy import Request as ScrapyRequest
from scrapy.http import HtmlResponse, Response
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler  # type: ignore[import-untyped]

from crawler.browsing.chromium import (
    CONTEXT,
    MAX_SCROLLS,
    SCROLL,
    STAY,
    Answer,
    Gate,
    answer_of,
    end_processes,
    executable,
    key,
    launch_options,
    shut,
)
from crawler.browsing.drawn import PIXEL, markup
from crawler.browsing.polite import Asking
from crawler.browsing.shelf import Shelf
from crawler.downloading.download import BoundedCompressionMiddleware, BoundedDownloadHandler
from crawler.downloading.middlewares import opener
from crawler.fetch import Fetched, fetch
from crawler.policy import FetchError, FetchPolicy, parse_url
from crawler.reading.sniff import is_html
from crawler.resolver import CachingResolver, Lookup

logger = logging.getLogger(__name__)

MARK = "rendered"
ERROR = "render_error"
"""In the meta of a request whose page could not be drawn: why, as the code to count by. The plain page is given."""
PAGES_AT_ONCE = 2
SECONDS = 25.0
_SETTLE_SECONDS = 5.0
_REQUEST_SECONDS = 10.0
_REQUESTS_AT_ONCE = 4
_MAX_REQUESTS = 60
_MAX_BYTES = 20 * 1024 * 1024
# What can change what a page shows; all else is refused.
_ASKED_FOR = frozenset({"script", "stylesheet", "xhr", "fetch"})
_KEPT_ON_SHELF = frozenset({"script", "stylesheet"})


def settings(policy: FetchPolicy) -> dict[str, Any]:
    """Scrapy settings to merge where a source needs a browser; requests say so by `meta()`."""
    return {
        "DOWNLOAD_HANDLERS": dict.fromkeys(("http", "https"), "crawler.browsing.rendering.RenderingHandler"),
        "FETCH_POLICY": policy,
    }


def meta() -> dict[str, Any]:
    """For the meta of a request whose page is to be drawn."""
    return {MARK: True}


class RenderingHandler(BoundedDownloadHandler, ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]
    """Downloads everything as `BoundedDownloadHandler`, and draws what is marked."""

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)
        self._policy: FetchPolicy = crawler.settings["FETCH_POLICY"]
        self._addresses: CachingResolver = crawler.settings["FETCH_ADDRESSES"]
        self._compression = BoundedCompressionMiddleware(crawler=crawler)
        self._home = tempfile.TemporaryDirectory(prefix="faceward-", ignore_cleanup_errors=True)
        self._mark = secrets.token_hex(16)
        self._at_once = asyncio.Semaphore(PAGES_AT_ONCE)
        self._starting = asyncio.Lock()
        self._threads = ThreadPoolExecutor(_REQUESTS_AT_ONCE * PAGES_AT_ONCE, thread_name_prefix="page")
        self._shelf = Shelf()

    async def download_request(self, request: ScrapyRequest) -> Response:
        response = await super().download_request(request)
        if not request.meta.get(MARK) or response.status != 200:
            return response
        # Once decoded here, the middleware finds nothing to do. Raises NotFetched as it would.
        plain = self._compression.process_response(request, response)
        if not isinstance(plain, Response) or not is_html(plain.body, _content_type(plain)):
            return response
        try:
            async with self._at_once:
                return await self._draw(request, plain)
        except (PlaywrightError, FetchError, TimeoutError, OSError) as error:
            request.meta[ERROR] = _code(error)
            logger.info("A page was not drawn: %s", type(error).__name__)
            return plain

    async def close(self) -> None:
        await super().close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        end_processes(self._mark)
        self._home.cleanup()

    async def _launch(self) -> None:
        """Scrapy tells that the crawl begins; the driver is started when the first page needs it."""

    async def _close(self) -> None:
        if getattr(self, "browser_provider", None):
            await super()._close()

    async def _context(self, policy: FetchPolicy) -> BrowserContext:
        async with self._starting:
            if not hasattr(self, "browser_provider"):
                path = executable()
                if path is None:
                    raise FetchError("no_browser", "There is no Chromium on this machine.")
                self.config.launch_options = launch_options(path, self._home.name, self._mark)
                await super()._launch()
            await self._maybe_launch_browser()
            context: BrowserContext = await self.browser.new_context(**CONTEXT, user_agent=policy.user_agent)
        return context

    async def _draw(self, request: ScrapyRequest, plain: Response) -> Response:
        policy = self._policy.seen_from(parse_url(opener(request)).host)
        context = await self._context(policy)
        try:
            async with asyncio.timeout(SECONDS):
                visit = _Drawing(plain, self._subrequests(policy), self._shelf)
                text = await visit.run(context)
        finally:
            if not await shut(context.close()):
                end_processes(self._mark)
        body = text.encode("utf-8", "replace")
        if len(body) > policy.max_bytes:
            raise FetchError("too_large", "The page became too large.")
        return _drawn(request, plain, body)

    def _subrequests(self, policy: FetchPolicy) -> "_Subrequests":
        crawler: Any = self._crawler
        return _Subrequests(Asking.of(policy, crawler.robots.allows, _REQUEST_SECONDS), self._lookup, self._threads)

    def _lookup(self, host: str) -> list[str]:
        """The addresses that the whole crawl uses for this name."""
        try:
            return [str(address) for address in self._addresses.resolve(host)]
        except FetchError as error:
            raise OSError(error.code) from error


class _Subrequests:
    """What scripts ask for, fetched in threads."""

    def __init__(self, policy: FetchPolicy, lookup: Lookup, threads: ThreadPoolExecutor) -> None:
        self._policy = policy
        self._lookup = lookup
        self._threads = threads

    async def get(self, url: str) -> Answer:
        """Raises FetchError."""
        loop = asyncio.get_running_loop()
        fetched = await loop.run_in_executor(self._threads, self._fetch, url)
        return answer_of(fetched, url, navigation=False)

    def _fetch(self, url: str) -> Fetched:
        return fetch(url, self._policy, lookup=self._lookup)


class _Drawing:
    """One page, from its bytes to what its scripts made of it."""

    def __init__(self, plain: Response, subrequests: _Subrequests, shelf: Shelf) -> None:
        self._url = plain.url
        self._document: Answer | None = Answer(200, plain.body, _headers(plain))
        self._subrequests = subrequests
        self._shelf = shelf
        self._leads_to = ""

    async def run(self, context: BrowserContext) -> str:
        """The markup. Raises PlaywrightError."""
        gate = Gate(self._respond, max_requests=_MAX_REQUESTS, max_bytes=_MAX_BYTES)
        await gate.guard(context)
        page = await context.new_page()
        gate.keep_alone(context)
        await page.goto(self._url, wait_until="commit")
        with suppress(TimeoutError):
            async with asyncio.timeout(_SETTLE_SECONDS):
                await page.wait_for_function("document.readyState === 'complete'")
                await gate.settled()
        with suppress(TimeoutError):
            async with asyncio.timeout(_SETTLE_SECONDS):
                await page.evaluate(SCROLL, MAX_SCROLLS)
                await gate.settled()
        return await self._markup(page)

    async def _markup(self, page: Page) -> str:
        text = await markup(page)
        if self._leads_to:
            text += f'<meta http-equiv="refresh" content="0;url={html.escape(self._leads_to)}">'
        return text

    async def _respond(self, request: Request) -> Answer | None:
        if request.is_navigation_request():
            return self._navigate(request)
        if request.resource_type == "image":
            return PIXEL
        if request.resource_type not in _ASKED_FOR:
            return None
        if request.resource_type in _KEPT_ON_SHELF:
            return await self._shelf.get(key(request.url), lambda: self._subrequests.get(request.url))
        return await self._subrequests.get(request.url)

    def _navigate(self, request: Request) -> Answer:
        """The first is to the page itself; where it wants to go afterwards is noted. Frames stay empty."""
        document, self._document = self._document, None
        if document is not None:
            return document
        with suppress(PlaywrightError):  # a window that is not there yet
            frame = request.frame
            if frame.parent_frame is None and frame.page.context.pages[:1] == [frame.page]:
                self._leads_to = request.url
        return STAY


def _drawn(request: ScrapyRequest, plain: Response, body: bytes) -> Response:
    headers = plain.headers.copy()
    headers["Content-Type"] = "text/html; charset=utf-8"
    headers.pop("Content-Length", None)
    return HtmlResponse(
        url=plain.url,
        status=plain.status,
        headers=headers,
        body=body,
        encoding="utf-8",
        request=request,
        flags=[*plain.flags, MARK],
        ip_address=plain.ip_address,
    )


def _content_type(response: Response) -> str:
    return (response.headers.get(b"Content-Type") or b"").decode("latin-1")


def _headers(plain: Response) -> dict[str, str]:
    """Those that change what scripts may do."""
    names = ("Content-Type", "Content-Security-Policy")
    values = {name: b", ".join(plain.headers.getlist(name)).decode("latin-1") for name in names}
    return {"Content-Type": "text/html", **{name: value for name, value in values.items() if value}}


def _code(error: Exception) -> str:
    if isinstance(error, FetchError):
        return f"render_{error.code}"
    return "render_timeout" if isinstance(error, TimeoutError) else "render_failed"
