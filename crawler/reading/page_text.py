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

_REMOVED = re.compile(
    "|".join((
        # English
        r"\b(?:page|photo|picture|image|content|file|post|video|item) (?:was |is |has been |have been )?"
        r"(?:removed|deleted|taken down|gone|unavailable)\b|\bno longer (?:available|exists?|here)\b",
        # German
        r"\b(?:wurden?|ist|sind) (?:\w+ ){0,3}(?:gel\u00f6scht|entfernt|gesperrt)\b",
        # French
        r"\b(?:a|ont) (?:bien )?\u00e9t\u00e9 (?:supprim|retir|effac)\u00e9e?s?\b|\bn['\u2019](?:est|existe) plus\b",
        # Spanish
        r"\b(?:ha sido|han sido|fue|fueron|se ha) (?:eliminad|borrad|retirad|suprimid)[oa]s?\b|\bya no est\u00e1\b",
        # Italian
        r"\b(?:\u00e8|sono) stat[aoie] (?:rimoss|eliminat|cancellat)[aoie]\b|\bnon (?:\u00e8|sono) pi\u00f9\b",
        # Polish
        r"\bzosta(?:\u0142[ao]?|\u0142y|li) (?:usuni\u0119t|skasowan)\w{1,3}\b|\bnie jest ju\u017c\b",
        # Portuguese
        r"\b(?:foi|foram) (?:removid|exclu\u00edd|apagad|eliminad)[oa]s?\b|\bn\u00e3o est\u00e1 mais\b",
        # Dutch
        r"\b(?:is|zijn|werd|werden) (?:\w+ ){0,2}(?:verwijderd|gewist)\b|\bniet langer beschikbaar\b",
    )),
    re.IGNORECASE,
)  # fmt: skip
_NOT_HERE = re.compile(
    "|".join((
        # English
        r"\b(?:not (?:available|accessible)|unavailable|blocked|restricted|inaccessible) (?:\w+ ){0,4}?"
        r"(?:in|from|for) (?:your|this) (?:country|region|location|area|state|territory)\b",
        # German
        r"\b(?:in|aus|f\u00fcr) (?:deine[mr]|ihre[mr]|diese[mr]?|eure[mr]) (?:land|region|gebiet|standort)\b"
        r".{0,60}\bnicht (?:\w+ )?(?:verf\u00fcgbar|zug\u00e4nglich|abrufbar)\b",
        r"\bnicht (?:verf\u00fcgbar|zug\u00e4nglich|abrufbar) in (?:deine[mr]|ihre[mr]|diese[mr]) "
        r"(?:land|region|gebiet)\b",
        # French
        r"\b(?:pas|plus|non) (?:disponible|accessible)s? (?:dans|depuis) (?:votre|ton|ce) (?:pays|r\u00e9gion)\b"
        r"|\bindisponible dans (?:votre|ton) (?:pays|r\u00e9gion)\b",
        # Spanish
        r"\bno (?:est\u00e1 |se encuentra )?disponible (?:en|para) (?:tu|su|este) "
        r"(?:pa\u00eds|regi\u00f3n|ubicaci\u00f3n)\b",
        # Italian
        r"\bnon (?:\u00e8 )?(?:disponibile|accessibile) (?:nel (?:tuo|suo|vostro) paese|nella (?:tua|sua|vostra) "
        r"(?:regione|area|zona)|in questo paese)\b",
        # Polish
        r"\b(?:nie jest dost\u0119pn\w{1,2}|niedost\u0119pn\w{1,2}) w (?:twoim|pa\u0144stwa|tym|twojej) "
        r"(?:kraju|regionie|lokalizacji)\b",
        # Portuguese
        r"\bn\u00e3o (?:est\u00e1 )?dispon\u00edvel (?:no (?:seu|teu) pa\u00eds|neste pa\u00eds"
        r"|na (?:sua|tua) (?:regi\u00e3o|localiza\u00e7\u00e3o))\b",
        # Dutch
        r"\bniet (?:beschikbaar|toegankelijk) in (?:jouw|uw|je|dit) (?:land|regio|gebied)\b",
    )),
    re.IGNORECASE,
)  # fmt: skip
_SIGN_IN = re.compile(
    r"\b(?:log ?in|log on|sign ?in|sign up|einloggen|anmelden|anmeldung|connexion|se connecter|connectez-vous"
    r"|iniciar sesi\u00f3n|inicia sesi\u00f3n|accedi|accesso|zaloguj|logowanie|iniciar sess\u00e3o|entrar"
    r"|inloggen|aanmelden)\b",
    re.IGNORECASE,
)


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


def announces_removal(text: str) -> bool:
    """Whether a short page says that something was removed or is not there. Words, and nothing but words."""
    return len(text) <= MAX_MISSING_TEXT and bool(_REMOVED.search(text) or _NOT_FOUND.search(text))


def says_not_here(text: str) -> bool:
    """Whether a short page says that it is not shown in the reader's country; in eight languages."""
    return len(text) <= MAX_MISSING_TEXT and bool(_NOT_HERE.search(text))


def asks_to_sign_in(title: str, heading: str) -> bool:
    """Whether a page's title or heading is that of a login; in eight languages."""
    return bool(_SIGN_IN.search(title[:MAX_HEADING]) or _SIGN_IN.search(heading))


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
