"""What the domain name system tells about a domain: where its mail goes, who runs its zone, what its names stand for.

Questions go to the configured name servers, or else the system's, and to nobody else: an address in an answer is
never connected to from here. What comes back is hostile; any bytes at all give an empty answer and no exception.
Names that are nobody's (for examples, or of one machine only) are asked of configured servers alone.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

import dns.exception
import dns.name
import dns.nameserver
import dns.rdata
import dns.resolver
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from takedowns.contacts.lookups import LookupFailed, remembered
from takedowns.rdap import registrable_domain

KEEP = timedelta(days=1)
# For one question, all tries at all servers together.
LIFETIME_SECONDS = 4.0
MAX_RECORDS = 20
MAX_TEXT = 500
MAX_ALIASES = 8
DNS_PORT = 53
_UDP_PAYLOAD = 1232
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)*(?!\d+\Z){_LABEL}")
# Nobody's in the public system: RFC 2606 and 6761, RFC 6762 (local), RFC 9476 (alt), and the one ICANN set aside.
_NOBODYS = frozenset({"localhost", "local", "example", "invalid", "test", "alt", "internal", "onion"})
_NOBODYS_DOMAINS = frozenset({"example.com", "example.net", "example.org"})


class Kind(StrEnum):
    """The types of records that are asked for."""

    A = "A"
    AAAA = "AAAA"
    CNAME = "CNAME"
    MX = "MX"
    NS = "NS"
    SOA = "SOA"
    TXT = "TXT"


@dataclass(frozen=True, slots=True)
class _Server:
    address: str
    port: int


def mail_servers(domain: str) -> tuple[str, ...]:
    """The hosts that take the domain's mail (MX), best first; empty where it names none, or none at all (RFC 7505)."""
    return tuple(host for host in _mx(domain) or () if host)


def takes_mail(domain: str) -> bool | None:
    """Whether mail to the domain can arrive anywhere; None where that could not be asked.

    It can if there is a mail server, or, where the domain names none, an address of its own (RFC 5321, 5.1). A null MX
    says that it takes none (RFC 7505).
    """
    servers = _mx(domain)
    if servers is None:
        return None
    if servers:
        return any(servers)
    found = [_ask(domain, kind) for kind in (Kind.A, Kind.AAAA)]
    if any(found):
        return True
    return None if None in found else False


def name_servers(domain: str) -> tuple[str, ...]:
    """The hosts that answer for the domain, in alphabetical order."""
    return tuple(sorted(_ask(domain, Kind.NS) or ()))


def aliases(host: str) -> tuple[str, ...]:
    """The names that `host` stands for (CNAME), one after the other; a loop ends where it comes back."""
    chain = [_plain(host)]
    while len(chain) <= MAX_ALIASES:
        target = next(iter(_ask(chain[-1], Kind.CNAME) or ()), "")
        if not target or target in chain:
            break
        chain.append(target)
    return tuple(chain[1:])


def zone_mailbox(domain: str) -> str:
    """The mailbox of whoever runs the zone that `domain` lies in (RFC 1035, 3.3.13), or an empty string."""
    name, registered = _plain(domain), registrable_domain(_plain(domain))
    while name and registered:
        for mailbox in _ask(name, Kind.SOA) or ():
            return mailbox
        name = "" if name == registered else name.partition(".")[2]
    return ""


def text(name: str) -> tuple[str, ...]:
    """The texts at `name` (TXT), each one printable line of bounded length."""
    return _ask(name, Kind.TXT) or ()


def is_nobodys(name: str) -> bool:
    """Whether a name is set aside for examples, tests or one machine alone: nobody has registered it."""
    labels = _plain(name).split(".")
    return labels[-1] in _NOBODYS or ".".join(labels[-2:]) in _NOBODYS_DOMAINS


def _mx(domain: str) -> tuple[str, ...] | None:
    """As told: a null MX is one empty name."""
    return _ask(domain, Kind.MX)


