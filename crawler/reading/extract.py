"""What a page offers: its title, its links, and its pictures where they really are. Pure; never raises.

One picture, one candidate: of `src`, `srcset`, lazy attributes and the sources of a `picture`, the largest; of
the sizes in which a page shows or links a picture (`crawler.reading.variants`), the largest too.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from crawler.policy import resolved_url
from crawler.reading.expiry import settle
from crawler.reading.inline import InlinePicture, decode_all, is_data_url
from crawler.reading.markup import MAX_MARKUP, decode
from crawler.reading.page_reader import ROBOT_NAME, PageReader
from crawler.reading.page_text import content_hash, looks_missing, words
from crawler.reading.picture_urls import is_no_picture
from crawler.reading.variants import representatives

_SLASHES = re.compile(r"^(https?:)/{3,}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ImageCandidate:
    """A picture to fetch. `kind`: img, meta, json-ld, css, link, poster, background, attribute or script."""

    url: str
    kind: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class PageContent:
    """What was found. URLs are absolute and canonical (`policy.canonical_url`), each once, in page order.

    `links` and `images` are empty where the page asks robots not to follow or not to index. `data_images`
    counts pictures that are inside the page itself; those worth looking at are decoded in `inline`.
    `content_hash` is SHA-256, in hexadecimal, of what the page says and shows; `text_length` counts the
    characters of its visible text, and `words` are the different ones in it, in lower case. `looks_missing`: it says
    that there is no such page.
    """

    title: str
    links: list[str]
    images: list[ImageCandidate]
    canonical: str | None
    refresh: str | None
    nofollow: bool
    noimageindex: bool
    data_images: int
    stylesheets: list[str] = field(default_factory=list)
    feeds: list[str] = field(default_factory=list)
    inline: list[InlinePicture] = field(default_factory=list)
    content_hash: str = ""
    text_length: int = 0
    words: frozenset[str] = frozenset()
    looks_missing: bool = False


def extract(
    markup: bytes | str,
    base_url: str,
    content_type: str = "",
    robots: str = "",
    now: datetime | None = None,
    *,
    heed: bool = True,
) -> PageContent:
    """Read a page. `robots` is the value of its X-Robots-Tag headers, joined by commas.

    `now` tells whether a page that is `unavailable_after` some time is so yet; the clock's where it is left out.
    Without `heed` the page's own wishes to robots do not count: for a look at one page, which indexes nothing.
    """
    text = markup if isinstance(markup, str) else decode(markup, content_type)
    page = PageReader()
    page.read_all(text[:MAX_MARKUP].replace("\x00", ""))
    now = now or datetime.now(UTC)
    wishes = robots_directives(robots, now)
    for content in page.robots if heed else ():
        wishes |= {part.strip() for part in settle(content, now).lower().split(",")}
    return _content(page, base_url, wishes)


def robots_directives(header: str, now: datetime | None = None) -> set[str]:
    """The directives for us in an X-Robots-Tag value; `otherbot: noindex` is for another. For `now` see `extract`."""
    found: set[str] = set()
    addressed = True
    if "unavailable_after" in header.lower():
        header = settle(header, now or datetime.now(UTC))
    for part in header.lower().split(","):
        name, colon, rest = part.partition(":")
        if colon and " " not in name.strip():
            addressed, part = name.strip() == ROBOT_NAME, rest
        if addressed:
            found.add(part.strip())
    return found


def _content(page: PageReader, page_url: str, wishes: set[str]) -> PageContent:
    base = _resolve(page_url, page.base) or page_url if page.base else page_url
    nofollow = bool(wishes & {"nofollow", "none"})
    noimages = bool(wishes & {"noindex", "noimageindex", "none"})
    title = page.title or page.og_title
    if not any(kind in ("meta", "json-ld") for _url, kind, _alt in page.images):
        page.add_all(page.thumbnails, "meta")
    links = [] if nofollow else _resolve_all(base, page.links)
    images = [] if noimages else _candidates(page, base, nofollow)
    inline = [] if noimages else decode_all(url for url, _kind, _alt in page.images if is_data_url(url))
    text = page.words.text()
    shown = [*(image.url for image in images), *(picture.sha256 for picture in inline)]
    return PageContent(
        title=title,
        links=links,
        images=images,
        canonical=_resolve(base, page.canonical) if page.canonical else None,
        refresh=_resolve(base, page.refresh) if page.refresh else None,
        nofollow=nofollow,
        noimageindex=noimages,
        data_images=sum(is_data_url(url) for url, _kind, _alt in page.images),
        stylesheets=[] if noimages else _resolve_all(base, page.stylesheets),
        feeds=[] if nofollow else _resolve_all(base, page.feeds),
        inline=inline,
        content_hash=content_hash(title, text, links, shown),
        text_length=len(text),
        words=words(title, text),
        looks_missing=looks_missing(title, page.words.heading(), len(text)),
    )


def _candidates(page: PageReader, base: str, nofollow: bool) -> list[ImageCandidate]:
    found: dict[str, ImageCandidate] = {}
    for raw, kind, alt in page.images:
        url = _resolve(base, raw)
        if url is not None and not is_no_picture(url) and not (nofollow and kind == "link"):
            found.setdefault(url, ImageCandidate(url, kind, alt))
    return _largest_of_each(found, base)


def _largest_of_each(found: dict[str, ImageCandidate], base: str) -> list[ImageCandidate]:
    """Each picture in its largest size, at the place where its first size was; its description from any of them."""
    chosen = representatives(found, base.partition(":")[0])
    kept: dict[str, ImageCandidate] = {}
    for url, candidate in found.items():
        best = kept.get(chosen[url]) or found[chosen[url]]
        kept[best.url] = best if best.alt else ImageCandidate(best.url, best.kind, candidate.alt)
    return list(kept.values())


def _resolve_all(base: str, references: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, (_resolve(base, reference) for reference in references))))


def _resolve(base: str, reference: str) -> str | None:
    if not reference or is_data_url(reference):
        return None
    return resolved_url(base, _tidied(reference))


def _tidied(reference: str) -> str:
    """What people mistype and browsers read all the same (WHATWG URL, 4.4), and what was escaped for a script."""
    if reference[0] in "\"'\\":
        reference = reference.strip("\"'\\")
    if "\\" in reference:
        path, mark, query = reference.partition("?")
        reference = path.replace("\\/", "/").replace("\\", "/") + mark + query
    return _SLASHES.sub(r"\1//", reference)
