"""Stand-in WHOIS servers on 127.0.0.1 (RFC 3912): one for IANA, which refers to the one of the demo's registry."""

import socketserver
from collections.abc import Callable
from typing import cast

from demo.loopback import InThread, listener
from demo.registry import CHANGED, REGISTRANTS, REGISTRAR, REGISTRAR_ABUSE_ADDRESS, Party

LONGEST_QUESTION = 512
WITHHELD = "REDACTED FOR PRIVACY"


class _Handler(socketserver.StreamRequestHandler):
    timeout = 5

    def handle(self) -> None:
        question = self.rfile.readline(LONGEST_QUESTION).decode("utf-8", "replace").strip()
        self.wfile.write(cast(WhoisServer, self.server).told(question).encode())


class WhoisServer(InThread, socketserver.ThreadingTCPServer):
    """Bound when made, so that its port is known at once.

    `asked` are the questions so far.
    """

    daemon_threads = True

    def __init__(self, preferred_port: int, answer: Callable[[str], str]) -> None:
        self._answer = answer
        self.asked: list[str] = []
        listening = listener(preferred_port)
        super().__init__(listening.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.port: int = listening.getsockname()[1]
        self.address = f"localhost:{self.port}"

    def told(self, question: str) -> str:
        self.asked.append(question)
        return self._answer(question)


def registry(question: str) -> str:
    """What the registry knows of a domain of the demo."""
    name = question.lower().rstrip(".")
    registrant = REGISTRANTS.get(name)
    if registrant is None:
        return f'No match for "{question.upper()}".\r\n'
    lines = [
        f"Domain Name: {name.upper()}",
        f"Updated Date: {CHANGED}",
        f"Registrar: {REGISTRAR.name}",
        f"Registrar Abuse Contact Email: {REGISTRAR_ABUSE_ADDRESS}",
        *_registrant(registrant),
        "Name Server: NS1.LOOPBACK-HOSTING.EXAMPLE",
        f">>> Last update of whois database: {CHANGED} <<<",
    ]
    return "".join(f"{line}\r\n" for line in lines)


def root(registry_address: str) -> Callable[[str], str]:
    """What IANA's server says: the registry at this address knows more."""
    lines = ("% IANA WHOIS server", "", f"refer:        {registry_address}", "", "domain:       LOCALHOST", "")
    return lambda _question: "".join(f"{line}\n" for line in lines)


def _registrant(party: Party) -> list[str]:
    country = party.address[3] if party.address else ""
    return [
        f"Registrant Name: {party.name or WITHHELD}",
        f"Registrant Country: {country}",
        f"Registrant Email: {party.email or WITHHELD}",
    ]
