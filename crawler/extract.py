"""What a page offers: its title, its links, and its pictures where they really are. Pure; never raises.

One picture, one candidate: of `src`, `srcset`, lazy attributes and the sources of a `picture`, the largest.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from crawler.markup import MAX_MARKUP, Tag, decode, tags, unescape
from crawler.picture_urls import PLAIN, Offer, css_urls, json_ld_pictures, srcset
from crawler.policy import FetchRefused, canonical_url

ROBOT_NAME = "faceward"
MAX_LINKS = 10_000
MAX_IMAGES = 20_000
MAX_TITLE = 300

# A full-size file named beside the shown one, then what scripts put in the place of a placeholder.
FULL_SIZE_ATTRIBUTES = (
    "data-orig-file", "data-original-src", "data-full-url", "data-full-src", "data-fullsrc", "data-full",
    "data-large-file", "data-large_image", "data-large-src", "data-large", "data-zoom-image", "data-zoom-src",
    "data-zoom", "data-highres", "data-hi-res-src", "data-bigsrc",
)  # fmt: skip
LAZY_ATTRIBUTES = (
    "data-src", "data-original", "data-lazy-src", "data-lazy", "data-lazyload", "data-ll-src", "data-echo",
    "data-flickity-lazyload", "data-cfsrc", "data-pagespeed-lazy-src", "data-image", "data-img",
)  # fmt: skip
SRCSET_ATTRIBUTES = (
    "srcset",
    "data-srcset",
    "data-lazy-srcset",
    "data-ll-srcset",
    "data-flickity-lazyload-srcset",
)
BACKGROUND_ATTRIBUTES = ("background", "data-bg", "data-background", "data-background-image", "data-bg-src")
META_PICTURES = frozenset(
    {"og:image", "og:image:url", "twitter:image", "twitter:image:src", "image", "thumbnail", "image_src"}
)
FULL_SIZE_RANK = (2, 0.0)

_IMAGE_FILE = re.compile(r"\.(?:jpe?g|jpe|jfif|png|webp|avif|gif|bmp|tiff?|heic|heif)$", re.IGNORECASE)
_NOT_A_PAGE = re.compile(
    r"\.(?:css|js|mjs|json|xml|rss|atom|pdf|zip|gz|tgz|bz2|xz|7z|rar|exe|dmg|apk|iso|mp[34]|m4[av]|mov|avi|mkv|webm"
    r"|ogg|wav|flac|docx?|xlsx?|pptx?|odt|epub|woff2?|ttf|otf|eot|svg|ico|wasm|bin)$",
    re.IGNORECASE,
)
_REFRESH = re.compile(r"\s{0,9}[\d.]{0,9}\s{0,9}[;,]\s{0,9}(?:url\s{0,9}=\s{0,9})?[\"']?([^\"']+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ImageCandidate:
    """A picture to fetch. `kind`: img, meta, json-ld, css, link, poster or background."""

    url: str
    kind: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class PageContent:
    """What was found. URLs are absolute and canonical (`policy.canonical_url`), each once, in page order.

    `links` and `images` are empty where the page asks robots not to follow or not to index. `data_images`
    counts pictures that are inside the page itself.
    """

    title: str
    links: list[str]
    images: list[ImageCandidate]
    canonical: str | None
    refresh: str | None
    nofollow: bool
    noimageindex: bool
    data_images: int


def extract(markup: bytes | str, base_url: str, content_type: str = "", robots: str = "") -> PageContent:
    """Read a page. `robots` is the value of its X-Robots-Tag headers, joined by commas."""
    text = markup if isinstance(markup, str) else decode(markup, content_type)
    page = _Page()
    page.directives |= robots_directives(robots)
    for tag in tags(text[:MAX_MARKUP].replace("\x00", "")):
        page.read(tag)
    page.end_picture()
    return page.content(base_url)


def robots_directives(header: str) -> set[str]:
    """The directives for us in an X-Robots-Tag value; `otherbot: noindex` is for another."""
    found: set[str] = set()
    addressed = True
    for part in header.lower().split(","):
        name, colon, rest = part.partition(":")
        if colon and name.strip() != "unavailable_after" and " " not in name.strip():
            addressed, part = name.strip() == ROBOT_NAME, rest
        if addressed:
            found.add(part.strip())
    return found


def is_image_file(url: str) -> bool:
    """Whether the path of `url` ends like a picture's file name."""
    try:
        return bool(_IMAGE_FILE.search(urlsplit(url).path))
    except ValueError:
        return False


