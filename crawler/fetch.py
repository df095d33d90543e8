"""One request outside of a crawl, for evidence, verification and registries: judged, pinned, limited.

The connection goes to an address that the policy judged, and to no other: the name is looked up once per hop,
by us, and the TLS name and Host header stay those of the URL. Redirects are followed by hand, each judged as
a first request. Limits hold in wall time and in bytes, before and after decompression.

Through a proxy all of that holds, too: it is asked for a tunnel to the judged address. Only where it makes none for
plain HTTP does it look the name up itself, after we have judged it (see `crawler.proxy`).
"""

import functools
import ssl
import time
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin
from wsgiref.headers import Headers

import httpcore

from crawler.policy import FetchFailed, FetchPolicy, FetchRefused, IPAddress, ParsedUrl
from crawler.proxy import NotReached, NoTunnel, Proxy, ProxyFailed, open_tunnel
from crawler.resolver import Lookup, resolve, system_lookup

CONNECT_TIMEOUT_SECONDS = 10.0
# What status line, headers and chunk framing may add to a body.
FRAMING_ALLOWANCE = 512 * 1024
REDIRECTS = frozenset({301, 302, 303, 307, 308})
CODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
MAX_CODINGS = 2


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its response as they crossed the wire; `payload` is compressed if the server did so."""

    url: str
    ip: str
    at: datetime
    request_headers: tuple[tuple[str, str], ...]
    http_version: str
    status: int
    reason: str
    headers: Headers
    payload: bytes


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a URL led to: every exchange on the way, and the decoded body of the last."""

    exchanges: tuple[Exchange, ...]
    body: bytes

    @property
    def final_url(self) -> str:
        return self.exchanges[-1].url

    @property
    def status(self) -> int:
        return self.exchanges[-1].status

    @property
    def headers(self) -> Headers:
        return self.exchanges[-1].headers

    @property
    def ip(self) -> str:
        return self.exchanges[-1].ip

    @property
    def fetched_at(self) -> datetime:
        return self.exchanges[-1].at

    @property
    def redirects(self) -> list[str]:
        """The URLs that redirected, in order; empty where the first one answered."""
        return [exchange.url for exchange in self.exchanges[:-1]]


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """What one hop sends: a GET, or with a body a POST."""

    parsed: ParsedUrl
    headers: tuple[tuple[str, str], ...]
    body: bytes | None

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"


def fetch(
    url: str,
    policy: FetchPolicy,
    *,
    accept: str = "*/*",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    lookup: Lookup = system_lookup,
) -> Fetched:
    """GET `url` and what it redirects to. `headers` may add conditions such as If-None-Match.

    With a `body` it is one POST: a redirect is its result, as what we send somebody goes nowhere else.

    An HTTP error status is a result. Raises FetchRefused where the policy forbids a hop, FetchFailed where no
    whole response came; its code is `proxy` where the policy's proxy is what failed.
    """
    deadline = time.monotonic() + policy.timeout_seconds
    exchanges: list[Exchange] = []
    length = {} if body is None else {"Content-Length": str(len(body))}
    location: str | None = url
    while location is not None:
        if len(exchanges) > policy.max_redirects:
            raise FetchFailed("too_many_redirects", f"The address redirects more than {policy.max_redirects} times.")
        parsed = policy.check_url(location)
        addresses = resolve(parsed.host, policy, lookup=lookup, timeout=_remaining(deadline))
        policy.check_target(parsed, addresses)
        sent = _request_headers(parsed, policy, accept, {**length, **(headers or {})})
        exchange = _hop(_Outgoing(parsed, sent, body), addresses, deadline, policy)
        exchanges.append(exchange)
        location = _redirect_target(exchange) if body is None else None
    return Fetched(tuple(exchanges), _decode(exchange, policy.max_bytes))


