"""What a crawl's requests look like and where they end: TLS, cookies, sizes, times, and what Scrapy must not do."""

import datetime as dt
import gzip
import os
import socket
import ssl
import threading
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import brotli
import pytest
from backports import zstd
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler
from twisted.internet.address import IPv4Address, IPv6Address

from crawler.downloading.download import MAX_HEADERS, BoundedDownloadHandler
from crawler.downloading.scrapy_resolver import PolicyHostnameResolver
from crawler.downloading.scrapy_settings import scrapy_settings
from crawler.policy import FetchPolicy, FetchRefused
from crawler.resolver import CachingResolver
from tests.sites import Reply, dribble, gzipped, page, redirect, send, serve, talker
from tests.small_crawl import codes, crawl

SMALL = {"max_bytes": 100_000}


# --- Names to addresses -----------------------------------------------------------------------------------------


class Receiver:
    def __init__(self) -> None:
        self.addresses: list[object] = []
        self.complete = False

    def resolutionBegan(self, _resolution: object) -> None:  # noqa: N802
        pass

    def addressResolved(self, address: object) -> None:  # noqa: N802
        self.addresses.append(address)

    def resolutionComplete(self) -> None:  # noqa: N802
        self.complete = True


def told(host: str, resolver: CachingResolver) -> list[object]:
    receiver = Receiver()
    PolicyHostnameResolver(None, resolver).resolveHostName(receiver, host, 8080)
    assert receiver.complete
    return receiver.addresses


def test_scrapy_connects_to_judged_addresses_only() -> None:
    answers = iter([["93.184.216.34", "2606:4700::1111"], ["93.184.216.34", "10.0.0.1"]])
    resolver = CachingResolver(FetchPolicy(), lookup=lambda _host: next(answers), keep_seconds=0)
    assert told("a.example", resolver) == told("127.0.0.1", resolver) == told("x.localhost", resolver) == []
    resolver.resolve("a.example")
    public = [IPv4Address("TCP", "93.184.216.34", 8080), IPv6Address("TCP", "2606:4700::1111", 8080)]
    assert told("a.example", resolver) == told("a.example", resolver) == public
    with pytest.raises(FetchRefused):
        resolver.resolve("a.example")
    assert told("a.example", resolver) == []


# --- Settings ---------------------------------------------------------------------------------------------------


def test_settings_can_be_added_without_losing_the_bounds() -> None:
    extra = {"DOWNLOAD_HANDLERS": {"https": "x.Rendering"}, "CONCURRENT_REQUESTS": 4}
    merged = scrapy_settings(FetchPolicy(), 1.0, extra=extra)
    ours = scrapy_settings(FetchPolicy(), 1.0)
    assert merged["DOWNLOAD_HANDLERS"] == {**ours["DOWNLOAD_HANDLERS"], "https": "x.Rendering"}
    assert merged["DOWNLOAD_HANDLERS"]["file"] is None and merged["CONCURRENT_REQUESTS"] == 4
    assert ours["DOWNLOAD_VERIFY_CERTIFICATES"] is True and ours["COOKIES_ENABLED"] is False


def test_another_handler_keeps_the_bounds_with_ours_before_it() -> None:
    class Rendering(BoundedDownloadHandler, ScrapyPlaywrightDownloadHandler):
        pass

    order = [kind.__name__ for kind in Rendering.__mro__]
    assert order.index("BoundedDownloadHandler") < order.index("ScrapyPlaywrightDownloadHandler")
    assert order.index("ScrapyPlaywrightDownloadHandler") < order.index("HTTP11DownloadHandler")


# --- TLS --------------------------------------------------------------------------------------------------------


