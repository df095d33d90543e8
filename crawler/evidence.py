"""Captures of what a page and its picture were at a moment: a WARC file (ISO 28500) and an insert-only row.

The requests and responses are kept as they crossed the wire, redirects included, for anyone to replay. Where there is
a browser and somebody to blur other people's faces, the page as it looked is kept too. The hashes of both files go
into the audit trail, so that whoever changes a file and its row together is found out all the same.
"""

import hashlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urldefrag

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import audit
from crawler.archive import Archive
from crawler.browsing.browser import Screenshot, executable
from crawler.browsing.browser import screenshot as draw
from crawler.fetch import Fetched, fetch
from crawler.files import write_whole
from crawler.inside import inside, is_inside
from crawler.models import Evidence
from crawler.policy import FetchError, FetchPolicy
from crawler.resolver import Lookup, system_lookup
from crawler.screening import Screen

CAPTURED = "evidence.captured"
Blur = Callable[[bytes], bytes]
"""Makes everybody but the subject unrecognisable in a picture of a page. May raise anything."""


class EvidenceDamaged(Exception):
    """A file of a capture is missing, or is not what was captured."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The page as it looked, blurred; or why there is no such picture, where one was asked for."""

    data: bytes = b""
    shot: Screenshot | None = None
    reason: str = ""


def capture(
    page_url: str,
    image_url: str,
    policy: FetchPolicy,
    *,
    lookup: Lookup = system_lookup,
    blur: Blur | None = None,
) -> Evidence:
    """Fetch the page and the picture now and keep both; with `blur`, what the page looks like as well.

    A URL that gives no response is evidence too: the record says so, and its status is None. A picture inside of the
    page (`page#data-…`) is kept with the page. No screenshot is kept unblurred; why there is none is on record.
    Raises OSError where nothing can be written.
    """
    evidence_id = uuid.uuid4()
    screen = Screen(page_url)
    results = _fetch_all((page_url, image_url), policy, lookup, screen)
    page, image = results[urldefrag(page_url).url], results[urldefrag(image_url).url]
    drawn = _draw(page, results, policy, lookup, screen, blur)
    warc = _warc(f"{evidence_id}.warc.gz", results, page_url, drawn)
    folder = str(evidence_id)[:2]
    row = Evidence(
        id=evidence_id,
        page_url=page_url,
        image_url=image_url,
        warc_name=f"{folder}/{evidence_id}.warc.gz",
        sha256=hashlib.sha256(warc).hexdigest(),
        size=len(warc),
        page_status=page.status if isinstance(page, Fetched) else None,
        image_status=_image_status(image, image_url),
        captured_at=timezone.now(),
    )
    _write(row.warc_name, warc)
    if drawn.data:
        row.screenshot_name = f"{folder}/{evidence_id}.jpg"
        row.screenshot_sha256 = hashlib.sha256(drawn.data).hexdigest()
        row.screenshot_size = len(drawn.data)
        _write(row.screenshot_name, drawn.data)
    with transaction.atomic():
        row.save(force_insert=True)
        audit.record(CAPTURED, row, capture=fingerprint(row))
    return row


def fingerprint(evidence: Evidence) -> dict[str, str]:
    """What the audit trail keeps of a capture."""
    return {
        "sha256": evidence.sha256,
        "screenshot_sha256": evidence.screenshot_sha256,
        "row": hashlib.sha256(
            "\n".join(
                (
                    evidence.page_url,
                    evidence.image_url,
                    evidence.warc_name,
                    evidence.screenshot_name,
                    f"{evidence.size} {evidence.screenshot_size} {evidence.page_status} {evidence.image_status}",
                    evidence.captured_at.isoformat(),
                )
            ).encode()
        ).hexdigest(),
    }


def read_warc(evidence: Evidence) -> bytes:
    """The capture's WARC file, checked against its hash. Raises EvidenceDamaged."""
    return _read(evidence, evidence.warc_name, evidence.sha256, evidence.size)


