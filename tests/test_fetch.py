"""`crawler.fetch` against real servers on loopback: pinned, limited, and judged at every hop."""

import gzip
import socket
import threading
import zlib
from http.server import BaseHTTPRequestHandler

import pytest

from crawler.fetch import fetch
from crawler.policy import FetchFailed, FetchPolicy, FetchRefused
from crawler.resolver import CachingResolver, resolve
from tests.sites import Reply, dribble, flood, gzipped, page, redirect, serve, talker

OPEN = FetchPolicy(allow_private=True, timeout_seconds=10, user_agent="Faceward/test")
PUBLIC = FetchPolicy()


def failure_of(url: str, policy: FetchPolicy = OPEN) -> str:
    with pytest.raises((FetchFailed, FetchRefused)) as raised:
        fetch(url, policy)
    return raised.value.code


def test_a_page_with_its_redirects_headers_and_address() -> None:
    seen: dict[str, str] = {}

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen.update(handler.headers.items())
        handler.send_response(200)
        handler.send_header("Content-Length", "5")
        handler.send_header("ETag", '"1"')
        handler.end_headers()
        handler.wfile.write(b"hello")

    with serve({"/": redirect("/next?x=1#part"), "/next?x=1": answer}) as site:
        url = site.url("/", host="blog.localhost")
        fetched = fetch(url, OPEN, accept="text/html", headers={"If-None-Match": '"0"'})
    assert (fetched.status, fetched.body, fetched.ip) == (200, b"hello", "127.0.0.1")
    assert fetched.final_url == f"http://blog.localhost:{site.port}/next?x=1" and fetched.redirects == [url]
    assert fetched.headers.get("etag") == '"1"' and fetched.fetched_at.tzinfo is not None
    assert seen["Host"] == f"blog.localhost:{site.port}" and seen["If-None-Match"] == '"0"'
    assert (seen["User-Agent"], seen["Accept"]) == ("Faceward/test", "text/html")
    assert fetched.exchanges[0].status == 302


def test_an_error_status_is_a_result() -> None:
    with serve({"/gone": Reply(b"gone", status=410), "/ise": Reply(status=500)}) as site:
        assert fetch(site.url("/gone"), OPEN).status == 410
        assert fetch(site.url("/ise"), OPEN).status == 500
        assert fetch(site.url("/none"), OPEN).status == 404


def test_private_addresses_are_refused_without_a_connection() -> None:
    with serve({"/": page("secret")}) as site:
        for host in ("127.0.0.1", "localhost", "blog.localhost", "2130706433", "[::ffff:127.0.0.1]"):
            assert failure_of(site.url("/", host=host), PUBLIC) == "private_address"
    assert not site.requests


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("http://169.254.169.254/latest/", "forbidden_address"),
        ("//0.0.0.0/", "forbidden_address"),
        ("file:///etc/passwd", "scheme"),
        ("http://user:secret@example.org/", "credentials"),
        ("http://[bad/", "url"),
    ],
)
def test_every_redirect_is_judged(target: str, code: str) -> None:
    with serve({"/": redirect(target)}) as site:
        assert failure_of(site.url()) == code


def test_a_redirect_from_a_public_name_into_the_private_network_is_refused() -> None:
    """The first hop is let through on its name; the second lies on a literal private address."""
    answers = {"shop.example": ["127.0.0.1"]}

    class FirstHopOpen(FetchPolicy):
        """Stands for a public server: its loopback address counts as a public one."""

        def check_address(self, address: object) -> object:  # type: ignore[override]
            return super().check_address("93.184.216.34" if str(address) == "127.0.0.1" else str(address)) and address

    with serve({"/": redirect("http://10.0.0.7/admin")}) as site:
        policy = FirstHopOpen(allowed_ports=frozenset({80, site.port}))
        with pytest.raises(FetchRefused) as refusal:
            fetch(site.url("/", host="shop.example"), policy, lookup=lambda host: answers[host])
    assert refusal.value.code == "private_address" and site.requests["/"] == 1


def test_odd_ports_are_open_on_private_addresses_only() -> None:
    with pytest.raises(FetchRefused) as refusal:
        fetch("http://public.example:6379/", OPEN, lookup=lambda _host: ["93.184.216.34"])
    assert refusal.value.code == "port"


def test_redirects_come_to_an_end() -> None:
    with serve({"/": redirect("/")}) as site:
        assert failure_of(site.url()) == "too_many_redirects"
    assert site.requests["/"] == OPEN.max_redirects + 1


def test_the_name_is_looked_up_once_and_the_connection_goes_to_that_answer() -> None:
    """DNS rebinding: a second look-up would have found another address, where nobody listens."""
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    with serve({"/": page("one")}) as site:
        url = site.url("/", host="rebind.example")
        fetched = fetch(url, OPEN, lookup=lambda _host: next(answers))
    assert fetched.ip == "127.0.0.1" and next(answers) == ["127.0.0.2"]


def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    for answer in (
        ["93.184.216.34", "127.0.0.1"],
        ["2606:4700::1111", "::ffff:10.0.0.1"],
        ["169.254.169.254"],
    ):
        with pytest.raises(FetchRefused):
            resolve("rebind.example", PUBLIC, lookup=lambda _host, answer=answer: answer)


