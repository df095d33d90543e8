"""Files of hashes as sharing programmes give them out, read without trusting them. Pure.

Understood by their content, whatever they are called:

- XML of NCMEC's hash sharing (`queryResult`, its entries with `fingerprints`);
- JSON of ThreatExchange (`data`, with `type` and `indicator`), of StopNCII (`hashRecords`, with `signalType`,
  `hashValue` and `hashStatus`), of Project VIC (`value`, with `MD5`, `SHA1` and `Category`), one document or one per
  line, and anything of such a shape;
- tables, comma or tab, with a column for each kind of hash or one for the kind and one for the hash;
- lines of `kind hash`, as python-threatexchange keeps them, or of one hash each.

A file that cannot be read to its end raises `BadFile`, so that nobody imports half of it. Within a sound file, what
cannot be used is counted under a short name and left out.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO
from xml.parsers import expat

from crawler.blocklists.hash_entries import DIGITS, HEX, LABELS, USELESS, BadFile, Entry, Found, Skipped, judge, name

MAX_BYTES = 4 * 1024**3
MAX_JSON_BYTES = 256 * 1024**2
"""Of one JSON document, which has to be held in memory as a whole."""
MAX_LINE_BYTES = 1024**2
MAX_ENTRIES = 5_000_000
_MAX_DEPTH = 40
_MAX_TEXT = 4096
_CHUNK = 1 << 16
_SHORTEST = min(DIGITS.values())

_TYPE_COLUMNS = ("signaltype", "type", "hashtype", "indicatortype", "kind", "algorithm")
_VALUE_COLUMNS = ("hashvalue", "indicator", "signal", "hash", "value", "rawindicator", "signalhash")
_GONE_WORDS = frozenset({"withdrawn", "deleted"})
# Project VIC numbers what a picture is; beyond three it is there to be told apart, or is nothing to the point.
_CATEGORIES = frozenset({"1", "2", "3"})
_LEAST_QUALITY = 50


def read(stream: BinaryIO, *, kind: str = "") -> Iterator[Found]:
    """What is in a file, as it is read. `kind` is what hashes are that stand alone in their line.

    Raises BadFile, possibly after much was yielded: take all of it or nothing.
    """
    for count, found in enumerate(_by_shape(_Capped(stream), kind)):
        if count == MAX_ENTRIES:
            raise BadFile(f"The file has more than {MAX_ENTRIES} entries.")
        yield found


class _Capped:
    """A stream with an end, and the first bytes of it looked at before it is read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._held = stream.read(_CHUNK)
        self._read = len(self._held)
        self.start = self._held.removeprefix(b"\xef\xbb\xbf").lstrip()[:2048]
        if not self.start:
            raise BadFile("The file is empty.")
        if b"\0" in self.start:
            raise BadFile("The file is not text: unpack it first, and save it as UTF-8.")

    def read(self, size: int) -> bytes:
        data, self._held = self._held, b""
        if not data:
            data = self._stream.read(min(size, _CHUNK))
            self._read += len(data)
            if self._read > MAX_BYTES:
                raise BadFile(f"The file is larger than {MAX_BYTES // 2**30} GB.")
        return data

    def lines(self) -> Iterator[str]:
        """Every line that is not blank. Raises BadFile for one without an end."""
        rest = b""
        while data := self.read(_CHUNK):
            *whole, rest = (rest + data).split(b"\n")
            if len(rest) > MAX_LINE_BYTES:
                raise BadFile(f"A line is longer than {MAX_LINE_BYTES // 2**20} MB.")
            yield from filter(None, map(_text, whole))
        yield from filter(None, [_text(rest)])


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").lstrip("\ufeff").strip()


def _by_shape(source: _Capped, kind: str) -> Iterator[Found]:
    first = source.start[:1]
    if first == b"<":
        return _xml(source)
    if first in {b"{", b"["}:
        return _json(source)
    return _lines(source, kind)


