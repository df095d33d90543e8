"""Who registered a domain, asked by WHOIS (RFC 3912) where RDAP does not tell: a text protocol of port 43.

IANA's server names the registry's, which may name the registrar's. Every server is judged by the one fetch policy,
its name and its addresses, before a connection is opened to the address that was judged; the port is 43, or the one
that `settings.WHOIS_SERVER` names. Answers are capped in bytes and seconds, and read without an exception.
"""

import re
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from crawler.policy import FetchError, IPAddress
from crawler.resolver import Lookup, resolve, system_lookup
from takedowns.contacts import lookups, whois_text
from takedowns.contacts.lookups import LookupBusy, LookupFailed, is_ours, remembered, wait_turn
from takedowns.contacts.names import is_nobodys
from takedowns.contacts.whois_text import Told

KEEP = timedelta(days=7)
PORT = 43
# IANA, the registry, the registrar.
MAX_SERVERS = 3
MAX_BYTES = 64 * 1024
TIMEOUT_SECONDS = 8.0
_CHUNK = 4096
_DOMAIN = re.compile(r"(?=.{3,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
# What some servers want besides the name; from the others it is asked alone.
_QUESTIONS = {
    "whois.denic.de": "-T dn,ace {domain}",
    "whois.jprs.jp": "{domain}/e",
    "whois.verisign-grs.com": "domain {domain}",
}


@dataclass(frozen=True, slots=True)
class WhoisRecord:
    """What WHOIS tells about a domain. Empty fields were not told, or are withheld.

    `source` is the last server that told something, as `whois://host`.
    """

    domain: str
    registrar: str
    registrar_abuse_email: str
    registrant_name: str
    registrant_email: str
    country: str
    name_servers: tuple[str, ...]
    source: str
    asked_at: datetime


def registration(domain: str, *, lookup: Lookup = system_lookup) -> WhoisRecord | None:
    """The registration of a registrable domain in its ASCII form; None where no server knows one.

    Raises:
        LookupFailed: no server could be asked.
        LookupBusy: one was asked a moment ago.
    """
    name = domain.strip().lower().removesuffix(".")
    if not _DOMAIN.fullmatch(name) or not settings.WHOIS_SERVER or _is_nobodys(name):
        return None
    answer = remembered(f"whois {name}", KEEP, lambda: _ask(name, lookup))
    if not isinstance(answer.value, dict):
        return None
    fields = {**answer.value, "name_servers": tuple(answer.value.get("name_servers", ()))}
    return WhoisRecord(**fields, asked_at=answer.asked_at)


def _is_nobodys(domain: str) -> bool:
    """Whether the public system has no such name; a server of our own may."""
    return is_nobodys(domain) and not is_ours(settings.WHOIS_SERVER.partition(":")[0])


def _ask(domain: str, lookup: Lookup) -> dict[str, Any] | None:
    """Go from server to server as each refers to the next. What the last one tells comes first."""
    told, source, failure = Told(), "", None
    try:
        for server, text in _answers(domain, lookup):
            more = whois_text.read(text)
            if more and (more.domain == domain or (not more.domain and domain in text.lower())):
                told, source = _joined(more, told), server
    except LookupBusy:
        raise
    except LookupFailed as error:
        failure = error
    if not source:
        if failure:
            raise failure
        return None
    return {**asdict(replace(told, domain=domain)), "source": f"whois://{source}"}


def _answers(domain: str, lookup: Lookup) -> Iterator[tuple[str, str]]:
    """The servers with what they answered, at most `MAX_SERVERS` of them and none twice. Raises LookupFailed."""
    server, asked = settings.WHOIS_SERVER.lower(), set[str]()
    while server and server not in asked and len(asked) < MAX_SERVERS:
        asked.add(server)
        text = _talk(server, domain, lookup)
        yield server, text
        server = whois_text.referral(text)


def _joined(own: Told, registry: Told) -> Told:
    both = asdict(own)
    return Told(**{name: value or getattr(registry, name) for name, value in both.items()})


def _talk(server: str, domain: str, lookup: Lookup) -> str:
    """The server's answer, as much of it as is taken. Raises LookupFailed."""
    try:
        host, port, addresses = _judged(server, lookup)
    except FetchError as error:
        raise LookupFailed(f"The WHOIS server could not be asked: {error.sentence}") from error
    wait_turn(host)
    question = _QUESTIONS.get(host, "{domain}").format(domain=domain)
    try:
        data = _exchange(addresses, port, f"{question}\r\n".encode())
    except OSError as error:
        raise LookupFailed(f"The WHOIS server {host} did not answer.") from error
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _judged(server: str, lookup: Lookup) -> tuple[str, int, list[IPAddress]]:
    """Host, port and the addresses that may be connected to. Raises FetchError."""
    _, colon, port = server.rpartition(":")
    own_port = server == settings.WHOIS_SERVER.lower() and colon and port.isdigit()
    allowed = replace(lookups.policy(), allowed_ports=frozenset({PORT, int(port)} if own_port else {PORT}))
    url = allowed.check_url(f"http://{server if colon else f'{server}:{PORT}'}/")
    addresses = resolve(url.host, allowed, lookup=lookup, timeout=TIMEOUT_SECONDS)
    allowed.check_target(url, addresses)
    return url.host, url.port, addresses


def _exchange(addresses: list[IPAddress], port: int, question: bytes) -> bytes:
    """One question and its answer, up to `MAX_BYTES` and `TIMEOUT_SECONDS` in all. Raises OSError."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    failure: OSError = ConnectionError("no address")
    for address in addresses:
        try:
            connection = socket.create_connection((str(address), port), _left(deadline))
        except OSError as error:
            failure = error
            continue
        with connection:
            connection.sendall(question)
            return _read(connection, deadline)
    raise failure


def _read(connection: socket.socket, deadline: float) -> bytes:
    """Until the server closes. What is too long or too slow is cut off: its beginning is an answer as well."""
    data = bytearray()
    try:
        while len(data) < MAX_BYTES:
            connection.settimeout(_left(deadline))
            chunk = connection.recv(_CHUNK)
            if not chunk:
                break
            data += chunk
    except OSError:
        if not data:
            raise
    return bytes(data[:MAX_BYTES])


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("The server took too long.")
    return left
