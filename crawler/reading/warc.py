"""Reading archives of the web: WARC (ISO 28500) and ARC files, plain or gzip. Pure; never raises.

Archives come from anywhere and may be cut off or damaged. The framing is done here, bounded: records are found by
their first lines, read whole up to a cap, and looked for again behind garbage. The headers of a record that was
found are left to warcio, which by itself reads lines and chunks without a bound.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import BinaryIO

from warcio.statusandheaders import StatusAndHeadersParser, StatusAndHeadersParserException

from crawler.policy import FetchRefused, canonical_url
from crawler.reading.archive_source import ArchiveSource
from crawler.reading.http_body import BodyDamaged, BodyTooLarge, decoded

_MAX_HTTP_HEADERS = 256 * 1024
_MAX_HEADER_LINES = 500
# Longer records are not believed.
_MAX_LENGTH = 8 * 1024**3
_UNKNOWN, _CUT_OFF = -1, -2
_VERSION = re.compile(rb"WARC/(?:0\.\d{1,2}|1\.\d)\s*")
# URL, address, time, type, length: the line above a record of an ARC file (version 1), or with more fields (2).
_ARC_LINE = re.compile(
    rb"(?P<url>[a-z]{3,10}:[^\s]{1,8000}) [0-9a-fA-F.:]{2,45} (?P<at>\d{14}) [^\s]{1,200}"
    rb"(?: [^\s]{1,300}){0,5} (?P<length>\d{1,12})\s*"
)
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(r"[1-5]\d\d(?:\s|$)")


@dataclass(frozen=True, slots=True)
class Limits:
    """`record` holds for a record as stored and again for its body as decoded, in bytes. `records`: how many."""

    record: int = 20 * 1024 * 1024
    records: int = 10_000_000


@dataclass(frozen=True, slots=True)
class Archived:
    """An HTTP response or a resource as it was archived. Header names are lower-case; `body` is decoded."""

    url: str
    status: int
    headers: dict[str, str]
    body: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class ArchiveError:
    """A record, or the rest of an archive, that could not be read. `code` is a short name to count by."""

    code: str
    sentence: str


def read(stream: BinaryIO, limits: Limits | None = None) -> Iterator[Archived | ArchiveError]:
    """Every response and resource of an archive in turn, read as it comes; one record in memory at a time.

    Errors: `not_an_archive`, `archive_garbage` (bytes between records that belong to none), `archive_truncated`,
    `archive_gzip`, `archive_unreadable` (the stream itself failed), `record_too_large`, `record_invalid`.
    """
    limits = limits or Limits()
    source = ArchiveSource(stream)
    found, ended = 0, False
    last = ""
    while found < limits.records and not ended:
        ended = True
        for head in _next_head(source):
            if isinstance(head, ArchiveError):
                yield head
                continue
            found, ended = found + 1, False
            result = _record(source, head, limits)
            if result is not None:
                last = result.code if isinstance(result, ArchiveError) else ""
                yield result
    if source.error is not None and source.error[0] != last:
        yield ArchiveError(*source.error)
    if source.error is None and not found:
        yield ArchiveError("not_an_archive", "There is no WARC or ARC record in this file.")


@dataclass(frozen=True, slots=True)
class _Head:
    """What stands above a record. `length` is of its block; `_UNKNOWN` where the header does not say."""

    url: str
    kind: str
    content_type: str
    at: str
    length: int


def _next_head(source: ArchiveSource) -> Iterator[ArchiveError | _Head]:
    """The head of the next record, after an error where bytes before it belong to no record."""
    garbage = False
    while line := source.line():
        head: _Head | None = None
        if _VERSION.fullmatch(line):
            head = _warc_head(source)
        elif match := _ARC_LINE.fullmatch(line):
            head = _Head(_text(match.group("url")), "response", "application/http", _text(match.group("at")),
                         int(match.group("length")))  # fmt: skip
        if head is not None:
            if garbage:
                yield ArchiveError("archive_garbage", "There are bytes between records that belong to none.")
            yield head
            return
        garbage = garbage or bool(line.strip())


def _warc_head(source: ArchiveSource) -> _Head:
    """The named fields of a WARC record (ISO 28500, 5); continuation lines are joined."""
    lines = [b"WARC/1.0\r\n"]
    line = source.line()
    while len(lines) < _MAX_HEADER_LINES and line.strip():
        lines.append(line)
        line = source.line()
    if not line:
        return _Head("", "", "", "", _CUT_OFF)
    fields = _headers(StatusAndHeadersParser(["WARC/1.0"], verify=False), b"".join(lines))[1]
    length = fields.get("content-length", "").strip()
    return _Head(
        fields.get("warc-target-uri", "").strip().removeprefix("<").removesuffix(">"),
        fields.get("warc-type", "").strip().lower(),
        fields.get("content-type", ""),
        fields.get("warc-date", ""),
        int(length) if length.isascii() and length.isdecimal() and len(length) <= 15 else _UNKNOWN,
    )


def _record(source: ArchiveSource, head: _Head, limits: Limits) -> Archived | ArchiveError | None:
    """Read a record's block. None where it is of a kind that holds no page and no picture."""
    if head.length == _CUT_OFF:
        return ArchiveError("archive_truncated", "The archive ends in the middle of a record.")
    if not 0 <= head.length <= _MAX_LENGTH:
        # Not believed: the next record is looked for in what follows.
        return ArchiveError("record_invalid", "A record does not say how long it is.")
    wanted = head.kind in ("response", "resource") and head.url.lower().startswith(("http:", "https:"))
    if not wanted or head.length > limits.record:
        missing = source.skip(head.length)
        if missing:
            return ArchiveError("archive_truncated", "The archive ends in the middle of a record.")
        return ArchiveError("record_too_large", "A record is larger than we read.") if wanted else None
    block = source.take(head.length)
    if len(block) < head.length:
        return ArchiveError("archive_truncated", "The archive ends in the middle of a record.")
    try:
        return _archived(head, block, limits)
    except BodyTooLarge:
        return ArchiveError("record_too_large", "A record is larger than we read.")
    except (BodyDamaged, FetchRefused, ValueError):
        return ArchiveError("record_invalid", "A record is not what its header says.")


