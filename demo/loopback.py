"""Small HTTP servers on 127.0.0.1: one function from request to reply, run in a thread of its own."""

import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer
from typing import Any, Self

ADDRESS = "127.0.0.1"
LARGEST_REQUEST_BODY = 64 * 1024
IDLE_SECONDS = 15.0


@dataclass(frozen=True)
class Asked:
    method: str
    host: str
    """Host header, lower case, without the port."""
    path: str
    """Request target as sent, with its query."""
    headers: Message


@dataclass(frozen=True)
class Reply:
    status: HTTPStatus
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class InThread(BaseServer):
    """A server that answers between `start` and `stop`, in a thread of its own."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join()
        self.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()


class LoopbackServer(InThread, ThreadingHTTPServer):
    """Bound when made, so that its port is known at once."""

    daemon_threads = True

    def __init__(self, preferred_port: int, answer: Callable[[Asked], Reply]) -> None:
        self.answer = answer
        super().__init__((ADDRESS, preferred_port), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener(preferred_port)
        self.server_name, self.server_port = self.server_address = self.socket.getsockname()


class _Handler(BaseHTTPRequestHandler):
    server: LoopbackServer
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True  # head and body are two writes; without this each answer waits 40 ms

    def version_string(self) -> str:
        return "faceward-demo"

    def answer(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > LARGEST_REQUEST_BODY:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        self.rfile.read(int(length))  # bodies mean nothing here, but must be read before the next request
        host = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        reply = self.server.answer(Asked(self.command, host.lower(), self.path, self.headers))
        self.send_response(reply.status)
        for name, value in {"Content-Type": reply.content_type, **reply.headers}.items():
            self.send_header(name, value)
        if reply.status is not HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD" and reply.status is not HTTPStatus.NOT_MODIFIED:
            self.wfile.write(reply.body)

    do_GET = do_HEAD = do_POST = answer  # noqa: N815 (the names http.server looks for)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (http.server's own name)
        """Nothing on standard error: each server keeps its own log."""


def listener(preferred_port: int) -> socket.socket:
    """A listening socket at `preferred_port`, or at any free port where that one is taken."""
    try:
        return socket.create_server((ADDRESS, preferred_port), backlog=64)
    except OSError:
        return socket.create_server((ADDRESS, 0), backlog=64)
