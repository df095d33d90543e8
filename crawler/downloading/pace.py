"""How fast each host is asked: pauses between requests, rests when it says "not now", and giving it up. No network.

A host is a name and a port. Its pause is the source's wish or the installation's own, never less than robots.txt
asks for; it grows with slow answers, doubles at every 429 or 503, and shrinks again slowly.
"""

import logging
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from scrapy.exceptions import IgnoreRequest

from crawler.policy import FetchError, ParsedUrl, parse_url

logger = logging.getLogger(__name__)

PRIVATE_HOST_CONCURRENCY = 8
PUBLIC_HOST_CONCURRENCY = 2
MAX_HOST_CONCURRENCY = 32
# Not nought: Scrapy 2.19 starts a host's whole queue at once, whatever its concurrency, where there is no delay.
LEAST_DELAY_SECONDS = 0.001
MAX_DELAY_SECONDS = 60.0
# A rest that no Retry-After sets starts here, or at the host's own pause.
FIRST_REST_SECONDS = 0.5
# Longer than this no request waits in a run.
MAX_REST_SECONDS = 120.0
MAX_RETRIES = 3
# 429 and 503 in a row, rests between them, until the host is left alone.
MAX_REFUSALS = 6
BUSY_SECONDS = 600.0
MAX_BUSY_SECONDS = 7 * 86400.0
# Failures in a row until a host counts as down. That no connection comes about at all weighs more.
MAX_FAILURES = 16
NO_CONNECTION = 4
DOWN_SECONDS = 600.0
# A pause that was doubled shrinks to so much of itself with every good answer; the operator's own hosts soon recover.
RECOVERY = 0.9
PRIVATE_RECOVERY = 0.5


