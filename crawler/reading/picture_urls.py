"""Picture URLs inside other notations: `srcset`, CSS, JSON-LD, scripts. Pure, bounded, never raising."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

MAX_SRCSET_ENTRIES = 200
MAX_STYLE = 5 * 1024 * 1024
MAX_JSON = 1024 * 1024
MAX_JSON_NODES = 20_000
# URLs of pictures taken from one script or one attribute.
MAX_QUOTED = 500

_IMAGE_FILE = re.compile(r"\.(?:jpe?g|jpe|jfif|pjpeg|png|webp|avif|gif|bmp|tiff?|heic|heif|jxl|jp2)$", re.IGNORECASE)
_SRCSET_ENTRY = re.compile(r"[\s,]*+(\S++)((?:\s[^,(]*+(?:\([^)]*+\)[^,(]*+)*+)?)")
_DESCRIPTOR = re.compile(r"(?<!\S)(\d{1,7}(?:\.\d{1,4})?)([wx])(?!\S)")

# What matters of CSS (Syntax Level 3). Strings and comments end where the text ends, so that nothing is read twice.
_CSS = re.compile(
    r"""
      /\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/)?
    | @font-face\s*+\{[^}]*+
    | @import\s*+(?:url\(\s*+)?["']?(?P<import>[^"'\s();]++)["']?+
    | type\(\s*+["'][^"'\n]*+["']\s*+\)
    | (?P<set>image-set\()
    | url\(\s*+(?:"(?P<double>[^"\\\n]*+(?:\\.[^"\\\n]*+)*+)"|'(?P<single>[^'\\\n]*+(?:\\.[^'\\\n]*+)*+)'
                 |(?P<bare>(?:[^\s"'()\\]|\\[0-9a-fA-F]{1,6}\s?|\\[^\n])++))\s*+\)
    | "(?P<dtext>[^"\\\n]*+(?:\\.[^"\\\n]*+)*+)"?+
    | '(?P<stext>[^'\\\n]*+(?:\\.[^'\\\n]*+)*+)'?+
    | (?P<dots>\d{1,3}(?:\.\d{1,3})?)(?:x|dppx)\b
    | (?P<dpi>\d{1,4})dpi\b
    | (?P<open>\()
    | (?P<close>\))
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_CSS_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?|\\([^\n])")
_NOT_PICTURES = re.compile(r"\.(?:woff2?|ttf|otf|eot|css|cur|svgz?|ico)(?:$|[?#])", re.IGNORECASE)

# The closing quote is left, as it may be the opening one of the next text.
_QUOTED = re.compile(r""""([^"\s<>]{5,4096}+)(?=")|'([^'\s<>]{5,4096}+)(?=')""")
_SCRIPT_ESCAPES = (("\\u002F", "/"), ("\\u002f", "/"), ("\\u0026", "&"), ("\\/", "/"), ('\\"', '"'))
# A name that a script still has to fill in.
_UNFINISHED = re.compile(r"[{}$*|\[\]()]|%[sd]")
# Serves nothing but pictures, under names without an extension.
_PICTURE_HOST = re.compile(r"https?://lh[3-6]\.googleusercontent\.com/[\w/-]{20,}", re.IGNORECASE)
_ROOTED = re.compile(r"(?:https?:)?//[^/]|/[^/]|\.{1,2}/", re.IGNORECASE)
_WRAPPING = re.compile(r"^\s*(?://\s*)?(?:<!--|<!\[CDATA\[)|(?://\s*)?(?:-->|\]\]>)\s*$")


@dataclass(frozen=True, slots=True)
class Offer:
    """A URL under which a picture is offered. Of several, the highest `rank` is the largest."""

    url: str
    rank: tuple[int, float]


PLAIN = (0, 1.0)


def is_image_file(url: str) -> bool:
    """Whether the path of `url` ends like a picture's file name."""
    try:
        return bool(_IMAGE_FILE.search(urlsplit(url).path))
    except ValueError:
        return False


def is_no_picture(url: str) -> bool:
    """Whether `url` names a file of another kind: a font, a style sheet, an icon or a drawing."""
    return bool(_NOT_PICTURES.search(url))


# --- srcset ------------------------------------------------------------------------------------------------


def srcset(value: str) -> list[Offer]:
    """The entries of a `srcset`. A width outranks a density, as a density says nothing about pixels."""
    offers: list[Offer] = []
    position = 0
    while len(offers) < MAX_SRCSET_ENTRIES:
        match = _SRCSET_ENTRY.match(value, position)
        if match is None:
            break
        url, descriptors = match.group(1), match.group(2)
        position = match.end()
        if url.endswith(","):
            # No descriptors: the comma ended the entry, and what was read as descriptors is the next one.
            position, url, descriptors = match.end(1), url.rstrip(","), ""
        if url:
            offers.append(Offer(url, _rank(descriptors)))
    return offers


def _rank(descriptors: str) -> tuple[int, float]:
    found = {unit: float(number) for number, unit in _DESCRIPTOR.findall(descriptors)}
    return (1, found["w"]) if "w" in found else (0, found.get("x", 1.0))


# --- CSS ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Style:
    """What a style sheet refers to, in its order; URLs as they are written, escapes resolved."""

    pictures: list[str] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)


def read_style(text: str) -> Style:
    """Pictures and imported sheets of CSS. Of an `image-set()` the largest; comments and fonts are passed over."""
    reader = _StyleReader()
    for match in _CSS.finditer(text[:MAX_STYLE]):
        kind = match.lastgroup
        if kind is not None:
            reader.read(kind, match.group(kind))
    reader.end_set()
    return reader.style


def css_urls(style: str) -> list[str]:
    """The pictures of a style sheet or attribute."""
    return read_style(style).pictures


class _StyleReader:
    """`offers` are those of the `image-set()` that is being read, `depth` the brackets open in it."""

    def __init__(self) -> None:
        self.style = Style()
        self.offers: list[Offer] | None = None
        self.depth = 0

    def read(self, kind: str, value: str) -> None:
        if kind == "import":
            self.style.imports.append(_css_text(value))
        elif kind in ("double", "single", "bare"):
            self._add(_css_text(value))
        elif kind == "set":
            self.end_set()
            self.offers, self.depth = [], 1
        elif self.offers is not None:
            self._read_in_set(kind, value)

    def _read_in_set(self, kind: str, value: str) -> None:
        if kind in ("dtext", "stext"):
            self._add(_css_text(value))
        elif kind in ("dots", "dpi") and self.offers:
            density = float(value) if kind == "dots" else float(value) / 96
            self.offers[-1] = Offer(self.offers[-1].url, (0, density))
        elif kind in ("open", "close"):
            self.depth += 1 if kind == "open" else -1
            if self.depth == 0:
                self.end_set()

    def _add(self, url: str) -> None:
        if not url or is_no_picture(url[-200:] if url[:5].lower() == "data:" else url):
            return
        if self.offers is None:
            self.style.pictures.append(url)
        else:
            self.offers.append(Offer(url, PLAIN))

    def end_set(self) -> None:
        offers, self.offers = self.offers, None
        if offers:
            best = max(offer.rank for offer in offers)
            self.style.pictures.append(next(offer.url for offer in reversed(offers) if offer.rank == best))


def _css_text(value: str) -> str:
    return _CSS_ESCAPE.sub(_css_unescape, value).strip() if "\\" in value else value.strip()


def _css_unescape(match: re.Match[str]) -> str:
    if match.group(2):
        return match.group(2)
    code = int(match.group(1), 16)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


# --- Scripts -----------------------------------------------------------------------------------------------


def quoted_pictures(text: str, *, rooted: bool = True) -> list[str]:
    """Names of picture files between quotes, as in the state that a script starts from.

    With `rooted` only those that do not depend on where the script resolves them.
    """
    text = text[:MAX_JSON]
    for escape, plain in _SCRIPT_ESCAPES:
        text = text.replace(escape, plain)
    found: dict[str, None] = {}
    for match in _QUOTED.finditer(text):
        url = match.group(1) or match.group(2)
        if (
            (is_image_file(url) or _PICTURE_HOST.match(url))
            and not _UNFINISHED.search(url)
            and (not rooted or _ROOTED.match(url))
        ):
            found[url] = None
            if len(found) >= MAX_QUOTED:
                break
    return list(found)


def json_ld_pictures(text: str) -> list[str]:
    """Picture URLs in a schema.org block: `image` of anything, `contentUrl` of an ImageObject."""
    try:
        bare = _WRAPPING.sub("", text[:MAX_JSON]).strip().removesuffix(";")
        document = json.loads(bare, strict=False)
    except (ValueError, RecursionError):
        return []
    return [url for node in _objects(document) for url in _node_pictures(node)]


def _objects(document: Any) -> Iterator[dict[str, Any]]:
    """Every object in `document`, outer ones first; by a list, as nesting may be deeper than our stack."""
    waiting = [document]
    for node in waiting:
        if len(waiting) > MAX_JSON_NODES:
            return
        if isinstance(node, dict):
            yield node
            waiting.extend(item for key, item in node.items() if isinstance(item, dict | list) and key != "thumbnail")
        elif isinstance(node, list):
            waiting.extend(child for child in node if isinstance(child, dict | list))


def _node_pictures(node: dict[str, Any]) -> Iterator[str]:
    kind = str(node.get("@type", ""))
    found: list[str] = []
    if "ImageObject" in kind or "Photograph" in kind:
        found += _strings(node.get("contentUrl") or node.get("url"))
    for key in ("image", "photo", "primaryImageOfPage"):
        for value in _as_list(node.get(key)):
            typed = isinstance(value, dict) and "@type" in value
            found += _strings(
                value if not isinstance(value, dict) or typed else value.get("contentUrl") or value.get("url")
            )
    # A thumbnail only where nothing larger is named.
    nested = any(isinstance(value, dict) for key in ("image", "photo") for value in _as_list(node.get(key)))
    if not found and not nested:
        found += _strings(node.get("thumbnailUrl")) or _thumbnails(node)
    yield from found


def _thumbnails(node: dict[str, Any]) -> list[str]:
    urls: list[str] = []
    for value in _as_list(node.get("thumbnail")):
        urls += _strings(
            (value.get("contentUrl") or value.get("url")) if isinstance(value, dict) else value,
        )
    return urls


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _strings(value: Any) -> list[str]:
    return [entry for entry in _as_list(value) if isinstance(entry, str)]