def _ask(name: str, kind: Kind) -> tuple[str, ...] | None:
    """The answers, none where there are none, and None where nobody could be asked."""
    plain = _plain(name)
    if not plain:
        return ()
    if is_nobodys(plain) and not settings.DNS_SERVERS:
        return None
    try:
        answer = remembered(f"dns {kind.lower()} {plain}", KEEP, lambda: _query(plain, kind))
    except LookupFailed:
        return None
    return tuple(filter(lambda value: isinstance(value, str), answer.value or ()))


def _query(name: str, kind: Kind) -> list[str]:
    try:
        resolver = _resolver()
        found = resolver.resolve(name, kind.value, search=False, raise_on_no_answer=False, lifetime=LIFETIME_SECONDS)
    except dns.resolver.NXDOMAIN:
        return []
    except (dns.exception.DNSException, OSError, EOFError, ValueError) as error:
        raise LookupFailed("The name servers gave no usable answer.") from error
    return list(_told(found.rrset or (), kind))[:MAX_RECORDS]


def _told(records: Iterable[dns.rdata.Rdata], kind: Kind) -> Iterable[str]:
    """What the records say, best first; what is no name, no mailbox or no line of text is left out."""
    if kind == Kind.MX:
        records = sorted(records, key=lambda record: int(getattr(record, "preference", 0)))
    said = (_said(record, kind) for record in records)
    return (value for value in said if value or (kind == Kind.MX and value is not None))


def _said(record: dns.rdata.Rdata, kind: Kind) -> str | None:
    match kind:
        case Kind.MX:
            exchange = getattr(record, "exchange", None)
            # An empty name is a null MX; None is a name that cannot be one.
            return "" if exchange == dns.name.root else _dotted(exchange) or None
        case Kind.NS | Kind.CNAME:
            return _dotted(getattr(record, "target", None))
        case Kind.SOA:
            return _mailbox(getattr(record, "rname", None))
        case Kind.TXT:
            return _line(b"".join(getattr(record, "strings", ())))
    return str(getattr(record, "address", ""))


def _resolver() -> dns.resolver.Resolver:
    """Raises DNSException where the system names no servers, ValueError where the settings are none."""
    servers = [_server(entry) for entry in settings.DNS_SERVERS]
    resolver = dns.resolver.Resolver(configure=not servers)
    if servers:
        resolver.nameservers = [dns.nameserver.Do53Nameserver(server.address, server.port) for server in servers]
    resolver.cache = None
    resolver.use_edns(0, 0, _UDP_PAYLOAD)
    return resolver


def _server(entry: str) -> _Server:
    """`192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53` or `[2001:db8::53]:5353`."""
    try:
        return _Server(str(ip_address(entry.strip("[]"))), DNS_PORT)
    except ValueError:
        parts = urlsplit(f"dns://{entry}")
        return _Server(str(ip_address(parts.hostname or "")), parts.port or DNS_PORT)


def _plain(name: str) -> str:
    """Lower case, without the last dot; empty for what is no name, such as an address."""
    plain = name.strip().lower().removesuffix(".")
    return plain if _NAME.fullmatch(plain) else ""


def _dotted(name: object) -> str:
    return _plain(name.to_text()) if isinstance(name, dns.name.Name) else ""


def _mailbox(name: object) -> str:
    """The first label is the local part, whatever characters are in it."""
    if not isinstance(name, dns.name.Name) or len(name.labels) < 3:
        return ""
    address = f"{name.labels[0].decode('utf-8', 'replace')}@{_plain(dns.name.Name(name.labels[1:]).to_text())}"
    try:
        validate_email(address)
    except ValidationError:
        return ""
    return address.lower()


def _line(data: bytes) -> str:
    printable = (char if char.isprintable() else " " for char in data[: MAX_TEXT * 4].decode("utf-8", "replace"))
    return " ".join("".join(printable).split())[:MAX_TEXT]
