"""One entry of a sitemap or feed: its page, and the pictures named or shown in it. Pure."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from lxml import etree

from crawler.reading.extract import extract
from crawler.reading.markup import unescape
from crawler.reading.picture_urls import is_image_file
from crawler.reading.variants import representatives

MAX_TITLE = 300
MAX_PICTURES = 1000
# HTML read of one entry, in characters.
MAX_HTML = 1024 * 1024

_XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_HTML_PARTS = frozenset({"encoded", "description", "summary", "content", "content_encoded", "fulltext"})


@dataclass(slots=True)
class Entry:
    """URLs as they are written; relative ones to `base`."""

    page: str
    pictures: list[str] = field(default_factory=list)
    title: str = ""
    alternates: list[str] = field(default_factory=list)
    base: str = ""


def local_name(element: Any) -> str:
    """The name without namespace or prefix, in lower case; empty for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(tag, str) else ""


def sitemap_entry(element: Any) -> Entry:
    """A `url` of a sitemap with its image and video extensions, or a `sitemap` of an index."""
    entry = Entry("")
    for child in element.iter():
        name = local_name(child)
        parent = local_name(child.getparent()) if child is not element else ""
        if name == "loc" and parent == "image":
            entry.pictures.append(_text(child))
        elif name == "loc":
            entry.page = entry.page or _text(child)
        elif name in ("thumbnail_loc", "image_loc"):
            entry.pictures.append(_text(child))
        elif name == "title":
            entry.title = entry.title or _text(child)[:MAX_TITLE]
        elif name == "link" and child.get("rel") == "alternate" and child.get("hreflang"):
            entry.alternates.append(child.get("href", ""))
    return entry


def xml_entry(element: Any, url: str) -> Entry:
    """An `item` of RSS or an `entry` of Atom; `url` is the feed's."""
    base = _base(element)
    entry = Entry(_page(element), base=base)
    title = next((child for child in element if local_name(child) == "title"), None)
    entry.title = " ".join(_text(title).split())[:MAX_TITLE] if title is not None else ""
    page = urljoin(urljoin(url, base), entry.page)
    pictures = [*_media(element), *_attached(element)]
    for child in element:
        if local_name(child) in _HTML_PARTS:
            pictures += _pictures_of_html(_html(child), page or url)
    entry.pictures = _largest(pictures)
    return entry


def json_entry(item: dict[str, Any], url: str) -> Entry:
    """An item of a JSON Feed."""
    page = _string(item.get("url")) or _string(item.get("external_url")) or _string(item.get("id"))
    entry = Entry(page if "/" in page else "", title=_string(item.get("title"))[:MAX_TITLE])
    pictures = [_string(item.get("image")), _string(item.get("banner_image")), *portraits(item)]
    attachments = item.get("attachments")
    pictures += [
        _string(attachment.get("url"))
        for attachment in (attachments if isinstance(attachments, list) else [])
        if isinstance(attachment, dict) and _string(attachment.get("mime_type")).startswith("image/")
    ]
    pictures += _pictures_of_html(_string(item.get("content_html"))[:MAX_HTML], urljoin(url, entry.page))
    entry.pictures = _largest(pictures)
    return entry


def portraits(item: dict[str, Any]) -> Iterator[str]:
    """The avatars of the authors of a JSON Feed, or of an item of it; version 1 has one `author`."""
    authors = item.get("authors")
    for author in [*(authors if isinstance(authors, list) else []), item.get("author")][:MAX_PICTURES]:
        if isinstance(author, dict):
            yield _string(author.get("avatar"))


def _page(element: Any) -> str:
    """The page of an entry: its link, or what else names it."""
    plain = atom = guid = original = ""
    for child in element:
        name = local_name(child)
        if name == "link" and child.get("href"):
            if child.get("rel", "alternate") == "alternate" and not child.get("type", "text/html").startswith("image/"):
                atom = atom or child.get("href")
        elif name == "link":
            plain = plain or _text(child)
        elif name == "origlink":
            original = _text(child)
        elif name in ("guid", "id") and child.get("isPermaLink", "true").lower() != "false":
            text = _text(child)
            guid = text if text.lower().startswith(("http://", "https://")) else guid
    about = next((value for key, value in element.attrib.items() if key.endswith("about")), "")
    return original or plain or atom or guid or about