def test_names_without_an_answer_or_with_a_late_one() -> None:
    release = threading.Event()

    def late(_host: str) -> list[str]:
        release.wait(30)
        return ["93.184.216.34"]

    def unknown(_host: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    for lookup in (late, unknown, lambda _host: []):
        with pytest.raises(FetchFailed) as failed:
            resolve("slow.example", PUBLIC, lookup=lookup, timeout=0.1)
        assert failed.value.code == "dns"
    release.set()


def test_localhost_names_never_reach_the_system_resolver() -> None:
    def lookup(host: str) -> list[str]:
        raise AssertionError(host)

    assert [str(ip) for ip in resolve("any.localhost", OPEN, lookup=lookup)] == ["127.0.0.1"]


def test_a_remembered_answer_is_a_judged_one() -> None:
    answers = iter([["10.0.0.1"], ["93.184.216.34"], ["10.0.0.1"]])
    resolver = CachingResolver(PUBLIC, lookup=lambda _host: next(answers))
    with pytest.raises(FetchRefused):
        resolver.resolve("a.example")
    assert resolver.known("a.example") is None
    assert resolver.resolve("a.example") == resolver.resolve("a.example") == resolver.known("a.example")


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    with serve({"/": page("hi")}) as site:
        url = site.url("/", host="two.example")
        assert fetch(url, OPEN, lookup=lambda _host: ["127.0.0.9", "127.0.0.1"]).ip == "127.0.0.1"


def test_sizes_are_limited_before_and_after_decompression() -> None:
    small = FetchPolicy(allow_private=True, max_bytes=10_000)
    bomb = gzip.compress(b"\0" * 5_000_000)
    nested = Reply(gzip.compress(bomb), headers={"Content-Encoding": "gzip, gzip"})
    answers = {
        "/fits": Reply(b"x" * 10_000),
        "/large": Reply(b"x" * 10_001),
        "/bomb": Reply(bomb, headers={"Content-Encoding": "gzip"}),
        "/nested": nested,
        "/deflate": Reply(zlib.compress(b"\0" * 5_000_000), headers={"Content-Encoding": "deflate"}),
    }
    with serve(answers) as site:
        assert len(fetch(site.url("/fits"), small).body) == 10_000
        for path in ("/large", "/bomb", "/nested", "/deflate"):
            assert failure_of(site.url(path), small) == "too_large"


def test_content_codings() -> None:
    raw = zlib.compressobj(wbits=-15)
    hello, members = gzipped(b"hello"), gzip.compress(b"hel") + gzip.compress(b"lo")
    answers = {
        "/gzip": hello,
        "/members": Reply(members, headers={"Content-Encoding": "gzip"}),
        "/zlib": Reply(zlib.compress(b"hello"), headers={"Content-Encoding": "deflate"}),
        "/raw": Reply(raw.compress(b"hello") + raw.flush(), headers={"Content-Encoding": "deflate"}),
        "/plain": Reply(b"hello", headers={"Content-Encoding": "identity"}),
        "/empty": Reply(b"", headers={"Content-Encoding": "gzip"}),
        "/cut": Reply(gzip.compress(b"hello" * 99)[:-9], headers={"Content-Encoding": "gzip"}),
        "/not": Reply(b"hello", headers={"Content-Encoding": "gzip"}),
        "/br": Reply(b"hello", headers={"Content-Encoding": "br"}),
    }
    with serve(answers) as site:
        for path in ("/gzip", "/members", "/zlib", "/raw", "/plain"):
            assert fetch(site.url(path), OPEN).body == b"hello"
        assert fetch(site.url("/gzip"), OPEN).exchanges[-1].payload == hello.body
        assert fetch(site.url("/empty"), OPEN).body == b""
        for path in ("/cut", "/not", "/br"):
            assert failure_of(site.url(path)) == "encoding"


@pytest.mark.parametrize(
    "opening",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n",
    ],
)
def test_a_server_that_sends_a_byte_now_and_then_does_not_hold_us_up(opening: bytes) -> None:
    with talker(dribble(opening)) as port:
        policy = FetchPolicy(allow_private=True, timeout_seconds=0.5)
        assert failure_of(f"http://127.0.0.1:{port}/", policy) in ("timeout", "broken")


def test_endless_bodies_headers_and_interim_responses_end() -> None:
    policy = FetchPolicy(allow_private=True, timeout_seconds=20, max_bytes=100_000)
    cases = [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536, "too_large"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"4000\r\n" + b"x" * 0x4000 + b"\r\n",
            "too_large",
        ),
        (b"HTTP/1.1 200 OK\r\n", b"X-Header: " + b"x" * 8000 + b"\r\n", "broken"),
        (b"", b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" * 500, "too_large"),
    ]
    for opening, block, code in cases:
        with talker(flood(opening, block)) as port:
            assert failure_of(f"http://127.0.0.1:{port}/", policy) == code


def test_nonsense_a_closed_port_and_a_body_cut_short() -> None:
    with talker(lambda connection, _stop: connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")) as port:
        assert failure_of(f"http://127.0.0.1:{port}/") == "broken"
        assert failure_of(f"https://127.0.0.1:{port}/") == "tls"
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"
    with talker(lambda connection, _stop: connection.sendall(cut)) as port:
        assert failure_of(f"http://127.0.0.1:{port}/") == "broken"
    assert failure_of(f"http://127.0.0.1:{port}/") == "connect"


def test_proxies_in_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with serve({"/": page("direct")}) as site:
        assert fetch(site.url(), OPEN).status == 200
