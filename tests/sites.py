"""Small real web sites on loopback, made in a test, that write down what was asked of them."""

import gzip
import io
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image


@dataclass
class Reply:
    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


# A path's answer: a reply, or a function that talks to the handler itself.
Answer = Reply | Callable[[BaseHTTPRequestHandler], None]


class Site:
    """A running site.

    `requests` counts what was asked for, by path; `agents` collects the user agents; `most_at_once` is the largest
    number of requests that were being answered at one moment.
    """

    def __init__(self, answers: dict[str, Answer], port: int) -> None:
        self.answers = answers
        self.port = port
        self.requests: Counter[str] = Counter()
        self.agents: set[str] = set()
        self.busy = self.most_at_once = 0
        self.lock = threading.Lock()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


def page(body: str, head: str = "") -> Reply:
    return Reply(f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode())


def picture(shade: int = 0, headers: dict[str, str] | None = None) -> Reply:
    """A small JPEG, another one for every shade."""
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), (shade * 37 % 256, 90, 30)).save(buffer, "JPEG")
    return Reply(buffer.getvalue(), "image/jpeg", headers=headers or {})


def redirect(location: str) -> Reply:
    return Reply(status=302, headers={"Location": location})


def gzipped(body: bytes, content_type: str = "text/html") -> Reply:
    return Reply(gzip.compress(body), content_type, headers={"Content-Encoding": "gzip"})


@contextmanager
def serve(answers: dict[str, Answer], address: str = "127.0.0.1") -> Iterator[Site]:
    """Serve `answers` on a free port; everything else is 404."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 64 * 1024  # headers and body in one packet

        def do_GET(self) -> None:
            with site.lock:
                site.requests[self.path] += 1
                site.agents.add(self.headers.get("User-Agent", ""))
                site.busy += 1
                site.most_at_once = max(site.most_at_once, site.busy)
            try:
                answer = site.answers.get(self.path, Reply(b"no such page", status=404))
                send(self, answer) if isinstance(answer, Reply) else answer(self)
            finally:
                with site.lock:
                    site.busy -= 1

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer((address, 0), Handler)
    server.daemon_threads = True
    site = Site(answers, server.server_address[1])
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


def send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    handler.send_response(reply.status)
    handler.send_header("Content-Type", reply.content_type)
    handler.send_header("Content-Length", str(len(reply.body)))
    for name, value in reply.headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(reply.body)


@contextmanager
def talker(talk: Callable[[socket.socket, threading.Event], None]) -> Iterator[int]:
    """A port where `talk` answers each connection after its request has come, as badly as it likes."""
    listener, stop = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def accept() -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    connection.recv(65536)
                    talk(connection, stop)
                except OSError:
                    pass

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def dribble(opening: bytes) -> Callable[[socket.socket, threading.Event], None]:
    """Sends `opening`, then a byte now and then for ever."""

    def talk(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(opening)
        while not stop.wait(0.05):
            connection.sendall(b"x")

    return talk


def flood(opening: bytes, block: bytes) -> Callable[[socket.socket, threading.Event], None]:
    """Sends `opening`, then `block` for ever."""

    def talk(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(opening)
        while not stop.is_set():
            connection.sendall(block)

    return talk
