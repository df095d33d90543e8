"""Timing in turns.

Contenders take turns within each round, so that what else the machine does hits all of them; a ratio is the median of
the rounds' ratios.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Seconds for one call, one value a round."""

    elapsed: list[float]
    processor: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.elapsed)

    def ratio(self, peer: "Timing", *, elapsed: bool = False) -> float:
        """How many times as fast as the peer."""
        own, other = (self.elapsed, peer.elapsed) if elapsed else (self.processor, peer.processor)
        return statistics.median(theirs / mine for mine, theirs in zip(own, other, strict=True))


def interleaved(contenders: dict[str, Callable[[], object]], rounds: int, calls: int = 1) -> dict[str, Timing]:
    """Every contender `calls` times in every round, after one call that does not count."""
    for run in contenders.values():
        run()
    timings = {name: Timing([], []) for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            elapsed, processor = time.perf_counter(), time.process_time()
            for _ in range(calls):
                run()
            timings[name].processor.append((time.process_time() - processor) / calls)
            timings[name].elapsed.append((time.perf_counter() - elapsed) / calls)
    return timings