# --- Lines and tables ------------------------------------------------------------------------------------------


def _lines(source: _Capped, kind: str) -> Iterator[Found]:
    lines = (line for line in source.lines() if not line.startswith("#"))
    first = next(lines, "")
    delimiter = next((mark for mark in ("\t", ";", ",") if mark in first), "")
    header = _cells(first, delimiter) if delimiter else [first]
    fields = _Columns(header)
    if fields.are_named:
        for line in lines:
            yield from fields.found(_cells(line, delimiter) if delimiter else [line])
        return
    for line in (first, *lines) if first else ():
        yield _one_line(line, kind)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=False), [])
    except csv.Error:
        return []


def _one_line(line: str, kind: str) -> Found:
    """`kind hash`, in any order of separators, or a hash alone."""
    parts = [part for part in re.split(r"[\s,;]+", line, maxsplit=2) if part][:2]
    if len(parts) == 2:
        return judge(*parts)
    if kind:
        return judge(kind, parts[0])
    by_length = {32: "md5", 40: "sha1"}.get(len(parts[0]))
    if by_length is None and len(parts[0]) == DIGITS["sha256"]:
        raise BadFile("The hashes do not say what they are: name it with --kind sha256 or --kind pdq.")
    return judge(by_length, parts[0]) if by_length else Skipped("bad_value")


class _Columns:
    """The header of a table, where it is one."""

    def __init__(self, header: Sequence[str]) -> None:
        self._names = [name(cell) for cell in header]
        has_values = any(len(name) >= _SHORTEST and HEX.fullmatch(name) for name in self._names)
        self.are_named = not has_values and any(name in LABELS or name in _VALUE_COLUMNS for name in self._names)

    def found(self, cells: Sequence[str]) -> Iterable[Found]:
        return _record(dict(zip(self._names, cells, strict=False))) or (Skipped("no_hash"),)


# --- JSON ------------------------------------------------------------------------------------------------------


def _json(source: _Capped) -> Iterator[Found]:
    """One document, or one for each line."""
    text = bytearray()
    while data := source.read(_CHUNK):
        text += data
        if len(text) > MAX_JSON_BYTES:
            raise BadFile(f"The JSON is larger than {MAX_JSON_BYTES // 2**20} MB: split it, or give one record a line.")
    for document in _documents(bytes(text)):
        yield from _walk(document)


def _documents(text: bytes) -> Iterator[Any]:
    try:
        yield _parse(text)
        return
    except ValueError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2:
            raise BadFile("The file is cut short or is no sound JSON.") from error
    for number, line in enumerate(lines, start=1):
        try:
            yield _parse(line)
        except ValueError as error:
            raise BadFile(f"Line {number} is cut short or is no sound JSON.") from error


def _parse(text: bytes) -> Any:
    """Raises ValueError for whatever is wrong."""
    try:
        # Numbers as they are written: nobody here reckons with them, and some are built to be slow.
        return json.loads(text.removeprefix(b"\xef\xbb\xbf"), parse_int=str, parse_float=str)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _walk(document: Any) -> Iterator[Found]:
    """Every record in a document, in order, however it is wrapped."""
    waiting: list[tuple[Any, int, bool]] = [(document, 0, False)]
    while waiting:
        value, depth, is_video = waiting.pop()
        if depth > _MAX_DEPTH:
            raise BadFile("The JSON is nested too deeply.")
        if isinstance(value, list):
            waiting += [(inner, depth + 1, is_video) for inner in reversed(value)]
        elif isinstance(value, dict):
            record = {name(key): inner for key, inner in value.items()}
            found = _record({key: inner for key, inner in record.items() if isinstance(inner, str | bool)})
            yield from (Skipped("video") for _ in found) if is_video else found
            if not found or "fingerprints" in record:
                nested = ((key, inner) for key, inner in reversed(record.items()) if isinstance(inner, dict | list))
                waiting += [(inner, depth + 1, is_video or key.startswith("video")) for key, inner in nested]