class _Page:
    """Collects raw references while tags pass by; they are resolved at the end, when the base is known."""

    def __init__(self) -> None:
        self.title = ""
        self.og_title = ""
        self.base = ""
        self.canonical = ""
        self.refresh = ""
        self.directives: set[str] = set()
        self.links: list[str] = []
        self.images: list[tuple[str, str, str]] = []
        self.picture: list[Offer] | None = None

    def read(self, tag: Tag) -> None:
        if tag.closing:
            if tag.name == "picture":
                self.end_picture()
            return
        reader = _READERS.get(tag.name)
        if reader is not None:
            reader(self, tag)
        if "style" in tag.attributes:
            self._add_css(tag.attributes["style"])
        for name in BACKGROUND_ATTRIBUTES:
            if name in tag.attributes:
                value = tag.get(name)
                urls = css_urls(value) or ([value] if _plausible(value) else [])
                self.images += [(url, "background", "") for url in urls]

    def add_image(self, url: str, kind: str, alt: str = "") -> None:
        if url and len(self.images) < MAX_IMAGES:
            self.images.append((url, kind, alt))

    def add_link(self, url: str) -> None:
        if url and len(self.links) < MAX_LINKS:
            self.links.append(url)

    def _add_css(self, style: str) -> None:
        for url in css_urls(style):
            self.add_image(url, "css")

    # --- One reader per kind of tag ------------------------------------------------------------------

    def read_title(self, tag: Tag) -> None:
        self.title = self.title or " ".join(unescape(tag.text[: 20 * MAX_TITLE]).split())[:MAX_TITLE]

    def read_base(self, tag: Tag) -> None:
        self.base = self.base or tag.get("href")

    def read_meta(self, tag: Tag) -> None:
        content = tag.get("content")
        names = {tag.get(key).lower() for key in ("property", "name", "itemprop")}
        if names & META_PICTURES:
            self.add_image(content, "meta")
        if "og:title" in names:
            self.og_title = self.og_title or " ".join(content.split())[:MAX_TITLE]
        if names & {"robots", ROBOT_NAME}:
            self.directives |= {part.strip() for part in content.lower().split(",")}
        if tag.get("http-equiv").lower() == "refresh" and (match := _REFRESH.match(content)):
            self.refresh = self.refresh or match.group(1).strip()

    def read_link(self, tag: Tag) -> None:
        rel, href = tag.get("rel").lower().split(), tag.get("href")
        if "canonical" in rel:
            self.canonical = self.canonical or href
        if "next" in rel or "prev" in rel:
            self.add_link(href)
        if "image_src" in rel:
            self.add_image(href, "meta")
        if "preload" in rel and tag.get("as").lower() == "image":
            self._choose([*srcset(tag.get("imagesrcset")), *_offers(tag, ("href",), PLAIN)], "img", "")

    def read_anchor(self, tag: Tag) -> None:
        href = tag.get("href")
        if "nofollow" in tag.get("rel").lower().split():
            return
        if is_image_file(href):
            self.add_image(href, "link")
        elif not _NOT_A_PAGE.search(href.partition("?")[0].partition("#")[0]):
            self.add_link(href)

    def read_frame(self, tag: Tag) -> None:
        self.add_link(tag.get("src"))

    def read_picture(self, _tag: Tag) -> None:
        self.end_picture()
        self.picture = []

    def read_source(self, tag: Tag) -> None:
        if self.picture is not None:
            self.picture += _srcsets(tag)

    def read_img(self, tag: Tag) -> None:
        """An `img` ends its `picture`, so that one left open does not swallow the rest of the page."""
        offers = [*(self.picture or []), *_img_offers(tag)]
        self.picture = None
        self._choose(offers, "img", tag.get("alt")[:MAX_TITLE])

    def end_picture(self) -> None:
        offers, self.picture = self.picture or [], None
        self._choose(offers, "img", "")

    def _choose(self, offers: Iterable[Offer], kind: str, alt: str) -> None:
        """The largest; among equals the last: the `img` itself, in the most widely readable format."""
        best: Offer | None = None
        inline = ""
        for offer in offers:
            if offer.url[:5].lower() == "data:":
                inline = offer.url
            elif best is None or offer.rank >= best.rank:
                best = offer
        self.add_image(best.url if best else inline, kind, alt)

    def read_svg_image(self, tag: Tag) -> None:
        self.add_image(tag.get("href") or tag.get("xlink:href") or tag.get("src"), "img")

    def read_input(self, tag: Tag) -> None:
        if tag.get("type").lower() == "image":
            self.read_img(tag)

    def read_video(self, tag: Tag) -> None:
        self.add_image(tag.get("poster") or tag.get("data-poster"), "poster")

    def read_object(self, tag: Tag) -> None:
        source = tag.get("data") or tag.get("src")
        if tag.get("type").lower().startswith("image/") or is_image_file(source):
            self.add_image(source, "img")

    def read_script(self, tag: Tag) -> None:
        if tag.get("type").lower().startswith("application/ld+json"):
            for url in json_ld_pictures(tag.text):
                self.add_image(url.strip(), "json-ld")

    def read_style(self, tag: Tag) -> None:
        self._add_css(tag.text)

    # --- The result ----------------------------------------------------------------------------------

    def content(self, page_url: str) -> PageContent:
        base = _resolve(page_url, self.base) or page_url if self.base else page_url
        nofollow = bool(self.directives & {"nofollow", "none"})
        noimages = bool(self.directives & {"noindex", "noimageindex", "none"})
        data_images = sum(url[:5].lower() == "data:" for url, _kind, _alt in self.images)
        return PageContent(
            title=self.title or self.og_title,
            links=[] if nofollow else list(dict.fromkeys(filter(None, (_resolve(base, u) for u in self.links)))),
            images=[] if noimages else self._candidates(base, nofollow),
            canonical=_resolve(base, self.canonical) if self.canonical else None,
            refresh=_resolve(base, self.refresh) if self.refresh else None,
            nofollow=nofollow,
            noimageindex=noimages,
            data_images=data_images,
        )

    def _candidates(self, base: str, nofollow: bool) -> list[ImageCandidate]:
        found: dict[str, ImageCandidate] = {}
        for raw, kind, alt in self.images:
            url = _resolve(base, raw)
            if url is not None and not (nofollow and kind == "link"):
                found.setdefault(url, ImageCandidate(url, kind, alt))
        return list(found.values())


