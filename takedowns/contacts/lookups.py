"""Answers of registries and name servers, kept in the database for a time, and the manners of asking for them.

A question is asked once; its answer serves every case until it expires. That there is none is kept for a day at most,
a failure for minutes. Nobody is asked more often than is polite: who would have to wait long is told to come back.
Nothing here may be called inside a transaction, as the answer may be seconds away.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

from django.utils import timezone

from accounts.limits import limited
from crawler.defaults import web_policy
from crawler.policy import LOOPBACK, FetchPolicy, is_localhost_name, is_private_address
from takedowns.models import Lookup

# Expired rows go with the sweep, and no answer is kept for longer than the longest of these.
LONGEST = timedelta(days=30)
NOTHING_FOR = timedelta(days=1)
FAILURE_FOR = timedelta(minutes=10)
# Seconds from one question to the next at one server, and how long a caller is made to wait for its turn.
POLITE_SECONDS = 1
PATIENCE_SECONDS = 2.0
TIMEOUT_SECONDS = 10.0
MAX_BYTES = 1024 * 1024
_KEY_LENGTH = 300
_NAP_SECONDS = 0.1

Json = Any


class LookupFailed(Exception):
    """Nobody could be asked, or no usable answer came; the text is one sentence. Later it may work."""


class LookupBusy(LookupFailed):
    """The server was asked a moment ago. Nothing is wrong: ask again in a minute."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`value` is what was told, None for "there is none"."""

    value: Json
    asked_at: datetime


def remembered(key: str, keep_for: timedelta, ask: Callable[[], Json]) -> Answer:
    """The kept answer to `key`, or else what `ask` returns now, which is then kept for `keep_for`.

    `key` names whom and what is asked, such as `rdap ip 192.0.2.1`. `ask` returns JSON, with its own source in it.

    Raises:
        LookupFailed: from `ask`, now or within the last minutes.
        LookupBusy: from `ask`; this is not kept.
    """
    key = _short(key)
    row = Lookup.objects.filter(key=key, expires_at__gt=timezone.now()).first()
    if row is None:
        row = _ask(key, min(keep_for, LONGEST), ask)
    if "failed" in row.answer:
        raise LookupFailed(str(row.answer["failed"]))
    return Answer(row.answer.get("value"), row.asked_at)


def forget(key: str) -> None:
    """Have the next caller ask anew."""
    Lookup.objects.filter(key=_short(key)).delete()


def sweep() -> int:
    """Delete what has expired. Returns how much went."""
    return Lookup.objects.filter(expires_at__lte=timezone.now()).delete()[0]


def oldest() -> datetime | None:
    """When the oldest answer was given; never longer ago than `LONGEST` and a sweep."""
    return Lookup.objects.order_by("asked_at").values_list("asked_at", flat=True).first()


def wait_turn(server: str) -> None:
    """Return when `server` (a host name or an address) may be asked; our own machine and network may be at once.

    Raises:
        LookupBusy: its turn does not come within seconds.
    """
    if is_ours(server):
        return
    give_up = time.monotonic() + PATIENCE_SECONDS
    while limited(f"lookup:{server.lower()}", 1, POLITE_SECONDS):
        if time.monotonic() >= give_up:
            raise LookupBusy(f"{server} was asked a moment ago; it is asked again later.")
        time.sleep(_NAP_SECONDS)


def policy() -> FetchPolicy:
    """The one fetch policy, with the limits of a registry's answer."""
    return replace(web_policy(), max_bytes=MAX_BYTES, timeout_seconds=TIMEOUT_SECONDS)


def is_ours(server: str) -> bool:
    """Whether a host name or an address is this machine's or lies in a private network."""
    try:
        address = LOOPBACK if is_localhost_name(server.lower()) else ip_address(server.strip("[]"))
    except ValueError:
        return False
    return is_private_address(address)


def _ask(key: str, keep_for: timedelta, ask: Callable[[], Json]) -> Lookup:
    try:
        answer = {"value": _storable(ask())}
        if not answer["value"]:
            keep_for = min(keep_for, NOTHING_FOR)
    except LookupBusy:
        raise
    except LookupFailed as failure:
        answer, keep_for = {"failed": _storable(str(failure))}, min(keep_for, FAILURE_FOR)
    now = timezone.now()
    fields = {"answer": answer, "asked_at": now, "expires_at": now + keep_for}
    return Lookup.objects.update_or_create(key=key, defaults=fields)[0]


def _storable(value: Json) -> Json:
    """Without what PostgreSQL cannot store as JSON: NUL and lone halves of characters."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_storable(str(name)): _storable(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(inner) for inner in value]
    return value


def _short(key: str) -> str:
    key = _storable(key)
    if len(key) <= _KEY_LENGTH:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()
    return f"{key[: _KEY_LENGTH - len(digest) - 1]} {digest}"
