"""The body of an archived HTTP response: chunks joined, encodings undone, within a cap. Pure."""

import zlib

import brotli

_BLOCK = 64 * 1024
_MAX_CHUNK_LINE = 100


class BodyDamaged(Exception):
    """A body is not in the encoding that its headers say."""


class BodyTooLarge(Exception):
    """A body grows past the cap when it is decoded."""


def decoded(body: bytes, headers: dict[str, str], limit: int) -> bytes:
    """The body without its transfer and content encodings.

    Many archives keep the headers of what they have decoded already: a body that does not begin like its
    encoding is taken as it is. Raises BodyDamaged and BodyTooLarge.
    """
    if headers.get("transfer-encoding", "").lower().endswith("chunked"):
        body = _joined(body)
    for encoding in reversed(headers.get("content-encoding", "").lower().split(",")):
        body = _undone(body, encoding.strip(), limit)
    if len(body) > limit:
        raise BodyTooLarge
    return body


def _joined(body: bytes) -> bytes:
    """RFC 9112, 7.1. What is cut off in the middle of a chunk gives what is there."""
    parts: list[bytes] = []
    at = 0
    while at < len(body):
        end = body.find(b"\n", at, at + _MAX_CHUNK_LINE)
        line = body[at:end].partition(b";")[0].strip() if end != -1 else b""
        try:
            size = int(line, 16) if line and line.isalnum() else -1
        except ValueError:
            size = -1
        if size < 0:
            # Nothing read yet: it was joined when it was archived.
            return body if not parts else b"".join(parts)
        if size == 0:
            break
        parts.append(body[end + 1 : end + 1 + size])
        at = end + 1 + size
        at += 2 if body.startswith(b"\r\n", at) else body.startswith(b"\n", at)
    return b"".join(parts)


def _undone(body: bytes, encoding: str, limit: int) -> bytes:
    if encoding in ("gzip", "x-gzip"):
        return _inflated(body, zlib.MAX_WBITS | 16, limit) if body.startswith(b"\x1f\x8b") else body
    if encoding == "deflate" and body:
        zlib_header = len(body) > 1 and body[0] & 0x0F == 8 and (body[0] * 256 + body[1]) % 31 == 0
        return _inflated(body, zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS, limit)
    if encoding == "br" and body:
        return _from_brotli(body, limit)
    return body


def _inflated(body: bytes, window: int, limit: int) -> bytes:
    reader = zlib.decompressobj(window)
    try:
        data = reader.decompress(body, limit + 1)
    except zlib.error:
        raise BodyDamaged from None
    if len(data) > limit:
        raise BodyTooLarge
    return data


def _from_brotli(body: bytes, limit: int) -> bytes:
    reader = brotli.Decompressor()
    parts: list[bytes] = []
    size = 0
    try:
        for at in range(0, len(body), _BLOCK):
            part = reader.process(body[at : at + _BLOCK], output_buffer_limit=limit + 1 - size)
            while part:
                parts.append(part)
                size += len(part)
                if size > limit:
                    raise BodyTooLarge
                part = (
                    b"" if reader.can_accept_more_data() else reader.process(b"", output_buffer_limit=limit + 1 - size)
                )
    except brotli.error:
        raise BodyDamaged from None
    return b"".join(parts)
