"""What a picture's URL says of its size, in the notations of content systems and image services. Pure.

Each notation is one reader, which takes its mark out of the path; what is left is the same for all sizes.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from crawler.policy import FetchRefused, canonical_url
from crawler.reading.renditions_query import is_named_file, read_query

# Sizes in words, with the pixels they are taken for where only words and pixels are there to compare.
WORDS = {
    "tiny": 50, "mini": 60, "pico": 16, "thumb": 150, "thumbs": 150, "thumbnail": 150, "thumbnails": 150, "tn": 150,
    "tb": 150, "preview": 200, "previews": 200, "compact": 160, "small": 300, "sm": 300, "medium": 600, "med": 600,
    "normal": 300, "bigger": 73,
    "md": 600, "grande": 601,
}  # fmt: skip
# Those that may be larger than the file without a word, in their order.
LARGE_WORDS = {
    "large": 1, "lg": 1, "xl": 2, "xlarge": 2, "big": 2, "zoom": 3, "hires": 3, "highres": 3, "full": 4, "fullsize": 4,
    "original": 5, "originals": 5, "orig": 5,
}  # fmt: skip
_ALL_WORDS = "|".join(sorted((*WORDS, *LARGE_WORDS), key=len, reverse=True))

_EXTENSION = r"(?P<rest>\.[A-Za-z0-9]{3,5})$"
_BOX = re.compile(r"[-_](?P<w>\d{2,5})x(?P<h>\d{2,5})(?P<crop>_crop_[a-z]{3,6})?" + _EXTENSION)
_SIDE = re.compile(
    r"(?:[-_](?P<w>\d{2,5})(?:w|px|x)|[-_]w(?P<w2>\d{2,5})|_x(?P<h>\d{2,5}))" + _EXTENSION, re.IGNORECASE
)
_SCALE = re.compile(r"@(?P<scale>[1-4])x" + _EXTENSION)
_WORD = re.compile(rf"(?<=[A-Za-z0-9%)])[-_.](?P<word>{_ALL_WORDS}|scaled){_EXTENSION}", re.IGNORECASE)
_PREFIX = re.compile(rf"(?<=/)(?P<word>{_ALL_WORDS})[-_](?=[^/]{{3,200}}$)", re.IGNORECASE)
_CONVERTED = re.compile(r"(?P<rest>\.(?:jpe?g|png))\.(?:webp|avif)$", re.IGNORECASE)
# Path segments. They are followed by the name of a file.
_BOX_SEGMENT = re.compile(r"(?<=/)(?:(?P<w>\d{2,4})x(?P<h>\d{2,4})|w(?P<w2>\d{2,4})|(?P<w3>\d{2,4})(?:px|w))(?=/[^/])")
_WORD_SEGMENT = re.compile(rf"(?<=/)(?P<word>{_ALL_WORDS})(?=/[^/])", re.IGNORECASE)

_FLICKR = re.compile(r"(?<=/)(?P<stem>\d{6,20}_[0-9a-f]{8,12})(?:_(?P<size>[sqtmnwzcbhk]|[3-6]k))?" + _EXTENSION)
_FLICKR_SIDES = {
    "s": 75, "t": 100, "q": 150, "m": 240, "n": 320, "w": 400, "z": 640, "c": 800, "b": 1024, "h": 1600, "k": 2048,
    "3k": 3072, "4k": 4096, "5k": 5120, "6k": 6144,
}  # fmt: skip
_TUMBLR = re.compile(r"(?<=/)(?P<stem>tumblr_\w{8,60}?)_(?P<w>75sq|\d{3,4})" + _EXTENSION)
_AMAZON = re.compile(r"\._(?P<options>[A-Z]{2}[A-Za-z0-9_,]{0,80})_(?P<rest>\.[A-Za-z]{3,4})$")
_AMAZON_SIDE = re.compile(r"[SU][XYLRS](\d{2,4})")
_WIKIMEDIA = re.compile(r"/thumb(?P<path>/[^?]{3,500})/(?:[a-z]+-|page\d+-){0,2}(?P<w>\d{1,5})px-[^/]+$")
_GOOGLE = re.compile(r"(?<=[\w-]{20})=(?P<options>[swh]\d{1,5}(?:-[a-z0-9]{1,8}){0,8})$")
# With `-h` at its end it is a page about the picture.
_BLOGGER = re.compile(r"/(?P<options>(?:s\d{2,4}|w\d{2,4}-h\d{2,4})(?!-h/)(?:-[a-z0-9-]{1,40})?)(?=/[^/]+$)")
_PART = r"(?:w|h|c|q|f|g|ar|dpr|fl)_[\w.:!%-]{1,40}"
_CLOUDINARY = re.compile(rf"(?<=/)(?P<options>{_PART}(?:,{_PART}){{0,9}})/")
_CLOUDFLARE = re.compile(r"/cdn-cgi/image/(?P<options>[a-z]{1,12}=[^/]{1,200})(?=/)")
_OPTION = re.compile(r"(?:^|(?<=[,-]))(?P<name>width|height|dpr|w|h|s)(?:[_=]|(?=\d))(?P<value>\d{1,5})(?![\d.:])")
_CROPPING = re.compile(r"(?:^|,)(?:c_(?:thumb|crop)|ar_)|-(?:c|p)(?:-|$)")
# These crop to a box; with one side given there is nothing to cut off.
_FILLING = re.compile(r"(?:^|,)(?:c_(?:fill|lfill|auto)|g_|fit=c|gravity=)")
# The options of `fit` and `fill`; a `crop` before them is a picture of its own.
_WIX = re.compile(
    r"(?<=\.jpg|\.png|\.gif|jpeg|webp)/v1/(?P<mode>fill|fit)/(?P<options>w_\d[^/]{1,200})(?:/[^/]{1,300})?$"
)
# The styles that Drupal comes with: none of them crops.
_DRUPAL = re.compile(
    r"/styles/(?P<style>thumbnail|medium|large|wide|max_(?P<max>\d{2,4})x(?P=max))/(?:public|private)/(?P<path>.{1,500})$"
)
_DRUPAL_SIDES = {"thumbnail": 100, "medium": 220, "large": 480, "wide": 1090}
_DISCOURSE = re.compile(
    r"/optimized/(?P<stem>\dX/(?:\w/){0,4}[0-9a-f]{40})_\d_(?P<w>\d{2,4})x(?P<h>\d{2,4})" + _EXTENSION
)
_PIWIGO = re.compile(r"/_data/i/(?P<stem>[^?]{3,300})-(?P<size>sq|th|2s|xs|sm|me|la|xl|xxl|3xl|4xl)" + _EXTENSION)
_PIWIGO_SIDES = {
    "sq": 120, "th": 144, "2s": 240, "xs": 432, "sm": 576, "me": 792, "la": 1008, "xl": 1224, "xxl": 1656,
    "3xl": 2200, "4xl": 3000,
}  # fmt: skip
_PHOTON = re.compile(r"i[0-3]\.wp\.com")
# What services give for a URL without a size.
_GOOGLE_SIDE, _FLICKR_SIDE, _SCALED_SIDE = 512, 500, 2560
# Services that are handed a picture's URL and give it in a size.
_RESIZER = re.compile(r"/(?:_next/image|_vercel/image|\.netlify/images)/?$")
_IN_QUERY = re.compile(r"(?:^|&)url=([^&]+)")
_SHOP = re.compile(r"^cdn\.shopify\.com/|/cdn/shop/|/s/files/")


@dataclass(slots=True)
class Rendition:
    """A URL taken apart. `key` is the same for all sizes of a picture.

    Sides are pixels, 0 where the URL does not say, and `scale` is a density. `word` is a size in words, `marked`
    whether there was any mark at all. `cropped`: it may show a part only. `other_key`: where the mark is a folder
    of thumbnails, the key if the files themselves lie in the folder above.
    """

    key: str
    width: int = 0
    height: int = 0
    word: str = ""
    scale: int = 1
    quality: float = 0
    cropped: bool = False
    marked: bool = False
    in_shop: bool = False
    other_key: str = ""

    def side(self, width: int, height: int = 0) -> None:
        """Take note of a size; the first note counts, as it is the one nearest to the service."""
        self.marked = True
        if not (self.width or self.height):
            self.width, self.height = width, height


def read(url: str, *, nested: bool = True) -> Rendition:
    """What `url` says of its size. The scheme is no part of the key. Never raises."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return Rendition(url)
    inner = _resized(url, parts) if nested else None
    if inner is not None:
        return inner
    found = Rendition(parts.path, in_shop=bool(_SHOP.search(parts.netloc + parts.path)))
    kept = read_query(parts.query, parts.path, found)
    for reader in _READERS:
        reader(found, parts.netloc)
    tail = f"?{kept}" if kept else ""
    origin = f"//{parts.netloc}"
    if _PHOTON.fullmatch(parts.netloc):
        # The path starts with the name of the picture's own host.
        origin, found.marked = "/", True
    found.key = f"{origin}{found.key}{tail}"
    found.other_key = f"{origin}{found.other_key}{tail}" if found.other_key else ""
    return found


