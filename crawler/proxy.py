"""An HTTP proxy in another network, and the tunnels it makes (RFC 9110, 9.3.6). Pure: it talks over a given stream.

A tunnel leads to an address that the fetch policy judged, so the proxy looks no name up for us. One that makes no
tunnels to plain web servers is asked for the whole URL instead (RFC 9112, 3.2.2): then it looks up the name
itself, which we judged before by our own look-up only. Such a proxy has to refuse its own network by itself.
"""

import base64
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Protocol
from urllib.parse import unquote, urlsplit

MAX_HEAD = 16 * 1024
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: |\r)")
# Method or port are not for tunnels here.
_NO_TUNNELS = frozenset({400, 403, 405, 501})


class ProxyFailed(Exception):
    """The proxy cannot be used now: it is not there, refuses us, or does not speak HTTP."""


class NoTunnel(Exception):
    """The proxy works, and makes no tunnel to that port."""


class NotReached(Exception):
    """The proxy could not connect to the address."""


class Stream(Protocol):
    """What of a connection is needed here."""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes: ...

    def write(self, buffer: bytes, timeout: float | None = None) -> None: ...


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where the proxy is. `authorization` is the value of the header, empty without a password."""

    host: str
    port: int
    authorization: str = ""


def parse_proxy(url: str) -> Proxy:
    """The proxy at `http://[user:password@]host[:port]`. Raises ValueError for everything else."""
    parts = urlsplit(url.strip())
    if parts.scheme != "http" or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("A proxy is written as http://user:password@host:port.")
    authorization = ""
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(pair.encode()).decode()
    return Proxy(parts.hostname, parts.port or 80, authorization)


def open_tunnel(
    stream: Stream, proxy: Proxy, address: IPv4Address | IPv6Address, port: int, timeout: float | None = None
) -> None:
    """Make the connection to a proxy one to `address`. Raises ProxyFailed, NoTunnel or NotReached."""
    target = f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    stream.write("\r\n".join([*lines, "", ""]).encode("ascii"), timeout)
    status = _status(stream, timeout)
    if 200 <= status < 300:
        return
    if status in _NO_TUNNELS:
        raise NoTunnel
    raise NotReached if status >= 500 else ProxyFailed


def _status(stream: Stream, timeout: float | None) -> int:
    """The status of the answer, read to the end of its head and not further: what follows is not the proxy's."""
    head = b""
    while b"\r\n\r\n" not in head:
        block = stream.read(4096, timeout)
        head += block
        if not block or len(head) > MAX_HEAD:
            raise ProxyFailed
    found = _STATUS.match(head)
    if found is None:
        raise ProxyFailed
    status = int(found[1])
    # Neither HTTP nor TLS servers speak before they are asked.
    if 200 <= status < 300 and not head.endswith(b"\r\n\r\n"):
        raise ProxyFailed
    return status
