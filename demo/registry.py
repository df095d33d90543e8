"""A stand-in host registry: RDAP (RFC 9083) over HTTP, found through bootstrap files like IANA's (RFC 9224).

It knows the domains of the demo's sites, the one network that hosts them all, the autonomous system that announces
it, and the one above that.
"""

import ipaddress
import json
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

from demo.loopback import ADDRESS, Asked, LoopbackServer, Reply

Json = dict[str, Any]

NETWORK = ipaddress.IPv4Network("127.0.0.0/8")
NETWORK_NAME = "LOOPBACK-HOSTING"
ABUSE_ADDRESS = "abuse@loopback-hosting.example"
REGISTRAR_ABUSE_ADDRESS = "abuse@one-line-registrar.example"
TRANSIT_ABUSE_ADDRESS = "abuse@local-transit.example"
# Numbers for documentation (RFC 5398): the hosting company's, and the carrier's above it.
HOST_NUMBER = 64496
TRANSIT_NUMBER = 64500
NUMBERS = "64496-64511"
CHANGED = "2026-01-15T10:00:00Z"
REGISTRANT_CARD = "$.entities[?(@.roles[0]=='registrant')].vcardArray[1]"


@dataclass(frozen=True)
class Party:
    """A jCard's content; an empty field is left out, as a registry does with what it redacts."""

    name: str
    kind: str
    email: str = ""
    phone: str = ""
    address: tuple[str, str, str, str] | None = None
    """Street, city, postal code, country code."""


COUNTRIES = {"DE": "Germany", "FR": "France", "IE": "Ireland", "SE": "Sweden", "US": "United States"}

LOOPBACK_HOSTING = Party(
    name="Loopback Hosting Inc.",
    kind="org",
    address=("127 Local Way", "Wilmington", "19801", "US"),
)
HOST_ABUSE_DESK = Party("Loopback Hosting Abuse Desk", "group", ABUSE_ADDRESS, "+1-555-0127", LOOPBACK_HOSTING.address)
REGISTRAR = Party("One Line Registrar Ltd", "org", address=("1 Zone Street", "Dublin", "D02", "IE"))
REGISTRAR_ABUSE_DESK = Party("Abuse Contact", "group", REGISTRAR_ABUSE_ADDRESS, "+353-1-555-0143")

LOCAL_TRANSIT = Party("Local Transit AB", "org", address=("2 Long Line", "Stockholm", "11122", "SE"))
TRANSIT_ABUSE_DESK = Party("Local Transit Abuse", "group", TRANSIT_ABUSE_ADDRESS, address=LOCAL_TRANSIT.address)

# Who registered each site's domain. The forum shows no e-mail; the scraper shows nothing but its country.
REGISTRANTS = {
    "blog.localhost": Party(
        "Alice Carver", "individual", "alice@half-an-orbit.example", "", ("3 Hill Row", "Cork", "T12", "IE")
    ),
    "photos.localhost": Party(
        "Lightbox Photos GmbH",
        "org",
        "legal@lightbox-photos.example",
        "",
        ("Ringweg 8", "Bonn", "53111", "DE"),
    ),
    "forum.localhost": Party("Hangar Talk Association", "org", "", "", ("", "Lyon", "", "FR")),
    "copies.localhost": Party("", "individual", "", "", ("", "", "", "US")),
}