def _archived(head: _Head, block: bytes, limits: Limits) -> Archived:
    """Raises BodyDamaged, BodyTooLarge, FetchRefused and ValueError."""
    url, at = canonical_url(head.url), _moment(head.at)
    if head.kind == "resource" and "http" not in head.content_type.lower():
        return Archived(url, 200, {"content-type": head.content_type}, block, at)
    end = _END_OF_HEADERS.search(block, 0, _MAX_HTTP_HEADERS)
    if end is None or not block.startswith(b"HTTP/"):
        raise ValueError("no HTTP response")
    status, headers = _headers(StatusAndHeadersParser(["HTTP/"], verify=False), block[: end.end()])
    if not _STATUS.match(status):
        raise ValueError("no status")
    return Archived(url, int(status[:3]), headers, decoded(block[end.end() :], headers, limits.record), at)


def _headers(parser: StatusAndHeadersParser, text: bytes) -> tuple[str, dict[str, str]]:
    """The rest of the first line, and the headers by lower-case name; repeated ones joined by commas."""
    try:
        parsed = parser.parse(BytesIO(text))
    except (EOFError, ValueError, StatusAndHeadersParserException):
        return "", {}
    headers: dict[str, str] = {}
    for name, value in parsed.headers:
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return parsed.statusline, headers


def _moment(text: str) -> datetime:
    """A WARC date (W3C profile of ISO 8601) or an ARC one of 14 digits; the epoch where it is neither."""
    digits = "".join(character for character in text if character in "0123456789")[:14]
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