def _record(fields: dict[str, Any]) -> list[Found]:
    """What one record has: a hash for each kind, or one that says of which kind it is. None: it is no record."""
    gone = _is_gone(fields)
    named = [(key, text) for key, text in fields.items() if (key in LABELS or key in USELESS) and text]
    label = next((fields[key] for key in _TYPE_COLUMNS if fields.get(key)), "")
    value = next((fields[key] for key in _VALUE_COLUMNS if fields.get(key)), "")
    if label and value:
        named.append((str(label), value))
    if not named:
        return []
    if str(fields.get("category", "1")).strip() not in _CATEGORIES and "category" in fields and "md5" in fields:
        return [Skipped("other_category")]
    if _is_poor(fields):
        return [Skipped("low_quality")]
    return [judge(key, str(text), withdrawn=gone) for key, text in named]


def _is_gone(fields: dict[str, Any]) -> bool:
    """The programme takes the hash back."""
    said = {str(fields.get(key, "")).strip().lower() for key in ("hashstatus", "status")}
    return bool(said & _GONE_WORDS) or str(fields.get("shoulddelete", "")).lower() == "true"


def _is_poor(fields: dict[str, Any]) -> bool:
    """PDQ says of itself how far a hash is worth anything, 0 to 100."""
    quality = str(fields.get("quality") or fields.get("pdqquality") or "").strip()
    return quality.isdecimal() and len(quality) < 4 and int(quality) < _LEAST_QUALITY


# --- XML -------------------------------------------------------------------------------------------------------


def _xml(source: _Capped) -> Iterator[Found]:
    """Entries of NCMEC's hash sharing. Neither a document type nor an entity is read, so none can do harm."""
    reader = _XmlReader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    quiet = 0
    try:
        while data := source.read(_CHUNK):
            before = reader.events
            parser.Parse(data, False)
            # What has no end is held in memory until it has.
            quiet = quiet + len(data) if reader.events == before else 0
            if quiet > MAX_LINE_BYTES:
                raise BadFile(f"A part of the XML is longer than {MAX_LINE_BYTES // 2**20} MB.")
            yield from reader.taken()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise BadFile(f"The file is cut short or is no sound XML, at line {error.lineno}.") from error
    yield from reader.taken()


def _refuse(*_: object) -> None:
    raise BadFile("XML with a document type or entities is not read.")


class _XmlReader:
    """Collects what stands between `<fingerprints>` and its end."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self._text: list[str] = []
        self._length = 0
        self._found: list[Found] = []
        self.events = 0

    def taken(self) -> list[Found]:
        found, self._found = self._found, []
        return found

    def start(self, tag: str, _attributes: dict[str, str]) -> None:
        if len(self._path) > _MAX_DEPTH:
            raise BadFile("The XML is nested too deeply.")
        self.events += 1
        self._path.append(name(tag.rsplit(" ", 1)[-1]))
        self._text.clear()
        self._length = 0
        if self._path[-1] in {"deletedimage", "deletedvideo"}:
            # Named by an id that we do not keep: a whole export imported with --replace takes it off.
            self._found.append(Skipped("withdrawn_by_id"))

    def text(self, text: str) -> None:
        self.events += 1
        self._length += len(text)
        if self._length - len(text) <= _MAX_TEXT:
            self._text.append(text[:_MAX_TEXT])

    def end(self, _tag: str) -> None:
        self.events += 1
        label, text = self._path.pop(), "".join(self._text).strip()
        self._text.clear()
        self._length = 0
        if text and self._path[-1:] == ["fingerprints"]:
            is_video = any(name.startswith("video") for name in self._path)
            self._found.append(Skipped("video") if is_video else judge(label, text))


__all__ = ["DIGITS", "BadFile", "Entry", "Found", "Skipped", "judge", "read"]
