"""Lists of pages and pictures that sites publish: sitemaps, their indexes, feeds, lists of URLs. Pure; never raises.

Sitemaps protocol 0.9 with image and video extensions; RSS 0.9x, 1.0 and 2.0 with Media RSS; Atom (RFC 4287);
JSON Feed 1.x. Names are read without their namespaces, as many feeds have them wrong or not at all.
"""

import codecs
import html
import json
import re
import zlib
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Literal
from urllib.parse import urljoin

from lxml import etree

from crawler.policy import FetchRefused, canonical_url
from crawler.reading import sniff
from crawler.reading.feed_entries import (
    Entry,
    feed_picture,
    json_entry,
    local_name,
    portraits,
    sitemap_entry,
    xml_entry,
)

# The bounds of the protocol for one sitemap.
MAX_BYTES = 50 * 1024 * 1024
MAX_ENTRIES = 50_000
MAX_PICTURES = 100_000
MAX_GZIP_LAYERS = 2

_ROOTS: dict[str, Literal["sitemap", "index", "feed"]] = {
    "urlset": "sitemap", "sitemapindex": "index", "rss": "feed", "rdf": "feed", "feed": "feed", "channel": "feed",
}  # fmt: skip
_ENTRIES = {"sitemap": {"url"}, "index": {"sitemap"}, "feed": {"item", "entry"}}
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([A-Za-z0-9._:-]{1,40})")
_DECLARATION = re.compile(r"<\?xml[^>]*+\?>")
_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]*+(?:\[(?:(?!\]\s*+>).)*+\]\s*+)?>", re.IGNORECASE | re.DOTALL)
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(
    r"&(?:(#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|(?:amp|lt|gt|quot|apos);)|([A-Za-z][A-Za-z0-9]{1,31};)?)"
)


@dataclass(frozen=True, slots=True)
class ListedPicture:
    """A picture, and the page that shows it: where the list names none, the list itself. URLs are canonical."""

    page_url: str
    image_url: str
    title: str = ""


@dataclass(slots=True)
class Listing:
    """`children`: further lists. `truncated`: a cap was reached. `error` names what was wrong with the rest."""

    kind: Literal["sitemap", "index", "feed", "list"]
    pages: list[str] = field(default_factory=list)
    images: list[ListedPicture] = field(default_factory=list)
    children: list[str] = field(default_factory=list)
    truncated: bool = False
    error: str = ""


def read(body: bytes, url: str) -> Listing | None:
    """What `body`, which came from `url`, lists; None where it is no list at all.

    Errors: `gzip` (damaged or cut off), `invalid_xml`, `invalid_json`.
    """
    data, error, cut = _gunzipped(body)
    text = _decode(data).lstrip("\ufeff \t\r\n")
    if text.startswith("{"):
        listing = _read_json(text, url)
    elif text.startswith("<"):
        listing = _read_xml(text, url)
    else:
        listing = _read_lines(text)
    if listing is not None:
        listing.truncated = listing.truncated or cut
        listing.error = error or listing.error
    return listing


def _gunzipped(body: bytes) -> tuple[bytes, str, bool]:
    """The body without its layers of gzip; the name of an error; whether it was cut off at the cap."""
    error = ""
    for _layer in range(MAX_GZIP_LAYERS):
        if not sniff.is_gzip(body):
            break
        body, error = _one_layer(body)
    return body[:MAX_BYTES], error, len(body) > MAX_BYTES


def _one_layer(body: bytes) -> tuple[bytes, str]:
    """All members of a gzip file (RFC 1952, 2.2), up to a byte above the cap."""
    parts: list[bytes] = []
    size = 0
    while sniff.is_gzip(body) and size <= MAX_BYTES:
        reader = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            part = reader.decompress(body, MAX_BYTES + 1 - size)
        except zlib.error:
            return b"".join(parts), "gzip"
        parts.append(part)
        size += len(part)
        if not reader.eof:
            return b"".join(parts), "" if size > MAX_BYTES else "gzip"
        body = reader.unused_data
    return b"".join(parts), ""


def _decode(data: bytes) -> str:
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    if data[:2] in (b"<\x00", b"\x00<"):
        return data.decode("utf-16-le" if data[:1] == b"<" else "utf-16-be", "replace")
    try:
        # First, as most is, whatever it declares.
        return data.decode("utf-8")
    except UnicodeDecodeError:
        match = _DECLARED.search(data[:1024])
    try:
        name = codecs.lookup(match.group(1).decode("ascii")).name if match else "cp1252"
        if not name.startswith(("utf", "idna", "punycode", "unicode", "raw")):
            return data.decode("cp1252" if name == "iso8859-1" else name, "replace")
    except (LookupError, ValueError):
        pass
    return data.decode("utf-8", "replace") if match else data.decode("cp1252", "replace")


# --- Notations -----------------------------------------------------------------------------------------------


