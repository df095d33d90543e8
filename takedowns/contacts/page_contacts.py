"""What a page says about who is behind it: addresses, links to imprints and notice pages, accounts. Pure.

An address in the text of a page may be anybody's; where somebody is exposed it may be that person's own. So on a
page that nobody called a contact page only `mailto:` links count, and of these only a desk's (`abuse@`, `legal@`)
or one at the site's own domain; the caller sees to that with `labelled`.
"""

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from crawler.reading.markup import Tag, tags, unescape
from takedowns.contacts.roles import Role

MAX_EMAILS = 20
MAX_LINKS = 30
MAX_OUTSIDE = 60
MAX_IDS = 10
MAX_JSON_NODES = 2000
MAX_TEXT = 200_000
_LONGEST_LABEL = 120

# Before the first match wins, so the special ones come first. In the languages that our letters are written in.
_NAMES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (role, re.compile(words, re.IGNORECASE))
    for role, words in (
        (
            Role.COPYRIGHT,
            r"\bdmca\b|copyright(?!\s*(?:\(c\)|\u00a9|\d))|notice.{0,9}take.?down|urheberrecht|droits? d.auteur"
            r"|derechos de autor|diritto d.autore|direitos autorais|prawa? autorsk|auteursrecht",
        ),
        (
            Role.ABUSE,
            r"\babuse\b|report.{0,12}(?:abuse|content|violation|image|photo)|(?:content|image|photo).{0,9}removal"
            r"|take.?down|missbrauch|inhalte? melden|signaler|signalement|denunciar|segnala|zg\u0142o\u015b|\bmelden",
        ),
        (
            Role.IMPRINT,
            r"impress?um|\bimprint\b|mentions?.{0,3}l[e\u00e9]gales|legal notice|aviso.{0,3}legal|note.{0,3}legali"
            r"|nota prawna|colofon|\blegal\b",
        ),
        (
            Role.PRIVACY,
            r"privacy|datenschutz|confidentialit|privacidad|protecci[o\u00f3]n de datos|prywatno|\bgdpr\b|\brgpd\b"
            r"|\bdpo\b|data protection|tutela dei dati|gegevensbescherming",
        ),
        (Role.CONTACT, r"\bcontact|kontakt|contatti|contato|\babout.us\b|\b\u00fcber.uns\b|qui.sommes.nous"),
        (Role.LEGAL, r"\bterms\b|conditions|nutzungsbedingungen|\bagb\b|regulamin|voorwaarden"),
    )
)
_EMAIL = re.compile(
    r"(?<![\w.%+-])([A-Za-z0-9_][\w.%+-]{0,63})@([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6})(?![\w@-])", re.ASCII
)
# `name [at] site [dot] org`, in the brackets and words that people use; without brackets only where both are words,
# as "look at example.org" is no address.
_AT = re.compile(r"\s{0,3}[\[({<]\s{0,2}(?:at|\u00e4t|arroba|chez|@)\s{0,2}[\])}>]\s{0,3}", re.IGNORECASE)
_DOT = re.compile(r"\s{0,3}[\[({<]\s{0,2}(?:dot|punkt|point|punto|\.)\s{0,2}[\])}>]\s{0,3}", re.IGNORECASE)
_IN_WORDS = re.compile(
    r"(?<![\w.%+-])([\w.%+-]{1,64})(?:@|\sat\s)([A-Za-z0-9-]{1,63})\s(?:dot|punkt)\s([A-Za-z]{2,12})\b", re.IGNORECASE
)
_NO_DOMAIN = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "css", "js", "json", "html", "php", "mp4"})
_NOBODY = re.compile(
    r"^(?:no-?reply|do-?not-?reply|mailer-daemon|bounces?|example|your\.?name|name|user(?:name)?|john\.?doe)@"
)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){5,130}")
_ANALYTICS = re.compile(
    r"\b(?:(UA-\d{4,10})-\d{1,4}|(G-[A-Z0-9]{8,12})|(GTM-[A-Z0-9]{5,9})|(?:ca-)?(pub-\d{12,18}))\b"
    r"|\bym\((\d{6,10})|mc\.yandex\.ru/watch/(\d{6,10})"
)


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a page about contact, and what for. `url` is absolute."""

    url: str
    role: str


@dataclass(slots=True)
class PageContacts:
    """What one page says. `mailed` are addresses in links and data, `written` are those in its text.

    `outside` are the hosts that scripts, frames, forms and links of the page lead to; `form`: somebody can write
    something into it and send it.
    """

    mailed: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    analytics: list[str] = field(default_factory=list)
    organisation: str = ""
    country: str = ""
    form: bool = False


def labelled(text: str) -> str:
    """The role that a link's words or its path say; empty for any other link."""
    words = text[:_LONGEST_LABEL]
    return next((role for role, pattern in _NAMES if pattern.search(words)), "")