def read_screenshot(evidence: Evidence) -> bytes:
    """The picture of the page, checked against its hash; empty where none was made. Raises EvidenceDamaged."""
    if not evidence.screenshot_name:
        return b""
    return _read(evidence, evidence.screenshot_name, evidence.screenshot_sha256, evidence.screenshot_size)


def _read(evidence: Evidence, name: str, sha256: str, size: int | None) -> bytes:
    root = Path(settings.EVIDENCE_DIR).resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise EvidenceDamaged(f"{evidence.pk}: the file's name leads out of the store")
    try:
        data = path.read_bytes()
    except OSError as error:
        gone = isinstance(error, FileNotFoundError)
        raise EvidenceDamaged(f"{evidence.pk}: the file is {'missing' if gone else 'not readable'}") from None
    if hashlib.sha256(data).hexdigest() != sha256 or len(data) != size:
        raise EvidenceDamaged(f"{evidence.pk}: the file was changed")
    return data


def _write(name: str, data: bytes) -> None:
    write_whole(Path(settings.EVIDENCE_DIR) / name, data, durable=True)


def _fetch_all(
    urls: tuple[str, ...], policy: FetchPolicy, lookup: Lookup, screen: Screen
) -> dict[str, Fetched | FetchError]:
    """By URL without its fragment, each fetched once."""
    results: dict[str, Fetched | FetchError] = {}
    for url in urls:
        address = urldefrag(url).url
        if address not in results:
            results[address] = _try_fetch(address, policy, lookup, screen)
    return results


def _try_fetch(url: str, policy: FetchPolicy, lookup: Lookup, screen: Screen) -> Fetched | FetchError:
    try:
        screen.check_address(url)
        fetched = fetch(url, policy, lookup=lookup)
        screen.check(url, fetched)
        return fetched
    except FetchError as error:
        return error


def _image_status(result: Fetched | FetchError, image_url: str) -> int | None:
    """Of a picture's own response, or of the page that a `page#data-…` is inside of, where it is."""
    if isinstance(result, FetchError) or (is_inside(image_url) and inside(result, image_url) is None):
        return None
    return result.status


def _draw(
    page: Fetched | FetchError,
    results: Mapping[str, Fetched | FetchError],
    policy: FetchPolicy,
    lookup: Lookup,
    screen: Screen,
    blur: Blur | None,
) -> _Drawn:
    """Never raises: a capture without a picture of the page is a capture."""
    if blur is None:
        return _Drawn()
    if isinstance(page, FetchError):
        return _Drawn(reason="no_page")
    if executable() is None:
        return _Drawn(reason="no_browser")
    known = {url: result for url, result in results.items() if isinstance(result, Fetched)}
    try:
        shot = draw(screen.page_url, policy, lookup=lookup, known=known, forbidden=screen.forbids)
        for fetched in shot.fetched:
            screen.check(fetched.exchanges[0].url, fetched)
    except FetchError as failure:
        return _Drawn(reason=failure.code)
    try:
        return _Drawn(blur(shot.data), shot)
    except Exception as error:  # whatever the caller's blurring may raise: nothing is kept unblurred
        return _Drawn(shot=shot, reason=f"not_blurred: {type(error).__name__}")


def _warc(name: str, results: Mapping[str, Fetched | FetchError], page_url: str, drawn: _Drawn) -> bytes:
    archive = Archive(name)
    for url, result in results.items():
        if isinstance(result, Fetched):
            for exchange in result.exchanges:
                archive.exchange(exchange)
        else:
            archive.fields(url, {"fetch-error": result.code, "fetch-error-text": result.sentence})
    if drawn.shot is not None:
        for exchange in drawn.shot.exchanges:
            archive.exchange(exchange)
    if drawn.data and drawn.shot is not None:
        archive.screenshot(page_url, drawn.data)
        cut = f"{drawn.shot.height} of {drawn.shot.page_height}" if drawn.shot.cut else "all"
        archive.fields(page_url, {"screenshot-height": cut, "screenshot-faces": "all but the subject's blurred"})
    elif drawn.reason:
        archive.fields(page_url, {"screenshot": "none", "screenshot-reason": drawn.reason})
    return archive.data()
