"""What a page says to a reader: to tell whether it has changed, and whether it is there at all. Pure."""

import hashlib
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from crawler.reading.markup import unescape

# A page that says "not found" beside much else says it about something else.
MAX_MISSING_TEXT = 3000
MAX_HEADING = 300
MAX_WORDS_TEXT = 50_000
MAX_WORDS = 500

# Parameters that differ at each visit, and path parameters of servlets.
_VOLATILE = re.compile(
    r"(?:^|(?<=&))(?:[a-z]{0,10}sess(?:ion)?_?(?:id)?|phpsessid|sid|jsessionid|aspsessionid\w*|cfid|cftoken|osCsid|zenid"
    r"|nonce|_?token|csrf\w*|_?csrf_token|authenticity_token|_wpnonce|_|ts|t|time|timestamp|rand|rnd|random|cb|cachebust\w*"
    r"|expires|signature|sig|policy|key-pair-id|x-amz-[\w-]+|x-goog-[\w-]+|hdnts|st|se|sp|sv|sr)=[^&]*",
    re.IGNORECASE,
)
_SERVLET_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?;]*", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{3,40}")
_BARE_CODE = re.compile(r"^(?:error|http|status|code|fehler|erreur)?[\s:#-]{0,4}(?:404|410)\b", re.IGNORECASE)
_NOT_FOUND = re.compile(
    "|".join((
        r"\b(?:404|410)\b.{0,20}\b(?:error|not found|page|gone|fehler|seite|erreur|errore|pagina|p\u00e1gina)\b",
        r"\b(?:error|fehler|erreur|errore)\b.{0,5}\b(?:404|410)\b",
        # English
        r"\bnot found\b|\bno longer (?:available|exists?)\b|\bdoes(?: not|n['\u2019]t) exist\b",
        r"\b(?:can(?:no|['\u2019])t|can ?not|could(?: not|n['\u2019]t)) (?:be found|find)\b|\bnothing (?:was )?found\b",
        r"\b(?:has been|was) (?:removed|deleted)\b|\bpage (?:missing|gone|removed|deleted|unavailable)\b",
        # German, French, Spanish, Italian, Portuguese, Dutch
        r"\bnicht (?:mehr )?(?:gefunden|vorhanden|verf\u00fcgbar)\b|\bexistiert nicht\b",
        r"\b(?:introuvable|non trouv\u00e9e?)\b|\bn['\u2019]existe (?:pas|plus)\b",
        r"\bno (?:se ha encontrado|(?:fue )?encontrad[ao]|existe)\b",
        r"\bnon (?:\u00e8 stat[ao] )?trovat[ao]\b|\bnon esiste\b",
        r"\bn\u00e3o (?:foi )?encontrad[ao]\b|\bn\u00e3o existe\b",
        r"\bniet (?:meer )?(?:gevonden|beschikbaar)\b|\bbestaat niet\b",
        # Swedish, Danish, Norwegian, Finnish
        r"\b(?:hittades|finns) inte\b|\b(?:ikke|blev ikke) fundet\b|\bikke funnet\b|\bfinnes ikke\b|\bei l\u00f6ydy",
        # Polish, Czech, Hungarian, Turkish
        r"\bnie (?:znaleziono|istnieje)\b|\bnenalezen|\bnem tal\u00e1lhat\u00f3\b|\bbulunamad\u0131",
        # Russian, Ukrainian
        "\u043d\u0435 \u043d\u0430\u0439\u0434\u0435\u043d|\u043d\u0435 \u0441\u0443\u0449\u0435\u0441\u0442\u0432",
        "\u043d\u0435 \u0437\u043d\u0430\u0439\u0434\u0435\u043d",
        # Japanese, Chinese, Korean
        "\u898b\u3064\u304b\u308a\u307e\u305b\u3093|\u627e\u4e0d\u5230|\u4e0d\u5b58\u5728|\u672a\u627e\u5230",
        "\ucc3e\uc744 \uc218 \uc5c6",
    )),
    re.IGNORECASE,
)  # fmt: skip


class PageText:
    """Collects a page's visible text and its main heading as tags pass by."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._heading: list[str] = []
        self._in_heading = False

    def add(self, text: str) -> None:
        self._parts.append(text)
        if self._in_heading and len(self._heading) < MAX_HEADING:
            self._heading.append(text[:MAX_HEADING])

    def heading_starts(self) -> None:
        self._in_heading = True

    def heading_ends(self) -> None:
        self._in_heading = False

    def text(self) -> str:
        """All that is to be read, entities resolved, each run of white space one space."""
        return " ".join(unescape(" ".join(self._parts)).split())

    def heading(self) -> str:
        return " ".join(unescape(" ".join(self._heading)[:MAX_HEADING]).split())


def words(*texts: str) -> frozenset[str]:
    """The different words in `texts`, up to a bound; no numbers, as calendars have new ones on every page."""
    found: set[str] = set()
    for text in texts:
        for word in _WORD.findall(text[:MAX_WORDS_TEXT].lower()):
            found.add(word)
            if len(found) >= MAX_WORDS:
                break
    return frozenset(found)


def looks_missing(title: str, heading: str, text_length: int) -> bool:
    """Whether a page that came with status 200 says by its title or heading that there is no such page."""
    if text_length > MAX_MISSING_TEXT:
        return False
    return any(_BARE_CODE.search(words) or _NOT_FOUND.search(words) for words in (title, heading) if words)


def content_hash(title: str, text: str, links: Iterable[str], pictures: Iterable[str]) -> str:
    """SHA-256, in hexadecimal, of what a page says and shows.

    Nonces, session ids, signatures and times in URLs do not count; other attributes are not looked at.
    """
    digest = hashlib.sha256()
    for part in (title, text, *map(_stable, links), "", *map(_stable, pictures)):
        digest.update(part.encode("utf-8", "replace"))
        digest.update(b"\x00")
    return digest.hexdigest()


def _stable(url: str) -> str:
    if "?" not in url and ";" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    query = "&".join(part for part in _VOLATILE.sub("", parts.query).split("&") if part)
    return f"{parts.netloc}{_SERVLET_SESSION.sub('', parts.path)}?{query}"
