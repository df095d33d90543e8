"""Pictures of pages as a browser draws them, for evidence. The browser itself never touches the network.

See `crawler.browsing.chromium` for how that is made sure.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from playwright.async_api import Browser, Page, Request
from playwright.async_api import Error as PlaywrightError

from crawler.browsing.chromium import (
    CONTEXT,
    MAX_SCROLLS,
    SCROLL,
    Answer,
    Gate,
    answer_of,
    apart,
    chromium,
    executable,
    key,
    shut,
)
from crawler.browsing.drawn import PIXEL, markup
from crawler.fetch import Exchange, Fetched, fetch
from crawler.policy import FetchError, FetchPolicy, FetchRefused, parse_url
from crawler.resolver import Lookup, system_lookup

WIDTH = 1280
MAX_HEIGHT = 15_000
SECONDS = 30.0
# Of these: until the document is there, until it has settled, and for one step of the drawing.
_LOAD_SECONDS, _SETTLE_SECONDS, _DRAW_SECONDS = 10.0, 8.0, 12.0
_REQUEST_SECONDS = 10.0
_AT_ONCE = 8
_QUALITY = 85
_PICTURES = frozenset({"image", "media", "font"})
_HEIGHT = "() => Math.max(document.documentElement.scrollHeight, document.body ? document.body.scrollHeight : 0)"

T = TypeVar("T")


class BrowserFailed(FetchError):
    """No picture of the page came about. `code` is a short name to count by, `sentence` is for people."""


@dataclass(frozen=True, slots=True)
class Screenshot:
    """A page from its top, 1280 pixels wide. `fetched` is what it was made of, without what the caller knew already."""

    data: bytes
    """JPEG."""
    width: int
    height: int
    page_height: int
    """Of the whole page, which may be higher than what is shown."""
    fetched: tuple[Fetched, ...]

    @property
    def exchanges(self) -> list[Exchange]:
        return [exchange for one in self.fetched for exchange in one.exchanges]

    @property
    def cut(self) -> bool:
        return self.page_height > self.height


def _nothing(_url: str) -> bool:
    return False


def screenshot(
    url: str,
    policy: FetchPolicy,
    *,
    lookup: Lookup = system_lookup,
    known: Mapping[str, Fetched] | None = None,
    forbidden: Callable[[str], bool] = _nothing,
    seconds: float = SECONDS,
) -> Screenshot:
    """Draw the page at `url`, every byte of it fetched under `policy` or taken from `known` (by URL).

    What is `forbidden`, which is asked in other threads, is not fetched. Works in any thread, whether or not an event
    loop runs in it; takes at most about `seconds`. Raises BrowserFailed.
    """
    shot = _Visit(url, policy, lookup, known or {}, forbidden)
    return _made(shot, shot.shoot, seconds)


def drawn_page(
    url: str,
    policy: FetchPolicy,
    *,
    lookup: Lookup = system_lookup,
    known: Mapping[str, Fetched] | None = None,
    seconds: float = SECONDS,
) -> str:
    """The markup of the page after its scripts have run, without pictures being fetched. Otherwise as `screenshot`."""
    visit = _Visit(url, policy, lookup, known or {}, _nothing, pictures=False)
    return _made(visit, markup, seconds)


def _made(visit: "_Visit", finish: Callable[[Page], Coroutine[Any, Any, T]], seconds: float) -> T:
    path = executable()
    if path is None:
        raise BrowserFailed("no_browser", "There is no Chromium on this machine.")
    try:
        return apart(lambda: visit.make(path, finish), seconds)
    except FetchError as error:
        raise BrowserFailed(error.code, error.sentence) from error
    except TimeoutError:
        raise BrowserFailed("timeout", "The page was not drawn in time.") from None
    except (PlaywrightError, OSError) as error:
        raise BrowserFailed("browser", f"The browser could not draw the page: {type(error).__name__}.") from error


class _Visit:
    """One visit of a browser to one page."""

    def __init__(
        self,
        url: str,
        policy: FetchPolicy,
        lookup: Lookup,
        known: Mapping[str, Fetched],
        forbidden: Callable[[str], bool],
        *,
        pictures: bool = True,
    ) -> None:
        self._url = url
        self._pictures = pictures
        self._forbidden = forbidden
        self._policy = replace(policy, timeout_seconds=min(policy.timeout_seconds, _REQUEST_SECONDS))
        self._lookup = lookup
        self._loading: dict[str, asyncio.Future[Fetched]] = {}
        self._known = {key(address): fetched for address, fetched in known.items()}
        # A document that was redirected to is asked for again where it lies.
        self._known.update({key(fetched.final_url): fetched for fetched in known.values()})
        self._new: list[Fetched] = []
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="page")

    async def make(self, path: str, finish: Callable[[Page], Coroutine[Any, Any, T]]) -> T:
        try:
            start = await self._fetched(self._url)
            self._policy = self._policy.seen_from(parse_url(start.final_url).host)
            async with chromium(path) as browser:
                return await self._draw(browser, start, finish)
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _draw(self, browser: Browser, start: Fetched, finish: Callable[[Page], Coroutine[Any, Any, T]]) -> T:
        context = await browser.new_context(**CONTEXT, user_agent=self._policy.user_agent)
        gate = Gate(self._respond)
        await gate.guard(context)
        page = await context.new_page()
        gate.keep_alone(context)
        try:
            # No more than the first bytes: a page that wants to leave at once would not be "loaded" any more.
            await page.goto(start.final_url, wait_until="commit", timeout=1000 * _LOAD_SECONDS)
            await self._settle(page, gate)
            return await finish(page)
        finally:
            await shut(context.close())

    async def _settle(self, page: Page, gate: Gate) -> None:
        """Whatever of the page has not come by then is missing in the picture, as it would be for a visitor."""
        with suppress(PlaywrightError, TimeoutError):
            async with asyncio.timeout(_SETTLE_SECONDS):
                # Not Playwright's load states: they never come where a page tries in vain to lead elsewhere.
                await page.wait_for_function("document.readyState === 'complete'", timeout=1000 * _SETTLE_SECONDS)
                await page.evaluate(SCROLL, MAX_SCROLLS)
                await gate.settled()

    async def shoot(self, page: Page) -> Screenshot:
        async with asyncio.timeout(_DRAW_SECONDS):
            found = await page.evaluate(_HEIGHT)
            page_height = int(found) if isinstance(found, int | float) and 0 < found < 1e9 else MAX_HEIGHT
            height = max(1, min(page_height, MAX_HEIGHT))
            data = await page.screenshot(
                type="jpeg",
                quality=_QUALITY,
                full_page=True,
                clip={"x": 0, "y": 0, "width": WIDTH, "height": height},
                animations="disabled",
                timeout=1000 * _DRAW_SECONDS,
            )
        return Screenshot(data, WIDTH, height, page_height, tuple(self._new))

    async def _respond(self, request: Request) -> Answer | None:
        if not self._pictures and request.resource_type in _PICTURES:
            return PIXEL if request.resource_type == "image" else None
        fetched = await self._fetched(request.url)
        return answer_of(fetched, request.url, navigation=request.is_navigation_request())

    async def _fetched(self, url: str) -> Fetched:
        """Each URL once, from what is known or by the policy. Raises FetchError."""
        address = key(url)
        if address in self._known:
            return self._known[address]
        if address not in self._loading:
            loop = asyncio.get_running_loop()
            self._loading[address] = asyncio.ensure_future(loop.run_in_executor(self._threads, self._fetch, url))
        fetched = await asyncio.shield(self._loading[address])
        if address not in self._known:
            self._known[address] = fetched
            self._known.setdefault(key(fetched.final_url), fetched)
            self._new.append(fetched)
        return fetched

    def _fetch(self, url: str) -> Fetched:
        if self._forbidden(url):
            raise FetchRefused("restricted", "This address is not to be requested.")
        return fetch(url, self._policy, lookup=self._lookup)


__all__ = ["MAX_HEIGHT", "WIDTH", "BrowserFailed", "Screenshot", "drawn_page", "executable", "screenshot"]
