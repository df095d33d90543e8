"""HTML as a flat run of tags: charset, tokens, entities. Pure, and linear in time whatever the page.

A tree is not needed to find pictures and links, and tree builders have limits that a hostile page can use:
libxml2 drops what is nested too deep, and takes minutes for a tag of a hundred thousand attributes.
"""

import codecs
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

# What is read of a page, in bytes or characters.
MAX_MARKUP = 5 * 1024 * 1024
# Longer attribute values are cut: no URL is that long, but for a picture that is inside the page itself.
MAX_VALUE = 64 * 1024
# Values that may hold whole pictures or pages; cut only by the length of the page.
_LONG_VALUES = frozenset({"style", "srcdoc"})
CHARSET_SCAN_BYTES = 4096

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CHARSET = re.compile(r"charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
# Codecs that are no charsets of web pages, or slow on hostile input.
_UNFIT = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "utf-7"})

_TAG_START = re.compile(r"<(?=[a-zA-Z/!?])")
_TAG_NAME = re.compile(r"<(/?)([a-zA-Z][^\s/>]{0,60}+)")
_ATTRIBUTE = re.compile(r"""[\s/]*+(?:(>)|([^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>]*+)))?+)""")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[A-Za-z][A-Za-z0-9]{1,31};)")
_RAW_TEXT = frozenset({"script", "style", "title", "textarea", "iframe", "xmp", "noembed", "noframes"})
_RAW_END = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _RAW_TEXT}


@dataclass(frozen=True, slots=True)
class Tag:
    """An opening tag with the raw text inside it (scripts, styles, titles), or a closing tag.

    `before` is the text between it and the tag before it, entities unresolved. A nameless closing tag ends the
    page, so that its last text comes too.
    """

    name: str
    closing: bool = False
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    before: str = ""

    def get(self, name: str) -> str:
        """The attribute's value without surrounding space; empty where it is absent."""
        return self.attributes.get(name, "").strip()


def decode(markup: bytes, content_type: str = "") -> str:
    """Text of a page: by byte order mark, header, `<meta charset>`, UTF-8, and Windows-1252 in the end.

    Never raises; what cannot be decoded becomes the replacement character.
    """
    markup = markup[:MAX_MARKUP]
    for mark, name in _BOMS:
        if markup.startswith(mark):
            return markup[len(mark) :].decode(name, "replace")
    head = markup[:CHARSET_SCAN_BYTES].decode("latin-1")
    declared = _charset(content_type)
    if declared is None:
        declared = _charset(head)
        if declared and declared.startswith(("utf-16", "utf-32")):
            # What could be read as ASCII was not written in those.
            declared = "utf-8"
    if declared:
        return markup.decode(declared, "replace")
    try:
        return markup.decode("utf-8")
    except UnicodeDecodeError:
        return markup.decode("cp1252", "replace")


def _charset(text: str) -> str | None:
    match = _CHARSET.search(text)
    if match is None:
        return None
    try:
        name = codecs.lookup(match.group(1)).name
        b" ".decode(name, "replace")  # codecs such as `hex` are not text encodings
    except (LookupError, ValueError):
        return None
    if name in _UNFIT:
        return None
    return "cp1252" if name in ("iso8859-1", "ascii") else name


def unescape(text: str) -> str:
    """Entities resolved as inside an attribute: `&copy=1` in a URL stays what it is."""
    return _ENTITY.sub(lambda match: html.unescape(match.group()), text) if "&" in text else text


def tags(text: str) -> Iterator[Tag]:
    """Every tag of the page in order. Comments are skipped; `noscript` is read, as we run no scripts."""
    position = 0
    before: list[str] = []
    while (opening := _TAG_START.search(text, position)) is not None:
        start = opening.start()
        if start > position:
            before.append(text[position:start])
        match = _TAG_NAME.match(text, start)
        if match is None:
            position = _skip_non_tag(text, start)
            continue
        name, closing = match.group(2).lower(), bool(match.group(1))
        attributes, position = _attributes(text, match.end())
        content = ""
        if name in _RAW_TEXT and not closing:
            end = _RAW_END[name].search(text, position)
            content = text[position : end.start() if end else len(text)]
            position = end.start() if end else len(text)
        yield Tag(name, closing, attributes, content, "".join(before))
        before.clear()
    before.append(text[position:])
    yield Tag("", True, before="".join(before))


def _skip_non_tag(text: str, start: int) -> int:
    """Where to go on after a `<` that opens no tag: behind a comment or declaration."""
    if text.startswith("<!--", start):
        # `<!-->` and `<!--->` are whole comments.
        end, width = text.find("-->", start + 2), 3
    else:
        end, width = text.find(">", start), 1
    return len(text) if end == -1 else end + width


def _attributes(text: str, position: int) -> tuple[dict[str, str], int]:
    found: dict[str, str] = {}
    while (match := _ATTRIBUTE.match(text, position)) is not None:
        position = match.end()
        end, name, double, single, bare = match.groups()
        if end:
            break
        value, name = double or single or bare or "", name[:60].lower()
        if len(value) > MAX_VALUE and not _may_be_long(name, value):
            value = value[:MAX_VALUE]
        found.setdefault(name, unescape(value))
    return found, position


def _may_be_long(name: str, value: str) -> bool:
    return name in _LONG_VALUES or value[:32].lstrip()[:11].lower() == "data:image/"
