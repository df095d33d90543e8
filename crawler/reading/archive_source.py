"""The bytes of an archive, gunzipped member by member, behind a bounded buffer. Pure; never raises."""

import zlib
from typing import BinaryIO

_BLOCK = 64 * 1024
MAX_LINE = 16 * 1024
_GZIP = b"\x1f\x8b\x08"


class ArchiveSource:
    """Reads a plain or gzip file, of one member or many. `error`: code and sentence of what was wrong first."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._buffer = b""
        self._start = 0
        self._raw = b""
        self._gzip: zlib._Decompress | None = None
        self._plain: bool | None = None
        self.error: tuple[str, str] | None = None

    def line(self) -> bytes:
        """The next line with its end; cut after `MAX_LINE` bytes, and empty at the end."""
        end = self._buffer.find(b"\n", self._start)
        while end == -1 and len(self._buffer) - self._start < MAX_LINE and self._fill():
            end = self._buffer.find(b"\n", self._start)
        size = MAX_LINE if end == -1 else min(end + 1 - self._start, MAX_LINE)
        return self._take(size)

    def take(self, size: int) -> bytes:
        """The next `size` bytes, or fewer at the end."""
        parts: list[bytes] = []
        while size > 0 and (self._start < len(self._buffer) or self._fill()):
            part = self._take(min(size, _BLOCK))
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def skip(self, size: int) -> int:
        """Pass over `size` bytes; how many were missing at the end."""
        while size > 0 and (self._start < len(self._buffer) or self._fill()):
            size -= len(self._take(min(size, _BLOCK)))
        return size

    def _take(self, size: int) -> bytes:
        part = self._buffer[self._start : self._start + size]
        self._start += len(part)
        return part

    def _fill(self) -> bool:
        """Add a block to the buffer; False at the end. What was taken is dropped from it."""
        data = b""
        while not data:
            if self._gzip is None and len(self._raw) < 3:
                self._raw += self._read()
            if not self._raw and not self._more():
                return False
            data = self._decoded()
        self._buffer, self._start = self._buffer[self._start :] + data, 0
        return True

    def _more(self) -> bool:
        self._raw = self._read()
        if not self._raw and self._gzip is not None:
            self._fail("archive_truncated", "The archive ends in the middle of a record.")
            self._gzip = None
        return bool(self._raw)

    def _read(self) -> bytes:
        try:
            return self._stream.read(_BLOCK) or b""
        except Exception:
            # A file-like object of any kind, perhaps a download: whatever it raises, the archive ends here.
            self._fail("archive_unreadable", "The archive could not be read to its end.")
            return b""

    def _decoded(self) -> bytes:
        if self._gzip is None:
            if self._plain is None:
                self._plain = not self._raw.startswith(_GZIP)
            if self._plain:
                data, self._raw = self._raw, b""
                return data
            if not self._find_member():
                return b""
            self._gzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            data = self._gzip.decompress(self._raw, _BLOCK)
        except zlib.error:
            # Perhaps the next member is whole. One byte on, lest the same one be found again.
            self._fail("archive_gzip", "A part of the archive is damaged.")
            self._gzip, self._raw = None, self._raw[1:]
            return b""
        if self._gzip.eof:
            self._raw, self._gzip = self._gzip.unused_data, None
        else:
            self._raw = self._gzip.unconsumed_tail
        return data

    def _find_member(self) -> bool:
        """Drop what comes before the next gzip member."""
        at = self._raw.find(_GZIP)
        if at == 0:
            return True
        if self._raw.strip(b"\x00"):
            self._fail("archive_gzip", "A part of the archive is damaged.")
        self._raw = self._raw[at:] if at > 0 else b""
        return at > 0

    def _fail(self, code: str, sentence: str) -> None:
        self.error = self.error or (code, sentence)