def _request_headers(
    parsed: ParsedUrl, policy: FetchPolicy, accept: str, extra: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    own = {
        "Host": parsed.netloc,
        "User-Agent": policy.user_agent,
        "Accept": accept,
        "Accept-Encoding": "gzip, deflate",
        "Connection": "close",
    }
    return tuple({**own, **extra}.items())


def _redirect_target(exchange: Exchange) -> str | None:
    location = exchange.headers.get("location")
    if exchange.status not in REDIRECTS or not location:
        return None
    try:
        return urljoin(exchange.url, location)
    except ValueError:
        raise FetchRefused("url", "The address redirects to something that is not a web address.") from None


def _hop(outgoing: _Outgoing, addresses: list[IPAddress], deadline: float, policy: FetchPolicy) -> Exchange:
    """One request to the judged addresses, by the policy's way."""
    limit = policy.max_bytes + FRAMING_ALLOWANCE
    try:
        return _exchange(outgoing, _Wire(addresses, deadline, limit, policy.proxy), policy)
    except NoTunnel:
        if outgoing.parsed.scheme != "http":
            raise _proxy_failed() from None
    exchange = _exchange(outgoing, _Wire(addresses, deadline, limit, policy.proxy, tunnel=False), policy)
    if exchange.status == 407:
        raise _proxy_failed()
    return exchange


def _exchange(outgoing: _Outgoing, wire: "_Wire", policy: FetchPolicy) -> Exchange:
    """Turns what httpcore raises into FetchFailed."""
    parsed, sent = outgoing.parsed, [*outgoing.headers, *wire.headers]
    target = httpcore.URL(
        scheme=parsed.scheme.encode(),
        host=parsed.host.encode(),
        port=parsed.port,
        target=(parsed.target if wire.tunnel else parsed.url).encode(),
    )
    try:
        with (
            httpcore.ConnectionPool(ssl_context=_tls(policy.verify_tls), network_backend=wire) as pool,
            pool.stream(outgoing.method, target, headers=sent, content=outgoing.body) as response,
        ):
            payload = _read(response, policy.max_bytes)
    except ProxyFailed:
        raise _proxy_failed() from None
    except NotReached:
        raise FetchFailed("connect", f"{parsed.host} did not accept a connection.") from None
    except (httpcore.TimeoutException, TimeoutError):
        raise FetchFailed("timeout", f"{parsed.host} did not answer in time.") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
        raise _failure(parsed, error) from error
    return Exchange(
        url=parsed.url,
        ip=str(wire.connected_to),
        at=datetime.now(UTC),
        request_headers=outgoing.headers,
        http_version=response.extensions.get("http_version", b"HTTP/1.1").decode("ascii", "replace"),
        status=response.status,
        reason=response.extensions.get("reason_phrase", b"").decode("latin-1"),
        headers=Headers([(n.decode("latin-1"), v.decode("latin-1")) for n, v in response.headers]),
        payload=payload,
    )


def _proxy_failed() -> FetchFailed:
    return FetchFailed("proxy", "The proxy in the other network cannot be used now.")


def _failure(parsed: ParsedUrl, error: Exception) -> FetchFailed:
    if isinstance(error.__cause__ or error.__context__, ssl.SSLError) or isinstance(error, ssl.SSLError):
        return FetchFailed("tls", f"No secure connection to {parsed.host} could be made.")
    if isinstance(error, httpcore.ConnectError):
        return FetchFailed("connect", f"{parsed.host} did not accept a connection.")
    return FetchFailed("broken", f"The response of {parsed.host} broke off or is not HTTP.")


def _read(response: httpcore.Response, limit: int) -> bytes:
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> FetchFailed:
    return FetchFailed("too_large", f"The response is larger than {limit} bytes.")


def _decode(exchange: Exchange, limit: int) -> bytes:
    """The payload with its content codings undone, never growing past `limit`."""
    names = [name.strip().lower() for name in ",".join(exchange.headers.get_all("content-encoding")).split(",")]
    codings = [name for name in names if name not in ("", "identity")]
    if len(codings) > MAX_CODINGS or not all(name in CODINGS for name in codings):
        raise FetchFailed("encoding", "The response is compressed in a way that was not asked for.")
    data = exchange.payload
    for name in reversed(codings):
        data = _inflate(data, CODINGS[name], limit) if data else data
    return data


def _inflate(data: bytes, window: int, limit: int) -> bytes:
    """Undo gzip (all members) or deflate (with or without the zlib header, as servers send both)."""
    out = bytearray()
    try:
        while data:
            if window == 15 and (data[0] & 0x0F != 8 or len(data) < 2 or (data[0] << 8 | data[1]) % 31):
                window = -15
            stream = zlib.decompressobj(window)
            out += stream.decompress(data, limit + 1 - len(out))
            if len(out) > limit:
                raise _too_large(limit)
            if not stream.eof:
                raise zlib.error("truncated")
            # Padding after the last member is not another member.
            data = stream.unused_data if window == 31 and stream.unused_data[:2] == b"\x1f\x8b" else b""
    except zlib.error:
        raise FetchFailed("encoding", "The compressed response is damaged.") from None
    return bytes(out)


@functools.cache
def _tls(verify: bool) -> ssl.SSLContext:
    context = httpcore.default_ssl_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _remaining(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise FetchFailed("timeout", "The response did not come in time.")
    return left


class _Wire(httpcore.NetworkBackend):
    """Connects to the judged addresses only, whatever the name means by now, within time and byte limits.

    With a proxy, by tunnels to them; without `tunnel`, to the proxy itself, which is then asked for whole URLs.
    """

    def __init__(
        self,
        addresses: list[IPAddress],
        deadline: float,
        max_bytes: int,
        proxy: Proxy | None = None,
        *,
        tunnel: bool = True,
    ) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._bytes_left = max_bytes
        self._proxy = proxy
        self.tunnel = tunnel
        self.connected_to: IPAddress | None = None

    @property
    def headers(self) -> list[tuple[str, str]]:
        """What a proxy that is asked for a whole URL is told besides."""
        if self.tunnel or self._proxy is None or not self._proxy.authorization:
            return []
        return [("Proxy-Authorization", self._proxy.authorization)]

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = CONNECT_TIMEOUT_SECONDS,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError(f"no address for {host}")
        for address in self._addresses:
            patience = self.patience(timeout or CONNECT_TIMEOUT_SECONDS)
            try:
                if self._proxy is not None:
                    stream = self._through(self._proxy, address, port, patience)
                else:
                    direct = httpcore.SyncBackend()
                    stream = direct.connect_tcp(str(address), port, patience, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout, NotReached) as error:
                failure = error
                continue
            self.connected_to = address
            return _LimitedStream(stream, self)
        raise failure

    def _through(self, proxy: Proxy, address: IPAddress, port: int, patience: float) -> httpcore.NetworkStream:
        """A connection to the proxy, and by it to the address. The proxy's own address is the operator's choice."""
        try:
            stream = httpcore.SyncBackend().connect_tcp(proxy.host, proxy.port, patience)
        except (httpcore.ConnectError, httpcore.ConnectTimeout):
            raise ProxyFailed from None
        if self.tunnel:
            try:
                open_tunnel(stream, proxy, address, port, patience)
            except httpcore.TimeoutException:
                stream.close()
                raise NotReached from None
            except (httpcore.NetworkError, ProxyFailed):
                stream.close()
                raise ProxyFailed from None
            except (NoTunnel, NotReached):
                stream.close()
                raise
        return stream

    def patience(self, timeout: float | None) -> float:
        """How long one operation may take: never past the deadline of the whole fetch."""
        left = _remaining(self._deadline)
        return left if timeout is None else min(left, timeout)

    def count(self, received: int) -> None:
        self._bytes_left -= received
        if self._bytes_left < 0:
            raise FetchFailed("too_large", "The response is larger than what is fetched.")


class _LimitedStream(httpcore.NetworkStream):
    """A connection under the limits of its fetch, so that a server sending a byte a minute gains nothing."""

    def __init__(self, stream: httpcore.NetworkStream, wire: _Wire) -> None:
        self._stream = stream
        self._wire = wire

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._stream.read(max_bytes, self._wire.patience(timeout))
        self._wire.count(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._wire.patience(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._wire.patience(timeout))
        return _LimitedStream(secured, self._wire)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