def certificate(folder: Path, name: str, host: str) -> Path:
    """A self-signed certificate with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    try:
        names: list[x509.GeneralName] = [x509.IPAddress(ip_address(host))]
    except ValueError:
        names = [x509.DNSName(host)]
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + private)
    return path


@contextmanager
def secure(pem: Path) -> Iterator[int]:
    """A port that says 404 to everything over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    listener, stop = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def answer(connection: socket.socket) -> None:
        with connection:
            try:
                with context.wrap_socket(connection, server_side=True) as wrapped:
                    while wrapped.recv(65536):
                        wrapped.sendall(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
            except OSError:
                pass

    def accept() -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def test_certificates_are_verified(tmp_path: Path) -> None:
    trusted = certificate(tmp_path, "trusted", "good.localhost")
    environment = {**os.environ, "SSL_CERT_FILE": str(trusted), "SSL_CERT_DIR": str(tmp_path / "none")}
    with secure(trusted) as known, secure(certificate(tmp_path, "stranger", "good.localhost")) as stranger:
        urls = [
            f"https://good.localhost:{known}/",
            f"https://other.localhost:{known}/",
            f"https://good.localhost:{stranger}/",
        ]
        results = codes(crawl(urls, environment=environment))
        assert [results[url] for url in urls] == [404, "tls", "tls"]
        unverified = crawl(urls[2:], environment=environment, policy={"verify_tls": False})
        assert codes(unverified) == {urls[2]: 404}


# --- What is sent, and what is done with what comes -------------------------------------------------------------


def test_no_cookies_credentials_or_referers_are_sent_and_nothing_is_followed_or_kept() -> None:
    seen: list[dict[str, str]] = []

    def note(handler: BaseHTTPRequestHandler) -> None:
        seen.append({name.lower(): value for name, value in handler.headers.items()})
        cookies = {"Set-Cookie": "id=1; Path=/", "Cache-Control": "max-age=600", "WWW-Authenticate": "Basic realm=x"}
        send(handler, Reply(b"<meta http-equiv=refresh content='0;url=/moved'>", headers=cookies))

    answers: dict[str, Any] = {"/one": note, "/two": note, "/moved": redirect("/target"), "/target": page("never")}
    environment = {**os.environ, "HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    with serve(answers) as site:
        asked = [site.url(path) for path in ("/one", "/two", "/moved", "/one")]
        outcomes = crawl(asked, environment=environment)
    assert sorted(outcome["result"] for outcome in outcomes) == [200, 200, 200, 302]
    assert site.requests["/one"] == 2 and "/target" not in site.requests
    for headers in seen:
        assert not {"cookie", "authorization", "referer", "from", "x-forwarded-for", "upgrade"} & set(headers)
        assert headers["accept-encoding"] == "gzip, deflate, br, zstd" and headers["user-agent"] == "Faceward"


def test_errors_of_a_moment_are_tried_once_more() -> None:
    with serve({"/500": Reply(status=500), "/502": Reply(status=502), "/404": Reply(status=404)}) as site:
        crawl([site.url(path) for path in ("/500", "/502", "/404")])
    assert (site.requests["/500"], site.requests["/502"], site.requests["/404"]) == (2, 2, 1)


# --- Ends to everything -----------------------------------------------------------------------------------------


def coded(body: bytes, coding: str) -> Reply:
    return Reply(body, headers={"Content-Encoding": coding})


def test_compressed_bodies() -> None:
    text = b"hello " * 100
    good = {
        "/gzip": gzipped(text),
        "/deflate": coded(zlib.compress(text), "deflate"),
        "/br": coded(brotli.compress(text), "br"),
        "/zstd": coded(zstd.compress(text), "zstd"),
        "/twice": coded(gzip.compress(gzip.compress(text)), "gzip, gzip"),
        "/plain": coded(text, "identity"),
    }
    zeros = b"\0" * 30_000_000
    bombs = {
        "/gzip-bomb": gzipped(zeros),
        "/deflate-bomb": coded(zlib.compress(zeros), "deflate"),
        "/br-bomb": coded(brotli.compress(zeros, quality=5), "br"),
        "/zstd-bomb": coded(zstd.compress(zeros), "zstd"),
        "/nested-bomb": coded(gzip.compress(gzip.compress(zeros)), "gzip, gzip"),
    }
    bad = {
        "/many": coded(text, ", ".join(["gzip"] * 40)),
        "/not-gzip": coded(text, "gzip"),
        "/not-br": coded(text, "br"),
        "/not-zstd": coded(text, "zstd"),
    }
    robots = {"/robots.txt": gzipped(b"User-agent: *\nDisallow: /no\n" + zeros)}
    with serve({**good, **bombs, **bad}) as site, serve({**robots, "/": page("x")}) as other:
        outcomes = crawl([site.url(path) for path in (*good, *bombs, *bad)] + [other.url()], policy=SMALL)
        results = codes(outcomes)
        assert {results[site.url(path)] for path in bombs} == {"too_large"}
        assert {results[site.url(path)] for path in bad} == {"encoding"}
        bodies = {outcome["url"]: outcome.get("body") for outcome in outcomes}
        assert {bodies[site.url(path)] for path in good} == {len(text)}
        assert results[other.url()] == "robots_unreachable"


def headers_of(number: int) -> Any:
    lines = b"".join(b"X-%d: y\r\n" % index for index in range(number))
    return lambda connection, _stop: connection.sendall(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n" + lines + b"\r\n")


def robots_then(path: bytes, talk: Any) -> Any:
    """Has no robots.txt; everything else is answered by `talk`."""

    def answer(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
        if path in connection.recv(65536):
            talk(connection, stop)

    return answer


def test_a_server_that_sends_a_byte_now_and_then_gets_no_more_than_its_time() -> None:
    openings = [
        b"",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9999\r\n",
    ]
    with ExitStack() as stack:
        ports = [stack.enter_context(talker(robots_then(b"/slow", dribble(opening)))) for opening in openings]
        urls = [f"http://127.0.0.1:{port}/slow" for port in ports]
        results = codes(crawl(urls, settings={"DOWNLOAD_TIMEOUT": 1, "RETRY_ENABLED": False}))
    # A status line of endless length is no HTTP, which may show before the time is up.
    assert results.pop(urls[0]) in ("DownloadTimeoutError", "DownloadFailedError")
    assert results == dict.fromkeys(urls[1:], "DownloadTimeoutError")


def test_large_bodies_and_many_headers_end() -> None:
    with talker(headers_of(MAX_HEADERS - 5)) as some, talker(headers_of(MAX_HEADERS + 5)) as many:
        by_url = codes(crawl([f"http://127.0.0.1:{some}/", f"http://127.0.0.1:{many}/"]))
        assert by_url == {f"http://127.0.0.1:{some}/": 404, f"http://127.0.0.1:{many}/": "robots_unreachable"}
    with serve({"/big": Reply(b"x" * 100_001), "/fits": Reply(b"x" * 100_000)}) as site:
        by_url = codes(crawl([site.url("/big"), site.url("/fits")], policy=SMALL))
        assert by_url == {site.url("/big"): "DownloadCancelledError", site.url("/fits"): 200}
