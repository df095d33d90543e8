"""Collects what a page refers to while its tags pass by: links, pictures, sheets, wishes to robots. Pure."""

import re
from collections.abc import Callable, Iterable

from crawler.reading import image_tags
from crawler.reading.inline import is_data_url
from crawler.reading.markup import Tag, tags, unescape
from crawler.reading.page_text import PageText
from crawler.reading.picture_urls import (
    PLAIN,
    Offer,
    is_image_file,
    json_ld_pictures,
    quoted_pictures,
    read_style,
    srcset,
)
from crawler.reading.variants import covers

ROBOT_NAME = "faceward"
MAX_LINKS = 10_000
MAX_IMAGES = 20_000
MAX_STYLESHEETS = 50
MAX_FEEDS = 20
MAX_TITLE = 300
# Pages inside pages (`srcdoc`) are read so far down.
MAX_NESTED = 3

META_PICTURES = frozenset({
    "og:image", "og:image:url", "twitter:image", "twitter:image:src", "twitter:image0", "twitter:image1",
    "twitter:image2", "twitter:image3", "image", "image_src", "schema:image", "vk:image", "parsely-image-url",
    "sailthru.image.full", "pinterest:media", "contenturl", "primaryimageofpage",
})  # fmt: skip
META_THUMBNAILS = frozenset({"thumbnail", "thumbnailurl", "sailthru.image.thumb"})
FEED_TYPES = frozenset({
    "application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json", "text/rss+xml",
    "text/xml", "application/xml", "application/rss", "application/atom",
})  # fmt: skip

_NOT_A_PAGE = re.compile(
    r"\.(?:css|js|mjs|json|xml|rss|atom|pdf|zip|gz|tgz|bz2|xz|7z|rar|exe|dmg|apk|iso|mp[34]|m4[av]|mov|avi|mkv|webm"
    r"|ogg|wav|flac|docx?|xlsx?|pptx?|odt|epub|woff2?|ttf|otf|eot|svg|ico|wasm|bin)$",
    re.IGNORECASE,
)
_REFRESH = re.compile(r"\s{0,9}[\d.]{0,9}\s{0,9}[;,]\s{0,9}(?:url\s{0,9}=\s{0,9})?[\"']?([^\"']+)", re.IGNORECASE)
# MediaWiki's page about a file, in any language: `File:Name.jpg`.
_FILE_PAGE = re.compile(r"(?:^|/)(?:[^\W\d_]|%[0-9A-Fa-f]{2}){3,60}:(?!/)[^/]+$")
_SCRIPTS = frozenset({
    "", "text/javascript", "application/javascript", "module", "text/x-magento-init", "text/template", "text/html",
    "text/x-template", "text/x-handlebars-template", "text/ng-template", "text/x-jquery-tmpl",
})  # fmt: skip
# Tags whose attributes are read by their own readers and by nothing else.
_PLAIN_TAGS = frozenset(
    {"meta", "link", "script", "style", "base", "title", "iframe", "frame", "html", "head", "noscript"}
)


