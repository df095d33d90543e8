"""Names to addresses under the fetch policy: what is returned was judged, and only it may be connected to."""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from ipaddress import ip_address

from crawler.policy import LOOPBACK, FetchFailed, FetchPolicy, IPAddress, is_localhost_name

Lookup = Callable[[str], Sequence[str]]

LOOKUP_TIMEOUT_SECONDS = 10.0
# More addresses than this are not tried; all of them are judged.
MAX_ADDRESSES = 8


def system_lookup(host: str) -> list[str]:
    """All addresses the system's resolver knows for `host`, best first. Raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def resolve(
    host: str,
    policy: FetchPolicy,
    *,
    lookup: Lookup = system_lookup,
    timeout: float = LOOKUP_TIMEOUT_SECONDS,
) -> list[IPAddress]:
    """The addresses of `host` (as in `ParsedUrl.host`), in the order to try them.

    One forbidden address among them refuses the name: who answers with a public and a private address means
    to have the second one used. Raises FetchRefused, or FetchFailed with the code `dns`.
    """
    try:
        return [policy.check_address(ip_address(host))]
    except ValueError:
        pass
    if is_localhost_name(host):
        return [policy.check_address(LOOPBACK)]
    answers = _look_up(host, lookup, timeout)
    return [policy.check_address(answer) for answer in answers][:MAX_ADDRESSES]


def _look_up(host: str, lookup: Lookup, timeout: float) -> Sequence[str]:
    """`lookup` in a thread of its own: getaddrinfo knows no time limit, and must not hold up our exit."""
    answer: Future[Sequence[str]] = Future()

    def run() -> None:
        try:
            answer.set_result(lookup(host))
        except (OSError, UnicodeError) as error:
            answer.set_exception(error)

    threading.Thread(target=run, name="dns", daemon=True).start()
    try:
        found = answer.result(timeout)
    except (OSError, UnicodeError, TimeoutError):
        found = []
    if not found:
        raise FetchFailed("dns", f"No address was found for the name {host}.")
    return found


class CachingResolver:
    """`resolve` with a memory, for a crawl that asks for the same few hosts thousands of times. Thread-safe.

    Every answer it gives was judged by its own policy; a failed or refused name is asked for again. One crawl
    has one of them, so that the address connected to is the very one that was judged.
    """

    def __init__(self, policy: FetchPolicy, lookup: Lookup = system_lookup, keep_seconds: float = 300.0) -> None:
        self.policy = policy
        self._lookup = lookup
        self._keep_seconds = keep_seconds
        self._known: dict[str, tuple[float, list[IPAddress]]] = {}
        self._lock = threading.Lock()

    def __deepcopy__(self, _memo: object) -> "CachingResolver":
        """The same one: Scrapy copies its settings for every part that reads them."""
        return self

    def known(self, host: str) -> list[IPAddress] | None:
        """The addresses, if they are remembered: never waits."""
        with self._lock:
            expires, addresses = self._known.get(host, (0.0, []))
        return addresses if addresses and time.monotonic() < expires else None

    def judged(self, host: str) -> list[IPAddress]:
        """The last permitted addresses, however old; none where the name was never judged, or last refused."""
        with self._lock:
            return self._known.get(host, (0.0, []))[1]

    def resolve(self, host: str) -> list[IPAddress]:
        """As `resolve`; waits for the network where the answer is not remembered."""
        addresses = self.known(host)
        if addresses is None:
            with self._lock:
                self._known.pop(host, None)
            addresses = resolve(host, self.policy, lookup=self._lookup)
            with self._lock:
                self._known[host] = (time.monotonic() + self._keep_seconds, addresses)
        return addresses
