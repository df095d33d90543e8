"""Who registered a domain, who runs a network or an autonomous system: RDAP (RFC 9083), found through the
bootstrap files (RFC 9224).

Every request goes through the one fetch policy, redirects and links to other registries included. What comes
back is hostile: any JSON at all is read without an exception, and only what has the right shape is believed.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from itertools import islice
from typing import Any, Final
from urllib.parse import quote

import tldextract
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from crawler.fetch import fetch
from crawler.policy import FetchError, FetchPolicy

ACCEPT = "application/rdap+json, application/json;q=0.8"
BOOTSTRAP_SECONDS = 24 * 3600.0
ANSWER_SECONDS = 3600.0
MAX_REMEMBERED = 2000
MAX_DEPTH = 4
MAX_ENTITIES = 50
MAX_NAME_SERVERS = 20
MAX_ORIGINS = 10
_LONGEST = 200
_LARGEST_AUTNUM = 2**32 - 1
# Extensions in which registries tell which autonomous systems announce a network: ARIN's, and LACNIC's.
_ORIGINS = ("arin_originas0_originautnums", "lacnic_originAutnum")

# Without these arguments it would fetch the suffix list from the network; the package carries a copy.
_suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
_split: Callable[[str], tldextract.tldextract.ExtractResult] = _suffixes.extract_str


class RdapUnavailable(Exception):
    """The registry gave no usable answer; the text is one sentence. Asking again later may help."""


@dataclass(frozen=True)
class Entity:
    """A person or organisation in a registry's answer. Empty fields were not given or are redacted.

    `inside` are the roles of those it is listed under: a domain's `abuse` desk inside its `registrar` is the
    registrar's, not the domain's.
    """

    handle: str
    roles: frozenset[str]
    name: str
    emails: tuple[str, ...]
    country: str
    inside: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Record:
    """A registration from `url`. `entities` are all that the answer has, outer ones first.

    `origins` are the autonomous systems that announce a network, where its registry tells. `missing` says why the
    registrar's own answer is not in it, where the registry pointed to one: empty if all is there.
    """

    url: str
    handle: str
    name: str
    country: str
    entities: tuple[Entity, ...]
    name_servers: tuple[str, ...] = ()
    origins: tuple[int, ...] = ()
    missing: str = ""

    def having(self, role: str) -> list[Entity]:
        """The entities with a role, such as `registrant` or `abuse`."""
        return [entity for entity in self.entities if role in entity.roles]

    def within(self, outer: str, role: str) -> list[Entity]:
        """The entities with a role that are listed under one with the role `outer`, or that have both."""
        return [entity for entity in self.having(role) if outer in entity.inside | entity.roles]


def registrable_domain(host: str) -> str:
    """The domain that somebody registered: `img.example.co.uk` gives `example.co.uk`. Empty for addresses.

    A host under no known suffix has the last label for one, the list's own default rule.
    """
    if _is_address(host):
        return ""
    parts = _split(host)
    if parts.suffix:
        return f"{parts.domain}.{parts.suffix}" if parts.domain else ""
    labels = [label for label in host.split(".") if label]
    return ".".join(labels[-2:]) if len(labels) > 1 else ""


class Registries:
    """The registries behind one set of bootstrap files, with a memory of their answers. Thread-safe.

    `pace` is called with a registry's host before each request to it, and may wait or raise.
    """

    def __init__(self, bootstrap_url: str, policy: FetchPolicy, pace: Callable[[str], None] | None = None) -> None:
        self._bootstrap_url = bootstrap_url.rstrip("/")
        self._policy = policy
        self._pace = pace
        self._memory = _Memory()

    def domain(self, name: str) -> Record | None:
        """The registration of a registrable domain, or None where no registry has one.

        A registry that only knows the registrar links to the registrar's own answer, which is then asked for. Both
        are in the record, the registrar's first.

        Raises:
            RdapUnavailable: no usable answer of the registry.
        """
        record = self._query(self._service_for_name(name), f"domain/{quote(name)}")
        if record is None:
            return None
        answer, found = record
        if any(entity.emails for entity in found.having("registrant")):
            return found
        related = _related(answer, found.url)
        try:
            more = self._ask(related) if related else None
        except RdapUnavailable as error:
            return replace(found, missing=str(error))
        return _joined(_record(more, related), found) if more else found

    def network(self, address: str) -> Record | None:
        """The network an IP address lies in, or None where no registry has one. Raises RdapUnavailable."""
        record = self._query(self._service_for_address(ip_address(address)), f"ip/{address}")
        return record[1] if record else None

    def autonomous_system(self, number: int) -> Record | None:
        """An autonomous system, or None where no registry has it. Raises RdapUnavailable."""
        record = self._query(self._service_for_number(number), f"autnum/{number}")
        return record[1] if record else None

    def _query(self, base: str, path: str) -> tuple[dict[str, Any], Record] | None:
        if not base:
            return None
        url = f"{base.rstrip('/')}/{path}"
        answer = self._ask(url)
        return (answer, _record(answer, url)) if answer else None

    def _service_for_name(self, name: str) -> str:
        """The service for the longest entry that `name` ends with (RFC 9224, 4)."""
        labels = name.lower().split(".")
        services = dict(self._services("dns"))
        tails = (".".join(labels[start:]) for start in range(len(labels)))
        return next((services[tail] for tail in tails if tail in services), "")

    def _service_for_address(self, address: IPv4Address | IPv6Address) -> str:
        """The service for the longest prefix that holds `address` (RFC 9224, 5)."""
        best, service = -1, ""
        for entry, url in self._services(f"ipv{address.version}"):
            try:
                network = ip_network(entry)
            except ValueError:
                continue
            if address in network and network.prefixlen > best:
                best, service = network.prefixlen, url
        return service

    def _service_for_number(self, number: int) -> str:
        """The service for the range that holds `number` (RFC 9224, 5.3)."""
        for entry, url in self._services("asn"):
            first, _, last = entry.partition("-")
            if 0 <= _autnum(first) <= number <= _autnum(last or first):
                return url
        return ""

    def _services(self, registry: str) -> Iterator[tuple[str, str]]:
        """Entries and their service, a secure one where there is a choice."""
        answer = self._ask(f"{self._bootstrap_url}/{registry}.json", BOOTSTRAP_SECONDS) or {}
        for service in _list(answer.get("services")):
            entries, urls = (*_list(service), None, None)[:2]
            usable = sorted((url for url in _list(urls) if isinstance(url, str)), key=_insecure)
            for entry in _list(entries):
                if usable and isinstance(entry, str):
                    yield entry.lower(), usable[0]

    def _ask(self, url: str, keep_seconds: float = ANSWER_SECONDS) -> dict[str, Any] | None:
        """The JSON object at `url`, or None for "not found"."""
        known, answer = self._memory.get(url)
        if not known:
            answer = self._fetch(url)
            self._memory.put(url, answer, keep_seconds)
        return answer

    def _fetch(self, url: str) -> dict[str, Any] | None:
        try:
            host = self._policy.check_url(url).host
            if self._pace:
                self._pace(host)
            fetched = fetch(url, self._policy, accept=ACCEPT)
        except FetchError as error:
            raise RdapUnavailable(f"The registry could not be asked: {error}") from error
        if fetched.status == 404:
            return None
        if fetched.status != 200:
            raise RdapUnavailable(f"The registry answered with status {fetched.status}.")
        try:
            answer = json.loads(fetched.body)
        except (ValueError, RecursionError) as error:
            raise RdapUnavailable("The registry's answer is not JSON.") from error
        if not isinstance(answer, dict):
            raise RdapUnavailable("The registry's answer is not an object.")
        return answer


class _Memory:
    """Answers by URL, each with its time limit. When it is full it starts anew."""

    def __init__(self) -> None:
        self._answers: dict[str, tuple[float, dict[str, Any] | None]] = {}
        self._lock: Final = threading.Lock()

    def get(self, url: str) -> tuple[bool, dict[str, Any] | None]:
        with self._lock:
            expires, answer = self._answers.get(url, (0.0, None))
        return (True, answer) if time.monotonic() < expires else (False, None)

    def put(self, url: str, answer: dict[str, Any] | None, keep_seconds: float) -> None:
        with self._lock:
            if len(self._answers) >= MAX_REMEMBERED:
                self._answers.clear()
            self._answers[url] = (time.monotonic() + keep_seconds, answer)


def as_json(record: Record) -> dict[str, Any]:
    """A record as it can be stored; `from_json` undoes it."""
    entities = [{**vars(one), "roles": sorted(one.roles), "inside": sorted(one.inside)} for one in record.entities]
    return {**vars(record), "entities": entities}


def from_json(stored: dict[str, Any]) -> Record:
    """The record that was stored."""
    entities = (
        {**one, **{name: frozenset(one[name]) for name in ("roles", "inside")}, "emails": tuple(one["emails"])}
        for one in stored["entities"]
    )
    lists = {name: tuple(stored[name]) for name in ("name_servers", "origins")}
    return Record(**{**stored, **lists, "entities": tuple(Entity(**one) for one in entities)})


# --- Reading an answer, whatever it is ---------------------------------------------------------------------


def _record(answer: dict[str, Any], url: str) -> Record:
    return Record(
        url=url,
        handle=plain_text(answer.get("handle")),
        name=plain_text(answer.get("ldhName") or answer.get("name")),
        country=_country(answer.get("country")),
        entities=tuple(islice(_entities(answer), MAX_ENTITIES)),
        name_servers=_name_servers(answer),
        origins=_origins(answer),
    )


def _joined(own: Record, registry: Record) -> Record:
    """A registrar's own answer, with what only the registry told."""
    return replace(
        own,
        handle=own.handle or registry.handle,
        name=own.name or registry.name,
        country=own.country or registry.country,
        entities=tuple(dict.fromkeys(own.entities + registry.entities))[:MAX_ENTITIES],
        name_servers=own.name_servers or registry.name_servers,
    )


