"""The one fetch policy of the project: which URLs and which addresses may be requested at all.

Everything that leaves this installation (crawler, evidence, verification, registries) is judged here: the URL
first, then every address its name resolves to, again at every redirect. Pure: no Django, no network.

A URL is taken apart once, by `parse_url`, and what is requested is put together again from those parts, so
that no second parser can read another host out of the same text.
"""

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import quote, urljoin

import idna

from crawler.proxy import Proxy

IPAddress = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_URL_LENGTH = 4096
DEFAULT_PORTS = {"http": 80, "https": 443}
LOOPBACK = IPv4Address("127.0.0.1")

# Networks that `allow_private` can open, by kind. All else that is not globally routable stays closed.
PRIVATE_KINDS: tuple[tuple[Network, ...], ...] = tuple(
    tuple(ip_network(net) for net in kind)
    for kind in (
        ("127.0.0.0/8", "::1/128"),
        ("10.0.0.0/8",),
        ("172.16.0.0/12",),
        ("192.168.0.0/16",),
        ("100.64.0.0/10",),
        ("fc00::/7",),
    )
)
PRIVATE_NETWORKS: tuple[Network, ...] = tuple(net for kind in PRIVATE_KINDS for net in kind)
# Never fetched, whatever the setting: cloud metadata services, and networks that hide another address.
FORBIDDEN_NETWORKS = tuple(
    ip_network(net)
    for net in (
        "169.254.0.0/16",  # link-local, and the metadata service of most clouds
        "fe80::/10",
        "fd00:ec2::/32",  # metadata over IPv6 (AWS)
        "fd20:ce::/32",  # metadata over IPv6 (Google)
        "fd00:42::/32",  # metadata over IPv6 (Scaleway)
        "100.100.100.200/32",  # metadata (Alibaba)
        "168.63.129.16/32",  # platform service (Azure); globally routable by its number
        "192.0.0.0/24",  # protocol assignments, and metadata (Oracle)
        "192.88.99.0/24",  # 6to4 relays
        "2001::/23",  # Teredo, benchmarking, ORCHID
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
MAPPED_V4 = IPv6Network("::ffff:0:0/96")
NAT64 = IPv6Network("64:ff9b::/96")
# RFC 5214, 6.1: the interface identifiers that hide an IPv4 address in any IPv6 network.
ISATAP = frozenset({0x00005EFE, 0x02005EFE})

TRACKING_PARAMETERS = frozenset({"fbclid", "gclid"})

_URL = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.IGNORECASE | re.DOTALL)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PLAIN = re.compile(r"[A-Za-z0-9/._~=&;,:@!$'()*+-]*")
_BREAKS = re.compile(r"[\t\r\n]")
_EDGE = "".join(map(chr, range(0x21)))
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class FetchError(Exception):
    """A request that gave no response. `code` is a short name to count by, `sentence` is for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class FetchRefused(FetchError):
    """We do not make this request: the policy forbids the URL or the address."""


class FetchFailed(FetchError):
    """We tried, and no usable response came."""


@dataclass(frozen=True, slots=True)
class ParsedUrl:
    """A URL taken apart and normalised.

    `host` is ASCII, lower case, without brackets; `ip` is set where it is a literal.
    """

    scheme: str
    host: str
    port: int
    path: str
    query: str
    ip: IPAddress | None

    @property
    def netloc(self) -> str:
        """Host and, where it is not the scheme's own, port; what goes into the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def target(self) -> str:
        """Path and query: what goes into the request line."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.target}"


def parse_url(text: str) -> ParsedUrl:
    """Take `text` apart as browsers do, without judging where it leads.

    Raises FetchRefused for anything but a well-formed http or https URL without credentials.
    """
    if len(text) > MAX_URL_LENGTH:
        raise FetchRefused("url_length", f"URLs longer than {MAX_URL_LENGTH} characters are not fetched.")
    cleaned = _BREAKS.sub("", text.strip(_EDGE))
    match = _URL.fullmatch(cleaned)
    if match is None or _CONTROL.search(cleaned):
        raise FetchRefused("url", "That is not a complete web address.")
    scheme, authority, path, query = (
        match.group(1).lower(),
        match.group(2),
        match.group(3),
        match.group(4) or "",
    )
    if scheme not in DEFAULT_PORTS:
        raise FetchRefused("scheme", f"Only http and https addresses are fetched, not {scheme}.")
    if "@" in authority:
        raise FetchRefused("credentials", "Addresses with a user name or password in them are not fetched.")
    host_text, port = _split_port(authority, DEFAULT_PORTS[scheme])
    host, ip = _parse_host(host_text)
    normal_path = _remove_dot_segments(_normalise_escapes(path, safe="/:@!$&'()*+,;=~%"))
    normal_query = _normalise_escapes(query, safe="/:@!$&'()*+,;=~%?[]{}|^`")
    return ParsedUrl(scheme, host, port, normal_path, normal_query, ip)


def canonical_url(url: str) -> str:
    """One spelling for all URLs of a resource: normalised, without fragment and tracking parameters.

    The order of the query is kept, as servers may give it a meaning. Raises FetchRefused as `parse_url` does.
    """
    parsed = parse_url(url)
    kept = "&".join(part for part in parsed.query.split("&") if not _is_tracking(part))
    return ParsedUrl(parsed.scheme, parsed.host, parsed.port, parsed.path, kept, parsed.ip).url


def resolved_url(base: str, reference: str) -> str | None:
    """The canonical form of what `reference` means on the page `base`; None where that is no web address."""
    try:
        return canonical_url(urljoin(base, reference))
    except (FetchRefused, ValueError):
        return None


def site_key(parsed: ParsedUrl) -> str:
    """`host`, or `host:port` where the port is not the scheme's own."""
    return parsed.netloc


def is_localhost_name(host: str) -> bool:
    """RFC 6761, 6.3: `localhost` and every name below it is the loopback address and is never looked up."""
    return host == "localhost" or host.endswith(".localhost")


def is_private_address(ip: IPAddress) -> bool:
    """Whether `ip`, or the IPv4 address mapped into it, belongs to this machine or a private network."""
    return _within(ip, PRIVATE_NETWORKS)


def private_kind(ip: IPAddress) -> tuple[Network, ...]:
    """The private networks of the kind that `ip` lies in; empty for all other addresses."""
    return next((kind for kind in PRIVATE_KINDS if _within(ip, kind)), ())


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """What may be requested, and the limits of one request.

    `allow_private` opens `private_networks`, and every port there: for the operator's own sites, tests and the
    demo. Where `private_hosts` names any, only pages of these hosts may lead there; see `seen_from`.
    `blocked_hosts` are never asked, nor any name below them. `max_bytes` holds for the body as sent and again
    as decoded. `timeout_seconds` is wall time over all redirects. Through `proxy` goes what `crawler.fetch` asks for,
    judged as without; a crawl takes no notice of it.
    """

    allow_private: bool = False
    private_networks: tuple[Network, ...] = PRIVATE_NETWORKS
    private_hosts: frozenset[str] = frozenset()
    blocked_hosts: frozenset[str] = frozenset()
    allowed_ports: frozenset[int] = frozenset({80, 443, 8080, 8443})
    max_redirects: int = 5
    max_bytes: int = 20 * 1024 * 1024
    timeout_seconds: float = 30.0
    user_agent: str = "Faceward"
    verify_tls: bool = True
    proxy: Proxy | None = None

    def seen_from(self, host: str) -> "FetchPolicy":
        """The policy for what a page of `host` leads to: the page of a public site never leads inside."""
        if not self.allow_private or not self.private_hosts or host in self.private_hosts:
            return self
        return replace(self, allow_private=False)

    def check_url(self, url: str) -> ParsedUrl:
        """The parts of `url`, if the URL alone does not forbid the request. Raises FetchRefused."""
        parsed = parse_url(url)
        if self._is_blocked(parsed):
            raise FetchRefused("blocked_host", "This site is on the list of those that are never fetched.")
        if parsed.ip is not None:
            self.check_target(parsed, [parsed.ip])
        elif is_localhost_name(parsed.host):
            self.check_target(parsed, [LOOPBACK])
        elif not self.allow_private:
            self._check_port(parsed)
        return parsed

    def check_target(self, parsed: ParsedUrl, addresses: Iterable[IPAddress]) -> None:
        """Judge the URL together with the addresses of its host. Raises FetchRefused."""
        judged = [self.check_address(address) for address in addresses]
        if not self.allow_private or not all(is_private_address(ip) for ip in judged):
            self._check_port(parsed)

    def check_address(self, address: IPAddress | str) -> IPAddress:
        """The address, if a connection to it may be opened. Raises FetchRefused."""
        try:
            ip = ip_address(address)
        except ValueError:
            raise FetchRefused("address", "That is not an internet address.") from None
        mapped = _embedded_v4(ip, MAPPED_V4)
        if mapped is not None:
            self.check_address(mapped)
            return ip
        translated = _embedded_v4(ip, NAT64)
        if translated is not None:
            _check_public(translated)
            return ip
        if self.allow_private and _within(ip, self.private_networks) and not _is_forbidden(ip):
            return ip
        _check_public(ip)
        return ip

    def _check_port(self, parsed: ParsedUrl) -> None:
        if parsed.port not in self.allowed_ports:
            raise FetchRefused("port", f"Port {parsed.port} is not one that web sites use.")

    def _is_blocked(self, parsed: ParsedUrl) -> bool:
        if not self.blocked_hosts:
            return False
        labels = parsed.host.split(".") if parsed.ip is None else [parsed.host]
        return any(".".join(labels[start:]) in self.blocked_hosts for start in range(len(labels)))


def _within(ip: IPAddress, networks: Iterable[Network]) -> bool:
    inner = _embedded_v4(ip, MAPPED_V4) or ip
    return any(inner in net for net in networks)


def _check_public(ip: IPAddress) -> None:
    if is_private_address(ip) and not _is_forbidden(ip):
        raise FetchRefused("private_address", f"Addresses on private networks are not fetched: {ip}.")
    routable = ip.is_global and not ip.is_multicast and (ip.version == 4 or ip in GLOBAL_UNICAST_V6)
    if not routable or ip.is_reserved or ip.is_unspecified or _is_forbidden(ip):
        raise FetchRefused("forbidden_address", f"This address is not part of the public internet: {ip}.")


def _is_forbidden(ip: IPAddress) -> bool:
    if isinstance(ip, IPv6Address) and (ip.scope_id is not None or int(ip) >> 32 & 0xFFFFFFFF in ISATAP):
        return True
    return any(ip in net for net in FORBIDDEN_NETWORKS)


def _embedded_v4(ip: IPAddress, network: IPv6Network) -> IPv4Address | None:
    return IPv4Address(int(ip) & 0xFFFFFFFF) if ip in network else None


def _is_tracking(part: str) -> bool:
    name = part.partition("=")[0].lower()
    return not part or name.startswith("utm_") or name in TRACKING_PARAMETERS


def _split_port(authority: str, default: int) -> tuple[str, int]:
    host, colon, port = authority, "", ""
    if not authority.endswith("]"):
        host, colon, port = authority.rpartition(":") if ":" in authority else (authority, "", "")
    if colon and port:
        if not (port.isascii() and port.isdigit() and len(port) <= 5 and 1 <= int(port) <= 65535):
            raise FetchRefused("port", "The port in that address is not a number from 1 to 65535.")
        return host, int(port)
    return host, default


@functools.lru_cache(maxsize=4096)
def _parse_host(text: str) -> tuple[str, IPAddress | None]:
    if text.startswith("["):
        return _parse_ipv6(text)
    host = _ascii_host(text)
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise FetchRefused("host", "The host name in that address is not valid.")
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]):
        ip = _ipv4_from_parts(labels)
        return str(ip), ip
    return host, None


