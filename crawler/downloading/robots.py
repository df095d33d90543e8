"""What sites ask of robots, asked for once per site and day before anything else is (RFC 9309)."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin
from weakref import WeakKeyDictionary

from scrapy import Request, signals
from scrapy.exceptions import StopDownload
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from crawler.downloading import robots_txt
from crawler.downloading.middlewares import opener
from crawler.downloading.pace import NotFetched, slot_of
from crawler.downloading.slots import wake
from crawler.policy import FetchError, canonical_url, parse_url

logger = logging.getLogger(__name__)

MAX_REDIRECTS = 5
MAX_CRAWL_DELAY_SECONDS = 60.0
# RFC 9309, 2.4
KEEP_SECONDS = 24 * 3600.0
KEEP_UNREACHABLE_SECONDS = 15 * 60.0


@dataclass(frozen=True, slots=True)
class RobotsRules:
    """A site's robots.txt. Without `rules`, `reason` says why nothing may be fetched; empty: all may."""

    rules: robots_txt.RobotsTxt | None = None
    reason: str = ""

    def refusal(self, url: str, agent: str) -> str:
        """Why `url` may not be fetched, as the code to count by; empty where it may. Raises FetchRefused."""
        if self.rules is None:
            return self.reason
        return "" if self.rules.allows(parse_url(url).target, agent) else "robots"

    def delay(self, agent: str) -> float:
        """Seconds between two requests that the site asks for."""
        return min(self.rules.delay(agent), MAX_CRAWL_DELAY_SECONDS) if self.rules else 0.0


def read_robots(status: int, body: bytes) -> RobotsRules:
    """What a site says when it is asked for robots.txt (RFC 9309, 2.3.1), with 429 taken as "not now"."""
    if status >= 500 or status == 429:
        return RobotsRules(reason="robots_unreachable")
    if not 200 <= status < 300:
        return RobotsRules()
    return RobotsRules(rules=robots_txt.parse(body))


class RobotsMiddleware:
    """RFC 9309: a site without robots.txt (4xx) allows all; one that cannot be asked allows nothing.

    Others ask it as the attribute `robots` of the Scrapy crawler.
    """

    def __init__(self, crawler: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._crawler = crawler
        self._clock = clock
        self._agent: str = crawler.settings["ROBOTSTXT_USER_AGENT"]
        self._rules: dict[str, tuple[float, RobotsRules]] = {}
        self._loading: dict[str, asyncio.Task[RobotsRules]] = {}
        self._received: WeakKeyDictionary[Request, int] = WeakKeyDictionary()
        crawler.robots = self

    @classmethod
    def from_crawler(cls, crawler: Any) -> "RobotsMiddleware":
        made = cls(crawler)
        crawler.signals.connect(made._stop_at_limit, signal=signals.bytes_received)
        return made

    async def process_request(self, request: Request) -> None:
        if request.meta.get("is_robots_txt"):
            return
        parsed = parse_url(request.url)
        slot = slot_of(parsed)
        rules = await self._ask(f"{parsed.scheme}://{parsed.netloc}", opener(request))
        host = self._crawler.pace.host(slot)
        host.robots_delay = max(host.robots_delay, rules.delay(self._agent))
        if not host.met:
            host.met = True
            wake(self._crawler)
        refusal = rules.refusal(request.url, self._agent)
        if refusal:
            raise NotFetched(refusal)

    async def allows(self, url: str) -> str:
        """Empty where `url` may be fetched, or the code of the refusal."""
        try:
            parsed = parse_url(url)
            rules = await self._ask(f"{parsed.scheme}://{parsed.netloc}", url)
            return rules.refusal(url, self._agent)
        except FetchError as error:
            return error.code

    def sitemaps(self, origin: str) -> list[str]:
        """The canonical addresses of the sitemaps that a robots.txt loaded before names; origin as `http://host`."""
        rules = self._rules.get(origin.rstrip("/"), (0.0, RobotsRules()))[1].rules
        found: list[str] = []
        for line in rules.sitemaps if rules else ():
            try:
                found.append(canonical_url(urljoin(origin, line)))
            except (FetchError, ValueError):
                continue
        return list(dict.fromkeys(found))

    async def _ask(self, origin: str, led_by: str) -> RobotsRules:
        expires, rules = self._rules.get(origin, (-1.0, RobotsRules()))
        if self._clock() < expires:
            return rules
        if origin not in self._loading:
            self._loading[origin] = asyncio.ensure_future(self._refresh(origin, led_by))
        return await asyncio.shield(self._loading[origin])

    async def _refresh(self, origin: str, led_by: str) -> RobotsRules:
        """Load it; where it is not to be had any more, what it said the last time holds on (RFC 9309, 2.4)."""
        rules = await self._load(f"{origin}/robots.txt", led_by)
        keep = KEEP_UNREACHABLE_SECONDS if rules.reason else KEEP_SECONDS
        before = self._rules.get(origin)
        if rules.reason and before is not None and not before[1].reason:
            rules = before[1]
        self._rules[origin] = (self._clock() + keep, rules)
        del self._loading[origin]
        return rules

    async def _load(self, url: str, led_by: str) -> RobotsRules:
        try:
            for _hop in range(MAX_REDIRECTS + 1):
                response: Response = await self._crawler.engine.download_async(_request(url, led_by))
                location = response.headers.get(b"Location")
                if not 300 <= response.status < 400 or not location:
                    return read_robots(response.status, response.body)
                url = canonical_url(urljoin(url, location.decode("latin-1")))
        except NotFetched as error:
            return RobotsRules(reason="tls" if error.code == "tls" else "robots_unreachable")
        except Exception as error:  # whatever the reason: a site that cannot be asked is left alone
            logger.info("robots.txt not read: %s", type(error).__name__)
            return RobotsRules(reason="robots_unreachable")
        return RobotsRules()

    def _stop_at_limit(self, data: bytes, request: Request) -> None:
        """Scrapy tells of every piece of a body; a robots.txt is read as far as its rules count."""
        if request.meta.get("is_robots_txt"):
            received = self._received[request] = self._received.get(request, 0) + len(data)
            if received > robots_txt.MAX_BYTES:
                raise StopDownload(fail=False)


def _request(url: str, led_by: str) -> Request:
    # Not limited by `download_maxsize`, which would make an error of it: `_stop_at_limit` keeps the beginning.
    meta = {"is_robots_txt": True, "source_url": led_by, "download_maxsize": 0}
    return Request(url, callback=NO_CALLBACK, priority=1000, meta=meta)
