"""A Chromium that cannot reach the network: how it is started, and the gate through which it gets all it shows.

Every request of a page is answered by us, from what our own fetch policy let in, and nothing is passed on. What
Chromium does not ask us about (WebSockets of workers, WebRTC, preconnections) finds no network: every name and every
address is mapped to nothing, and all traffic is to go through a proxy that cannot be found.
"""

import asyncio
import logging
import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar
from wsgiref.headers import Headers

from django.conf import settings
from playwright.async_api import Browser, BrowserContext, Page, Request, Route, WebSocketRoute, async_playwright
from playwright.async_api import Error as PlaywrightError

from crawler.fetch import Fetched
from crawler.policy import FetchError, parse_url

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-domain-reliability",
    "--no-pings",
    # No name and no address, the proxy's own included, leads anywhere.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://nowhere.invalid:9",
    # Chromium would leave loopback out of the proxy otherwise.
    "--proxy-bypass-list=<-loopback>",
    # WebRTC sends UDP past both, unless it may only go by proxy.
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
)
CONTEXT: dict[str, Any] = {
    "accept_downloads": False,
    "permissions": [],
    "service_workers": "block",
    "viewport": {"width": 1280, "height": 900},
    "locale": "en-GB",
}
MAX_REQUESTS = 200
MAX_BYTES = 40 * 1024 * 1024
CLOSE_SECONDS = 5.0
MAX_SCROLLS = 20
# Steps down through the page, for what is loaded when it comes into view, and back to the top.
SCROLL = """async steps => {
    const pause = () => new Promise(resolve => setTimeout(resolve, 50));
    for (let step = 0; step < steps && scrollY + innerHeight < document.documentElement.scrollHeight; step++) {
        scrollBy({top: innerHeight, behavior: 'instant'});
        await pause();
    }
    scrollTo({top: 0, behavior: 'instant'});
}"""
# Nothing else is inherited: neither keys nor the address of the database.
_INHERITED = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "FONTCONFIG_PATH", "FONTCONFIG_FILE")
_MARK = "FACEWARD_CHROMIUM"
_LONGEST_HOME = 50
# What a page may know of the response; cookies, redirects, hints to connect and reports to send are left out.
_KEPT_HEADERS = frozenset(
    {
        "access-control-allow-credentials", "access-control-allow-origin", "access-control-expose-headers",
        "content-language", "content-security-policy", "content-type", "cross-origin-embedder-policy",
        "cross-origin-opener-policy", "cross-origin-resource-policy", "x-content-type-options", "x-frame-options",
    }
)  # fmt: skip

T = TypeVar("T")
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser is given for a request."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


# Answers a GET by its URL, or says no with None. Raises FetchError.
Responder = Callable[[Request], Awaitable[Answer | None]]
STAY = Answer(204)
"""To a navigation: the page stays as it is."""


def executable() -> str | None:
    """The path of a Chromium, or None where there is none."""
    names: tuple[str, ...] = (settings.CHROMIUM,) if settings.CHROMIUM else NAMES
    return next(filter(None, map(shutil.which, names)), None)


def environment(home: str, mark: str) -> dict[str, str]:
    """What Chromium's processes see of ours; by `mark` they can be told from all others."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    # Chromium puts a socket there, whose path the kernel limits to about a hundred characters.
    temporary = {"TMPDIR": home} if len(home) <= _LONGEST_HOME else {}
    return {**inherited, **temporary, "HOME": home, _MARK: mark}


def launch_options(path: str, home: str, mark: str) -> dict[str, Any]:
    """For Playwright's `launch`."""
    return {
        "executable_path": path,
        "args": list(ARGUMENTS),
        "headless": True,
        # Chromium refuses to start as root with its sandbox on, so that in a container without users it is off.
        "chromium_sandbox": not hasattr(os, "geteuid") or os.geteuid() != 0,
        "env": environment(home, mark),
    }


@asynccontextmanager
async def chromium(path: str) -> AsyncIterator[Browser]:
    """A browser of one's own, of which nothing is left afterwards: no process and no file."""
    mark = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="faceward-", ignore_cleanup_errors=True) as home:
        try:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(**launch_options(path, home, mark))
                try:
                    yield browser
                finally:
                    await shut(browser.close())
                    end_processes(mark)
        finally:
            end_processes(mark)


async def shut(closing: Awaitable[None]) -> bool:
    """Wait for something to close, but not for long: whether it did."""
    try:
        await asyncio.wait_for(closing, CLOSE_SECONDS)
    except (PlaywrightError, TimeoutError):
        return False
    return True


def end_processes(mark: str) -> None:
    """Kill whatever carries this mark. Elsewhere than on Linux the driver's own care must do."""
    wanted = f"{_MARK}={mark}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                os.kill(int(folder.name), signal.SIGKILL)


