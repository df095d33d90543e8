"""Archives of the web, whole and damaged."""

import gzip
import io
import zlib
from datetime import UTC, datetime

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.reading.warc import Archived, ArchiveError, Limits, read

AT = "2026-11-01T10:20:30Z"


def archive(*pages: tuple[str, bytes], compress: bool = False, headers: tuple[tuple[str, str], ...] = ()) -> bytes:
    """Responses as warcio writes them, with a request and an info record between them."""
    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=compress)
    writer.write_record(writer.create_warcinfo_record("x.warc", {"software": "test"}))
    for path, body in pages:
        http = StatusAndHeaders("200 OK", [("Content-Type", "text/html"), *headers], protocol="HTTP/1.1")
        response = writer.create_warc_record(
            f"http://site.example/{path}",
            "response",
            payload=io.BytesIO(body),
            http_headers=http,
            warc_headers_dict={"WARC-Date": AT},
        )
        request = writer.create_warc_record(
            f"http://site.example/{path}",
            "request",
            http_headers=StatusAndHeaders("GET / HTTP/1.1", [], is_http_request=True),
        )
        writer.write_request_response_pair(request, response)
    return buffer.getvalue()


def record(url: str, block: bytes, kind: str = "response", length: int | None = None, extra: str = "") -> bytes:
    head = f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: {AT}\r\n{extra}"
    return f"{head}Content-Length: {len(block) if length is None else length}\r\n\r\n".encode() + block + b"\r\n\r\n"


def http(body: bytes, *headers: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *headers, "", ""]).encode() + body


def results(data: bytes, limits: Limits | None = None) -> list[Archived | ArchiveError]:
    return list(read(io.BytesIO(data), limits))


def bodies(data: bytes, limits: Limits | None = None) -> list[bytes | str]:
    return [result.body if isinstance(result, Archived) else result.code for result in results(data, limits)]


class Download(io.RawIOBase):
    """What comes over the wire: cannot be wound back, gives little at a time, may break off."""

    def __init__(self, data: bytes, breaks: bool = False) -> None:
        self.data, self.breaks = data, breaks

    def read(self, size: int = -1) -> bytes:
        if not self.data and self.breaks:
            raise OSError("gone")
        part, self.data = self.data[:700], self.data[700:]
        return part


PAGES = (("a", b"<p>first"), ("b", b"second" * 5000), ("c", b""))
BODIES = [body for _path, body in PAGES]


@pytest.mark.parametrize(
    "data", [archive(*PAGES), archive(*PAGES, compress=True), gzip.compress(archive(*PAGES), mtime=0)]
)
def test_whole_archives(data: bytes) -> None:
    assert bodies(data) == BODIES
    assert [result.body for result in read(Download(data)) if isinstance(result, Archived)] == BODIES  # type: ignore[arg-type]
    first = results(data)[0]
    assert isinstance(first, Archived)
    assert (first.url, first.status) == ("http://site.example/a", 200)
    assert first.headers["content-type"] == "text/html"
    assert first.at == datetime(2026, 11, 1, 10, 20, 30, tzinfo=UTC)


def test_other_kinds_of_record() -> None:
    data = (
        record("http://s.example/r.jpg", b"\xff\xd8\xff", "resource", extra="Content-Type: image/jpeg\r\n")
        + record("http://s.example/v", http(b""), "revisit")
        + record("dns:s.example", b"1.2.3.4", "response")
        + record("http://s.example/m", b"x: y", "metadata")
        + record("<http://s.example/n>", http(b"n", "Set-Cookie: a", "Set-Cookie: b"))
    )
    first, second = results(data)
    assert isinstance(first, Archived)
    assert isinstance(second, Archived)
    assert (first.body, first.status, first.headers) == (b"\xff\xd8\xff", 200, {"content-type": "image/jpeg"})
    assert (second.url, second.headers) == ("http://s.example/n", {"set-cookie": "a, b"})


