"""A stand-in name server on 127.0.0.1 (UDP and TCP) for the domains of the demo.

Every domain below `.example` takes mail, except the ones named here, so that the demo's operators can be written to.
"""

import socketserver
import threading
from collections.abc import Mapping
from typing import Any, Self, cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from demo.loopback import ADDRESS
from demo.registry import HOST_NUMBER, TRANSIT_NUMBER

TTL = 300
# Bytes of an answer: by UDP to whoever does not say that it takes more, and by TCP.
SHORTEST = 512
LONGEST = 65535
MAIL_HOST = "mail.loopback-hosting.example."
NAME_SERVER = "ns1.loopback-hosting.example."
SOA = f"{NAME_SERVER} hostmaster.loopback-hosting.example. 2026011501 7200 900 1209600 300"
SITES = ("blog.localhost", "photos.localhost", "forum.localhost", "copies.localhost")
# A domain that says it takes no mail (RFC 7505), and one that does not exist.
NO_MAIL = "no-mail.example"
NOWHERE = "nowhere.example"

# By name and type, as in a zone file.
RECORDS: dict[tuple[str, str], list[str]] = {
    **{(site, "A"): [ADDRESS] for site in SITES},
    **{(site, "NS"): [NAME_SERVER] for site in SITES},
    **{(site, "SOA"): [SOA] for site in SITES},
    ("blog.localhost", "MX"): ["10 mail.half-an-orbit.example."],
    ("photos.localhost", "MX"): ["10 mail.lightbox-photos.example."],
    ("forum.localhost", "TXT"): ['"v=spf1 -all"'],
    ("copies.localhost", "MX"): ["0 ."],
    ("img.photos.localhost", "CNAME"): ["photos.localhost."],
    (NO_MAIL, "MX"): ["0 ."],
    ("1.0.0.127.origin.asn.cymru.com", "TXT"): [f'"{HOST_NUMBER} | 127.0.0.0/8 | US | demo | 2020-01-01"'],
    ("1.0.0.127.peer.asn.cymru.com", "TXT"): [f'"{TRANSIT_NUMBER} | 127.0.0.0/8 | US | demo | 2020-01-01"'],
}


class _Udp(socketserver.ThreadingUDPServer):
    daemon_threads = True
    names: "NameServer"


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    names: "NameServer"


class _UdpHandler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data, answering = self.request
        if reply := cast(_Udp, self.server).names.reply(data):
            answering.sendto(reply, self.client_address)


class _TcpHandler(socketserver.StreamRequestHandler):
    timeout = 5

    def handle(self) -> None:
        length = int.from_bytes(self.rfile.read(2), "big")
        if reply := cast(_Tcp, self.server).names.reply(self.rfile.read(length), LONGEST):
            self.wfile.write(len(reply).to_bytes(2, "big") + reply)


class NameServer:
    """Bound when made, so that its port is known at once; answers between `start` and `stop`.

    `asked` are the questions so far, as `name TYPE`.
    """

    def __init__(self, preferred_port: int, records: Mapping[tuple[str, str], list[str]] | None = None) -> None:
        self._records = RECORDS if records is None else records
        self.asked: list[str] = []
        self._udp, self._tcp = _bound(preferred_port)
        self._udp.names = self._tcp.names = self
        self.port: int = self._udp.server_address[1]
        self.address = f"{ADDRESS}:{self.port}"
        self._threads = [_serving(self._udp), _serving(self._tcp)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        for server, thread in zip((self._udp, self._tcp), self._threads, strict=True):
            if thread.is_alive():
                server.shutdown()
                thread.join()
            server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def reply(self, data: bytes, longest: int = 0) -> bytes:
        """The answer on the wire, truncated to `longest` or what the asker takes; empty for what is no question."""
        try:
            query = dns.message.from_wire(data)
        except dns.exception.DNSException:
            return b""
        if not query.question:
            return b""
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append(f"{name} {kind}")
        response = dns.message.make_response(query, recursion_available=True)
        response.flags |= dns.flags.AA
        found = self._found(name, kind)
        if found is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        response.answer = found or []
        return response.to_wire(max_size=longest or query.payload or SHORTEST, prefer_truncation=True)

    def _found(self, name: str, kind: str) -> list[dns.rrset.RRset] | None:
        """The records, none where the name has none of that type, None where there is no such name."""
        alias = self._records.get((name, "CNAME"))
        if alias and kind != "CNAME":
            return [_rrset(name, "CNAME", alias), *(self._found(alias[0].rstrip("."), kind) or [])]
        if values := self._records.get((name, kind)) or self._wildcard(name, kind):
            return [_rrset(name, kind, values)]
        known = {owner for owner, _ in self._records}
        return [] if name in known or self._wildcard(name, "MX") else None

    def _wildcard(self, name: str, kind: str) -> list[str]:
        if self._records is not RECORDS or not name.endswith(".example") or name in (NO_MAIL, NOWHERE):
            return []
        return {"MX": [f"10 {MAIL_HOST}"], "NS": [NAME_SERVER], "SOA": [SOA]}.get(kind, [])


def _rrset(name: str, kind: str, values: list[str]) -> dns.rrset.RRset:
    return dns.rrset.from_text_list(f"{name}.", TTL, dns.rdataclass.IN, kind, values)


def _bound(preferred_port: int) -> tuple[_Udp, _Tcp]:
    """Both at one port: the preferred one, or any where that is taken."""
    for port in (preferred_port, *(0,) * 20):
        try:
            udp = _Udp((ADDRESS, port), _UdpHandler)
        except OSError:
            continue
        try:
            return udp, _Tcp((ADDRESS, udp.server_address[1]), _TcpHandler)
        except OSError:
            udp.server_close()
    raise OSError("No port is free for a name server.")


def _serving(server: Any) -> threading.Thread:
    return threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
