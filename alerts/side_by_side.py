"""Calling many addresses side by side, so that a slow one holds up nobody."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

AT_ONCE = 16

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def run(
    claim: Callable[[list[Item]], Iterable[tuple[Item, Callable[[], Answer]]]],
    settle: Callable[[Item, Answer], bool],
    *,
    seconds: float,
) -> int:
    """Do what `claim` hands out, AT_ONCE at a time, for about so long. Returns of how many `settle` said yes.

    `claim` is given what is under way; what it yields is started at once, and should not be more than there is room
    for. Both are called in this thread, which the database belongs to; the jobs run in others, without one.
    """
    ends, good = time.monotonic() + seconds, 0
    under_way: dict[Future[Answer], Item] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while True:
            if time.monotonic() < ends:
                for item, job in claim(list(under_way.values())):
                    under_way[pool.submit(job)] = item
            if not under_way:
                return good
            for done in wait(under_way, return_when=FIRST_COMPLETED).done:
                good += settle(under_way.pop(done), done.result())
