"""What every request of a crawl passes first, also for robots.txt: the fetch policy."""

import asyncio
from typing import Any

from scrapy import Request

from crawler.downloading.pace import NotFetched
from crawler.policy import FetchError, FetchPolicy, IPAddress, ParsedUrl, is_private_address, parse_url
from crawler.resolver import CachingResolver


class PolicyMiddleware:
    """Judges the URL and every address of its host; what it lets pass is all that can be connected to."""

    def __init__(self, crawler: Any) -> None:
        self._crawler = crawler
        self._policy: FetchPolicy = crawler.settings["FETCH_POLICY"]
        self._resolver: CachingResolver = crawler.settings["FETCH_ADDRESSES"]

    @classmethod
    def from_crawler(cls, crawler: Any) -> "PolicyMiddleware":
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        try:
            policy = self._policy
            if policy.private_hosts:
                policy = policy.seen_from(parse_url(opener(request)).host)
            parsed = policy.check_url(request.url)
            addresses = await self._addresses(parsed)
            policy.check_target(parsed, addresses)
        except FetchError as error:
            raise NotFetched(error.code) from error
        slot = self._crawler.engine.downloader.get_slot_key(request)
        self._crawler.pace.host(slot).private = all(is_private_address(address) for address in addresses)

    async def _addresses(self, parsed: ParsedUrl) -> list[IPAddress]:
        known = self._resolver.known(parsed.host)
        return await asyncio.to_thread(self._resolver.resolve, parsed.host) if known is None else known


def opener(request: Request) -> str:
    """The address that led to this request: the source's where the spider says so, or the page's, or its own."""
    source: str | None = request.meta.get("source_url")
    return source or (request.headers.get(b"Referer") or b"").decode("latin-1") or request.url
