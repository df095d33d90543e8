"""What a body really is, by its first bytes; servers and file names say all sorts of things. Pure."""

import codecs
import re
import zlib

_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
    (b"\xff\x0a", "image/jxl"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "image/jxl"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"),
    (b"\xff\x4f\xff\x51", "image/jp2"),
)
# Brands of the ISO base media file format that mark a picture rather than a video.
_BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
    b"hevc": "image/heic",
    b"hevx": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
    b"mif2": "image/heif",
}
# Lengths of the header of a Windows bitmap's second part; some writers fill the reserved field before it.
_BMP_HEADERS = frozenset({12, 40, 52, 56, 64, 108, 124})
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SNIFFED = 1024
_VAGUE_TYPES = frozenset({
    "", "text/plain", "application/octet-stream", "application/xml", "text/xml", "binary/octet-stream",
    "application/unknown", "unknown/unknown", "*/*",
})  # fmt: skip

# What may stand before the first tag: white space, comments, an XML declaration.
_LEAD = r"(?:\s++|<!--(?:(?!-->).)*+-->|<\?[^>]*+>)*+"
_HTML = re.compile(
    _LEAD + r"<(?:!doctype\s+html|html|head|body|title|script|iframe|h1|div|font|table|a|style|b|br|p)[\s>]",
    re.IGNORECASE | re.DOTALL,
)
_HTML_ANYWHERE = re.compile(r"<!doctype html|<html|<head|<body", re.IGNORECASE)
_LISTING = re.compile(
    _LEAD + r"(?:<!DOCTYPE\s+rss[^>]*+>)?+" + _LEAD
    + r"<(?:[A-Za-z][\w-]{0,20}:)?(?:urlset|sitemapindex|rss|feed|RDF)[\s>]",
    re.DOTALL,
)  # fmt: skip
_JSON_FEED = re.compile(r'\s*+\{.{0,400}?"version"\s*+:\s*+"https?:\\?/\\?/(?:www\.)?jsonfeed\.org', re.DOTALL)
_URL_LINES = re.compile(r"\s*+https?://[^\s<>\"]++\s*+(?:$|https?://)")
_FEED_TYPES = frozenset({
    "application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json", "text/rss+xml",
})  # fmt: skip


def image_type(data: bytes) -> str | None:
    """The media type of a bitmap picture, or None for anything else, SVG included."""
    for signature, media_type in _SIGNATURES:
        if data.startswith(signature):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return "image/bmp"
    if data[4:8] == b"ftyp":
        return _brand(data)
    return None


def _brand(data: bytes) -> str | None:
    """By the major brand; where that is a general one, by those it is compatible with."""
    end = min(int.from_bytes(data[:4], "big"), 64)
    major = _BRANDS.get(data[8:12])
    if major not in (None, "image/heif"):
        return major
    others = (_BRANDS.get(data[at : at + 4]) for at in range(16, end, 4))
    return next((kind for kind in others if kind not in (None, "image/heif")), major) if major else None


def is_html(data: bytes, content_type: str) -> bool:
    """Whether a body is a page: by its declared type, or by its start where the type is missing or vague."""
    declared = _declared(content_type)
    if declared in ("text/html", "application/xhtml+xml"):
        return True
    if declared not in _VAGUE_TYPES:
        return False
    start = _start(data)
    if _LISTING.match(start):
        return False
    return bool(_HTML.match(start) or _HTML_ANYWHERE.search(start[:512]))


def is_listing(data: bytes, content_type: str) -> bool:
    """Whether a body may be a sitemap, a feed or a list of URLs. Gzip is looked into by `feeds.read` alone."""
    declared = _declared(content_type)
    if declared in _FEED_TYPES:
        return True
    start = _start(data)
    if _LISTING.match(start) or _JSON_FEED.match(start):
        return True
    return declared in ("text/plain", "") and bool(_URL_LINES.match(start))


def is_gzip(data: bytes) -> bool:
    """Whether a body is a gzip member (RFC 1952, 2.3.1)."""
    return data[:3] == b"\x1f\x8b\x08"


def is_warc(data: bytes) -> bool:
    """Whether a body is a WARC file or an ARC file, plain or gzip."""
    if is_gzip(data):
        try:
            data = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data[:_SNIFFED], 16)
        except zlib.error:
            return False
    return data[:5] == b"WARC/" or data[:11] == b"filedesc://"


def is_css(data: bytes, content_type: str) -> bool:
    """Whether a body that a page links as a style sheet may be read as one. An error page may not."""
    declared = _declared(content_type)
    if declared == "text/css":
        return True
    return declared in _VAGUE_TYPES and not _HTML.match(_start(data)) and b"\x00" not in data[:_SNIFFED]


def _declared(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _start(data: bytes) -> str:
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data[len(mark) : 2 * _SNIFFED].decode(name, "replace")
    head = data[: 2 * _SNIFFED]
    # UTF-16 without a mark: every other byte of markup is zero.
    if head[:2] in (b"<\x00", b"\x00<"):
        return head.decode("utf-16-le" if head[:1] == b"<" else "utf-16-be", "replace")
    return head.decode("latin-1")
