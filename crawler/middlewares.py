"""What every request of a crawl passes, also for robots.txt: the fetch policy, then the site's own wishes."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from protego import Protego
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from crawler.policy import FetchError, FetchPolicy, IPAddress, ParsedUrl, is_private_address, parse_url
from crawler.resolver import CachingResolver

logger = logging.getLogger(__name__)

ROBOTS_MAX_BYTES = 512 * 1024
ROBOTS_MAX_REDIRECTS = 5
MAX_CRAWL_DELAY_SECONDS = 60.0
PRIVATE_HOST_CONCURRENCY = 8
# Not nought: Scrapy 2.19 starts a host's whole queue at once, whatever its concurrency, where there is no delay.
LEAST_DELAY_SECONDS = 0.001


class NotFetched(IgnoreRequest):
    """A request that is not made; `code` is what it is counted by."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def slot_of(parsed: ParsedUrl) -> str:
    """The unit of politeness: a host and port."""
    return f"{parsed.host}:{parsed.port}"


class PolicyMiddleware:
    """Judges the URL and every address of its host; paces requests by host, private ones fast."""

    def __init__(self, crawler: Any) -> None:
        self._crawler = crawler
        self._policy: FetchPolicy = crawler.settings["FETCH_POLICY"]
        self._resolver = CachingResolver(self._policy)

    @classmethod
    def from_crawler(cls, crawler: Any) -> "PolicyMiddleware":
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        try:
            parsed = self._policy.check_url(request.url)
            addresses = self._resolver.known(parsed.host)
            if addresses is None:
                addresses = await asyncio.to_thread(self._resolver.resolve, parsed.host)
        except FetchError as error:
            raise NotFetched(error.code) from error
        self._set_pace(request, slot_of(parsed), addresses)

    def _set_pace(self, request: Request, slot: str, addresses: list[IPAddress]) -> None:
        request.meta["download_slot"] = slot
        if all(is_private_address(address) for address in addresses):
            pace = {"delay": LEAST_DELAY_SECONDS, "concurrency": PRIVATE_HOST_CONCURRENCY}
            self._crawler.engine.downloader.per_slot_settings.setdefault(slot, pace)
            request.meta["autothrottle_dont_adjust_delay"] = True


@dataclass(frozen=True, slots=True)
class RobotsRules:
    """A site's robots.txt. Without `rules`, `reason` says why nothing may be fetched; empty: all may."""

    rules: Protego | None = None
    reason: str = ""

    def refusal(self, url: str, agent: str) -> str:
        """Why `url` may not be fetched, as the code to count by; empty where it may."""
        if self.rules is None or self.rules.can_fetch(url, agent):
            return self.reason
        return "robots"

    def delay(self, agent: str) -> float:
        """Seconds between two requests that the site asks for."""
        wished = self.rules.crawl_delay(agent) if self.rules else None
        return min(float(wished or 0.0), MAX_CRAWL_DELAY_SECONDS)


def read_robots(status: int, body: bytes) -> RobotsRules:
    """What a site says when it is asked for robots.txt (RFC 9309, 2.3.1), with 429 taken as "not now"."""
    if status >= 500 or status == 429:
        return RobotsRules(reason="robots_unreachable")
    if status != 200:
        return RobotsRules()
    return RobotsRules(rules=Protego.parse(body[:ROBOTS_MAX_BYTES].decode("utf-8-sig", "ignore")))


class RobotsMiddleware:
    """RFC 9309: a site without robots.txt (4xx) allows all; one that cannot be asked allows nothing."""

    def __init__(self, crawler: Any) -> None:
        self._crawler = crawler
        self._agent: str = crawler.settings["ROBOTSTXT_USER_AGENT"]
        self._loading: dict[str, asyncio.Task[RobotsRules]] = {}

    @classmethod
    def from_crawler(cls, crawler: Any) -> "RobotsMiddleware":
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if request.meta.get("is_robots_txt"):
            return
        parsed = parse_url(request.url)
        origin = f"{parsed.scheme}://{parsed.netloc}"
        if origin not in self._loading:
            self._loading[origin] = asyncio.ensure_future(self._load(f"{origin}/robots.txt"))
        rules = await asyncio.shield(self._loading[origin])
        refusal = rules.refusal(request.url, self._agent)
        if refusal:
            raise NotFetched(refusal)
        if delay := rules.delay(self._agent):
            self._slow_down(request, slot_of(parsed), delay)

    async def _load(self, url: str) -> RobotsRules:
        try:
            for _hop in range(ROBOTS_MAX_REDIRECTS + 1):
                request = Request(url, callback=NO_CALLBACK, priority=1000, meta={"is_robots_txt": True})
                response: Response = await self._crawler.engine.download_async(request)
                location = response.headers.get(b"Location")
                if not 300 <= response.status < 400 or not location:
                    return read_robots(response.status, response.body)
                url = urljoin(url, location.decode("latin-1"))
        except Exception as error:  # whatever the reason: a site that cannot be asked is left alone
            logger.info("robots.txt not read: %s", type(error).__name__)
            return RobotsRules(reason="robots_unreachable")
        return RobotsRules()

    def _slow_down(self, request: Request, slot: str, delay: float) -> None:
        request.meta["autothrottle_dont_adjust_delay"] = True
        downloader = self._crawler.engine.downloader
        pace = downloader.per_slot_settings.setdefault(slot, {})
        own = pace.get("delay", downloader.settings.getfloat("DOWNLOAD_DELAY"))
        pace.update(delay=max(own, delay), concurrency=1, jitter=0.0)
        live = downloader.slots.get(slot)
        if live is not None:
            live.delay, live.concurrency, live.jitter = pace["delay"], 1, 0.0
