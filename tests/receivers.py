"""Somebody else's server on loopback that takes POSTs, of webhooks and of pushes, and keeps what came."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Post:
    """One request as it came."""

    path: str
    headers: Message
    body: bytes


@dataclass
class Receiver:
    """Answers with `status`, `headers` and `answer`, once it is `free` to; `posts` is what came."""

    port: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b""
    posts: list[Post] = field(default_factory=list)
    free: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    @property
    def ids(self) -> list[str | None]:
        return [post.headers["webhook-id"] for post in self.posts]


@contextmanager
def receiver(status: int = 200) -> Iterator[Receiver]:
    running = Receiver(status=status)
    running.free.set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            running.posts.append(Post(self.path, self.headers, body))
            running.free.wait(30)
            self.send_response(running.status)
            for name, value in {"Content-Length": str(len(running.answer)), **running.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(running.answer)

        def do_GET(self) -> None:
            running.posts.append(Post(f"GET {self.path}", self.headers, b""))
            self.send_error(405)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    running.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