def _parse_ipv6(text: str) -> tuple[str, IPAddress]:
    try:
        # A zone ("%eth0") would choose a network interface of ours.
        if not text.endswith("]") or "%" in text:
            raise ValueError(text)
        ip = IPv6Address(text[1:-1])
    except ValueError:
        raise FetchRefused("host", "The IPv6 address in that URL is not valid.") from None
    return str(ip), ip


def _ascii_host(text: str) -> str:
    """Lower-case ASCII form: IDNA 2008, with the UTS 46 mapping that turns full-width digits into digits."""
    host = text.lower()
    if not host.isascii():
        try:
            host = idna.encode(text, uts46=True).decode("ascii").lower()
        except (idna.IDNAError, UnicodeError):
            raise FetchRefused("host", "The host name in that address is not valid.") from None
    return host.removesuffix(".")


def _ipv4_from_parts(labels: list[str]) -> IPv4Address:
    """The address in any form inet_aton takes: one to four parts, decimal, octal or hexadecimal."""
    try:
        numbers = [_ipv4_number(label) for label in labels]
        head, last = numbers[:-1], numbers[-1]
        if len(numbers) > 4 or any(n > 255 for n in head) or last >= 256 ** (5 - len(numbers)):
            raise ValueError(labels)
        return IPv4Address(sum(n << (24 - 8 * i) for i, n in enumerate(head)) + last)
    except ValueError:
        raise FetchRefused("host", "The internet address in that URL is not valid.") from None


def _ipv4_number(label: str) -> int:
    if len(label) > 40:
        raise ValueError(label)
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8 if label.startswith("0") and label != "0" else 10)


def _normalise_escapes(text: str, safe: str) -> str:
    """Percent-encode what must be, decode what need not be, upper-case the rest (RFC 3986, 6.2.2)."""
    if _PLAIN.fullmatch(text):
        return text

    def escape(match: re.Match[str]) -> str:
        char = chr(int(match.group(1), 16))
        return char if char in _UNRESERVED else match.group(0).upper()

    stray = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", text)
    return quote(_ESCAPE.sub(escape, stray), safe=safe, errors="replace")


def _remove_dot_segments(path: str) -> str:
    """RFC 3986, 5.2.4, for an absolute path; empty segments are kept."""
    if path.startswith("/") and "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")[1:] or [""]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)