def _resized(url: str, parts: SplitResult) -> Rendition | None:
    match = _IN_QUERY.search(parts.query) if _RESIZER.search(parts.path) else None
    if match is None:
        return None
    try:
        found = read(canonical_url(urljoin(url, unquote(match.group(1)))), nested=False)
    except (FetchRefused, ValueError):
        return None
    outer = Rendition("")
    read_query(parts.query, "resized.jpg", outer)
    found.marked, found.width, found.height, found.quality = True, outer.width, outer.height, outer.quality
    return found


# --- One reader per notation: each takes its mark out of `found.key`, which is a path -------------------------


def _services(found: Rendition, host: str) -> None:
    """Notations with a list of options."""
    for pattern in (_CLOUDFLARE, _CLOUDINARY, _BLOGGER, _GOOGLE):
        while (match := pattern.search(found.key)) is not None:
            if pattern is _CLOUDINARY and "/upload/" not in found.key[: match.start()]:
                break
            _options(found, match.group("options"))
            found.key = found.key[: match.start()] + found.key[match.end() :]
    if not found.marked and host.endswith((".googleusercontent.com", ".ggpht.com")):
        found.width = _GOOGLE_SIDE


def _options(found: Rendition, text: str) -> None:
    values = {match.group("name")[:1]: int(match.group("value")) for match in _OPTION.finditer(text)}
    is_square = "s" in values and bool(_CROPPING.search(text))
    found.side(values.get("w", 0) or values.get("s", 0), values["s"] if is_square else values.get("h", 0))
    # Asked for without any bound: the file as it was handed in.
    if values.get("s") == 0:
        found.width, found.word = 0, "original"
    found.scale = max(found.scale, min(values.get("d", 1), 4))
    in_box = bool(found.width and found.height)
    found.cropped = found.cropped or bool(_CROPPING.search(text) or (in_box and _FILLING.search(text)))


