"""Picture URLs inside other notations: `srcset`, CSS and JSON-LD. Pure, bounded, never raising."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MAX_SRCSET_ENTRIES = 200
MAX_STYLE = 1024 * 1024
MAX_JSON = 1024 * 1024
MAX_JSON_NODES = 20_000

_SRCSET_ENTRY = re.compile(r"[\s,]*+(\S++)((?:\s[^,(]*+(?:\([^)]*+\)[^,(]*+)*+)?)")
_DESCRIPTOR = re.compile(r"(?<!\S)(\d{1,7}(?:\.\d{1,4})?)([wx])(?!\S)")
_CSS_URL = re.compile(
    r"""url\(\s{0,20}(?:"([^"\n]{1,4096})"|'([^'\n]{1,4096})'|([^\s"'()]{1,4096}))\s{0,20}\)""", re.IGNORECASE
)
_CSS_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?|\\([^\n])")
_NOT_PICTURES = re.compile(r"\.(?:woff2?|ttf|otf|eot|css|cur)(?:$|[?#])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Offer:
    """A URL under which a picture is offered. Of several, the highest `rank` is the largest."""

    url: str
    rank: tuple[int, float]


PLAIN = (0, 1.0)


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


def css_urls(style: str) -> list[str]:
    """What `url(…)` names in a style sheet or attribute, without fonts and further style sheets."""
    urls = []
    for match in _CSS_URL.finditer(style[:MAX_STYLE]):
        url = _CSS_ESCAPE.sub(_css_unescape, next(group for group in match.groups() if group)).strip()
        if url and not _NOT_PICTURES.search(url):
            urls.append(url)
    return urls


def _css_unescape(match: re.Match[str]) -> str:
    if match.group(2):
        return match.group(2)
    code = int(match.group(1), 16)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def json_ld_pictures(text: str) -> list[str]:
    """Picture URLs in a schema.org block: `image` of anything, `contentUrl` of an ImageObject."""
    try:
        document = json.loads(text[:MAX_JSON].strip().removesuffix(";"))
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
            waiting.extend(child for child in node.values() if isinstance(child, dict | list))
        elif isinstance(node, list):
            waiting.extend(child for child in node if isinstance(child, dict | list))


def _node_pictures(node: dict[str, Any]) -> Iterator[str]:
    kind = str(node.get("@type", ""))
    if "ImageObject" in kind or "Photograph" in kind:
        yield from _strings(node.get("contentUrl") or node.get("url"))
    for key in ("image", "photo", "primaryImageOfPage"):
        for value in _as_list(node.get(key)):
            typed = isinstance(value, dict) and "@type" in value
            yield from _strings(value if not isinstance(value, dict) or typed else value.get("url"))
    if "VideoObject" in kind:
        yield from _strings(node.get("thumbnailUrl"))


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _strings(value: Any) -> list[str]:
    return [entry for entry in _as_list(value) if isinstance(entry, str)]
