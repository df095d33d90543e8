"""Who runs the network that a host lies in, and what is above it: RDAP, Team Cymru's zones, PeeringDB.

What can be known, and what cannot. A registry knows who holds a network, and mostly where its abuse desk is. Which
autonomous system announces it is in ARIN's and LACNIC's answers, and for all networks in Team Cymru's DNS zone, which
is made from what routers see. Who sells transit to a system is in no registry. Two things come near: a system that
announces a network which another organisation holds carries it (`announcer_of`), and Team Cymru's zone of peers names
the systems that were seen next to the origin on the way to an IPv4 network (`neighbours_of`): most are its
upstreams, some are peers. So what is found that way is a candidate for a person to look at, not a fact.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from crawler.fetch import fetch
from crawler.policy import FetchError, FetchPolicy
from crawler.resolver import Lookup, resolve, system_lookup
from takedowns import rdap
from takedowns.contacts import names
from takedowns.contacts.lookups import Answer, LookupFailed, forget, policy, remembered, wait_turn
from takedowns.rdap import Entity, RdapUnavailable, Record, Registries

KEEP = timedelta(days=7)
KEEP_PARTIAL = timedelta(hours=1)
ORIGIN_ZONE = {4: "origin.asn.cymru.com", 6: "origin6.asn.cymru.com"}
PEER_ZONE = "peer.asn.cymru.com"
MAX_NEIGHBOURS = 10
# Set aside for private use and for documentation (RFC 6996, RFC 5398, RFC 7607): nobody's.
_NOBODYS = ((0, 0), (23456, 23456), (64496, 64511), (64512, 65551), (4200000000, 2**32 - 1))
# What says nothing about which company it is.
_FORMS = re.compile(r"\b(?:inc|llc|ltd|limited|gmbh|ag|sa|sas|sarl|bv|srl|spa|co|corp|corporation|company|plc|oy|ab)\b")


@dataclass(frozen=True, slots=True)
class Network:
    """A network, or an autonomous system, and who holds it. Empty fields were not told.

    `abuse_emails` are those of entities with the role `abuse`, whatever the registry: RIPE's abuse-c, ARIN's
    OrgAbuse, APNIC's IRT. `other_emails` are of the technical and operations desks, for networks that name no
    abuse desk. `origins` are the systems that announce it, where the registry tells. `source` is the URL of the answer.
    """

    address: str
    handle: str
    name: str
    holder: str
    holder_handle: str
    country: str
    abuse_emails: tuple[str, ...]
    other_emails: tuple[str, ...]
    origins: tuple[int, ...]
    source: str
    asked_at: datetime

    @property
    def asn(self) -> int | None:
        return self.origins[0] if self.origins else None


# --- Questions ---------------------------------------------------------------------------------------------


def addresses_of(host: str, *, lookup: Lookup = system_lookup) -> tuple[str, ...]:
    """The addresses of a host, as far as the fetch policy lets them be asked about.

    Raises:
        LookupFailed: it has none, or one that is not on the public internet.
    """
    try:
        return tuple(map(str, resolve(host, policy(), lookup=lookup)))
    except FetchError as error:
        raise LookupFailed(error.sentence) from error


def network_of(host: str, *, lookup: Lookup = system_lookup) -> Network | None:
    """The network that a host (a name or an address) lies in; None where no registry knows it.

    Raises:
        LookupFailed: it could not be asked.
        LookupBusy: the registry was asked a moment ago.
    """
    address = addresses_of(host, lookup=lookup)[0]
    answer = _remembered(f"rdap ip {address}", lambda: registries().network(address))
    return _network(answer, address)


def registration_of(domain: str) -> Record | None:
    """The registration of a registrable domain, remembered; None where no registry has one.

    `within("registrar", "abuse")` are the registrar's abuse desks. Raises LookupFailed, LookupBusy.
    """
    domain = domain.lower()
    key = f"rdap domain {domain}"
    answer = _remembered(key, lambda: registries().domain(domain))
    if answer.value and answer.value["missing"] and timezone.now() - answer.asked_at > KEEP_PARTIAL:
        forget(_at(key))
        answer = _remembered(key, lambda: registries().domain(domain))
    return rdap.from_json(answer.value) if answer.value else None


def origin_of(address: str) -> int | None:
    """The autonomous system that announces the network of an address; None where that is not known.

    Raises LookupFailed, LookupBusy where the registry could not be asked.
    """
    network = network_of(address)
    if network and network.asn:
        return network.asn
    routes = [route for text in _zone(address, ORIGIN_ZONE) if (route := _route(text))]
    # The narrowest announcement is the one that routers follow.
    return max(routes, key=lambda route: route[1])[0][0] if routes else None


def autonomous_system(asn: int) -> Network | None:
    """An autonomous system: RDAP, and PeeringDB for contacts where RDAP has none.

    Raises LookupFailed, LookupBusy.
    """
    answer = _remembered(f"rdap autnum {asn}", lambda: registries().autonomous_system(asn))
    found = _network(answer, "")
    if (found and found.abuse_emails) or not settings.PEERINGDB_URL or _is_nobodys(asn):
        return found
    told = remembered(f"peeringdb {asn}", KEEP, lambda: _peeringdb(asn))
    return _with_peeringdb(found, told, asn)


def announcer_of(host: str, *, lookup: Lookup = system_lookup) -> Network | None:
    """The system that announces the host's network, if another organisation than the network's holder runs it.

    Raises LookupFailed, LookupBusy.
    """
    address = addresses_of(host, lookup=lookup)[0]
    network, asn = network_of(address), origin_of(address)
    system = autonomous_system(asn) if asn else None
    return system if network and system and not same_organisation(network, system) else None


def neighbours_of(address: str) -> tuple[int, ...]:
    """The systems seen next to the origin on the way to an IPv4 address: candidates, in no order of weight."""
    found = [number for text in _zone(address, {4: PEER_ZONE}) if (route := _route(text)) for number in route[0]]
    return tuple(dict.fromkeys(found))[:MAX_NEIGHBOURS]


def upstream_of(asn: int, address: str = "") -> Network | None:
    """A system above `asn` that has an abuse desk, on the way to `address`; None where none is known.

    Without an address nothing can be known, see above. Raises LookupFailed, LookupBusy.
    """
    own = autonomous_system(asn) if address else None
    for number in neighbours_of(address) if address else ():
        system = autonomous_system(number) if number != asn else None
        if system and system.abuse_emails and not (own and same_organisation(own, system)):
            return system
    return None


def above(host: str, *, lookup: Lookup = system_lookup) -> Network | None:
    """Who carries a host's network: whoever announces it for another, or else a system seen above its origin.

    Raises LookupFailed, LookupBusy.
    """
    address = addresses_of(host, lookup=lookup)[0]
    announcer = announcer_of(address)
    if announcer and announcer.abuse_emails:
        return announcer
    asn = origin_of(address)
    return upstream_of(asn, address) if asn else None


def same_organisation(one: Network, other: Network) -> bool:
    """Whether two networks seem to be one organisation's: the same handle, name, or domain of their abuse desks."""
    if one.holder_handle and one.holder_handle == other.holder_handle:
        return True
    if (name := _bare(one.holder)) and name == _bare(other.holder):
        return True
    return bool(_mail_domains(one) & _mail_domains(other))


