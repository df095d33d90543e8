"""Captures: what crossed the wire, in a WARC file that cannot change unnoticed."""

import base64
import gzip
import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from PIL import Image
from warcio.archiveiterator import ArchiveIterator

from accounts.models import AuditEvent
from crawler import evidence
from crawler.models import Evidence, HashList, ImageBlock, RestrictedPicture
from crawler.policy import FetchPolicy
from tests import availability, photos
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


# --- The page as it looked -----------------------------------------------------------------------------------

RED = '<body style="margin:0;background:rgb(200,0,0)"><img src="/a.jpg"><img src="/b.jpg">'


def black(data: bytes) -> bytes:
    """Stands for the blurring, which is another module's: the size of what it was given, all black."""
    with Image.open(io.BytesIO(data)) as shot:
        file = io.BytesIO()
        Image.new("RGB", shot.size).save(file, "JPEG")
    return file.getvalue()


@pytest.mark.browser
@pytest.mark.django_db
def test_the_page_as_it_looked_is_kept_blurred_with_all_that_it_was_made_of(settings: Any) -> None:
    settings.CHROMIUM = availability.chromium()
    with serve({"/": page(RED), "/a.jpg": picture(1), "/b.jpg": picture(2)}) as site:
        capture = evidence.capture(site.url(), site.url("/a.jpg"), OPEN, blur=black)
        assert site.requests == {"/": 1, "/a.jpg": 1, "/b.jpg": 1}, "the picture shows what the archive holds"
    shot = evidence.read_screenshot(capture)
    assert hashlib.sha256(shot).hexdigest() == capture.screenshot_sha256
    with Image.open(io.BytesIO(shot)) as image:
        assert image.size == (1280, 900) and image.convert("RGB").getextrema() == ((0, 0),) * 3
    found = records(capture)
    assert [url for kind, url, *_ in found if kind == "response"] == [site.url(p) for p in ("/", "/a.jpg", "/b.jpg")]
    assert ("resource", f"urn:screenshot:{site.url()}", "", shot) in found
    everything = b"".join(path.read_bytes() for path in Path(settings.EVIDENCE_DIR).rglob("*") if path.is_file())
    assert everything.count(shot) == 1, "nothing of the page as it was before the blurring is written"


@pytest.mark.browser
@pytest.mark.django_db
@pytest.mark.parametrize("trouble", ["blurring", "browser", "page", "no browser"])
def test_trouble_with_the_screenshot_never_fails_the_capture(settings: Any, trouble: str) -> None:
    settings.CHROMIUM = availability.chromium()

    def fail(_data: bytes) -> bytes:
        raise ValueError("cannot be read")

    answers = {"/": page("<script>while (true) {}</script>" if trouble == "browser" else RED)}
    if trouble == "no browser":
        settings.CHROMIUM = "/no/such/browser"
    with serve({} if trouble == "page" else answers) as site:
        url = "http://169.254.169.254/" if trouble == "page" else site.url()
        capture = evidence.capture(url, site.url("/a.jpg"), OPEN, blur=fail if trouble == "blurring" else black)
    assert (capture.screenshot_name, capture.screenshot_size) == ("", None)
    assert evidence.read_screenshot(capture) == b""
    reason = {"blurring": b"not_blurred: ValueError", "browser": b"timeout", "page": b"no_page"}.get(
        trouble, b"no_browser"
    )
    kind, _url, _line, text = records(capture)[-1]
    assert kind == "metadata" and b"screenshot-reason: " + reason in text


@pytest.mark.django_db
def test_without_blurring_there_is_no_screenshot() -> None:
    with serve({"/": page(RED)}) as site:
        capture = evidence.capture(site.url(), site.url("/a.jpg"), OPEN)
    assert capture.screenshot_name == ""


@pytest.mark.django_db
def test_a_picture_inside_of_the_page_is_kept_with_it() -> None:
    jpeg = photos.jpeg(photos.hanks())
    inline = f'<img src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}">'
    for name, status in ((hashlib.sha256(jpeg).hexdigest()[:16], 200), ("0" * 16, None), ("", None)):
        with serve({"/": page(inline)}) as site:
            capture = evidence.capture(site.url(), site.url(f"/#data-{name}"), OPEN)
            assert site.requests["/"] == 1
        assert (capture.page_status, capture.image_status) == (200, status)


@pytest.mark.django_db
def test_a_capture_stands_in_the_audit_trail() -> None:
    with serve({"/": page(RED)}) as site:
        capture = evidence.capture(site.url(), site.url("/a.jpg"), OPEN)
    event = AuditEvent.objects.get(action="evidence.captured")
    capture.refresh_from_db()
    assert event.object_id == str(capture.pk)
    assert event.detail == {"capture": evidence.fingerprint(capture)}
    assert event.detail["capture"]["sha256"] == capture.sha256


# --- What must not be kept -----------------------------------------------------------------------------------


def listed(data: bytes) -> None:
    ImageBlock.objects.create(
        hash_list=HashList.objects.create(name="Known"), kind="sha256", value=hashlib.sha256(data).hexdigest()
    )


@pytest.mark.django_db
def test_a_listed_picture_is_noted_and_not_kept(settings: Any) -> None:
    with serve({"/": page(RED), "/a.jpg": picture(1)}) as site:
        jpeg = picture(1).body
        listed(jpeg)
        capture = evidence.capture(site.url(), site.url("/a.jpg"), OPEN)
        assert (capture.page_status, capture.image_status) == (200, None)
        assert jpeg not in gzip.decompress(evidence.read_warc(capture))
        noted = RestrictedPicture.objects.get()
        assert (noted.page_url, noted.image_url, noted.list_name) == (site.url(), site.url("/a.jpg"), "Known")
        evidence.capture(site.url(), site.url("/a.jpg"), OPEN)
        assert site.requests["/a.jpg"] == 1, "its address is not asked for again"


@pytest.mark.django_db
def test_a_page_with_a_listed_picture_inside_is_not_kept() -> None:
    jpeg = photos.jpeg(photos.hanks())
    listed(jpeg)
    inline = f'<img src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}">'
    with serve({"/": page(inline), "/a.jpg": picture(1)}) as site:
        capture = evidence.capture(site.url(), site.url("/a.jpg"), OPEN)
    assert (capture.page_status, capture.image_status) == (None, 200)
    assert b"data:image/jpeg" not in gzip.decompress(evidence.read_warc(capture))


@pytest.mark.browser
@pytest.mark.django_db
def test_a_page_that_shows_a_listed_picture_is_not_drawn(settings: Any) -> None:
    settings.CHROMIUM = availability.chromium()
    with serve({"/": page(RED), "/a.jpg": picture(1), "/b.jpg": picture(2)}) as site:
        listed(picture(2).body)
        capture = evidence.capture(site.url(), site.url("/a.jpg"), OPEN, blur=black)
        assert capture.screenshot_name == "" and RestrictedPicture.objects.get().image_url == site.url("/b.jpg")
        assert picture(2).body not in gzip.decompress(evidence.read_warc(capture))
        again = evidence.capture(site.url(), site.url("/a.jpg"), OPEN, blur=black)
        assert again.screenshot_name, "it is not asked for any more, and so does not show"
        assert site.requests["/b.jpg"] == 1
