"""A small web of sites on loopback that knows what a crawl should bring home, and what it should never have asked for.

Pages are written from what the real web does, not from what the crawler reads. Every picture has bytes of its own, so
that what was found is known by its SHA-256 whatever URL it came from.
"""

import hashlib
import io
import json
import os
import sqlite3
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.installation import DATABASE, Installation, prepare
from tests.sites import Answer, Reply, Site, send, serve

# What any process of ours connects to or resolves, one JSON list a line; names below `example` are answered from
# FACEWARD_TEST_DNS: per name, the answers in the order they are given, the last one for ever.
_WATCHER = """
import json, os, socket, sys, threading
_log = os.environ.get("FACEWARD_TEST_CONNECTIONS")
_names = json.loads(os.environ.get("FACEWARD_TEST_DNS", "{}"))
_lock = threading.Lock()
if _log:
    def _watch(event, arguments):
        if event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
            line = json.dumps([event, str(arguments[1][0]), int(arguments[1][1])]) + "\\n"
            handle = os.open(_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(handle, line.encode())
            os.close(handle)
    sys.addaudithook(_watch)
if _names:
    _real = socket.getaddrinfo
    def getaddrinfo(host, *arguments, **options):
        name = host.decode() if isinstance(host, bytes) else str(host)
        with _lock:
            answers = _names.get(name)
            if answers:
                host = answers.pop(0) if len(answers) > 1 else answers[0]
            elif name.endswith(".example"):
                raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return _real(host, *arguments, **options)
    socket.getaddrinfo = getaddrinfo
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came in. Header names in lower case; `at` in seconds of the monotonic clock."""

    path: str
    host: str
    headers: dict[str, str]
    at: float


class Routes(dict[str, Answer]):
    """Answers by path that write down who asked; `rules` are tried, in order, for a path that is not listed."""

    def __init__(self, answers: dict[str, Answer] | None = None) -> None:
        super().__init__(answers or {})
        self.log: list[Asked] = []
        self.rules: list[Callable[[str], Answer | None]] = []

    def get(self, path: str, default: Answer | None = None) -> Answer:  # type: ignore[override]
        """What `tests.sites` calls for each request."""
        answer = self[path] if path in self else next(filter(None, (rule(path) for rule in self.rules)), default)

        def reply(handler: BaseHTTPRequestHandler) -> None:
            headers = {name.lower(): value for name, value in handler.headers.items()}
            self.log.append(Asked(path, headers.get("host", ""), headers, time.monotonic()))
            given = answer or Reply(b"no such page", status=404)
            if isinstance(given, Reply):
                send(handler, _checked(given, headers))
            else:
                given(handler)

        return reply

    def asked(self, start: str = "") -> list[str]:
        """The paths that were asked for and begin so, in order."""
        return [each.path for each in self.log if each.path.startswith(start)]

    def times(self, path: str) -> int:
        return sum(each.path == path for each in self.log)


def _checked(reply: Reply, asked: dict[str, str]) -> Reply:
    """304 where the request has what the reply's ETag or Last-Modified says (RFC 9110, 13.1)."""
    etag, modified = reply.headers.get("ETag"), reply.headers.get("Last-Modified")
    same = asked.get("if-none-match") == etag if etag else asked.get("if-modified-since") == modified
    if reply.status == 200 and (etag or modified) and same:
        return Reply(b"", reply.content_type, 304, reply.headers)
    return reply


@contextmanager
def site(answers: dict[str, Answer] | None = None) -> Iterator[tuple[Routes, Site]]:
    """One more site of the web, on a port of its own."""
    routes = Routes(answers)
    with serve({}) as running:
        running.answers = routes
        yield routes, running


# --- Pictures -------------------------------------------------------------------------------------------------


@cache
def jpeg(name: str, width: int = 120, height: int = 90) -> bytes:
    """A picture of soft noise: other bytes for every name and size."""
    noise = np.random.default_rng(zlib.crc32(f"{name} {width} {height}".encode()))
    small = Image.fromarray(noise.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    file = io.BytesIO()
    small.resize((width, height), Image.Resampling.BICUBIC).save(file, "JPEG", quality=80)
    return file.getvalue()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass
class Truth:
    """The pictures of a site: what a crawl must bring home, and what it has no reason to ask for."""

    routes: Routes
    wanted: dict[str, str] = field(default_factory=dict)
    """Names by SHA-256."""
    unwanted: dict[str, str] = field(default_factory=dict)
    """The same for lesser copies, placeholders and what is forbidden."""
    label: str = ""
    """Makes the pictures of several sites differ where their paths do not."""

    def picture(self, path: str, size: tuple[int, int] = (120, 90), *, wanted: bool = True, name: str = "") -> str:
        """Serve a picture under `path`, and say so."""
        data = jpeg(self.label + (name or path), *size)
        self.routes[path] = Reply(data, "image/jpeg")
        self.expect(data, path, wanted=wanted)
        return path

    def lesser(self, path: str, size: tuple[int, int] = (60, 45)) -> str:
        """A smaller copy: nothing to fetch where the larger one is offered."""
        return self.picture(path, size, wanted=False)

    def expect(self, data: bytes, name: str, *, wanted: bool = True) -> None:
        (self.wanted if wanted else self.unwanted)[sha256(data)] = name

    def missing(self, kept: set[str]) -> list[str]:
        """The names of pictures that did not come home."""
        return sorted(name for digest, name in self.wanted.items() if digest not in kept)

    def needless(self, kept: set[str]) -> list[str]:
        return sorted(name for digest, name in self.unwanted.items() if digest in kept)


# --- An installation that crawls it ------------------------------------------------------------------------------


class Operator:
    """An installation of its own, the connections of all its processes written down."""

    def __init__(self, folder: Path, *, names: dict[str, list[str]] | None = None, **services: str) -> None:
        watcher = folder / "watcher"
        watcher.mkdir(parents=True)
        (watcher / "sitecustomize.py").write_text(_WATCHER)
        self._connections = folder / "connections"
        self.folder = folder / "data"
        self.folder.mkdir()
        prepare(self.folder)
        self.installation = Installation(
            self.folder,
            PYTHONPATH=os.pathsep.join(filter(None, (str(watcher), os.environ.get("PYTHONPATH", "")))),
            FACEWARD_TEST_CONNECTIONS=str(self._connections),
            FACEWARD_TEST_DNS=json.dumps(names or {}),
            CRAWLER_DELAY_SECONDS="30",
            **services,
        )

    def crawl(self, *arguments: str) -> list[dict[str, Any]]:
        """`manage.py crawl --allow-private` with these arguments: its runs."""
        return list(self.installation.json("crawl", "--allow-private", *arguments)["runs"])

    def ingest(self) -> dict[str, Any]:
        return self.installation.json("ingest")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.folder / DATABASE) as database:
            return database.execute(sql).fetchall()

    def kept(self) -> set[str]:
        """The SHA-256 of every picture that a crawl handed on."""
        return {digest for (digest,) in self.rows("select sha256 from crawler_fetchedimage")}

    def connections(self) -> set[tuple[str, int]]:
        """Every address and port that any of its processes connected to."""
        lines = self._connections.read_text().splitlines() if self._connections.exists() else []
        return {(address, port) for _event, address, port in map(json.loads, lines)}


def repeated(routes: Routes, *apart_from: str) -> dict[str, int]:
    """What was asked for more than once, with the number of times."""
    counts = Counter((each.host, each.path) for each in routes.log)
    return {path: count for (_host, path), count in counts.items() if count > 1 and path not in apart_from}
