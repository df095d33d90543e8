"""When to stop asking: bytes that wait for ingest have a limit, so that a crawl never fills the disk."""

import time
from collections.abc import Callable

from django.db.models import Max, Sum

from crawler.models import FetchedImage

# Nobody has taken anything away for so long: there is no ingest at work.
NOBODY_SECONDS = 60.0
# Others put things there too.
MEASURE_SECONDS = 5.0
FULL = "The spool is full: start an ingest worker, then go on with {command}."


def waiting_bytes() -> int:
    """Bytes that wait for ingest, each picture once. Rows of pictures seen again have no bytes and count nothing."""
    waiting = FetchedImage.objects.filter(processed_at=None).values("sha256").annotate(most=Max("size"))
    return int(waiting.aggregate(total=Sum("most"))["total"] or 0)


class Pressure:
    """What waits in the spool: what was measured last, and what this process has put there since.

    Shut from `limit` bytes on, and open again when a fifth of that is free, so that it does not flutter.
    """

    def __init__(
        self,
        limit: int,
        *,
        measure: Callable[[], int] = waiting_bytes,
        clock: Callable[[], float] = time.monotonic,
        patience: float | None = None,
    ) -> None:
        self._limit = limit
        self._measure = measure
        self._clock = clock
        self._patience = NOBODY_SECONDS if patience is None else patience
        self._measured = self._put = 0
        self._lowest = 0
        self._next = 0.0
        self._since: float | None = None

    @property
    def is_shut(self) -> bool:
        return self._since is not None

    @property
    def waiting(self) -> int:
        return self._measured + self._put

    def put(self, size: int) -> bool:
        """So many bytes went into the spool; whether that shut it just now."""
        self._put += size
        return self._judge()

    def measure(self, unwritten: int) -> None:
        """Ask the database, where that is of use; from the writer thread. `unwritten`: bytes put but not there yet."""
        now = self._clock()
        if not self.is_shut and self.waiting < self._limit // 2 and now < self._next:
            return
        self._next = now + MEASURE_SECONDS
        measured = self._measure() + unwritten
        self._measured, self._put = measured, 0
        if self.is_shut and measured < self._lowest:
            # Somebody takes things away.
            self._lowest, self._since = measured, self._clock()
        if self.is_shut and measured <= self._limit * 4 // 5:
            self._since = None
        self._judge()

    def is_hopeless(self) -> bool:
        """Whether it has been shut for a minute without anybody taking anything away."""
        return self._since is not None and self._clock() - self._since >= self._patience

    def _judge(self) -> bool:
        if self.is_shut or self.waiting < self._limit:
            return False
        self._lowest, self._since = self.waiting, self._clock()
        return True
