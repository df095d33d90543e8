"""Under which URLs a tag offers its picture: `src`, `srcset`, and what lazy loaders and galleries put beside them."""

import re
from collections.abc import Iterable, Iterator

from crawler.reading.markup import Tag
from crawler.reading.picture_urls import PLAIN, Offer, css_urls, is_image_file, quoted_pictures, srcset

# A picture that is declared smaller shows no face: a tracking pixel, a spacer or an icon.
MIN_DECLARED_PIXELS = 17

# A full-size file named beside the shown one, then what scripts put in the place of a placeholder.
FULL_SIZE_ATTRIBUTES = (
    "data-orig-file", "data-original-src", "data-full-url", "data-full-src", "data-fullsrc", "data-full",
    "data-full-image", "data-fullsize", "data-full-size", "data-large-file", "data-large_image", "data-large-src",
    "data-large", "data-large-image", "data-zoom-image", "data-zoom-src", "data-zoom", "data-magnify-src",
    "data-highres", "data-hires", "data-hi-res", "data-hi-res-src", "data-high-res-src", "data-high-res-image-src",
    "data-bigsrc", "data-big", "data-image-large", "data-src-full", "data-src-large", "data-src-retina",
    "data-src2x", "data-rjs", "data-at2x", "data-retina", "data-original-image", "data-full-res",
)  # fmt: skip
LAZY_ATTRIBUTES = (
    "data-src", "data-original", "data-lazy-src", "data-lazy", "data-lazyload", "data-lazyload-src", "data-ll-src",
    "data-echo", "data-flickity-lazyload", "data-cfsrc", "data-pagespeed-lazy-src", "data-pagespeed-high-res-src",
    "data-image", "data-img", "data-img-src", "data-image-src", "data-image-url", "data-img-url", "data-url",
    "data-wood-src", "data-ezsrc", "data-td-src-property", "data-opt-src", "data-aload", "data-actualsrc",
    "data-defer-src", "data-delayed-url", "data-deferred", "data-async-src", "data-frz-src", "data-iesrc",
    "data-lazy-original", "data-original-url", "data-lzl-src", "data-tf-src", "data-pin-media",
    "data-gt-lazy-src", "data-breeze", "data-spai-src", "data-srclazy", "data-source", "data-preload-src",
    "data-amsrc", "data-js-src", "data-real-src", "data-runner-src", "data-load-src", "lazy-src", "lazysrc",
    "loadsrc", "original", "_src", "file", "zoomfile", "ng-src", "v-lazy", ":src", "v-bind:src",
)  # fmt: skip
SRCSET_ATTRIBUTES = (
    "srcset", "data-srcset", "data-lazy-srcset", "data-ll-srcset", "data-flickity-lazyload-srcset", "data-cfsrcset",
    "data-original-set", "data-tf-srcset", "data-ezsrcset", "data-opt-srcset", "data-lazyset", "data-bgset",
    "data-image-srcset", "data-spai-srcset", "data-aload-srcset", "data-breeze-srcset", "data-defer-srcset",
    "data-img-srcset", "data-gt-lazy-srcset", "data-pagespeed-lazy-srcset", "data-set", "data-src-set", "imagesrcset",
    "lazy-srcset", "ng-srcset",
)  # fmt: skip
BACKGROUND_ATTRIBUTES = (
    "background", "data-bg", "data-background", "data-background-image", "data-bg-src", "data-bg-url", "data-bgimage",
    "data-bg-image", "data-lazy-background", "data-lazy-bg", "data-back", "data-bg-hidpi", "data-bg-multi",
    "data-image-background", "data-original-bg", "data-parallax-image", "data-image-src", "data-ll-bg", "data-style",
)  # fmt: skip
# Where a link opens a picture in a layer above the page.
LIGHTBOX_ATTRIBUTES = (
    "data-src", "data-fancybox-href", "data-fancybox-src", "data-lightbox-src", "data-mfp-src", "data-pswp-src",
    "data-full", "data-full-src", "data-large", "data-image", "data-hires", "data-original", "data-big", "data-zoom",
    "data-zoom-image", "data-href",
)  # fmt: skip
# What is shown until the picture is there; worth fetching only where nothing else is offered.
SMALL_ATTRIBUTES = frozenset({
    "data-thumb", "data-thumbnail", "data-thumb-src", "data-thumb-url", "data-lowsrc", "data-placeholder",
    "data-preview", "data-lqip", "data-small", "data-low-src", "data-placeholder-src", "data-blur", "lowsrc",
})  # fmt: skip
# Of these a value that does not end like a picture's file may be a page.
_AMBIGUOUS = frozenset({
    "data-url", "data-source", "original", "file", "_src", "data-original-url", "data-image", "data-img", "data-set",
    "data-pin-media", "data-href",
})  # fmt: skip
# A name without its place (Wix); a second address of what the link names (Discourse).
_NO_ADDRESSES = frozenset({"data-image-info", "data-download-href"})
FULL_SIZE_RANK = (2, 0.0)
_EXPLICIT = frozenset({
    *FULL_SIZE_ATTRIBUTES, *LAZY_ATTRIBUTES, *SRCSET_ATTRIBUTES, *BACKGROUND_ATTRIBUTES, *SMALL_ATTRIBUTES,
    "data-poster",
})  # fmt: skip
_SPACE = re.compile(r"\s")
_MAX_LONG_ATTRIBUTE = 256 * 1024
_NUMBER = re.compile(r"\d{2,5}")
# A name that a script still has to fill in.
_TEMPLATE = re.compile(r"\{[\w. -]{0,40}\}")
_PIXELS = re.compile(r"(\d{1,5})(?:\.\d{1,3})?(?:px)?")
# Of photographs; no icon has these sides.
_PHOTO_RATIOS = frozenset({(3, 2), (4, 3), (5, 4), (7, 5), (16, 9), (16, 10)})
_FLUID = re.compile(r"responsive|fluid|width\s{0,9}:\s{0,9}100%|aspect-ratio", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s{0,9}:\s{0,9}none", re.IGNORECASE)
_STYLE_SIDE = re.compile(r"(?:^|[;\s])(?:width|height)\s{0,9}:\s{0,9}([0-9]|1[0-6])px", re.IGNORECASE)


def img_offers(tag: Tag) -> list[Offer]:
    """All URLs under which an `img` offers its picture, the placeholder first."""
    return [
        *plain_offers(tag, ("src",)),
        *lazy_offers(tag)[:1],
        *srcset_offers(tag),
        *(offer for offer in plain_offers(tag, FULL_SIZE_ATTRIBUTES, FULL_SIZE_RANK) if is_image_file(offer.url)),
    ]


def lazy_offers(tag: Tag) -> list[Offer]:
    """What a script would put into `src` in place of the placeholder."""
    offers: list[Offer] = []
    for name in LAZY_ATTRIBUTES:
        value = tag.get(name) if name in tag.attributes else ""
        value = _filled_in(tag, value) if "{width}" in value else value
        if value.startswith(("{", "[", "'")):
            offers += [Offer(url, PLAIN) for url in quoted_pictures(value, rooted=False)[:1]]
        elif value and _plausible(value) and (name not in _AMBIGUOUS or is_image_file(value)):
            offers.append(Offer(value, PLAIN))
    return offers


def _filled_in(tag: Tag, value: str) -> str:
    """A name with a place for the width, as a shop's lazy loader fills it in: the largest of `data-widths`."""
    widths = [int(width) for width in _NUMBER.findall(tag.get("data-widths")[:1000])]
    return value.replace("{width}", str(max(widths))) if widths else ""


def srcset_offers(tag: Tag) -> list[Offer]:
    return [
        offer
        for name in SRCSET_ATTRIBUTES
        if name in tag.attributes and not tag.get(name).startswith(("{", "["))
        for offer in srcset(tag.get(name))
        if name == "srcset" or _plausible(offer.url)
    ]


def plain_offers(tag: Tag, names: Iterable[str], rank: tuple[int, float] = PLAIN) -> list[Offer]:
    values = [(name, tag.get(name)) for name in names if name in tag.attributes]
    return [Offer(value, rank) for name, value in values if value and (name in ("src", "href") or _plausible(value))]


def is_tiny(tag: Tag) -> bool:
    """Whether the tag itself says that its picture is a tracking pixel, a spacer or an icon."""
    if _STYLE_SIDE.search(tag.get("style")[:1000]):
        return True
    sides = [int(match.group(1)) for name in ("width", "height") if (match := _PIXELS.fullmatch(tag.get(name)))]
    return any(side < MIN_DECLARED_PIXELS for side in sides) and not _is_ratio(tag, sides)


def is_hidden(tag: Tag) -> bool:
    return bool(_HIDDEN.search(tag.get("style")[:1000]))


def _is_ratio(tag: Tag, sides: list[int]) -> bool:
    """Whether the declared sides are proportions: in AMP (`layout=responsive`), or to keep the place free."""
    if tag.name.startswith("amp-"):
        return tag.get("layout").lower() not in ("fixed", "nodisplay")
    if len(sides) < 2 or max(sides) >= MIN_DECLARED_PIXELS or not min(sides):
        return False
    is_fluid = "layout" in tag.attributes or bool(_FLUID.search(f"{tag.get('class')[:500]} {tag.get('style')[:500]}"))
    return is_fluid or (max(sides), min(sides)) in _PHOTO_RATIOS


def backgrounds(tag: Tag) -> Iterator[str]:
    """Backgrounds that a lazy loader will set."""
    for name in BACKGROUND_ATTRIBUTES:
        value = tag.get(name) if name in tag.attributes else ""
        if not value or value.startswith(("{", "[")):
            continue
        if name == "data-bg-multi" or "(" in value:
            yield from css_urls(value)
        elif _plausible(value):
            yield value


def loose_offers(tag: Tag) -> list[Offer]:
    """What a tag that is no `img` offers in the attributes of one, as galleries of `div` do."""
    offers = [*lazy_offers(tag), *plain_offers(tag, FULL_SIZE_ATTRIBUTES, FULL_SIZE_RANK)]
    return [*srcset_offers(tag), *(offer for offer in offers if is_image_file(offer.url))]


def other_pictures(tag: Tag) -> Iterator[str]:
    """Picture files that any other attribute names, in a notation of its own."""
    for name, value in tag.attributes.items():
        if "." not in value or len(value) > _MAX_LONG_ATTRIBUTE or name in _NO_ADDRESSES:
            continue
        value = value.strip()
        is_code = name.startswith("on") or value[:1] in ("{", "[")
        if is_code and name not in LAZY_ATTRIBUTES:
            yield from quoted_pictures(value, rooted=False)
        elif name.startswith(("data-", ":", "x-")) and name not in _EXPLICIT and is_image_file(value):
            yield value


def small_pictures(tag: Tag) -> list[str]:
    return [tag.get(name) for name in SMALL_ATTRIBUTES if name in tag.attributes and is_image_file(tag.get(name))]


def _plausible(value: str) -> bool:
    """Whether a data attribute holds a URL rather than a number, a word or JSON."""
    if value.startswith(("{", "[", "#", "'")) or not ("/" in value or "." in value) or _TEMPLATE.search(value):
        return False
    return not _SPACE.search(value) or (is_image_file(value) and "," not in value)
