"""Captures of what a page and its picture were at a moment: a WARC file (ISO 28500) and an insert-only row.

The requests and responses are kept as they crossed the wire, redirects included, for anyone to replay.
"""

import hashlib
import io
import uuid
from datetime import UTC
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.fetch import Exchange, Fetched, fetch
from crawler.files import write_whole
from crawler.models import Evidence
from crawler.policy import FetchError, FetchPolicy, parse_url
from crawler.resolver import Lookup, system_lookup


class EvidenceDamaged(Exception):
    """A WARC file is missing, or is not what was captured."""


def capture(page_url: str, image_url: str, policy: FetchPolicy, *, lookup: Lookup = system_lookup) -> Evidence:
    """Fetch the page and the picture now and keep both.

    A URL that gives no response is evidence too: the record says so, and its status is None.
    """
    evidence_id = uuid.uuid4()
    page = _try_fetch(page_url, policy, lookup)
    image = page if image_url == page_url else _try_fetch(image_url, policy, lookup)
    warc = _warc({page_url: page, image_url: image}, f"{evidence_id}.warc.gz")
    name = f"{str(evidence_id)[:2]}/{evidence_id}.warc.gz"
    write_whole(Path(settings.EVIDENCE_DIR) / name, warc, durable=True)
    return Evidence.objects.create(
        id=evidence_id,
        page_url=page_url,
        image_url=image_url,
        warc_name=name,
        sha256=hashlib.sha256(warc).hexdigest(),
        size=len(warc),
        page_status=page.status if isinstance(page, Fetched) else None,
        image_status=image.status if isinstance(image, Fetched) else None,
        captured_at=timezone.now(),
    )


def read_warc(evidence: Evidence) -> bytes:
    """The capture's WARC file, checked against its hash. Raises EvidenceDamaged."""
    try:
        data = (Path(settings.EVIDENCE_DIR) / evidence.warc_name).read_bytes()
    except FileNotFoundError:
        raise EvidenceDamaged(f"{evidence.pk}: the file is missing") from None
    if hashlib.sha256(data).hexdigest() != evidence.sha256:
        raise EvidenceDamaged(f"{evidence.pk}: the file was changed")
    return data


def _try_fetch(url: str, policy: FetchPolicy, lookup: Lookup) -> Fetched | FetchError:
    try:
        return fetch(url, policy, lookup=lookup)
    except FetchError as error:
        return error


def _warc(results: dict[str, Fetched | FetchError], file_name: str) -> bytes:
    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=True)
    info = {"software": "Faceward", "format": "WARC File Format 1.0"}
    writer.write_record(writer.create_warcinfo_record(file_name, info))
    for url, result in results.items():
        if isinstance(result, Fetched):
            for exchange in result.exchanges:
                _write_exchange(writer, exchange)
        else:
            _write_failure(writer, url, result)
    return buffer.getvalue()


def _write_exchange(writer: WARCWriter, exchange: Exchange) -> None:
    at = exchange.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    warc_headers = {"WARC-Date": at, "WARC-IP-Address": exchange.ip}
    response = writer.create_warc_record(
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
    request = writer.create_warc_record(
        exchange.url,
        "request",
        http_headers=StatusAndHeaders(
            f"GET {parse_url(exchange.url).target} HTTP/1.1",
            list(exchange.request_headers),
            is_http_request=True,
        ),
        warc_headers_dict=warc_headers,
    )
    writer.write_request_response_pair(request, response)


def _unchunked(exchange: Exchange) -> list[tuple[str, str]]:
    """The headers of a payload without its chunked framing; that header is kept under another name."""
    return [
        (f"X-Crawler-{name}" if name.lower() == "transfer-encoding" else name, value)
        for name, value in exchange.headers.items()
    ]


def _write_failure(writer: WARCWriter, url: str, error: FetchError) -> None:
    writer.write_record(
        writer.create_warc_record(
            url,
            "metadata",
            payload=io.BytesIO(f"fetch-error: {error.code}\r\nfetch-error-text: {error.sentence}\r\n".encode()),
            warc_content_type="application/warc-fields",
        )
    )