_READERS: dict[str, Callable[[_Page, Tag], None]] = {
    "a": _Page.read_anchor,
    "amp-img": _Page.read_img,
    "area": _Page.read_anchor,
    "base": _Page.read_base,
    "embed": _Page.read_object,
    "frame": _Page.read_frame,
    "iframe": _Page.read_frame,
    "image": _Page.read_svg_image,
    "img": _Page.read_img,
    "input": _Page.read_input,
    "link": _Page.read_link,
    "meta": _Page.read_meta,
    "object": _Page.read_object,
    "picture": _Page.read_picture,
    "script": _Page.read_script,
    "source": _Page.read_source,
    "style": _Page.read_style,
    "title": _Page.read_title,
    "video": _Page.read_video,
}


def _img_offers(tag: Tag) -> list[Offer]:
    return [
        *_offers(tag, ("src",), PLAIN),
        *_offers(tag, LAZY_ATTRIBUTES, PLAIN)[:1],
        *_srcsets(tag),
        *(offer for offer in _offers(tag, FULL_SIZE_ATTRIBUTES, FULL_SIZE_RANK) if is_image_file(offer.url)),
    ]


def _srcsets(tag: Tag) -> list[Offer]:
    return [offer for name in SRCSET_ATTRIBUTES if name in tag.attributes for offer in srcset(tag.get(name))]


def _offers(tag: Tag, names: Iterable[str], rank: tuple[int, float]) -> list[Offer]:
    values = [(name, tag.get(name)) for name in names if name in tag.attributes]
    return [Offer(value, rank) for name, value in values if value and (name in ("src", "href") or _plausible(value))]


def _plausible(value: str) -> bool:
    """Whether a data attribute holds a URL rather than a number, a word or JSON."""
    return ("/" in value or "." in value) and not value.startswith(("{", "[", "#")) and " " not in value


def _resolve(base: str, reference: str) -> str | None:
    if reference[:5].lower() == "data:":
        return None
    try:
        return canonical_url(urljoin(base, reference))
    except (FetchRefused, ValueError):
        return None