def _sites(found: Rendition, _host: str) -> None:
    """Notations of site builders that keep the original, or its name, beside its sizes."""
    if (match := _WIX.search(found.key)) is not None:
        _options(found, match.group("options"))
        found.cropped = found.cropped or match.group("mode") == "fill"
        found.key = found.key[: match.start()]
    elif (match := _DRUPAL.search(found.key)) is not None:
        found.side(_DRUPAL_SIDES.get(match.group("style"), 0) or int(match.group("max") or 0))
        found.key = f"{found.key[: match.start()]}/{match.group('path')}"
    elif (match := _DISCOURSE.search(found.key)) is not None:
        found.side(int(match.group("w")), int(match.group("h")))
        found.key = f"{found.key[: match.start()]}/{{}}/{match.group('stem')}{match.group('rest')}"
    elif (match := _PIWIGO.search(found.key)) is not None:
        found.side(_PIWIGO_SIDES[match.group("size")])
        found.cropped = match.group("size") == "sq"
        found.key = f"{found.key[: match.start()]}/{match.group('stem')}{match.group('rest')}"


def _wikimedia(found: Rendition, _host: str) -> None:
    if (match := _WIKIMEDIA.search(found.key)) is not None:
        found.side(int(match.group("w")))
        found.key = found.key[: match.start()] + match.group("path")


