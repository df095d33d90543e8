"""The one thread that writes what a crawl finds: the event loop never waits for the disk.

What has come in while it wrote is its next batch, so that a fast crawl costs few transactions and a slow one is
seen at once. Nothing is dropped: closing waits until all is written.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

from django.db import connection, transaction
from django.utils import timezone

from crawler import memory, spool
from crawler.backpressure import Pressure
from crawler.blocklists.blocklist import Guard
from crawler.items import FailedItem, FoundItem, ImageItem, Item, MovedItem, PageItem, ReadItem, sites
from crawler.models import FetchedImage, PageVisit, url_digest

logger = logging.getLogger(__name__)

BATCH = 200
BATCH_BYTES = 32 * 1024**2
# What may wait to be written before the crawl is slowed down.
MOST_WAITING = 1000
MOST_WAITING_BYTES = 64 * 1024**2
T = TypeVar("T")


class Writer:
    """Takes items from the event loop and writes them, in the order they come."""

    def __init__(self, guard: Guard, pressure: Pressure) -> None:
        self.pressure = pressure
        # Told of what was written, from the writer's thread.
        self.on_written: Callable[[list[Item]], None] = ignore
        self._guard = guard
        self._items: deque[Item] = deque()
        self._bytes = 0
        self._calls: deque[Callable[[], None]] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="crawl-writer", daemon=True)
        self._thread.start()

    async def put(self, item: Item) -> None:
        """Take `item`; waits only while too much is waiting to be written already."""
        self.add(item)
        while self._is_behind():
            await asyncio.sleep(0.02)

    def put_now(self, item: Item) -> None:
        """`put` without an event loop."""
        self.add(item)
        while self._is_behind():
            time.sleep(0.02)

    async def call(self, function: Callable[[], T]) -> T:
        """What `function` returns, called in the writer's thread when all that waits now is written."""
        return await asyncio.wrap_future(self._submit(function))

    def call_now(self, function: Callable[[], T]) -> T:
        """`call` without an event loop."""
        return self._submit(function).result()

    @property
    def unwritten(self) -> int:
        """Bytes that wait to be written."""
        return self._bytes

    def close(self) -> None:
        """Write what waits, then end."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def add(self, item: Item) -> None:
        """Take `item` whatever waits."""
        with self._changed:
            self._items.append(item)
            self._bytes += _size(item)
            self.pressure.put(_size(item))
            self._changed.notify()

    def _is_behind(self) -> bool:
        return len(self._items) > MOST_WAITING or self._bytes > MOST_WAITING_BYTES

    def _submit(self, function: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()

        def run() -> None:
            # Whoever asked may be gone: a beat of the pulse that the end of the crawl cut short.
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(function())
            except Exception as error:
                future.set_exception(error)

        with self._changed:
            self._calls.append(run)
            self._changed.notify()
        return future

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._items or self._calls or self._closing)
                if not self._items and not self._calls:
                    break
                batch, calls = self._take()
            if batch:
                self._write(batch)
            for call in calls:
                call()
        connection.close()

    def _take(self) -> tuple[list[Item], list[Callable[[], None]]]:
        """What to write now, and what to call then: calls have their turn when nothing else waits."""
        batch: list[Item] = []
        taken = 0
        while self._items and len(batch) < BATCH and taken < BATCH_BYTES:
            taken += _size(self._items[0])
            batch.append(self._items.popleft())
        self._bytes -= taken
        calls = [] if self._items else list(self._calls)
        if calls:
            self._calls.clear()
        return batch, calls

    def _write(self, batch: Sequence[Item]) -> None:
        """What cannot be written is counted, and the crawl goes on."""
        stored = [item for item in batch if self._put_bytes(item)]
        try:
            write_rows(stored)
        except Exception:
            logger.exception("A batch could not be written; its items are written one by one.")
            for item in stored:
                self._write_alone(item)
        try:
            self.on_written(list(batch))
        except Exception:
            logger.exception("Nobody could be told of what was written.")

    def _write_alone(self, item: Item) -> None:
        try:
            write_rows([item])
        except Exception:
            logger.exception("A %s could not be written.", type(item).__name__)
            _count(item, "storage")

    def _put_bytes(self, item: Item) -> bool:
        """Bytes before rows: a row always has, or had, its picture in the spool. False: there is to be no row."""
        if not isinstance(item, ImageItem) or item.body is None:
            return True
        try:
            listed = self._guard.digest(item.body)
            if listed:
                self._restrict(item, listed)
                return False
            spool.put(item.body)
        except Exception:
            logger.exception("A picture could not be put into the spool.")
            _count(item, "storage")
            return False
        return True

    def _restrict(self, item: ImageItem, listed: str) -> None:
        for showing in item.showings:
            self._guard.restrict(showing.page_url, showing.image_url, listed)
            showing.site.tally.count("restricted")
            showing.site.tally.pictures.discard(showing.image_url)


def ignore(_items: list[Item]) -> None:
    """Nobody waits for what is written."""


def _size(item: Item) -> int:
    return len(item.body) if isinstance(item, ImageItem) and item.body is not None else 0


def _count(item: Item, name: str) -> None:
    for site in sites(item):
        site.tally.count(name)


def write_rows(batch: Sequence[Item]) -> None:
    """The rows of `batch` in one transaction."""
    images = [item for item in batch if isinstance(item, ImageItem)]
    with transaction.atomic():
        PageVisit.objects.bulk_create(
            [_page_visit(item) for item in batch if isinstance(item, PageItem)], ignore_conflicts=True
        )
        memory.write_found([item for item in batch if isinstance(item, FoundItem)])
        FetchedImage.objects.bulk_create([row for item in images for row in _rows(item)], ignore_conflicts=True)
        memory.write_pictures([item for item in images if item.lasting])
        memory.write_visits([item for item in batch if isinstance(item, ReadItem | FailedItem | MovedItem)])


def _page_visit(item: PageItem) -> PageVisit:
    return PageVisit(
        run_id=item.site.run_id,
        url=item.url,
        digest=url_digest(item.url),
        status=item.status,
        depth=item.depth,
        title=item.title,
        fetched_at=item.at or timezone.now(),
    )


def _rows(item: ImageItem) -> list[FetchedImage]:
    return [
        FetchedImage(
            run_id=showing.site.run_id,
            page_url=showing.page_url,
            page_title=showing.page_title,
            image_url=showing.image_url,
            digest=url_digest(showing.page_url, showing.image_url),
            sha256=item.image.sha256,
            # Nought where no bytes are in the spool for it.
            size=0 if item.seen_again else item.image.size,
            content_type=item.image.content_type,
            fetched_at=item.at or timezone.now(),
        )
        for showing in item.showings
    ]