def _name_servers(answer: dict[str, Any]) -> tuple[str, ...]:
    servers = [server for server in _list(answer.get("nameservers"))[:MAX_NAME_SERVERS] if isinstance(server, dict)]
    names = (plain_text(server.get("ldhName")).lower().rstrip(".") for server in servers)
    return tuple(dict.fromkeys(filter(None, names)))


def _origins(answer: dict[str, Any]) -> tuple[int, ...]:
    told = [number for name in _ORIGINS for number in _list(answer.get(name))[:MAX_ORIGINS]]
    return tuple(dict.fromkeys(number for number in map(_autnum, told) if number > 0))


def _autnum(value: Any) -> int:
    """The number of an autonomous system, `AS64496` or `64496`; -1 for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 <= value <= _LARGEST_AUTNUM else -1
    text = plain_text(value).upper().removeprefix("AS")
    is_number = text.isascii() and text.isdigit() and len(text) <= 10
    return _autnum(int(text)) if is_number else -1


def _entities(holder: dict[str, Any], depth: int = 0, inside: frozenset[str] = frozenset()) -> Iterator[Entity]:
    """Outer entities first, then those inside them: an abuse desk is often inside the registrant."""
    found = [entity for entity in _list(holder.get("entities"))[:MAX_ENTITIES] if isinstance(entity, dict)]
    for entity in found:
        card = _card(entity.get("vcardArray"))
        yield Entity(
            handle=plain_text(entity.get("handle")),
            roles=_roles(entity),
            name=plain_text(_value(card, "fn")) or plain_text(_value(card, "org")),
            emails=tuple(dict.fromkeys(filter(None, (_email(item[3]) for item in card if item[0] == "email")))),
            country=_card_country(card),
            inside=inside,
        )
    if depth < MAX_DEPTH:
        for entity in found:
            yield from _entities(entity, depth + 1, inside | _roles(entity))


def _roles(entity: dict[str, Any]) -> frozenset[str]:
    return frozenset(filter(None, map(plain_text, _list(entity.get("roles"))[:MAX_ENTITIES])))


def _card(value: Any) -> list[list[Any]]:
    """The properties of a jCard (RFC 7095): `["vcard", [[name, parameters, type, value, …], …]]`."""
    properties = _list([*_list(value), None, None][1])
    return [item for item in map(_list, properties) if len(item) >= 4 and isinstance(item[0], str)]


def _value(card: list[list[Any]], name: str) -> Any:
    return next((item[3] for item in card if item[0] == name), None)


def _card_country(card: list[list[Any]]) -> str:
    """From the `cc` parameter (RFC 8605) of the address."""
    parameters = next((item[1] for item in card if item[0] == "adr"), None)
    return _country(parameters.get("cc")) if isinstance(parameters, dict) else ""


def _related(answer: dict[str, Any], own_url: str) -> str:
    """The link to a registrar's own answer, or an empty string."""
    for link in _list(answer.get("links")):
        if not isinstance(link, dict) or link.get("rel") != "related":
            continue
        href, kind = link.get("href"), link.get("type")
        if isinstance(href, str) and kind == "application/rdap+json" and href != own_url:
            return href
    return ""


def _email(value: Any) -> str:
    """A usable address, or an empty string: what registries put in place of a redacted one is none."""
    text = plain_text(value).removeprefix("mailto:")
    try:
        validate_email(text)
    except ValidationError:
        return ""
    return text


def plain_text(value: Any) -> str:
    """One printable line of bounded length; empty for anything but a string."""
    if not isinstance(value, str):
        return ""
    printable = "".join(char if char.isprintable() else " " for char in value[: _LONGEST * 2])
    return " ".join(printable.split())[:_LONGEST]


def _country(value: Any) -> str:
    text = plain_text(value).upper()
    return text if len(text) == 2 and text.isascii() and text.isalpha() else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _insecure(url: str) -> bool:
    return not url.startswith("https:")


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
