"""A small HTTP proxy on loopback that connects from an address of its own, so that sites can tell the two sides."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.sites import Answer, Reply, send

# Where the proxy's connections come from.
FAR_SIDE = "127.0.0.2"


@dataclass
class RunningProxy:
    """`asked` are the targets in the order of the requests; with `tunnels` off, CONNECT is refused."""

    port: int
    tunnels: bool = True
    password: str = ""
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def by_side(here: Answer, there: Answer) -> Answer:
    """An answer for direct requests, and another for those that come through the proxy."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        chosen = there if handler.client_address[0] == FAR_SIDE else here
        send(handler, chosen) if isinstance(chosen, Reply) else chosen(handler)

    return answer


@contextmanager
def proxy() -> Iterator[RunningProxy]:
    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            if not self.may():
                return
            if not running.tunnels:
                self.send_error(405)
                return
            host, _, port = self.path.rpartition(":")
            try:
                onward = connect(host, int(port))
            except OSError:
                self.send_error(502)
                return
            with onward:
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                self.wfile.flush()
                relay(self.connection, onward)

        def do_GET(self) -> None:
            if not self.may():
                return
            parts = urlsplit(self.path)
            headers = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
            target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
            try:
                with connect("127.0.0.1", parts.port or 80) as onward:
                    onward.sendall(f"GET {target} HTTP/1.1\r\n{headers}\r\n".encode())
                    while block := onward.recv(65536):
                        self.wfile.write(block)
            except OSError:
                self.send_error(502)

        def may(self) -> bool:
            running.asked.append(f"{self.command} {self.path}")
            if running.password and self.headers.get("Proxy-Authorization") != running.password:
                self.send_error(407)
                return False
            return True

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    running = RunningProxy(server.server_address[1])
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()


def connect(host: str, port: int) -> socket.socket:
    return socket.create_connection((host, port), timeout=10, source_address=(FAR_SIDE, 0))


def relay(client: socket.socket, onward: socket.socket) -> None:
    """Both ways, until the far end closes."""

    def forth() -> None:
        try:
            while block := client.recv(65536):
                onward.sendall(block)
        except OSError:
            pass

    threading.Thread(target=forth, daemon=True).start()
    try:
        while block := onward.recv(65536):
            client.sendall(block)
    except OSError:
        pass
