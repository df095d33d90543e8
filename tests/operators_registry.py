"""What name servers and registries say about the seven operators of `tests.operators`."""

import ipaddress
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from demo.loopback import Asked, LoopbackServer, Reply
from tests.operators import ALL, TRANSIT

Json = dict[str, Any]


def names() -> Callable[..., Any]:
    """In place of `socket.getaddrinfo`: the operators' names, and everything else as it is."""
    real = socket.getaddrinfo

    def lookup(host: Any, *args: Any, **more: Any) -> Any:
        return real(address_of(str(host)) or host, *args, **more)

    return lookup


def address_of(name: str) -> str | None:
    """What a name server would say."""
    return next((one.profile.address for one in ALL if name in (one.profile.host, one.profile.other_host)), None)


@contextmanager
def registry() -> Iterator[str]:
    """RDAP (RFC 9083) for the operators' networks and domains; the URL of its bootstrap files."""
    server = LoopbackServer(0, lambda asked: _answered(server, asked))
    with server:
        yield f"http://127.0.0.1:{server.server_port}/bootstrap/"


def _answered(server: LoopbackServer, asked: Asked) -> Reply:
    parts = asked.path.strip("/").split("/")
    url = f"http://127.0.0.1:{server.server_port}/"
    match parts:
        case ["bootstrap", name]:
            entries = {"dns": ["example"], "ipv4": ["127.0.0.0/8"], "asn": ["64496-64511"]}.get(name.partition(".")[0])
            found: Json | None = {"services": [[entries, [url]]] if entries else []}
        case ["ip", address]:
            found = _network(address)
        case ["domain", name]:
            found = _domain(name)
        case ["autnum", "64500"]:
            desk = _entity("abuse", "Transit Desk", TRANSIT)
            found = {"handle": "AS64500", "name": "TRANSIT", "entities": [_entity("registrant", "Transit", "", desk)]}
        case _:
            found = None
    status = HTTPStatus.OK if found is not None else HTTPStatus.NOT_FOUND
    return Reply(status, "application/rdap+json", json.dumps(found or {"errorCode": 404}).encode())


def _network(address: str) -> Json | None:
    ipaddress.ip_address(address)
    known = next((one.profile for one in ALL if one.profile.address == address), None)
    if known is None:
        return None
    desk = _entity("abuse", "Abuse Desk", *known.abuse)
    return {
        "handle": f"NET-{known.code.upper()}",
        "name": known.code.upper(),
        "country": known.country,
        "entities": [_entity("registrant", known.name, "", desk)],
        "arin_originas0_originautnums": [64500] if known.code == "geo" else [],
    }


def _domain(name: str) -> Json | None:
    known = next((one.profile for one in ALL if one.profile.host.endswith(f".{name}")), None)
    if known is None:
        return None
    owner = _entity("registrant", f"Owner of site {known.code.replace('_', ' ')}", known.owner)
    desk = _entity("abuse", "Registrar Desk", "abuse@registrar.example")
    registrar = _entity("registrar", "One Registrar", "", desk)
    return {"handle": name.upper(), "ldhName": name, "entities": [owner, registrar], "nameservers": []}


def _entity(role: str, name: str, *emails: Any) -> Json:
    """Of the last arguments, texts are addresses and the others entities inside of it."""
    card: list[list[Any]] = [["version", {}, "text", "4.0"], ["fn", {}, "text", name]]
    card += [["email", {}, "text", email] for email in emails if isinstance(email, str) and email]
    inside = [entity for entity in emails if isinstance(entity, dict)]
    return {
        "handle": name.upper().replace(" ", "-"),
        "roles": [role],
        "vcardArray": ["vcard", card],
        "entities": inside,
    }