def apart(work: Callable[[], Coroutine[Any, Any, T]], seconds: float) -> T:
    """Run `work` in a thread and an event loop of its own, wherever the caller runs. Raises TimeoutError too."""
    result: Future[T] = Future()

    async def bounded() -> T:
        async with asyncio.timeout(seconds):
            return await work()

    def run() -> None:
        try:
            result.set_result(asyncio.run(bounded()))
        except BaseException as error:
            result.set_exception(error)

    Thread(target=run, name="browser", daemon=True).start()
    # What is cancelled at its time is given another while to close.
    return result.result(seconds + 4 * CLOSE_SECONDS)


class Gate:
    """Stands between a page and the web: counts, bounds, and answers by `respond` or not at all."""

    def __init__(self, respond: Responder, *, max_requests: int = MAX_REQUESTS, max_bytes: int = MAX_BYTES) -> None:
        self._respond = respond
        self._max_requests = max_requests
        self._max_bytes = max_bytes
        self.requests = self.bytes = self._open = 0
        self._last_at = time.monotonic()
        # By the URL asked for, why it was not answered.
        self.refused: dict[str, str] = {}

    async def guard(self, context: BrowserContext) -> None:
        """Set it before the context has a page."""
        await context.route_web_socket("**/*", self._refuse_socket)
        await context.route("**/*", self._handle)

    def keep_alone(self, context: BrowserContext) -> None:
        """From now on, close every window that a page opens."""

        async def close(page: Page) -> None:
            await shut(page.close())

        context.on("page", close)

    async def settled(self, quiet: float = 0.5) -> None:
        """Wait until nothing has been asked for and answered for `quiet` seconds."""
        while self._open or time.monotonic() - self._last_at < quiet:
            await asyncio.sleep(0.05)

    async def _refuse_socket(self, socket: WebSocketRoute) -> None:
        self.refused[socket.url] = "web_socket"
        with suppress(PlaywrightError):
            await socket.close()

    async def _handle(self, route: Route, request: Request) -> None:
        self._open += 1
        try:
            await self._give(route, request)
        finally:
            self._open -= 1
            self._last_at = time.monotonic()

    async def _give(self, route: Route, request: Request) -> None:
        try:
            answer = await self._answer(request)
        except FetchError as error:
            self.refused[request.url] = error.code
            # A navigation that failed would leave an error page behind.
            answer = STAY if request.is_navigation_request() else None
        except Exception:  # whatever it is, the page must not wait for it for ever
            logger.exception("A request of a page could not be answered.")
            self.refused[request.url] = "internal"
            answer = None
        with suppress(PlaywrightError):  # the page is gone by now
            if answer is None:
                await route.abort("blockedbyclient")
            else:
                await route.fulfill(status=answer.status, headers=answer.headers, body=answer.body)

    async def _answer(self, request: Request) -> Answer | None:
        self.requests += 1
        if request.method != "GET":
            raise _Refused("method")
        if self.requests > self._max_requests:
            raise _Refused("too_many_requests")
        if self.bytes >= self._max_bytes:
            raise _Refused("too_large")
        answer = await self._respond(request)
        self.bytes += len(answer.body) if answer else 0
        if self.bytes > self._max_bytes:
            raise _Refused("too_large")
        return answer


class _Refused(FetchError):
    def __init__(self, code: str) -> None:
        super().__init__(code, "The page asked for more than it gets.")


def answer_of(fetched: Fetched, asked: str, *, navigation: bool) -> Answer:
    """A response as the browser gets it.

    A browser takes relative links from the URL that it asked for. So a document that lies elsewhere is not given
    under this one: the browser is sent there.
    """
    if navigation and fetched.redirects and key(asked) != key(fetched.final_url):
        return elsewhere(fetched.final_url)
    return Answer(fetched.status, fetched.body, kept_headers(fetched.headers))


def elsewhere(url: str) -> Answer:
    """A page that leads to another: redirects of intercepted requests are not intercepted again."""
    safe = parse_url(url).url.replace("&", "&amp;").replace('"', "&quot;").replace("'", "&#39;")
    page = f'<!doctype html><meta http-equiv="refresh" content="0;url={safe}">'
    return Answer(200, page.encode(), {"content-type": "text/html; charset=utf-8"})


def kept_headers(headers: Headers) -> dict[str, str]:
    """Response headers that a page may know of, each once."""
    kept: dict[str, str] = {}
    for name, value in headers.items():
        name = name.lower()
        if name in _KEPT_HEADERS:
            kept[name] = f"{kept[name]}, {value}" if name in kept and name != "content-type" else value
    return kept


def key(url: str) -> str:
    """One spelling of a URL, without its fragment. Raises FetchRefused."""
    return parse_url(url).url