# --- RDAP --------------------------------------------------------------------------------------------------


def registries() -> Registries:
    """The registries of this installation, asked at a polite pace."""
    return _registries(settings.RDAP_BOOTSTRAP_URL, policy())


@cache
def _registries(bootstrap_url: str, allowed: FetchPolicy) -> Registries:
    return Registries(bootstrap_url, allowed, wait_turn)


def _remembered(key: str, ask: Callable[[], Record | None]) -> Answer:
    """What `ask` finds, as JSON."""

    def told() -> dict[str, Any] | None:
        try:
            record = ask()
        except RdapUnavailable as error:
            raise LookupFailed(str(error)) from error
        return rdap.as_json(record) if record else None

    return remembered(_at(key), KEEP, told)


def _at(key: str) -> str:
    """Answers belong to the registries that were asked."""
    return f"{key} at {settings.RDAP_BOOTSTRAP_URL}"


def _network(answer: Answer, address: str) -> Network | None:
    if not answer.value:
        return None
    record = rdap.from_json(answer.value)
    holder = next(iter(record.having("registrant")), None)
    return Network(
        address=address,
        handle=record.handle,
        name=record.name,
        holder=(holder.name if holder else "") or record.name,
        holder_handle=holder.handle if holder else "",
        country=record.country or (holder.country if holder else ""),
        abuse_emails=_emails(record.having("abuse")),
        other_emails=_emails(record.having("noc") + record.having("technical")),
        origins=record.origins,
        source=record.url,
        asked_at=answer.asked_at,
    )


def _emails(entities: Iterable[Entity]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(email.lower() for entity in entities for email in entity.emails))


# --- Team Cymru's zones --------------------------------------------------------------------------------------


