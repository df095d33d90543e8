"""How an address stands in a letter: on a line of its own, whole, and never with a space in it. Pure."""

import base64
import binascii
import contextlib
import hashlib
from urllib.parse import unquote_to_bytes

from takedowns.letters.facts import Place

_DATA = "data:"


def lines(place: Place) -> list[str]:
    """The lines of a letter that say where a picture is: its page and its file."""
    return [address(place.page_url), address(place.image_url)]


def address(url: str) -> str:
    """The URL as a letter gives it.

    White space is percent-encoded. A picture inside its page (`data:`) is given by type, size and hash, as its
    "address" is the whole picture.
    """
    url = url.strip()
    if url[: len(_DATA)].lower() == _DATA:
        return _data_address(url)
    return "".join(f"%{ord(char):02X}" if char.isspace() and ord(char) < 128 else char for char in url if _plain(char))


def _plain(char: str) -> bool:
    return char.isprintable() or (char.isspace() and ord(char) < 128)


def _data_address(url: str) -> str:
    head, _, rest = url[len(_DATA) :].partition(",")
    kind = "".join(head.split(";")[0].split())[:60] or "text/plain"
    data = unquote_to_bytes(rest)
    if head.lower().endswith(";base64"):
        with contextlib.suppress(binascii.Error, ValueError):
            data = base64.b64decode(data, validate=False)
    digest = hashlib.sha256(data).hexdigest()
    return f"{_DATA}{kind}, {len(data)} bytes, SHA-256 {digest[:16]}"
