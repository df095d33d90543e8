"""Pictures and further sheets of a linked style sheet. Pure; never raises."""

import codecs
import re
from dataclasses import dataclass, field

from crawler.policy import resolved_url
from crawler.reading.extract import ImageCandidate
from crawler.reading.inline import InlinePicture, decode_all, is_data_url
from crawler.reading.picture_urls import MAX_STYLE, read_style
from crawler.reading.variants import representatives

MAX_IMAGES = 2000
MAX_IMPORTS = 50

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CHARSET = re.compile(rb'@charset "([A-Za-z0-9._:-]{1,40})";')


@dataclass(frozen=True, slots=True)
class StyleSheet:
    """What a sheet refers to; URLs absolute and canonical, each once. `inline`: pictures inside the sheet itself."""

    images: list[ImageCandidate]
    imports: list[str]
    inline: list[InlinePicture] = field(default_factory=list)


def pictures(text: bytes, url: str) -> StyleSheet:
    """Read a sheet. Its URLs are relative to the sheet, not to the page that links it."""
    style = read_style(_decode(text[:MAX_STYLE]))
    found = _resolve_all(url, style.pictures[: 2 * MAX_IMAGES])[:MAX_IMAGES]
    largest = representatives(found, url.partition(":")[0])
    images = [ImageCandidate(address, "css") for address in dict.fromkeys(largest[address] for address in found)]
    imports = [
        address for address in _resolve_all(url, style.imports[: 2 * MAX_IMPORTS])[:MAX_IMPORTS] if address != url
    ]
    return StyleSheet(images, imports, decode_all(filter(is_data_url, style.pictures)))


def _decode(text: bytes) -> str:
    """By byte order mark, `@charset`, and UTF-8 in the end (CSS Syntax Level 3, 3.2)."""
    for mark, name in _BOMS:
        if text.startswith(mark):
            return text[len(mark) :].decode(name, "replace")
    match = _CHARSET.match(text)
    if match is not None:
        name = match.group(1).decode("ascii")
        try:
            # Codecs that are none of text raise here, or give no text; UTF-16 would not have been read so far.
            if not codecs.lookup(name).name.startswith(("utf-16", "utf-32", "idna", "punycode")):
                return text.decode(name, "replace")
        except (LookupError, ValueError):
            pass
    return text.decode("utf-8", "replace")


def _resolve_all(base: str, references: list[str]) -> list[str]:
    urls = (resolved_url(base, reference) for reference in references if not is_data_url(reference))
    return list(dict.fromkeys(filter(None, urls)))