def _flickr(found: Rendition, _host: str) -> None:
    if (match := _FLICKR.search(found.key)) is not None:
        size = match.group("size")
        if size:
            found.side(_FLICKR_SIDES[size])
            found.cropped = size in ("s", "q")
        else:
            found.width = found.width or _FLICKR_SIDE
        found.key = found.key[: match.start()] + match.group("stem") + match.group("rest")


def _tumblr(found: Rendition, _host: str) -> None:
    if (match := _TUMBLR.search(found.key)) is not None:
        found.side(int(match.group("w")[:4].removesuffix("sq")))
        found.cropped = match.group("w") == "75sq"
        found.key = found.key[: match.start()] + match.group("stem") + match.group("rest")


def _amazon(found: Rendition, _host: str) -> None:
    if (match := _AMAZON.search(found.key)) is not None:
        side = _AMAZON_SIDE.search(match.group("options"))
        found.side(int(side.group(1)) if side else 1)
        found.cropped = "CR" in match.group("options")
        found.key = found.key[: match.start()] + match.group("rest")


def _suffixes(found: Rendition, _host: str) -> None:
    """Marks between a file's name and its extension, the outermost first."""
    if (match := _CONVERTED.search(found.key)) is not None:
        found.marked = True
        found.key = found.key[: match.start()] + match.group("rest")
    if (match := _SCALE.search(found.key)) is not None:
        found.marked, found.scale = True, int(match.group("scale"))
        found.key = found.key[: match.start()] + match.group("rest")
    if (match := _BOX.search(found.key)) is not None:
        found.side(int(match.group("w")), int(match.group("h")))
        found.key = found.key[: match.start()] + match.group("rest")
    elif (match := _SIDE.search(found.key)) is not None:
        found.side(int(match.group("w") or match.group("w2") or 0), int(match.group("h") or 0))
        found.key = found.key[: match.start()] + match.group("rest")


def _words(found: Rendition, _host: str) -> None:
    if not is_named_file(found.key):
        return
    if (match := _WORD.search(found.key)) is not None:
        if match.group("word").lower() == "scaled":
            found.side(_SCALED_SIDE)
        else:
            found.marked, found.word = True, match.group("word").lower()
        found.key = found.key[: match.start()] + match.group("rest")
    if (match := _PREFIX.search(found.key)) is not None:
        found.marked, found.word = True, found.word or match.group("word").lower()
        found.key = found.key[: match.start()] + found.key[match.end() :]


def _segments(found: Rendition, _host: str) -> None:
    """Folders of one size each. Braces cannot be in a URL, so that no real folder has that name."""
    if (match := _BOX_SEGMENT.search(found.key)) is not None:
        found.side(int(match.group("w") or match.group("w2") or match.group("w3")), int(match.group("h") or 0))
        found.key = f"{found.key[: match.start()]}{{}}{found.key[match.end() :]}"
    matches = list(_WORD_SEGMENT.finditer(found.key))
    if matches:
        match = matches[-1]
        word = match.group("word").lower()
        found.marked, found.word = True, found.word or word
        if word.startswith(("thumb", "tn", "preview")):
            found.other_key = found.key[: match.start()] + found.key[match.end() + 1 :]
        found.key = f"{found.key[: match.start()]}{{}}{found.key[match.end() :]}"


_READERS: tuple[Callable[[Rendition, str], None], ...] = (
    _services, _sites, _wikimedia, _flickr, _tumblr, _amazon, _suffixes, _words, _segments,
)  # fmt: skip
