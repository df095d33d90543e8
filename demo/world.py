"""The demo's outside world on 127.0.0.1: four web sites, a registry (RDAP, WHOIS) and name server, a mail
sink, the host's abuse desk.

Inside a test: `with World() as world: ...`. As a process of its own:

    python -m demo.world --ports-file FILE [--mail-dir DIR]

which writes every address to FILE when all is up. It ends on SIGTERM, when its standard input is closed (so
keep that a pipe, not /dev/null) and when its parent is gone. The control address answers `GET /state` and
`POST /reupload`.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

from demo.host import AbuseDesk
from demo.loopback import ADDRESS, Asked, LoopbackServer, Reply
from demo.mail import Delivery, MailSink, body
from demo.names import NameServer
from demo.pages import blog, copies, forum, photos
from demo.pictures import modified_copy, web_pictures
from demo.registry import Registry
from demo.sites import Request, Site
from demo.whois import WhoisServer, registry, root

# Wanted, so that printed addresses stay the same from run to run; any free port serves where one is taken.
PORTS = {
    "blog": 8101,
    "photos": 8102,
    "forum": 8103,
    "copies": 8104,
    "registry": 8105,
    "smtp": 8106,
    "control": 8107,
    "whois": 8108,
    "whois_root": 8109,
    "names": 8110,
}
PARENT_CHECK_SECONDS = 1.0

Json = dict[str, Any]
Part = LoopbackServer | WhoisServer | NameServer | MailSink | AbuseDesk


class World:
    """`mail_folder`: where messages are written as .eml files; without it they are kept in memory only."""

    def __init__(self, mail_folder: Path | None = None) -> None:
        self.sites = {name: Site(name, PORTS[name]) for name in ("blog", "photos", "forum", "copies")}
        self.registry = Registry(PORTS["registry"])
        self.whois = WhoisServer(PORTS["whois"], registry)
        self.whois_root = WhoisServer(PORTS["whois_root"], root(self.whois.address))
        self.names = NameServer(PORTS["names"])
        self.mail = MailSink(PORTS["smtp"], mail_folder)
        self.desk = AbuseDesk(self.mail, list(self.sites.values()))
        self._control = LoopbackServer(PORTS["control"], self._answer)
        self._running = ExitStack()
        self._build()

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            servers = [site.server for site in self.sites.values()] + [self.registry.server, self._control]
            answering = (self.whois, self.whois_root, self.names)
            parts: list[Part] = [*servers, *answering, self.mail, self.desk]
            for part in parts:
                part.start()
                starting.callback(part.stop)
            self._running = starting.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._running.close()

    @property
    def urls(self) -> dict[str, str]:
        """Where to start reading each site, by the site's name."""
        return {name: site.url() for name, site in self.sites.items()}

    @property
    def registry_url(self) -> str:
        return self.registry.url

    @property
    def smtp_port(self) -> int:
        return self.mail.port

    @property
    def control_url(self) -> str:
        return f"http://{ADDRESS}:{self._control.server_port}"

    def requests(self, host: str) -> list[Request]:
        """Everything the site with this host name was asked for, oldest first."""
        return [request for site in self.sites.values() if site.host == host for request in list(site.requests)]

    def reupload(self) -> str:
        """The scraper puts an altered copy up on a new page, linked from its front page; the page's URL."""
        site = self.sites["copies"]
        now = datetime.now(UTC)
        for path, resource in copies.pair(copies.REUPLOAD, modified_copy()).items():
            site.publish(path, resource._replace(modified=now))
        still_up = [copy for copy in copies.COPIES if copy.page in site.content]
        site.publish("/", copies.index([copies.REUPLOAD, *still_up])._replace(modified=now))
        return site.url(copies.REUPLOAD.page)

    def addresses(self) -> Json:
        """What another process needs to know to play against this world."""
        return {
            "pid": os.getpid(),
            "urls": self.urls,
            "hosts": {name: site.host for name, site in self.sites.items()},
            "registry_url": self.registry_url,
            "whois_server": self.whois_root.address,
            "dns_server": self.names.address,
            "smtp_host": ADDRESS,
            "smtp_port": self.smtp_port,
            "control_url": self.control_url,
        }

    def state(self) -> Json:
        """What has happened so far: requests by host and path, pages gone, takedowns, and all mail."""
        return {
            "sites": {
                site.host: {"requests": dict(site.counts()), "gone": sorted(site.gone)} for site in self.sites.values()
            },
            "takedowns": [{"message_id": done.message_id, "urls": list(done.urls)} for done in self.desk.acted],
            "mail": [_mail(delivery) for delivery in self.mail.deliveries],
        }

    def _build(self) -> None:
        available = web_pictures()
        origins = {name: site.origin for name, site in self.sites.items()}
        self.sites["blog"].content = blog.content(origins, available)
        self.sites["photos"].content = photos.content(origins, available)
        self.sites["forum"].content = forum.content(available)
        self.sites["copies"].content = copies.content(available)

    def _answer(self, asked: Asked) -> Reply:
        match asked.method, asked.path:
            case "GET", "/state":
                return _json(self.state())
            case "POST", "/reupload":
                return _json({"url": self.reupload()})
        return _json({"error": "Ask for GET /state or POST /reupload."}, HTTPStatus.NOT_FOUND)


def _mail(delivery: Delivery) -> Json:
    message = delivery.message
    return {
        "from": str(message["From"] or delivery.sender),
        "to": list(delivery.recipients),
        "subject": str(message["Subject"] or ""),
        "message_id": str(message["Message-ID"] or ""),
        "text": body(message, "plain"),
        "html": body(message, "html"),
    }


def _json(document: Json, status: HTTPStatus = HTTPStatus.OK) -> Reply:
    return Reply(status, "application/json", json.dumps(document).encode())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.world", description="The demo's sites, registry and mail.")
    parser.add_argument("--ports-file", type=Path, required=True, help="written, as JSON, when everything is up")
    parser.add_argument("--mail-dir", type=Path, help="a folder for every message as an .eml file")
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _when_stdin_closes(stop.set)
    parent = os.getppid()
    with World(options.mail_dir) as world:
        _write_whole(options.ports_file, json.dumps(world.addresses(), indent=1))
        while not stop.wait(PARENT_CHECK_SECONDS) and os.getppid() == parent:
            pass
    options.ports_file.unlink(missing_ok=True)


def _when_stdin_closes(act: Callable[[], None]) -> None:
    def read_to_the_end() -> None:
        # os.read, as a thread blocked in sys.stdin holds a lock that the interpreter needs to shut down.
        while os.read(sys.stdin.fileno(), 4096):
            pass
        act()

    threading.Thread(target=read_to_the_end, daemon=True).start()


def _write_whole(path: Path, text: str) -> None:
    """Whoever waits for the file never sees half of it."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=path.name, delete=False) as draft:
        draft.write(text)
    Path(draft.name).replace(path)


if __name__ == "__main__":
    main()