def test_arc_files() -> None:
    block = http(b"old", "Content-Type: text/html")
    line = f"http://s.example/a 1.2.3.4 20010203040506 text/html {len(block)}\n".encode()
    info = b"1 0 Example\nURL IP-address Archive-date Content-type Archive-length\n"
    head = b"filedesc://x.arc 0.0.0.0 20010203040506 text/plain %d\n" % len(info)
    first = results(head + info + b"\n" + line + block + b"\n" + line + block)
    assert [(page.url, page.body, page.at.year) for page in first if isinstance(page, Archived)] == [
        ("http://s.example/a", b"old", 2001)
    ] * 2


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"4\r\nbody\r\n0\r\n\r\n", ["Transfer-Encoding: chunked"]),
        (b"2;x=y\r\nbo\r\n2\r\ndy\r\n", ["Transfer-Encoding: chunked"]),
        (b"body", ["Transfer-Encoding: chunked"]),
        (gzip.compress(b"body", mtime=0), ["Content-Encoding: gzip"]),
        (b"body", ["Content-Encoding: gzip"]),
        (zlib.compress(b"body"), ["Content-Encoding: deflate"]),
        (zlib.compress(b"body")[2:-4], ["Content-Encoding: deflate"]),
        (brotli.compress(b"body"), ["Content-Encoding: br"]),
    ],
)
def test_encoded_bodies(body: bytes, headers: list[str]) -> None:
    assert bodies(record("http://s.example/", http(body, *headers))) == [b"body"]


def test_caps() -> None:
    limits = Limits(record=10_000)
    small = record("http://s.example/s", http(b"small"))
    for body, encoding in (
        (b"x" * 20_000, "identity"),
        (gzip.compress(b"x" * 10**6, mtime=0), "gzip"),
        (brotli.compress(b"x" * 10**6), "br"),
    ):
        large = record("http://s.example/l", http(body, f"Content-Encoding: {encoding}"))
        assert bodies(small + large + small, limits) == [b"small", "record_too_large", b"small"]
    assert bodies(small * 5, Limits(records=3)) == [b"small"] * 3


@pytest.mark.parametrize("compress", [False, True])
def test_truncated_archives_give_what_was_whole(compress: bool) -> None:
    data = archive(*PAGES[:2], compress=compress)
    lengths = [len(archive(*PAGES[:count], compress=compress)) for count in range(3)]
    cut = lengths[1] + 100
    assert bodies(data[:cut]) == [b"<p>first", "archive_truncated"]
    assert [result for result in bodies(data[: len(data) // 4]) if isinstance(result, str)] == ["archive_truncated"]
    broken = [result.code for result in read(Download(data[:cut], breaks=True)) if isinstance(result, ArchiveError)]  # type: ignore[arg-type]
    assert broken
    assert set(broken) <= {"archive_truncated", "archive_unreadable"}


def test_damage_between_and_in_records() -> None:
    one, two = record("http://s.example/1", http(b"one")), record("http://s.example/2", http(b"two"))
    assert bodies(one + b"\x00\xffgarbage\n" * 3 + two) == [b"one", "archive_garbage", b"two"]
    assert bodies(record("http://s.example/", b"x", length=10**14) + two) == [
        "record_invalid",
        "archive_garbage",
        b"two",
    ]
    assert bodies(record("http://s.example/", b"no http") + two) == ["record_invalid", b"two"]
    assert bodies(record("http://[bad/", http(b"")) + two) == ["record_invalid", b"two"]
    assert bodies(record("http://s.example/", http(b"\x1f\x8bxx", "Content-Encoding: gzip")) + two) == [
        "record_invalid",
        b"two",
    ]
    damaged = bytearray(gzip.compress(one))
    damaged[15:25] = b"\xff" * 10
    assert b"two" in bodies(bytes(damaged) + gzip.compress(two))


@pytest.mark.parametrize("data", [b"", b"hello", b"<html>" * 1000, b"\x1f\x8b\x08" + b"\x00" * 50, b"x" * 3_000_000])
def test_what_is_no_archive(data: bytes) -> None:
    errors = bodies(data)
    assert len(errors) == 1
    assert errors[0] in ("not_an_archive", "archive_gzip", "archive_truncated")


@given(st.binary(max_size=300), st.integers(0, 3000), st.booleans())
def test_no_bytes_make_it_raise(noise: bytes, place: int, compress: bool) -> None:
    data = archive(*PAGES, compress=compress)
    results(noise)
    results(data[:place] + noise + data[place + len(noise) :])
