"""A small IMAP server on loopback: one mailbox, and of the protocol what a reader of mailboxes needs."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Mailbox:
    """What lies in it, by uid, and the flags of each. `uidplus`: whether single mails can be expunged."""

    mails: dict[int, bytes] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=dict)
    uidplus: bool = True
    port: int = 0

    def put(self, raw: bytes) -> int:
        uid = max(self.mails, default=0) + 1
        self.mails[uid], self.flags[uid] = raw, set()
        return uid

    @property
    def url(self) -> str:
        return f"imap://privacy:secret%20word@127.0.0.1:{self.port}/INBOX"


class _Session(socketserver.StreamRequestHandler):
    box: Mailbox

    def handle(self) -> None:
        self._say("* OK ready")
        for line in self.rfile:
            tag, _, command = line.decode().strip().partition(" ")
            if command.upper().startswith("LOGOUT"):
                return self._say("* BYE", f"{tag} OK bye")
            self._say(f"{tag} {self._answer(command)}")
        return None

    def _answer(self, command: str) -> str:
        if command == "CAPABILITY":
            self._say("* CAPABILITY IMAP4rev1" + (" UIDPLUS" if self.box.uidplus else ""))
        elif command.startswith("LOGIN"):
            return "OK in" if command == 'LOGIN privacy "secret word"' else "NO wrong password"
        elif command.startswith("SELECT"):
            self._say(f"* {len(self.box.mails)} EXISTS")
        elif found := re.match(r"UID SEARCH UNKEYWORD (\S+) UNDELETED", command):
            left_out = {found.group(1), "\\Deleted"}
            self._say(f"* SEARCH {' '.join(str(uid) for uid, kept in self.box.flags.items() if not kept & left_out)}")
        elif found := re.match(r"UID FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", command):
            self._fetch(int(found.group(1)), int(found.group(2)))
        elif found := re.match(r"UID STORE (\d+) \+FLAGS \((.*)\)", command):
            self.box.flags[int(found.group(1))] |= set(found.group(2).split())
        elif found := re.match(r"UID EXPUNGE (\d+)", command):
            uid = int(found.group(1))
            assert "\\Deleted" in self.box.flags.pop(uid)
            del self.box.mails[uid]
        else:
            return "BAD command"
        return "OK done"

    def _fetch(self, uid: int, most: int) -> None:
        raw = self.box.mails[uid][:most]
        self.wfile.write(f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(raw)}}}\r\n".encode() + raw + b")\r\n")

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


@contextmanager
def imap_server() -> Iterator[Mailbox]:
    """Running, with an empty mailbox."""
    box = Mailbox()
    session = type("Session", (_Session,), {"box": box})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), session) as server:
        server.daemon_threads = True
        box.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield box
        server.shutdown()