def read(text: str, url: str) -> PageContacts:
    """What the page at `url` says. Any text at all is read without an exception, in linear time."""
    reader = _Reader(url)
    for tag in tags(text):
        reader.read(tag)
    return reader.finish()


def read_policy(text: str) -> list[str]:
    """Addresses in a JSON policy for text and data mining (W3C TDMRep, `vcard:hasEmail`)."""
    found: list[str] = []
    for node in _nodes(_json(text)):
        found += [address for key in ("vcard:hasEmail", "hasEmail", "email") for address in _addresses(node.get(key))]
    return list(dict.fromkeys(found))[:MAX_EMAILS]


def decoded_cloudflare(code: str) -> str:
    """An address as Cloudflare hides it: hexadecimal, every byte combined with the first; empty if it is none."""
    if not _HEX.fullmatch(code):
        return ""
    key, *rest = bytes.fromhex(code)
    return _only_address(bytes(byte ^ key for byte in rest).decode("utf-8", "replace"))


def written_in(text: str) -> list[str]:
    """Addresses in running text, also those written in words."""
    plain = _IN_WORDS.sub(r"\1@\2.\3", _DOT.sub(".", _AT.sub("@", text[:MAX_TEXT])))
    return list(dict.fromkeys(address for match in _EMAIL.finditer(plain) if (address := _only_address(match.group()))))


class _Reader:
    def __init__(self, url: str) -> None:
        self.found = PageContacts()
        self._base = url
        self._host = _host(url)
        self._text: list[str] = []
        self._length = 0
        # The link that is open: its address, and the words so far.
        self._open: tuple[str, list[str]] | None = None

    def read(self, tag: Tag) -> None:
        if tag.before:
            self._take_text(tag.before)
        if tag.closing:
            if tag.name == "a":
                self._end_link()
            return
        if code := tag.get("data-cfemail"):
            self._mailed([decoded_cloudflare(code)])
        if "email" in tag.get("itemprop").lower().split():
            self._mailed(_addresses(tag.get("content") or tag.get("href")))
        reader = _READERS.get(tag.name)
        if reader is not None:
            reader(self, tag)

    def finish(self) -> PageContacts:
        self._end_link()
        self.found.written = written_in(unescape(" ".join(self._text)))[:MAX_EMAILS]
        self.found.links = sorted(self.found.links, key=lambda link: link.role == Role.LEGAL)
        return self.found

    def read_anchor(self, tag: Tag) -> None:
        self._end_link()
        href = tag.get("href")
        scheme = href[:11].lower()
        if scheme.startswith("mailto:"):
            self._mailed(_addresses(href))
        elif "/cdn-cgi/l/email-protection#" in href:
            self._mailed([decoded_cloudflare(href.rpartition("#")[2])])
        elif href and not scheme.startswith(("javascript:", "#", "tel:", "data:")):
            self._open = (href, [tag.get("title")])

    def read_base(self, tag: Tag) -> None:
        self._base = _joined(self._base, tag.get("href")) or self._base

    def read_meta(self, tag: Tag) -> None:
        if tag.get("name").lower() == "tdm-policy":
            self._link(tag.get("content"), "tdm")
        if tag.get("name").lower() in ("reply-to", "contact", "email"):
            self._mailed(_addresses(tag.get("content")))

    def read_link(self, tag: Tag) -> None:
        rel = tag.get("rel").lower().split()
        if "copyright" in rel or "license" in rel or "author" in rel:
            self._mailed(_addresses(tag.get("href")) if tag.get("href").lower().startswith("mailto:") else [])

    def read_script(self, tag: Tag) -> None:
        if tag.get("type").partition(";")[0].strip().lower() == "application/ld+json":
            self._read_data(tag.text)
            return
        self._outside(tag)
        for match in _ANALYTICS.finditer(f"{tag.get('src')} {tag.text[:MAX_TEXT]}"):
            if len(self.found.analytics) < MAX_IDS:
                self._keep(self.found.analytics, next(filter(None, match.groups())), MAX_IDS)

    def read_outside(self, tag: Tag) -> None:
        self._outside(tag)

    def read_form(self, tag: Tag) -> None:
        self._outside(tag)

    def read_textarea(self, tag: Tag) -> None:
        self.found.form = True

    def _read_data(self, text: str) -> None:
        """schema.org: addresses of whoever publishes the page, and of its points of contact."""
        for node in _nodes(_json(text)):
            kinds = {kind for kind in _listed(node.get("@type")) if isinstance(kind, str)}
            if kinds & {"Comment", "Review", "UserComments", "Person"}:
                continue
            self._mailed(_addresses(node.get("email")))
            if kinds & _PUBLISHERS:
                name, address = node.get("legalName") or node.get("name"), node.get("address")
                country = address.get("addressCountry") if isinstance(address, dict) else ""
                country = country.get("name") if isinstance(country, dict) else country
                self.found.organisation = self.found.organisation or (name[:200] if isinstance(name, str) else "")
                if isinstance(country, str) and re.fullmatch(r"[A-Za-z]{2}", country):
                    self.found.country = self.found.country or country.upper()

    def _take_text(self, text: str) -> None:
        if self._length < MAX_TEXT:
            self._text.append(text)
            self._length += len(text)
        if self._open is not None and len(self._open[1]) < 20:
            self._open[1].append(unescape(text[:_LONGEST_LABEL]))

    def _end_link(self) -> None:
        if self._open is None:
            return
        (href, words), self._open = self._open, None
        label = " ".join(" ".join(words).split())
        path = unquote(href[:_LONGEST_LABEL]).replace("-", " ").replace("_", " ")
        role = labelled(label) if len(label) < _LONGEST_LABEL else ""
        self._link(href, role or labelled(path))

    def _link(self, href: str, role: str) -> None:
        url = _joined(self._base, href)
        host = _host(url)
        if host and host != self._host:
            self._keep(self.found.outside, host, MAX_OUTSIDE)
        known = {link.url for link in self.found.links}
        if role and host and url not in known and len(known) < MAX_LINKS:
            self.found.links.append(Link(url, role))

    def _outside(self, tag: Tag) -> None:
        reference = tag.get("src") or tag.get("action")
        host = _host(_joined(self._base, reference)) if reference else ""
        if host and host != self._host:
            self._keep(self.found.outside, host, MAX_OUTSIDE)

    def _mailed(self, addresses: Iterable[str]) -> None:
        for address in addresses:
            if address:
                self._keep(self.found.mailed, address, MAX_EMAILS)

    @staticmethod
    def _keep(kept: list[str], value: str, limit: int) -> None:
        if value not in kept and len(kept) < limit:
            kept.append(value)