def _read_xml(text: str, url: str) -> Listing | None:
    """Element by element, each forgotten when it is read.

    No document type reaches the parser, so that there are no entities to expand and nothing outside to load.
    """
    text = _DOCTYPE.sub("", _DECLARATION.sub("", text[:1000], count=1) + text[1000:], count=1).lstrip()
    text = _REFERENCE.sub(_escaped, _UNREADABLE.sub("", text))
    events = etree.iterparse(
        BytesIO(text.encode("utf-8", "replace")),
        events=("start", "end"),
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        encoding="utf-8",
    )
    reader = _XmlReader(url)
    try:
        for event, element in events:
            if not reader.read(event, element):
                break
    except (etree.XMLSyntaxError, ValueError):
        reader.failed()
    if reader.listing is not None and any(entry.level_name == "FATAL" for entry in events.error_log):
        reader.failed()
    return reader.listing


def _escaped(reference: re.Match[str]) -> str:
    """XML's own references stay; those of HTML become what they mean; a bare ampersand is escaped."""
    if reference.group(1):
        return reference.group()
    character = html.unescape(reference.group()) if reference.group(2) else "&"
    return f"&amp;{character[1:]}" if character.startswith("&") else character


class _XmlReader:
    def __init__(self, url: str) -> None:
        self.url = url
        self.listing: Listing | None = None
        self.collector: _Collector | None = None

    def read(self, event: str, element: Any) -> bool:
        """Whether to go on."""
        name = local_name(element)
        if self.collector is None:
            kind = _ROOTS.get(name)
            if kind is None:
                return False
            self.listing = Listing(kind)
            self.collector = _Collector(self.listing, self.url)
            return True
        return event == "start" or self._end(name, element, self.collector)

    def _end(self, name: str, element: Any, collector: "_Collector") -> bool:
        listing = collector.listing
        if name in _ENTRIES[listing.kind]:
            entry = xml_entry(element, self.url) if listing.kind == "feed" else sitemap_entry(element)
            _forget(element)
            return collector.add(entry)
        if listing.kind == "feed" and name == "link" and element.get("rel") == "next":
            collector.add_child(element.get("href", ""))
        elif listing.kind == "feed" and name in ("image", "logo") and local_name(element.getparent()) in _ROOTS:
            return collector.add(Entry("", [feed_picture(element)]))
        return True

    def failed(self) -> None:
        if self.listing is not None:
            self.listing.error = "invalid_xml"


def _forget(element: Any) -> None:
    """Free an element that was read, and what came before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _read_json(text: str, url: str) -> Listing | None:
    """JSON Feed. What does not say that it is one is none."""
    if "jsonfeed.org/version/" not in text[:20_000].replace("\\/", "/"):
        return None
    listing = Listing("feed")
    collector = _Collector(listing, url)
    try:
        feed = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        listing.error = "invalid_json"
        return listing
    if not isinstance(feed, dict):
        return listing
    collector.add(Entry("", [*portraits(feed)]))
    items = feed.get("items")
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict) and not collector.add(json_entry(item, url)):
            break
    following = feed.get("next_url")
    if isinstance(following, str):
        collector.add_child(following)
    return listing


def _read_lines(text: str) -> Listing | None:
    """A text file of one URL a line (Sitemaps protocol, "text file"); notes behind `#` and blank lines are skipped."""
    lines = [line.strip() for line in text.splitlines()[: 2 * MAX_ENTRIES]]
    lines = [line for line in lines if line and not line.startswith("#")]
    urls = [line for line in lines if line[:8].lower().startswith(("http://", "https://")) and " " not in line]
    if not urls or len(urls) * 2 < len(lines):
        return None
    listing = Listing("list")
    collector = _Collector(listing, "")
    for address in urls:
        if not collector.add(Entry(address)):
            break
    return listing


class _Collector:
    """Makes references absolute and canonical, each once, within the caps."""

    def __init__(self, listing: Listing, url: str) -> None:
        self.listing = listing
        self.url = url
        self._pages: set[str] = set()
        self._children = {url}
        self._images: set[tuple[str, str]] = set()
        self._entries = 0

    def add(self, entry: Entry) -> bool:
        """Take an entry; False where there is no room for it or for more."""
        if self._entries >= MAX_ENTRIES or len(self.listing.images) >= MAX_PICTURES:
            self.listing.truncated = True
            return False
        self._entries += 1
        if self.listing.kind == "index":
            self.add_child(entry.page)
            return True
        page = self._resolve(entry.base, entry.page)
        for reference in ([entry.page] if page else []) + entry.alternates:
            self._add_page(self._resolve(entry.base, reference))
        for reference in entry.pictures:
            image = self._resolve(entry.base or page, reference)
            key = (page or self.url, image)
            if image and key not in self._images:
                self._images.add(key)
                self.listing.images.append(ListedPicture(*key, entry.title))
        return True

    def add_child(self, reference: str) -> None:
        child = self._resolve("", reference)
        if child and child not in self._children:
            self._children.add(child)
            self.listing.children.append(child)

    def _add_page(self, url: str) -> None:
        if url and url not in self._pages:
            self._pages.add(url)
            self.listing.pages.append(url)

    def _resolve(self, base: str, reference: str) -> str:
        reference = reference.strip()
        if not reference:
            return ""
        try:
            return canonical_url(urljoin(urljoin(self.url, base), reference))
        except (FetchRefused, ValueError):
            return ""
