"""Where `Pace` takes hold in Scrapy: the downloader's slots, the queue before them, and what comes back.

A host that rests, or has enough requests under way, gets no further ones out of the scheduler, so that its
requests do not take up the places of other hosts.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Any

from scrapy import Request
from scrapy.core.downloader import Downloader, Slot
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
from scrapy.http import Response
from scrapy.pqueues import DownloaderAwarePriorityQueue, DownloaderInterface
from twisted.python.failure import Failure

from crawler.downloading.pace import NotFetched, Pace, retry_after_seconds, slot_of_url

_NOT_NOW = frozenset({429, 503})
_NO_CONNECTION = (CannotResolveHostError, DownloadConnectionRefusedError)
_NO_CONNECTION_CODES = frozenset({"dns", "tls"})
_NO_ANSWER = (DownloadTimeoutError, DownloadFailedError, ResponseDataLossError)
# Above all that waits for the host: whether it is the URL or the host that said no shows at once.
_RETRY_PRIORITY = 1000


class PacedDownloader(Downloader):
    """Scrapy's downloader with the `Pace` of the crawl in place of fixed delays; one slot per host and port."""

    def __init__(self, crawler: Any) -> None:
        crawler.pace = Pace(crawler.settings.getfloat("DOWNLOAD_DELAY"))
        super().__init__(crawler)

    def get_slot_key(self, request: Request) -> str:
        key: str | None = request.meta.get(self.DOWNLOAD_SLOT)
        if key is None:
            key = request.meta[self.DOWNLOAD_SLOT] = slot_of_url(request.url)
        return key

    def needs_backout(self) -> bool:
        """Requests that wait for their turn at a host do not count as being at work."""
        waiting = sum(len(slot.queue) for slot in self.slots.values())
        return 0 < self.total_concurrency <= len(self.active) - waiting

    def _get_slot(self, request: Request, spider: Any = None) -> tuple[str, Slot]:
        key, slot = super()._get_slot(request)
        self.apply(key)
        return key, slot

    def apply(self, key: str) -> None:
        """Let a slot that is in use follow its host's pace; what waits for a host that is given up fails at once."""
        slot, pace = self.slots.get(key), self.crawler.pace  # type: ignore[attr-defined]
        if slot is None:
            return
        slot.delay, slot.concurrency, slot.jitter = pace.delay(key), pace.concurrency(key), pace.jitter(key)
        host = pace.host(key)
        if pace.rest(key):
            # Scrapy lets the next request go `delay` after this moment, by the same clock.
            slot.lastseen = max(slot.lastseen, host.rest_until - slot.delay)
        while slot.queue and (refusal := pace.refusal(key)) is not None:
            _request, answer = slot.queue.popleft()
            answer.errback(Failure(refusal))  # type: ignore[no-untyped-call]


class _HostsWithRoom(DownloaderInterface):
    def stats(self, possible_slots: Iterable[str]) -> list[tuple[int, str]]:
        """The hosts that may be asked now, each with its number of requests under way."""
        busy = Counter(map(self.downloader.get_slot_key, self.downloader.active))
        pace: Pace = self.downloader.crawler.pace  # type: ignore[attr-defined]
        return [(busy[slot], slot) for slot in possible_slots if busy[slot] < pace.room(slot)]


class PacedQueue(DownloaderAwarePriorityQueue):
    """The scheduler's queue: gives out requests for hosts that have room, in turn."""

    def __init__(self, crawler: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(crawler, *arguments, **options)
        self._downloader_interface = _HostsWithRoom(crawler)


class PaceMiddleware:
    """Outermost: turns requests away from hosts that are given up, and learns from all that comes back."""

    def __init__(self, crawler: Any) -> None:
        self._crawler = crawler
        self._pace: Pace = crawler.pace

    @classmethod
    def from_crawler(cls, crawler: Any) -> "PaceMiddleware":
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        slot = self._slot(request)
        refusal = self._pace.refusal(slot)
        if refusal is not None:
            raise refusal
        self._pace.wish(slot, request.meta.get("delay_seconds"), request.meta.get("concurrency"))
        if "sharers" in request.meta:
            self._pace.share(slot, request.meta["sharers"])

    def process_response(self, request: Request, response: Response) -> Response | Request:
        slot = self._slot(request)
        if response.status not in _NOT_NOW:
            self._pace.answered(slot, response.status, request.meta.get("download_latency"))
            self._changed(slot)
            return response
        wish = retry_after_seconds((response.headers.get(b"Retry-After") or b"").decode("latin-1"))
        tries: int = request.meta.get("refused_times", 0)
        again = self._pace.refused(slot, wish, tries, request.meta.get("download_latency") or 0.0)
        self._changed(slot)
        if again:
            priority = max(request.priority, _RETRY_PRIORITY)
            meta = {**request.meta, "refused_times": tries + 1}
            return request.replace(dont_filter=True, priority=priority, meta=meta)
        closed = self._pace.refusal(slot)
        raise closed or NotFetched("busy", max(self._pace.rest(slot), wish or 0.0))

    def process_exception(self, request: Request, exception: Exception) -> None:
        slot = self._slot(request)
        if isinstance(exception, NotFetched):
            if exception.code in _NO_CONNECTION_CODES:
                self._pace.failed(slot, connected=False)
        elif isinstance(exception, _NO_CONNECTION):
            self._pace.failed(slot, connected=False)
        elif isinstance(exception, _NO_ANSWER):
            self._pace.failed(slot, connected=True)
        self._changed(slot)

    def _slot(self, request: Request) -> str:
        return str(self._crawler.engine.downloader.get_slot_key(request))

    def _changed(self, slot: str) -> None:
        self._crawler.engine.downloader.apply(slot)
        rest = self._pace.rest(slot)
        if rest:
            asyncio.get_running_loop().call_later(rest + 0.01, wake, self._crawler)


def wake(crawler: Any) -> None:
    """Let the engine look into the scheduler again; of itself it does so when a request has ended."""
    slot = crawler.engine and crawler.engine._slot
    if slot is not None and slot.closing is None:
        slot.nextcall.schedule()