_PUBLISHERS = frozenset({"Organization", "Corporation", "NewsMediaOrganization", "LocalBusiness", "OnlineBusiness"})
_READERS: dict[str, Callable[[_Reader, Tag], None]] = {
    "a": _Reader.read_anchor,
    "area": _Reader.read_anchor,
    "base": _Reader.read_base,
    "form": _Reader.read_form,
    "iframe": _Reader.read_outside,
    "link": _Reader.read_link,
    "meta": _Reader.read_meta,
    "script": _Reader.read_script,
    "textarea": _Reader.read_textarea,
}


def _addresses(value: object) -> list[str]:
    """The addresses in a mailto URL, in a plain address, or in a list of either."""
    found: list[str] = []
    for item in _listed(value)[:MAX_EMAILS]:
        text = item.get("@id") if isinstance(item, dict) else item
        if isinstance(text, str):
            plain = unquote(re.sub(r"^\s*mailto:", "", text[:1000], flags=re.IGNORECASE).partition("?")[0])
            found += [address for part in re.split(r"[,;]", plain) if (address := _only_address(part))]
    return found


def _only_address(text: str) -> str:
    """The address that `text` is, lower case, or an empty string; also for placeholders and names of files."""
    address = text.strip().strip("<>\"'").lower()
    match = _EMAIL.fullmatch(address)
    if match is None or len(address) > 254 or _NOBODY.search(address):
        return ""
    domain = match.group(2)
    if domain.rpartition(".")[2] in _NO_DOMAIN or any(
        part.startswith("-") or part.endswith("-") for part in domain.split(".")
    ):
        return ""
    return "" if ".." in address or address.partition("@")[0].endswith(".") else address


def _json(text: str) -> Any:
    try:
        return json.loads(text[: 2 * MAX_TEXT])
    except (ValueError, RecursionError):
        return None


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside, outer ones first, up to a bound; no recursion, as the depth is a stranger's to choose."""
    waiting, seen = deque([value]), 0
    while waiting and seen < MAX_JSON_NODES:
        node = waiting.popleft()
        seen += 1
        if isinstance(node, dict):
            yield node
            waiting.extend(islice(node.values(), MAX_JSON_NODES))
        elif isinstance(node, list):
            waiting.extend(node[:MAX_JSON_NODES])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _joined(base: str, reference: str) -> str:
    try:
        return urljoin(base, reference.strip()[:2000]).partition("#")[0]
    except ValueError:
        return ""


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        return (parts.hostname or "").lower() if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""