class PageReader:
    """Raw references, in the order of the page; they are resolved at the end, when the base is known.

    `images` are reference, kind and description. `thumbnails` count only where the page names nothing larger.
    """

    def __init__(self) -> None:
        self.title = ""
        self.og_title = ""
        self.base = ""
        self.canonical = ""
        self.refresh = ""
        self.robots: list[str] = []
        self.links: list[str] = []
        self.stylesheets: list[str] = []
        self.feeds: list[str] = []
        self.images: list[tuple[str, str, str]] = []
        self.thumbnails: list[str] = []
        self.picture: list[Offer] | None = None
        self.words = PageText()
        self.nested = 0
        # The offers of a lazy `img` just read and its place in `images`: a `noscript` after it may say it again.
        self.lazy: tuple[int, list[Offer]] | None = None
        self.in_noscript = False

    def read_all(self, text: str) -> None:
        for tag in tags(text):
            self.read(tag)
        self.end_picture()

    def read(self, tag: Tag) -> None:
        if tag.before:
            self._read_text(tag.before)
        if tag.closing:
            self._read_end(tag.name)
            return
        if tag.name == "h1":
            self.words.heading_starts()
        if tag.name not in ("noscript", "img", "source", "picture"):
            self.lazy = None
        reader = _READERS.get(tag.name)
        if reader is not None:
            reader(self, tag)
        elif "-" in tag.name and is_image_file(tag.get("src")):
            self.read_img(tag)
        if tag.name not in _PLAIN_TAGS and tag.attributes:
            self._read_attributes(tag, shown=reader is not None)

    def _read_text(self, text: str) -> None:
        if not text.isspace():
            self.words.add(text)
            if not self.in_noscript:
                self.lazy = None

    def _read_end(self, name: str) -> None:
        if name == "picture":
            self.end_picture()
        elif name == "h1":
            self.words.heading_ends()
        elif name == "noscript":
            self.in_noscript, self.lazy = False, None

    def _read_attributes(self, tag: Tag, *, shown: bool) -> None:
        """What any tag may carry: a style, a background to be, pictures in notations of its own."""
        before = len(self.images)
        if "style" in tag.attributes:
            self._add_css(tag.attributes["style"])
        if len(tag.attributes) == 1 and tag.attributes.keys() <= {"class", "style", "src", "href", "id"}:
            return
        for url in image_tags.backgrounds(tag):
            self.add_image(url, "background")
        if not shown:
            self._choose(image_tags.loose_offers(tag), "background", "")
        for url in image_tags.other_pictures(tag):
            self.add_image(url, "attribute")
        if "itemprop" in tag.attributes:
            self._read_item(tag)
        if len(self.images) == before and not shown:
            for url in image_tags.small_pictures(tag):
                self.add_image(url, "attribute")

    def _read_item(self, tag: Tag) -> None:
        names = set(tag.get("itemprop").lower().split())
        url = tag.get("content") or tag.get("href") or tag.get("resource")
        if names & META_PICTURES:
            self.add_image(url, "meta")
        elif names & META_THUMBNAILS:
            self.thumbnails.append(url)

    def add_image(self, url: str, kind: str, alt: str = "") -> None:
        if url and len(self.images) < MAX_IMAGES:
            self.images.append((url, kind, alt))

    def add_link(self, url: str) -> None:
        if url and len(self.links) < MAX_LINKS:
            self.links.append(url)

    def _add_css(self, text: str) -> None:
        style = read_style(text)
        for url in style.pictures:
            self.add_image(url, "css")
        self.stylesheets += style.imports[: MAX_STYLESHEETS - len(self.stylesheets)]

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
        elif names & META_THUMBNAILS:
            self.thumbnails.append(content)
        elif "og:image:secure_url" in names:
            self._add_secure(content)
        if "og:title" in names:
            self.og_title = self.og_title or " ".join(content.split())[:MAX_TITLE]
        if names & {"robots", ROBOT_NAME}:
            self.robots.append(content)
        if tag.get("http-equiv").lower() == "refresh" and (match := _REFRESH.match(content)):
            self.refresh = self.refresh or match.group(1).strip()

    def _add_secure(self, url: str) -> None:
        """The picture of the `og:image` before it, for pages that are served by https (Open Graph, "structured")."""
        if not self.images or self.images[-1][1] != "meta":
            self.add_image(url, "meta")

    def read_link(self, tag: Tag) -> None:
        rel, href = set(tag.get("rel").lower().split()), tag.get("href")
        kind, use = tag.get("type").lower(), tag.get("as").lower()
        if "canonical" in rel:
            self.canonical = self.canonical or href
        if rel & {"next", "prev", "amphtml"}:
            self.add_link(href)
        if "image_src" in rel or tag.get("itemprop").lower() in META_PICTURES:
            self.add_image(href, "meta")
        if "alternate" in rel and "stylesheet" not in rel:
            self._add_alternate(kind, href, tag.get("hreflang"))
        if "preload" in rel and use == "image":
            self._choose([*srcset(tag.get("imagesrcset")), *image_tags.plain_offers(tag, ("href",))], "img", "")
        if "stylesheet" in rel or ("preload" in rel and use == "style"):
            self._add_stylesheet(href, tag.get("media"))

    def _add_alternate(self, kind: str, href: str, language: str) -> None:
        if kind in FEED_TYPES:
            self.feeds += [href][: MAX_FEEDS - len(self.feeds)]
        elif language or kind in ("text/html", "application/xhtml+xml"):
            self.add_link(href)

    def _add_stylesheet(self, href: str, media: str) -> None:
        # Many pages load a sheet as `print` and switch it by script; print-only sheets are rarer than those.
        if href and len(self.stylesheets) < MAX_STYLESHEETS and media.lower() not in ("speech", "braille"):
            self.stylesheets.append(href)

    def read_anchor(self, tag: Tag) -> None:
        href = tag.get("href") or tag.get("xlink:href")
        if "nofollow" in tag.get("rel").lower().split():
            return
        if href[:11].lower() == "javascript:":
            self.add_all(quoted_pictures(href, rooted=False), "link")
        elif (is_image_file(href) and not _FILE_PAGE.search(href)) or href[:11].lower() == "data:image/":
            self.add_image(href, "link")
        elif not _NOT_A_PAGE.search(href.partition("?")[0].partition("#")[0]):
            self.add_link(href)
        for offer in image_tags.plain_offers(tag, image_tags.LIGHTBOX_ATTRIBUTES):
            if is_image_file(offer.url):
                self.add_image(offer.url, "link")

    def read_frame(self, tag: Tag) -> None:
        """The content of `srcdoc` is a part of the page, with its base."""
        self.add_link(tag.get("src") or tag.get("data-src"))
        inner = tag.attributes.get("srcdoc", "")
        if inner and self.nested < MAX_NESTED:
            self.nested += 1
            self.read_all(inner)
            self.nested -= 1

    def read_noscript(self, _tag: Tag) -> None:
        self.in_noscript = True

    def read_picture(self, _tag: Tag) -> None:
        self.end_picture()
        self.picture = []

    def read_source(self, tag: Tag) -> None:
        if self.picture is not None:
            self.picture += [*image_tags.plain_offers(tag, ("src", "data-src")), *image_tags.srcset_offers(tag)]

    def read_img(self, tag: Tag) -> None:
        """An `img` ends its `picture`, so that one left open does not swallow the rest of the page."""
        own = image_tags.img_offers(tag)
        offers = [*(self.picture or []), *own]
        self.picture = None
        real = {offer.url for offer in offers if not is_data_url(offer.url)}
        # A placeholder's size says nothing of the picture that a script puts in its place.
        if (real <= {tag.get("src")} or image_tags.is_hidden(tag)) and image_tags.is_tiny(tag):
            return
        before, lazy, self.lazy = self.lazy, len(self.images), None
        if before is not None and self.in_noscript and self._says_again(before, offers):
            return
        self._choose(offers, "img", tag.get("alt")[:MAX_TITLE])
        if not self.in_noscript and (not real or any(offer.url != tag.get("src") for offer in own)):
            self.lazy = (lazy, offers)

    def _says_again(self, before: tuple[int, list[Offer]], offers: list[Offer]) -> bool:
        """The picture of a lazy `img`, for those without scripts: the larger of both is taken for both."""
        place, lazy = before
        real = any(not is_data_url(offer.url) for offer in lazy)
        if real and not any(is_image_file(offer.url) for offer in offers):
            return False
        best = _largest([*lazy, *offers])
        if best is None or place > len(self.images):
            return False
        alt = self.images[place][2] if place < len(self.images) else ""
        self.images[place : place + 1] = [(best, "img", alt)]
        return True

    def end_picture(self) -> None:
        offers, self.picture = self.picture or [], None
        self._choose(offers, "img", "")

    def _choose(self, offers: Iterable[Offer], kind: str, alt: str) -> None:
        self.add_image(_largest(offers) or "", kind, alt)

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
        kind = tag.get("type").partition(";")[0].strip().lower()
        if kind == "application/ld+json":
            self.add_all(json_ld_pictures(tag.text), "json-ld")
        elif kind in _SCRIPTS or kind.endswith("json"):
            self.add_all(quoted_pictures(tag.text), "script")

    def add_all(self, urls: Iterable[str], kind: str) -> None:
        for url in urls:
            self.add_image(url.strip(), kind)

    def read_style(self, tag: Tag) -> None:
        self._add_css(tag.text)


