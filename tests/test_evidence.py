"""Captures: what crossed the wire, in a WARC file that cannot change unnoticed."""

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from warcio.archiveiterator import ArchiveIterator

from crawler import evidence
from crawler.models import Evidence
from crawler.policy import FetchPolicy
from tests.sites import gzipped, page, picture, redirect, serve

OPEN = FetchPolicy(allow_private=True, timeout_seconds=5)


def records(capture: Evidence) -> list[tuple[str, str, str, bytes]]:
    """Type, URL, status or method, and content of every record about a URL."""
    found = []
    for record in ArchiveIterator(io.BytesIO(evidence.read_warc(capture)), check_digests="raise"):
        url = record.rec_headers.get_header("WARC-Target-URI")
        if url:
            line = record.http_headers.get_statuscode() if record.rec_type == "response" else ""
            found.append((record.rec_type, url, line, record.content_stream().read()))
    return found


@pytest.mark.django_db
def test_page_and_picture_with_redirects_are_kept_and_can_be_replayed(settings: Any) -> None:
    body = b"<html><img src=/a.jpg></html>"
    with serve({"/": redirect("/real"), "/real": gzipped(body), "/a.jpg": picture(3)}) as site:
        jpeg = site.answers["/a.jpg"].body
        capture = evidence.capture(site.url("/", host="blog.localhost"), site.url("/a.jpg"), OPEN)
    start = f"http://blog.localhost:{site.port}"
    assert (capture.page_status, capture.image_status) == (200, 200)
    assert [entry for entry in records(capture) if entry[0] == "response"] == [
        ("response", f"{start}/", "302", b""),
        ("response", f"{start}/real", "200", body),
        ("response", site.url("/a.jpg"), "200", jpeg),
    ]
    file = Path(settings.EVIDENCE_DIR) / capture.warc_name
    assert hashlib.sha256(file.read_bytes()).hexdigest() == capture.sha256
    assert file.stat().st_size == capture.size and capture.captured_at is not None


@pytest.mark.django_db
def test_what_gives_no_response_is_on_record_too() -> None:
    with serve({"/": page("still here")}) as site:
        capture = evidence.capture(site.url(), "http://169.254.169.254/a.jpg", OPEN)
    assert (capture.page_status, capture.image_status) == (200, None)
    kind, url, _line, text = records(capture)[-1]
    assert (kind, url) == ("metadata", "http://169.254.169.254/a.jpg") and b"forbidden_address" in text


@pytest.mark.django_db
def test_a_changed_or_missing_file_is_noticed_and_the_row_cannot_be_changed(settings: Any) -> None:
    with serve({"/": page("x")}) as site:
        capture = evidence.capture(site.url(), site.url("/none.jpg"), OPEN)
    assert capture.image_status == 404
    with pytest.raises(DatabaseError), transaction.atomic():
        Evidence.objects.filter(pk=capture.pk).update(sha256="0" * 64)
    file = Path(settings.EVIDENCE_DIR) / capture.warc_name
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(evidence.EvidenceDamaged):
        evidence.read_warc(capture)
    file.unlink()
    with pytest.raises(evidence.EvidenceDamaged):
        evidence.read_warc(capture)
