"""Sizes in the query of a picture's URL. Pure."""

import re
from typing import Protocol

from crawler.reading.picture_urls import is_image_file

_MIN_PIXELS, _MAX_PIXELS = 16, 20_000

_WIDTHS = frozenset({"w", "width", "imwidth", "im_w", "imgwidth", "wid", "rw", "mw", "maxwidth", "max-w", "max_width"})
_HEIGHTS = frozenset(
    {"h", "height", "imheight", "im_h", "imgheight", "hei", "rh", "mh", "maxheight", "max-h", "max_height"}
)
_BOXES = frozenset({"size", "resize", "fit", "dim", "dimensions"})
# These say a size, or how a picture is drawn, only where the path names the picture by itself.
_SQUARES = frozenset({"s", "sz", "size", "sidelength"})
_DRAWING = frozenset({
    "quality", "q", "dpr", "crop", "auto", "format", "fm", "fit", "scale", "mode", "strip", "ssl", "cs", "compress",
    "sharp", "output", "resize", "upscale", "ar",
})  # fmt: skip
_WORD_PARAMETERS = frozenset({"size", "variant", "imgsize"})
_SIGNATURES = frozenset({"s", "sig", "sign", "signature"})

# Squarespace: `format=1500w`.
_FORMAT_WIDTH = re.compile(r"(\d{2,4})w")
_PIXELS = re.compile(r"[wh]?(\d{1,5})(?:px)?")
_PAIR = re.compile(r"(\d{2,5})(?:px)?(?:[x,:*]|%2C|%20|\+)(\d{2,5})(?:px)?", re.IGNORECASE)
_VALUE = re.compile(r"[A-Za-z][A-Za-z0-9,._-]{0,40}|[\d.,:]{1,30}|")
_SIGNATURE = re.compile(r"[0-9a-f]{32,64}")
_HASH_LIKE = re.compile(r"/[A-Za-z0-9_-]{16,}$")
_TWITTER = {
    "thumb": 150, "small": 680, "medium": 1200, "large": 2048, "4096x4096": 4096, "orig": 8192, "120x120": 120,
    "240x240": 240, "360x360": 360, "900x900": 900,
}  # fmt: skip
_SIZE_WORDS = frozenset(
    {"thumb", "thumbnail", "preview", "tiny", "small", "medium", "large", "xlarge", "full", "original"}
)


class Sized(Protocol):
    """What a query's marks are written to: `renditions.Rendition`."""

    word: str
    scale: int
    quality: float
    cropped: bool
    marked: bool
    width: int
    height: int

    def side(self, width: int, height: int = 0) -> None: ...


def is_named_file(path: str) -> bool:
    """Whether a path names a picture by itself: a file of a picture, or a long random name."""
    return is_image_file(path) or bool(_HASH_LIKE.search(path))


def read_query(query: str, path: str, found: Sized) -> str:
    """Note in `found` what the query says of the size; gives the rest of the query, in its order."""
    if not query:
        return ""
    pairs = [(part, *part.partition("=")[::2]) for part in query.split("&")]
    left = _strong(pairs, found)
    if left != pairs or is_named_file(path):
        left = [pair for pair in left if not _weak(pair[1].lower(), pair[2], found)]
    return "&".join(part for part, _name, _value in left)


def _strong(pairs: list[tuple[str, str, str]], found: Sized) -> list[tuple[str, str, str]]:
    width = height = 0
    left = []
    for pair in pairs:
        name, value = pair[1].lower(), pair[2]
        if name in _WIDTHS and (pixels := _pixels(value)):
            width = width or pixels
        elif name in _HEIGHTS and (pixels := _pixels(value)):
            height = height or pixels
        elif name == "format" and (match := _FORMAT_WIDTH.fullmatch(value)):
            width = width or int(match.group(1))
        elif not _box(name, value, found) and not _words(name, value, pairs, found):
            left.append(pair)
    if width or height:
        found.side(width, height)
    return left


def _box(name: str, value: str, found: Sized) -> bool:
    match = _PAIR.fullmatch(value) if name in _BOXES else None
    if match is None:
        return False
    found.side(int(match.group(1)), int(match.group(2)))
    # A box to fit into keeps the shape; `resize` may cut.
    found.cropped = found.cropped or name == "resize"
    return True


def _words(name: str, value: str, pairs: list[tuple[str, str, str]], found: Sized) -> bool:
    if name == "name" and value in _TWITTER and any(other == "format" for _part, other, _value in pairs):
        found.side(_TWITTER[value])
        return True
    if name in _WORD_PARAMETERS and value.lower() in _SIZE_WORDS:
        found.word, found.marked = value.lower(), True
        return True
    return False


def _weak(name: str, value: str, found: Sized) -> bool:
    if name in _SQUARES and (pixels := _pixels(value)):
        found.side(pixels)
        return True
    if name == "itok" or (name in _SIGNATURES and _SIGNATURE.fullmatch(value)):
        return True
    if name not in _DRAWING or not _VALUE.fullmatch(value):
        return False
    found.marked = True
    # With one side given there is nothing to cut off.
    fills = name == "crop" or (name == "fit" and value.startswith(("crop", "cover")))
    found.cropped = found.cropped or name == "ar" or (fills and found.width > 0 and found.height > 0)
    if name in ("q", "quality"):
        found.quality = float(value) if value.isdecimal() and value.isascii() else 0
    if name == "dpr" and value[:1] in ("2", "3", "4"):
        found.scale = int(value[0])
    return True


def _pixels(value: str) -> int:
    match = _PIXELS.fullmatch(value)
    pixels = int(match.group(1)) if match else 0
    return pixels if _MIN_PIXELS <= pixels <= _MAX_PIXELS else 0
