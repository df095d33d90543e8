"""The one fetch policy of the project: which URLs and which addresses may be requested at all.

Everything that leaves this installation (crawler, evidence, verification, registries) is judged here: the URL
first, then every address its name resolves to, again at every redirect. Pure: no Django, no network.

A URL is taken apart once, by `parse_url`, and what is requested is put together again from those parts, so
that no second parser can read another host out of the same text.
"""

import functools
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import quote

import idna

IPAddress = IPv4Address | IPv6Address

MAX_URL_LENGTH = 4096
DEFAULT_PORTS = {"http": 80, "https": 443}
LOOPBACK = IPv4Address("127.0.0.1")

# Networks that `allow_private` opens. All else that is not globally routable stays closed.
PRIVATE_NETWORKS = tuple(
    ip_network(net)
    for net in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "::1/128",
        "fc00::/7",
    )
)
# Never fetched, whatever the setting: cloud metadata services, and networks that hide another address.
FORBIDDEN_NETWORKS = tuple(
    ip_network(net)
    for net in (
        "169.254.0.0/16",  # link-local, and the metadata service of most clouds
        "fe80::/10",
        "fd00:ec2::/32",  # metadata over IPv6 (AWS)
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


def same_scope(url: str, source_url: str) -> bool:
    """Whether both lie on the same host and port; http and https on their own ports are one site."""
    return site_key(parse_url(url)) == site_key(parse_url(source_url))


def site_key(parsed: ParsedUrl) -> str:
    """`host`, or `host:port` where the port is not the scheme's own."""
    return parsed.netloc


def is_localhost_name(host: str) -> bool:
    """RFC 6761, 6.3: `localhost` and every name below it is the loopback address and is never looked up."""
    return host == "localhost" or host.endswith(".localhost")


def is_private_address(ip: IPAddress) -> bool:
    """Whether `ip`, or the IPv4 address mapped into it, belongs to this machine or a private network."""
    inner = _embedded_v4(ip, MAPPED_V4) or ip
    return any(inner in net for net in PRIVATE_NETWORKS)


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """What may be requested, and the limits of one request.

    `allow_private` opens loopback and private networks, and every port: for the operator's own sites, tests
    and the demo. `max_bytes` holds for the body as sent and again as decoded. `timeout_seconds` is wall time
    over all redirects.
    """

    allow_private: bool = False
    allowed_ports: frozenset[int] = frozenset({80, 443, 8080, 8443})
    max_redirects: int = 5
    max_bytes: int = 20 * 1024 * 1024
    timeout_seconds: float = 30.0
    user_agent: str = "Faceward"
    verify_tls: bool = True

    def check_url(self, url: str) -> ParsedUrl:
        """The parts of `url`, if the URL alone does not forbid the request. Raises FetchRefused."""
        parsed = parse_url(url)
        if parsed.ip is not None:
            self.check_address(parsed.ip)
        elif is_localhost_name(parsed.host):
            self.check_address(LOOPBACK)
        if not self.allow_private and parsed.port not in self.allowed_ports:
            raise FetchRefused("port", f"Port {parsed.port} is not one that web sites use.")
        return parsed

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
        if self.allow_private and is_private_address(ip) and not _is_forbidden(ip):
            return ip
        _check_public(ip)
        return ip


def _check_public(ip: IPAddress) -> None:
    if is_private_address(ip) and not _is_forbidden(ip):
        raise FetchRefused("private_address", f"Addresses on private networks are not fetched: {ip}.")
    routable = ip.is_global and not ip.is_multicast and (ip.version == 4 or ip in GLOBAL_UNICAST_V6)
    if not routable or ip.is_reserved or ip.is_unspecified or _is_forbidden(ip):
        raise FetchRefused("forbidden_address", f"This address is not part of the public internet: {ip}.")


def _is_forbidden(ip: IPAddress) -> bool:
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
