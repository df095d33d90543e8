"""A web site held in memory, served under its own host name and port, that logs what it was asked for."""

import hashlib
from collections import Counter, deque
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from http import HTTPStatus
from typing import NamedTuple

from demo.loopback import Asked, LoopbackServer, Reply

HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
JPEG = "image/jpeg"
LAST_MODIFIED = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LOG_LENGTH = 20_000


class Resource(NamedTuple):
    content_type: str
    body: bytes
    modified: datetime = LAST_MODIFIED


@dataclass(frozen=True)
class Request:
    method: str
    host: str
    path: str
    user_agent: str
    status: int


class Site:
    """`content` maps a path to what is served there and may change while the site runs."""

    def __init__(self, name: str, preferred_port: int) -> None:
        self.name = name
        self.host = f"{name}.localhost"
        self.content: dict[str, Resource] = {}
        self.gone: set[str] = set()
        self.requests: deque[Request] = deque(maxlen=LOG_LENGTH)
        self.server = LoopbackServer(preferred_port, self._answer)
        self.origin = f"http://{self.host}:{self.server.server_port}"

    def url(self, path: str = "/") -> str:
        return self.origin + path

    def path_of(self, url: str) -> str | None:
        """The path of a URL at which this site serves something now, else None. The URL must be exact."""
        path = url.removeprefix(self.origin)
        return path if path != url and path in self.content else None

    def publish(self, path: str, resource: Resource) -> None:
        self.gone.discard(path)
        self.content[path] = resource

    def take_down(self, path: str) -> bool:
        """From now on 410 Gone. False when there was nothing at that path."""
        if self.content.pop(path, None) is None:
            return False
        self.gone.add(path)
        return True

    def counts(self) -> Counter[str]:
        """How often each path was asked for, whatever the answer."""
        return Counter(request.path for request in list(self.requests))

    def _answer(self, asked: Asked) -> Reply:
        reply = self._reply(asked)
        agent = asked.headers.get("User-Agent", "")
        self.requests.append(Request(asked.method, asked.host, asked.path, agent, reply.status))
        return reply

    def _reply(self, asked: Asked) -> Reply:
        if asked.host != self.host:
            return _page(HTTPStatus.MISDIRECTED_REQUEST, f"This server is {self.host}.")
        if asked.method == "POST":
            return _page(HTTPStatus.METHOD_NOT_ALLOWED, "This page only answers GET.", {"Allow": "GET, HEAD"})
        if asked.path in self.gone:
            return _page(HTTPStatus.GONE, "This page has been removed.")
        resource = self.content.get(asked.path)
        if resource is None:
            return _page(HTTPStatus.NOT_FOUND, "There is no page at this address.")
        headers = {
            "ETag": f'"{hashlib.sha256(resource.body).hexdigest()[:20]}"',
            "Last-Modified": format_datetime(resource.modified, usegmt=True),
            "Cache-Control": "no-cache",
        }
        if asked.headers.get("If-None-Match") == headers["ETag"]:
            return Reply(HTTPStatus.NOT_MODIFIED, resource.content_type, b"", headers)
        return Reply(HTTPStatus.OK, resource.content_type, resource.body, headers)


def _page(status: HTTPStatus, sentence: str, headers: dict[str, str] | None = None) -> Reply:
    title = f"{status.value} {status.phrase}"
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f'<body style="font: 18px/1.5 sans-serif; max-width: 32em; margin: 4em auto; padding: 0 1em">'
        f"<h1>{title}</h1><p>{escape(sentence)}</p></body></html>"
    )
    return Reply(status, HTML, html.encode(), headers or {})