def _largest(offers: Iterable[Offer]) -> str | None:
    """The largest; among equals the last: the `img` itself, in the most widely readable format.

    A file without any mark of size is larger than the sizes of it that a `srcset` lists.
    """
    best: Offer | None = None
    plain: list[Offer] = []
    inline: str | None = None
    for offer in offers:
        if is_data_url(offer.url):
            inline = offer.url
            continue
        if best is None or offer.rank >= best.rank:
            best = offer
        if offer.rank == PLAIN:
            plain.append(offer)
    if best is None:
        return inline
    return next((offer.url for offer in plain[:3] if offer.url != best.url and covers(offer.url, best.url)), best.url)


_READERS: dict[str, Callable[[PageReader, Tag], None]] = {
    "a": PageReader.read_anchor,
    "amp-anim": PageReader.read_img,
    "amp-img": PageReader.read_img,
    "amp-video": PageReader.read_video,
    "area": PageReader.read_anchor,
    "base": PageReader.read_base,
    "embed": PageReader.read_object,
    "feimage": PageReader.read_svg_image,
    "frame": PageReader.read_frame,
    "iframe": PageReader.read_frame,
    "image": PageReader.read_svg_image,
    "img": PageReader.read_img,
    "input": PageReader.read_input,
    "link": PageReader.read_link,
    "meta": PageReader.read_meta,
    "noscript": PageReader.read_noscript,
    "object": PageReader.read_object,
    "picture": PageReader.read_picture,
    "script": PageReader.read_script,
    "source": PageReader.read_source,
    "style": PageReader.read_style,
    "title": PageReader.read_title,
    "video": PageReader.read_video,
}