def _zone(address: str, zones: dict[int, str]) -> tuple[str, ...]:
    """The texts about an address; none about addresses that are nobody's, unless the name servers are our own."""
    ip = ip_address(address)
    if ip.version not in zones or not (ip.is_global or (settings.FETCH_ALLOW_PRIVATE and settings.DNS_SERVERS)):
        return ()
    return names.text(f"{_reversed(ip)}.{zones[ip.version]}")


def _reversed(ip: IPv4Address | IPv6Address) -> str:
    """As in the zones for reverse lookups: octets, or single digits of the whole IPv6 address, last first."""
    parts = str(ip).split(".") if ip.version == 4 else list(ip.exploded.replace(":", ""))
    return ".".join(reversed(parts))


def _route(text: str) -> tuple[list[int], int] | None:
    """Systems and prefix length of `23028 1234 | 216.90.108.0/24 | US | arin | 1998-09-25`."""
    systems, _, rest = text.partition("|")
    length = re.match(r"\s*[0-9a-f.:]{2,45}/([0-9]{1,3})\s*(?:\||$)", rest, re.IGNORECASE)
    numbers = [int(word) for word in systems.split() if re.fullmatch(r"[0-9]{1,10}", word)]
    numbers = [number for number in numbers if 0 < number < 2**32]
    return (numbers, int(length[1])) if numbers and length else None


# --- PeeringDB -----------------------------------------------------------------------------------------------


def _peeringdb(asn: int) -> dict[str, Any] | None:
    """Name and public desks of a system, by role. Raises LookupFailed, LookupBusy."""
    url = f"{settings.PEERINGDB_URL.rstrip('/')}/net?{urlencode({'asn': asn, 'depth': 2})}"
    allowed = policy()
    try:
        wait_turn(allowed.check_url(url).host)
        fetched = fetch(url, allowed, accept="application/json")
    except FetchError as error:
        raise LookupFailed(f"PeeringDB could not be asked: {error.sentence}") from error
    if fetched.status == 404:
        return None
    if fetched.status != 200:
        raise LookupFailed(f"PeeringDB answered with status {fetched.status}.")
    try:
        return read_peeringdb(json.loads(fetched.body), url)
    except (ValueError, RecursionError) as error:
        raise LookupFailed("PeeringDB's answer is not JSON.") from error


def read_peeringdb(answer: Any, url: str) -> dict[str, Any] | None:
    """What any JSON at all says of a system."""
    rows = answer.get("data") if isinstance(answer, dict) else None
    row = next(iter(rows), None) if isinstance(rows, list) else None
    if not isinstance(row, dict):
        return None
    desks = [desk for desk in _list(row.get("poc_set"))[: rdap.MAX_ENTITIES] if isinstance(desk, dict)]
    told: dict[str, Any] = {"name": rdap.plain_text(row.get("name")), "source": url}
    for field, roles in (("abuse", {"abuse"}), ("other", {"noc", "technical"})):
        found = [_address(desk.get("email")) for desk in desks if rdap.plain_text(desk.get("role")).lower() in roles]
        told[field] = list(dict.fromkeys(filter(None, found)))
    return told


def _with_peeringdb(found: Network | None, answer: Answer, asn: int) -> Network | None:
    """The system with PeeringDB's desks; its registration stays the source of everything else."""
    told = answer.value
    if not isinstance(told, dict):
        return found
    if found is None and not told.get("name"):
        return None
    known = asdict(found) if found else {"address": "", "handle": f"AS{asn}", "holder_handle": "", "country": ""}
    known = {"name": told["name"], "holder": told["name"], "origins": (), **known}
    desks = {"abuse_emails": tuple(told["abuse"]), "other_emails": tuple(told["other"])}
    if found and not desks["abuse_emails"]:
        return found
    return Network(**{**known, **desks, "source": told["source"], "asked_at": answer.asked_at})


def _address(value: Any) -> str:
    text = rdap.plain_text(value)
    try:
        validate_email(text)
    except ValidationError:
        return ""
    return text.lower()


# --- Small things ----------------------------------------------------------------------------------------------


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_nobodys(asn: int) -> bool:
    return any(first <= asn <= last for first, last in _NOBODYS)


def _bare(name: str) -> str:
    return " ".join(_FORMS.sub(" ", re.sub(r"[^\w ]+", " ", name.casefold())).split())


def _mail_domains(network: Network) -> set[str]:
    return {rdap.registrable_domain(email.rpartition("@")[2]) for email in network.abuse_emails} - {""}