def _media(element: Any) -> Iterator[str]:
    """Media RSS: of a group the largest picture; a thumbnail only where it is for something without a picture.

    That is a group, a film, or the entry itself.
    """
    thumbnails: dict[Any, list[tuple[int, str]]] = defaultdict(list)
    found: dict[Any, list[tuple[int, str]]] = defaultdict(list)
    for child in element.iter():
        name, address = local_name(child), child.get("url", "")
        parent = child.getparent()
        in_group = local_name(parent) == "group"
        if name == "thumbnail":
            in_group = in_group or local_name(parent.getparent()) == "group"
            group = parent.getparent() if local_name(parent) == "content" and in_group else parent
            thumbnails[group].append((_width(child), address or _text(child)))
        elif name == "content" and address and _is_picture(child, address):
            found[parent if in_group else child].append((_width(child), address))
    for pictures in found.values():
        yield max(pictures, key=lambda picture: picture[0])[1]
    for group, stills in thumbnails.items():
        if group not in found and not (found and group is element):
            widest = max(width for width, _address in stills)
            yield from (address for width, address in stills if width == widest)


def _width(element: Any) -> int:
    width = element.get("width", "")
    return int(width) if width.isascii() and width.isdecimal() and len(width) < 7 else 0


def _attached(element: Any) -> Iterator[str]:
    """Enclosures, and the pictures of podcasts and of dialects."""
    for child in element:
        name = local_name(child)
        address = child.get("url") or child.get("href") or child.get("resource") or ""
        is_enclosure = name == "enclosure" or (name == "link" and child.get("rel") == "enclosure")
        if is_enclosure and address and _is_picture(child, address):
            yield address
        elif name in ("image", "featuredimage", "post-thumbnail"):
            yield feed_picture(child)


def feed_picture(element: Any) -> str:
    """The address in an `image` of RSS or of a podcast, or in a `logo` of Atom."""
    inner = next((part for part in element.iter() if local_name(part) == "url"), element)
    return element.get("url") or element.get("href") or element.get("resource") or _text(inner)


def _is_picture(element: Any, address: str) -> bool:
    kind = element.get("type", "").lower()
    return kind.startswith("image/") or element.get("medium", "").lower() == "image" or is_image_file(address)


def _html(element: Any) -> str:
    """The HTML of an element: as text, escaped or in CDATA, or as elements of its own (Atom, 3.1.1.3)."""
    if len(element):
        return str(etree.tostring(element, encoding="unicode", with_tail=False))[:MAX_HTML]
    return (element.text or "")[:MAX_HTML]


def _pictures_of_html(html: str, page: str) -> list[str]:
    if "<" not in html and "&lt;" not in html:
        return []
    # Escaped twice is a common mistake.
    text = html if "<" in html else unescape(html)
    return [image.url for image in extract(text, page).images[:MAX_PICTURES]]


def _largest(pictures: list[str]) -> list[str]:
    found = [picture for picture in dict.fromkeys(pictures) if picture][:MAX_PICTURES]
    chosen = representatives(found)
    return list(dict.fromkeys(chosen[picture] for picture in found))


def _base(element: Any) -> str:
    bases = [element.get(_XML_BASE, "")]
    bases += [ancestor.get(_XML_BASE, "") for ancestor in element.iterancestors()]
    base = ""
    for value in reversed(bases):
        base = urljoin(base, value) if value else base
    return base


def _text(element: Any) -> str:
    """The text, with what was escaped twice resolved: `&amp;` is in no URL on purpose."""
    return unescape("".join(element.itertext()).strip()) if element is not None else ""


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
