"""Pictures that are inside a page itself, as `data:` URLs (RFC 2397). Pure; never raises."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from crawler.reading.sniff import image_type

MAX_PICTURE_BYTES = 2 * 1024 * 1024
MAX_PAGE_BYTES = 10 * 1024 * 1024
MAX_PICTURES = 200
# Below this it is a placeholder or a bullet.
MIN_PICTURE_BYTES = 400

_HEAD = re.compile(r"data:([^,]{0,200}),", re.IGNORECASE)
_SPACE = re.compile(rb"[\s\x00]+")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


@dataclass(frozen=True, slots=True)
class InlinePicture:
    """A bitmap picture that came with its page. `sha256` in lower-case hexadecimal."""

    data: bytes
    sha256: str


def is_data_url(url: str) -> bool:
    return url[:5].lower() == "data:"


def decode_all(urls: Iterable[str]) -> list[InlinePicture]:
    """The pictures of a page in its order, each once, within the caps of a page."""
    found: dict[str, InlinePicture] = {}
    total = 0
    for url in urls:
        data = decode(url)
        if data is None:
            continue
        digest = hashlib.sha256(data).hexdigest()
        if digest in found:
            continue
        total += len(data)
        if total > MAX_PAGE_BYTES or len(found) >= MAX_PICTURES:
            break
        found[digest] = InlinePicture(data, digest)
    return list(found.values())


def decode(url: str) -> bytes | None:
    """The bytes of a `data:` URL if they are a bitmap picture of a size worth looking at."""
    match = _HEAD.match(url)
    # Nine characters at most stand for a byte that is percent-encoded base64; a length says enough before decoding.
    if match is None or not MIN_PICTURE_BYTES <= len(url) - match.end() <= 4 * MAX_PICTURE_BYTES:
        return None
    content = url[match.end() :].partition("#")[0]
    data = unquote_to_bytes(content) if "%" in content else content.encode("utf-8", "replace")
    if match.group(1).lower().rstrip().endswith("base64"):
        data = _from_base64(data)
    if not MIN_PICTURE_BYTES <= len(data) <= MAX_PICTURE_BYTES or image_type(data) is None:
        return None
    return data


def _from_base64(text: bytes) -> bytes:
    """Forgiving as browsers are: white space, missing padding, the URL-safe alphabet."""
    text = _SPACE.sub(b"", text).translate(_URL_SAFE).rstrip(b"=")
    # A lone last character carries no whole byte.
    if len(text) % 4 == 1:
        text = text[:-1]
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""