class NotFetched(IgnoreRequest):
    """A request that is not made, or whose answer is not used; `code` is what it is counted by.

    `retry_after` are the seconds until the host may be asked again, where it said so.
    """

    def __init__(self, code: str, retry_after: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


def slot_of(parsed: ParsedUrl) -> str:
    """The unit of politeness: a host and port."""
    return f"{parsed.host}:{parsed.port}"


def slot_of_url(url: str) -> str:
    """As `slot_of`; empty for what is no web address, which `PolicyMiddleware` refuses."""
    try:
        return slot_of(parse_url(url))
    except FetchError:
        return ""


def retry_after_seconds(value: str, now: datetime | None = None) -> float | None:
    """Seconds in a Retry-After header (RFC 9110, 10.2.3), a number or a date; None where it says nothing."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), MAX_BUSY_SECONDS)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return min(max(0.0, (date - (now or datetime.now(UTC))).total_seconds()), MAX_BUSY_SECONDS)


@dataclass(slots=True)
class Host:
    """What we know of one host in this run. Times are those of the clock of `Pace`."""

    private: bool = False
    # Whether its robots.txt has been asked for; until then one request goes ahead of the others.
    met: bool = False
    robots_delay: float = 0.0
    wished_delay: float | None = None
    wished_concurrency: int | None = None
    # How many processes ask it in this run: each takes its part of the pace.
    sharers: int = 1
    # The pause as slow answers and refusals have made it.
    grown_delay: float = 0.0
    refusals: int = 0
    failures: int = 0
    rest_until: float = 0.0
    closed_until: float = 0.0
    closed_as: str = ""


class Pace:
    """The pace towards all hosts of a run. `default_delay` in seconds is for public hosts without a wish."""

    def __init__(
        self,
        default_delay: float,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = lambda: random.uniform(1.0, 1.25),
    ) -> None:
        self._default_delay = default_delay
        self._clock = clock
        self._jitter = jitter
        self._hosts: dict[str, Host] = {}

    def host(self, slot: str) -> Host:
        return self._hosts.setdefault(slot, Host())

    # --- What applies now ----------------------------------------------------------------------------

    def floor(self, slot: str) -> float:
        """The least pause in seconds, before slow answers and refusals make it longer."""
        host = self.host(slot)
        default = LEAST_DELAY_SECONDS if host.private else self._default_delay
        own = default if host.wished_delay is None else host.wished_delay
        return max(own, host.robots_delay, LEAST_DELAY_SECONDS) * host.sharers

    def delay(self, slot: str) -> float:
        return max(self.floor(slot), self.host(slot).grown_delay)

    def concurrency(self, slot: str) -> int:
        host = self.host(slot)
        if host.robots_delay or host.refusals or not host.met:
            return 1
        default = PRIVATE_HOST_CONCURRENCY if host.private else PUBLIC_HOST_CONCURRENCY
        chosen = default if host.wished_concurrency is None else host.wished_concurrency
        return max(1, chosen // host.sharers)

    def jitter(self, slot: str) -> float:
        """By how much of itself a pause may vary: not at all where somebody named it, or said "not now"."""
        host = self.host(slot)
        return 0.0 if host.robots_delay or host.wished_delay is not None or host.refusals else 0.5

    def rest(self, slot: str) -> float:
        """Seconds that the host is still to be left in peace."""
        return max(0.0, self.host(slot).rest_until - self._clock())

    def room(self, slot: str) -> int:
        """How many requests may be on their way through the downloader: those sent, and one that waits its turn."""
        if self.refusal(slot) is not None:
            return MAX_HOST_CONCURRENCY
        if self.rest(slot):
            return 0
        return self.concurrency(slot) + self.host(slot).met

    def refusal(self, slot: str) -> NotFetched | None:
        """Why the host is not asked at all for now."""
        host = self.host(slot)
        left = host.closed_until - self._clock()
        if left <= 0:
            return None
        return NotFetched(host.closed_as, left if host.closed_as == "busy" else None)

    # --- What is learnt ------------------------------------------------------------------------------

    def wish(self, slot: str, delay: float | None, concurrency: int | None) -> None:
        """What a source asks for towards its own host. Of several wishes the gentlest counts."""
        host = self.host(slot)
        if delay is not None and math.isfinite(delay):
            host.wished_delay = max(host.wished_delay or 0.0, delay)
        if concurrency is not None:
            kept = min(max(1, concurrency), MAX_HOST_CONCURRENCY)
            host.wished_concurrency = min(host.wished_concurrency or kept, kept)

    def share(self, slot: str, sharers: int) -> None:
        """So many processes ask the host in this run, this one among them."""
        self.host(slot).sharers = max(1, sharers)

    def answered(self, slot: str, status: int, latency: float | None) -> None:
        """The host answered, and not with a refusal."""
        host = self.host(slot)
        host.failures = 0
        if status >= 500:
            return
        host.refusals = 0
        slow = min(latency or 0.0, MAX_DELAY_SECONDS) if not host.private and host.wished_delay is None else 0.0
        host.grown_delay = max(host.grown_delay * (PRIVATE_RECOVERY if host.private else RECOVERY), slow)
        if host.grown_delay < self.floor(slot):
            host.grown_delay = 0.0

    def refused(self, slot: str, retry_after: float | None, tries: int, latency: float = 0.0) -> bool:
        """The host said 429 or 503, after `latency` seconds.

        Returns whether a request that was repeated `tries` times is to be made again after the rest.
        """
        host, now = self.host(slot), self._clock()
        if now < host.closed_until:
            return False
        if now - latency >= host.rest_until:  # what was under way when a rest began says nothing new
            host.refusals += 1
            host.grown_delay = min(MAX_DELAY_SECONDS, 2 * max(self.delay(slot), FIRST_REST_SECONDS / 2))
        rest = self._own_rest(slot) if retry_after is None else retry_after
        if rest > MAX_REST_SECONDS:
            self._close(slot, "busy", rest)
            return False
        if host.refusals > MAX_REFUSALS:
            self._close(slot, "busy", max(rest, BUSY_SECONDS))
            return False
        host.rest_until = max(host.rest_until, now + rest)
        return tries < MAX_RETRIES

    def failed(self, slot: str, *, connected: bool) -> None:
        """No answer came; `connected`: but a connection had."""
        host = self.host(slot)
        host.failures += 1 if connected else NO_CONNECTION
        if host.failures >= MAX_FAILURES:
            self._close(slot, "host_down", DOWN_SECONDS)

    def _own_rest(self, slot: str) -> float:
        first = max(self.floor(slot), FIRST_REST_SECONDS)
        doublings = max(0, self.host(slot).refusals - 1)
        return min(first * 2.0**doublings * self._jitter(), MAX_DELAY_SECONDS)

    def _close(self, slot: str, code: str, seconds: float) -> None:
        host = self.host(slot)
        host.closed_as, host.closed_until = code, self._clock() + min(seconds, MAX_BUSY_SECONDS)
        logger.info("A host is left alone for %d s: %s.", seconds, code)
