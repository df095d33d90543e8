"""Scripts and style sheets that page after page asks for, fetched once in a crawl."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from crawler.browsing.chromium import Answer
from crawler.policy import FetchError

MAX_BYTES = 64 * 1024 * 1024


class Shelf:
    """The newest answers by URL, and those that are on their way. For one event loop."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        # A refusal or failure is kept as well: it is not asked for again.
        self._kept: OrderedDict[str, Answer | FetchError] = OrderedDict()
        self._coming: dict[str, asyncio.Future[Answer]] = {}

    async def get(self, url: str, fetch: Callable[[], Awaitable[Answer]]) -> Answer:
        """What is there, or what `fetch` brings. Raises FetchError."""
        kept = self._kept.get(url)
        if isinstance(kept, FetchError):
            raise kept
        if kept is not None:
            self._kept.move_to_end(url)
            return kept
        if url not in self._coming:
            self._coming[url] = asyncio.ensure_future(self._bring(url, fetch))
        return await asyncio.shield(self._coming[url])

    async def _bring(self, url: str, fetch: Callable[[], Awaitable[Answer]]) -> Answer:
        try:
            answer = await fetch()
        except FetchError as error:
            self._kept[url] = error
            raise
        finally:
            del self._coming[url]
        self._kept[url] = answer
        self._bytes += len(answer.body)
        while self._bytes > self._max_bytes:
            _url, oldest = self._kept.popitem(last=False)
            self._bytes -= len(oldest.body) if isinstance(oldest, Answer) else 0
        return answer