class Registry:
    def __init__(self, preferred_port: int) -> None:
        self.server = LoopbackServer(preferred_port, self._answer)
        self.url = f"http://{ADDRESS}:{self.server.server_port}"

    def _answer(self, asked: Asked) -> Reply:
        parts = [unquote(part) for part in urlsplit(asked.path).path.strip("/").split("/")]
        match parts:
            case ["bootstrap", name]:
                return self._bootstrap(name.removesuffix(".json"))
            case ["domain", name]:
                return self._domain(name.lower().rstrip("."))
            case ["ip", *rest] if 1 <= len(rest) <= 2:
                return self._ip("/".join(rest))
            case ["autnum", number] if number.isascii() and number.isdigit():
                return self._autnum(int(number[:10]))
            case ["help"]:
                return _rdap({"notices": [_notice("Demo registry", "Knows the sites of the Faceward demo only.")]})
        return _error(HTTPStatus.NOT_FOUND, "There is no such query.")

    def _bootstrap(self, registry: str) -> Reply:
        """RFC 9224, section 3. The registries that hold nothing of ours are there, and empty."""
        entries = {"dns": ["localhost"], "ipv4": [str(NETWORK)], "ipv6": [], "asn": [NUMBERS]}.get(registry)
        if entries is None:
            return _error(HTTPStatus.NOT_FOUND, "There is no such bootstrap file.")
        services = [[entries, [f"{self.url}/"]]] if entries else []
        body = {"version": "1.0", "publication": CHANGED, "services": services}
        return Reply(HTTPStatus.OK, "application/json", _encoded(body))

    def _domain(self, name: str) -> Reply:
        registrant = REGISTRANTS.get(name)
        if registrant is None:
            return _error(HTTPStatus.NOT_FOUND, "This domain is not registered here.")
        abuse = _entity("OLR-ABUSE", "abuse", REGISTRAR_ABUSE_DESK)
        registrar = _entity("OLR", "registrar", REGISTRAR, [abuse])
        registrar["publicIds"] = [{"type": "IANA Registrar ID", "identifier": "9999"}]
        return _rdap(
            {
                "objectClassName": "domain",
                "handle": f"DOM-{name.partition('.')[0].upper()}",
                "ldhName": name,
                "status": ["active"],
                "events": _events("2024-05-06T08:00:00Z"),
                "secureDNS": {"delegationSigned": False},
                "nameservers": [{"objectClassName": "nameserver", "ldhName": "ns1.loopback-hosting.example"}],
                "entities": [
                    _entity(f"REG-{name.partition('.')[0].upper()}", "registrant", registrant),
                    registrar,
                ],
                "links": self._links(f"/domain/{name}"),
                "redacted": _redactions(registrant),
            },
            extensions=["redacted"],
        )

    def _ip(self, asked: str) -> Reply:
        try:
            network = ipaddress.ip_network(asked, strict=False)
        except ValueError:
            return _error(HTTPStatus.BAD_REQUEST, "This is not an IP address or a network.")
        if not isinstance(network, ipaddress.IPv4Network) or not network.subnet_of(NETWORK):
            return _error(HTTPStatus.NOT_FOUND, "This address is not registered here.")
        abuse = _entity("LH-ABUSE", "abuse", HOST_ABUSE_DESK)
        return _rdap(
            {
                "objectClassName": "ip network",
                "handle": "NET-127-0-0-0-1",
                "startAddress": str(NETWORK[0]),
                "endAddress": str(NETWORK[-1]),
                "ipVersion": "v4",
                "name": NETWORK_NAME,
                "type": "DIRECT ALLOCATION",
                "country": "US",
                "status": ["active"],
                "events": _events("2020-01-01T00:00:00Z"),
                "entities": [_entity("LH", "registrant", LOOPBACK_HOSTING, [abuse])],
                "links": self._links(f"/ip/{NETWORK}"),
                "arin_originas0_originautnums": [HOST_NUMBER],
            },
            extensions=["arin_originas0"],
        )

    def _autnum(self, number: int) -> Reply:
        systems = {
            HOST_NUMBER: ("LOOPBACK-HOSTING-AS", "LH", LOOPBACK_HOSTING, HOST_ABUSE_DESK, "US"),
            TRANSIT_NUMBER: ("LOCAL-TRANSIT-AS", "LT", LOCAL_TRANSIT, TRANSIT_ABUSE_DESK, "SE"),
        }
        if number not in systems:
            return _error(HTTPStatus.NOT_FOUND, "This autonomous system is not registered here.")
        name, handle, holder, desk, country = systems[number]
        abuse = _entity(f"{handle}-ABUSE", "abuse", desk)
        return _rdap(
            {
                "objectClassName": "autnum",
                "handle": f"AS{number}",
                "startAutnum": number,
                "endAutnum": number,
                "name": name,
                "country": country,
                "status": ["active"],
                "events": _events("2020-01-01T00:00:00Z"),
                "entities": [_entity(handle, "registrant", holder, [abuse])],
                "links": self._links(f"/autnum/{number}"),
            }
        )

    def _links(self, path: str) -> list[Json]:
        href = self.url + path
        return [{"value": href, "rel": "self", "href": href, "type": "application/rdap+json"}]


def _entity(handle: str, role: str, party: Party, entities: Iterable[Json] = ()) -> Json:
    entity: Json = {
        "objectClassName": "entity",
        "handle": handle,
        "roles": [role],
        "vcardArray": ["vcard", _card(party)],
    }
    if nested := list(entities):
        entity["entities"] = nested
    return entity


def _card(party: Party) -> list[list[Any]]:
    """The properties of a jCard (RFC 7095)."""
    card: list[list[Any]] = [
        ["version", {}, "text", "4.0"],
        ["fn", {}, "text", party.name],
        ["kind", {}, "text", party.kind],
    ]
    if party.address:
        street, city, code, country = party.address
        # The code goes into the "cc" parameter (RFC 8605, section 3.1), the name into the address itself.
        lines = ["", "", street, city, "", code, COUNTRIES[country]]
        card.append(["adr", {"cc": country}, "text", lines])
    if party.email:
        card.append(["email", {"type": "work"}, "text", party.email])
    if party.phone:
        card.append(["tel", {"type": "voice"}, "uri", f"tel:{party.phone}"])
    return card


def _redactions(party: Party) -> list[Json]:
    """RFC 9537: says which of the registrant's fields are held back, and how."""
    redacted = []
    if not party.name:
        path = f"{REGISTRANT_CARD}[?(@[0]=='fn')][3]"
        redacted.append(
            {
                "name": {"description": "Registrant Name"},
                "postPath": path,
                "pathLang": "jsonpath",
                "method": "emptyValue",
            }
        )
    if not party.email:
        path = f"{REGISTRANT_CARD}[?(@[0]=='email')]"
        redacted.append(
            {
                "name": {"description": "Registrant Email"},
                "prePath": path,
                "pathLang": "jsonpath",
                "method": "removal",
            }
        )
    return redacted


def _events(registered: str) -> list[Json]:
    return [
        {"eventAction": "registration", "eventDate": registered},
        {"eventAction": "last changed", "eventDate": CHANGED},
    ]


def _notice(title: str, sentence: str) -> Json:
    return {"title": title, "description": [sentence]}


def _error(status: HTTPStatus, sentence: str) -> Reply:
    return _rdap({"errorCode": status.value, "title": status.phrase, "description": [sentence]}, status)


def _rdap(body: Json, status: HTTPStatus = HTTPStatus.OK, extensions: Iterable[str] = ()) -> Reply:
    conformance = {"rdapConformance": ["rdap_level_0", *extensions]}
    headers = {"Access-Control-Allow-Origin": "*"}  # RFC 7480, section 5.6
    return Reply(status, "application/rdap+json", _encoded(conformance | body), headers)


def _encoded(body: Json) -> bytes:
    return json.dumps(body, indent=1).encode()
