"""WARC files (ISO 28500) as we write them, and whether one is whole."""

import io
import zlib
from collections.abc import Mapping
from datetime import UTC

from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.fetch import Exchange
from crawler.policy import parse_url

_PIECE = 1 << 14
"""Bytes that are unpacked at once: to 16 MB at most."""


class Archive:
    """One WARC file in the making."""

    def __init__(self, name: str) -> None:
        self._buffer = io.BytesIO()
        self._writer = WARCWriter(self._buffer, gzip=True)
        info = {"software": "Faceward", "format": "WARC File Format 1.0"}
        self._writer.write_record(self._writer.create_warcinfo_record(name, info))

    def exchange(self, exchange: Exchange) -> None:
        """A response and the request for it."""
        at = exchange.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        warc_headers = {"WARC-Date": at, "WARC-IP-Address": exchange.ip}
        response = self._writer.create_warc_record(
            exchange.url,
            "response",
            payload=io.BytesIO(exchange.payload),
            http_headers=StatusAndHeaders(
                f"{exchange.status} {exchange.reason}".strip(),
                _unchunked(exchange),
                protocol=exchange.http_version,
            ),
            warc_headers_dict=warc_headers,
        )
        request = self._writer.create_warc_record(
            exchange.url,
            "request",
            http_headers=StatusAndHeaders(
                f"GET {parse_url(exchange.url).target} HTTP/1.1",
                list(exchange.request_headers),
                is_http_request=True,
            ),
            warc_headers_dict=warc_headers,
        )
        self._writer.write_request_response_pair(request, response)

    def fields(self, url: str, fields: Mapping[str, str]) -> None:
        """Something to be said about a URL."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self._record(url, "metadata", lines.encode(), "application/warc-fields")

    def screenshot(self, url: str, jpeg: bytes) -> None:
        """What a page looked like."""
        self._record(f"urn:screenshot:{url}", "resource", jpeg, "image/jpeg")

    def data(self) -> bytes:
        return self._buffer.getvalue()

    def _record(self, url: str, kind: str, payload: bytes, content_type: str) -> None:
        self._writer.write_record(
            self._writer.create_warc_record(url, kind, payload=io.BytesIO(payload), warc_content_type=content_type)
        )


def damage(data: bytes) -> str:
    """What is wrong with a WARC file of ours, or an empty string: every record can be read and has its digest.

    Records that are missing altogether at the end leave nothing wrong: the digest of the whole file tells that.
    """
    if not _ends_whole(data):
        return "its end is cut off"
    count = 0
    try:
        for record in ArchiveIterator(io.BytesIO(data), check_digests="raise"):
            headers = record.rec_headers
            if record.rec_type != "warcinfo" and not headers.get_header("WARC-Payload-Digest"):
                return "a record has no digest"
            while record.content_stream().read(1 << 16):
                pass
            count += 1
    except Exception as error:  # a parser of damaged bytes may raise anything
        return f"a record cannot be read, or is not what its digest says ({type(error).__name__})"
    return "" if count > 1 else "there is no record in it"


def _ends_whole(data: bytes) -> bool:
    """Whether the last gzip member of a file is complete; a reader of records takes a missing trailer for the end."""
    member = zlib.decompressobj(wbits=31)
    try:
        for start in range(0, len(data), _PIECE):
            piece = data[start : start + _PIECE]
            while piece:
                member = zlib.decompressobj(wbits=31) if member.eof else member
                member.decompress(piece)
                piece = member.unused_data
    except zlib.error:
        return True  # damaged otherwise: whoever reads the records says how
    return member.eof


def _unchunked(exchange: Exchange) -> list[tuple[str, str]]:
    """The headers of a payload without its chunked framing; that header is kept under another name."""
    return [
        (f"X-Crawler-{name}" if name.lower() == "transfer-encoding" else name, value)
        for name, value in exchange.headers.items()
    ]
