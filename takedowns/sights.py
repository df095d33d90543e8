"""Looking at a place: does this page, or this file, show the picture now?

What is read of an answer besides the picture is kept with the check: status by status, where a redirect led in kind
(no address), the headers that say how fresh the answer is, and its hash.
"""

import hashlib
import re
import time
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from crawler.blocklists import restricted
from crawler.browsing.browser import BrowserFailed, drawn_page
from crawler.fetch import Fetched, fetch
from crawler.models import Source
from crawler.policy import FetchError, FetchPolicy, parse_url, site_key
from crawler.reading import inline, page_text, stylesheets
from crawler.reading.extract import PageContent, extract
from crawler.reading.inline import InlinePicture
from crawler.reading.markup import decode
from crawler.reading.page_reader import PageReader
from search import pictures
from search.models import Match
from search.pictures import Likeness

MAX_PICTURES = 60
MAX_SHEETS = 10
PAGE_SECONDS = 90.0
GONE_STATUS = frozenset({404, 410, 451})
WALLED_STATUS = frozenset({401, 402, 403, 407})
# A wall is short: what has more words beside a login form is a page.
MAX_WALL_TEXT = 600
_LOGIN = re.compile(
    r"/(?:log-?in|sign-?in|sign-?up|auth|account/login|session/new|anmelden|connexion|iniciar-sesion|accedi|zaloguj"
    r"|entrar|inloggen)\b",
    re.IGNORECASE,
)
_PASSWORD = re.compile(r"<input\b[^>]{0,400}\btype\s{0,3}=\s{0,3}[\"']?password\b", re.IGNORECASE)
_HOME = frozenset({"", "/", "/index.html", "/index.htm", "/index.php"})
# How fresh an answer is, and from where.
_HEADERS = (
    *("content-type", "content-language", "cache-control", "age", "date", "last-modified", "etag", "expires"),
    *("x-cache", "cf-cache-status", "x-robots-tag", "retry-after", "server", "vary"),
)
_LONGEST_HEADER = 120


class PathDown(Exception):
    """The way through the network failed, and not the site at its end."""


class Sight(StrEnum):
    """What one address gave: the picture, something without it, or nothing that could be judged."""

    SHOWS = "shows"
    WITHOUT = "without"
    GONE = "gone"
    WALLED = "walled"
    BLOCKED = "blocked"
    DOWN = "down"
    UNSEEN = "unseen"


@dataclass(frozen=True)
class Look:
    """One address as it was seen. `elsewhere` is where a redirect led to another page.

    `picture` is the address of the picture that was seen: a file, or a page and a picture inside of it.
    """

    sight: Sight
    status: int | None = None
    elsewhere: str = ""
    says_gone: bool = False
    picture: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Eyes:
    """Looks for one match, by one way through the network. Raises `PathDown` where a proxy's way ends."""

    match: Match
    policy: FetchPolicy

    def page(self, url: str) -> Look:
        """What a page shows, inside of it, in its files and through its style sheets."""
        fetched = self._fetch(url)
        if isinstance(fetched, Look):
            return fetched
        elsewhere = fetched.final_url if _is_elsewhere(fetched, url) else ""
        if _is_login(elsewhere):
            return Look(Sight.WALLED, fetched.status, elsewhere, detail=_facts(fetched, url))
        look = self._page(fetched, url)
        if look.sight != Sight.SHOWS and not elsewhere:
            look = self._refreshed(fetched, look)
        return replace(look, elsewhere=elsewhere or look.elsewhere)

    def image(self, url: str) -> Look:
        """`GONE` where the file is gone or is not this picture any more."""
        fetched = self._fetch(url)
        if isinstance(fetched, Look):
            return fetched
        facts = _facts(fetched, url)
        if alike := pictures.likeness(self.match, fetched.body):
            return Look(Sight.SHOWS, fetched.status, picture=url, detail={**facts, "alike": alike.value})
        says = _Says(fetched)
        if _is_login(fetched.final_url if fetched.redirects else "") or says.wall:
            return Look(Sight.WALLED, fetched.status, detail=facts)
        if says.not_here:
            return Look(Sight.BLOCKED, fetched.status, detail=facts)
        return Look(Sight.GONE, fetched.status, detail={**facts, "replaced": fetched.status == 200})

    def _page(self, fetched: Fetched, url: str) -> Look:
        says, facts = _Says(fetched), _facts(fetched, url)
        if alike := pictures.likeness(self.match, fetched.body):
            facts["alike"] = alike.value
            return Look(Sight.SHOWS, fetched.status, "", says.gone, fetched.final_url, facts)
        content = _read(fetched.body, fetched.final_url, fetched.headers.get("content-type", ""))
        facts["text_sha256"] = content.content_hash
        seen = self._pictures(content, fetched.final_url)
        if seen.sight != Sight.SHOWS and fetched.status not in GONE_STATUS and _needs_browser(url):
            seen = self._drawn(fetched)
        sight = seen.sight
        if sight != Sight.SHOWS:
            sight = says.sight(fetched.status, sight)
        return Look(sight, fetched.status, "", says.gone, seen.picture, {**facts, **seen.detail})

    def _refreshed(self, fetched: Fetched, look: Look) -> Look:
        """A page may send its readers on without a redirect; one such step is followed."""
        content = _read(fetched.body, fetched.final_url, fetched.headers.get("content-type", ""))
        if not content.refresh or content.refresh == fetched.final_url:
            return look
        onward = self._fetch(content.refresh)
        if isinstance(onward, Look):
            return look
        further = self._page(onward, content.refresh)
        return replace(further, elsewhere=onward.final_url) if further.sight == Sight.SHOWS else look

    def _drawn(self, fetched: Fetched) -> Look:
        """The same with scripts run. What could not be drawn was not seen."""
        try:
            text = drawn_page(fetched.final_url, self.policy, known={fetched.final_url: fetched})
        except BrowserFailed as failure:
            return Look(Sight.UNSEEN, detail={"error": failure.code})
        seen = self._pictures(_read(text, fetched.final_url), fetched.final_url)
        return replace(seen, detail={**seen.detail, "drawn": True})

    def _pictures(self, content: PageContent, page_url: str) -> Look:
        """Look at what is inside of the page, then fetch what it shows and compare it.

        A picture that does not load is not shown to anybody.
        """
        deadline = time.monotonic() + PAGE_SECONDS
        shown = _Shown(content)
        self._read_sheets(shown, deadline)
        not_loaded = 0
        for looked_at, picture in enumerate(shown.pictures[:MAX_PICTURES], 1):
            if time.monotonic() > deadline:
                break
            seen = self._one(picture, page_url)
            if seen.sight == Sight.SHOWS:
                return replace(seen, detail={"looked_at": looked_at, "alike": seen.detail.get("alike", "")})
            shown.looked_at = looked_at
            not_loaded += seen.sight in {Sight.DOWN, Sight.WALLED}
        detail = {"pictures": len(shown.pictures), "looked_at": shown.looked_at, "not_loaded": not_loaded}
        return Look(Sight.WITHOUT if shown.complete else Sight.UNSEEN, detail=detail)

    def _one(self, picture: InlinePicture | str, page_url: str) -> Look:
        if not isinstance(picture, InlinePicture):
            return self.image(picture)
        alike = pictures.likeness(self.match, picture.data)
        address = f"{page_url}#data-{picture.sha256[:16]}"
        if alike == Likeness.NONE:
            return Look(Sight.WITHOUT)
        return Look(Sight.SHOWS, picture=address, detail={"alike": alike.value})

    def _read_sheets(self, shown: "_Shown", deadline: float) -> None:
        """Sheets that do not load show nothing to anybody. Those that they import are not followed."""
        for url in shown.sheets[:MAX_SHEETS]:
            if time.monotonic() > deadline:
                shown.unread += 1
                continue
            fetched = self._fetch(url)
            if isinstance(fetched, Fetched) and fetched.status == 200:
                shown.add(stylesheets.pictures(fetched.body, fetched.final_url))

    def _fetch(self, url: str) -> Fetched | Look:
        """A response to look into, or what it is worth without. A "not found" page may still show things."""
        if restricted.is_restricted(url):
            return Look(Sight.DOWN, detail={"error": "restricted"})
        try:
            fetched = fetch(url, self.policy)
        except FetchError as error:
            if error.code == "proxy":
                raise PathDown from error
            return Look(Sight.DOWN, detail={"error": error.code})
        if fetched.status == 200 or fetched.status in GONE_STATUS:
            return fetched
        if _Says(fetched).not_here:
            return Look(Sight.BLOCKED, fetched.status, detail=_facts(fetched, url))
        walled = fetched.status in WALLED_STATUS
        return Look(Sight.WALLED if walled else Sight.DOWN, fetched.status, detail=_facts(fetched, url))


class _Says:
    """What an answer says to a reader, in words. A claim, and never a proof."""

    def __init__(self, fetched: Fetched) -> None:
        self.gone = self.not_here = self.wall = False
        if not str(fetched.headers.get("content-type", "text/")).startswith(("text/", "application/xhtml")):
            return
        markup = decode(fetched.body, fetched.headers.get("content-type", ""))
        reader = PageReader()
        reader.read_all(markup.replace("\x00", ""))
        text, heading = reader.words.text(), reader.words.heading()
        self.not_here = page_text.says_not_here(text)
        missing = page_text.looks_missing(reader.title, heading, len(text))
        self.gone = missing or page_text.announces_removal(text)
        short = len(text) <= MAX_WALL_TEXT
        login = page_text.asks_to_sign_in(reader.title, heading) or (short and not self.gone)
        self.wall = fetched.status == 200 and login and bool(_PASSWORD.search(markup))

    def sight(self, status: int, seen: Sight) -> Sight:
        """What a page without the picture is worth."""
        if self.not_here:
            return Sight.BLOCKED
        if status in GONE_STATUS:
            return Sight.GONE
        return Sight.WALLED if self.wall else seen


class _Shown:
    """The pictures of a page and of its style sheets: inside of it first, and the addresses of the others."""

    def __init__(self, content: PageContent) -> None:
        self.sheets = content.stylesheets
        self.unread = len(content.stylesheets) - MAX_SHEETS
        self._inside = list(content.inline)
        self._addresses = [candidate.url for candidate in content.images]
        self.looked_at = 0

    def add(self, sheet: stylesheets.StyleSheet) -> None:
        self._inside += sheet.inline
        self._addresses += [candidate.url for candidate in sheet.images]

    @property
    def pictures(self) -> list[InlinePicture | str]:
        return [*self._inside, *dict.fromkeys(self._addresses)]

    @property
    def complete(self) -> bool:
        """Whether all that there is was looked at; of very many or very large pictures inside some are left out."""
        size = sum(len(picture.data) for picture in self._inside)
        cut = len(self._inside) >= inline.MAX_PICTURES or size > inline.MAX_PAGE_BYTES - inline.MAX_PICTURE_BYTES
        return self.looked_at == len(self.pictures) and self.unread <= 0 and not cut


def _read(markup: bytes | str, url: str, content_type: str = "") -> PageContent:
    """A page with all that it shows: what it asks of robots is about indexing, and not about looking."""
    return extract(markup, url, content_type, heed=False)


def _facts(fetched: Fetched, url: str) -> dict[str, Any]:
    """What is kept of an answer. No address: where a redirect led is said in kind."""
    headers = {name: str(fetched.headers.get(name, ""))[:_LONGEST_HEADER] for name in _HEADERS}
    return {
        "chain": [exchange.status for exchange in fetched.exchanges],
        "led_to": _led_to(fetched, url),
        "headers": {name: value for name, value in headers.items() if value and "://" not in value},
        "sha256": hashlib.sha256(fetched.body).hexdigest(),
        "bytes": len(fetched.body),
    }


def _led_to(fetched: Fetched, url: str) -> str:
    """Where redirects led: nowhere else (""), to a login, a home page, another page, or another site."""
    if not _is_elsewhere(fetched, url):
        return ""
    if _is_login(fetched.final_url):
        return "login"
    if urlsplit(fetched.final_url).path in _HOME:
        return "home_page"
    return "other_page" if _where(url)[0] == _where(fetched.final_url)[0] else "other_site"


def _needs_browser(url: str) -> bool:
    """Whether the page is of a site whose pictures only scripts show."""
    try:
        site = site_key(parse_url(url))
    except FetchError:
        return False
    sources = Source.objects.filter(needs_browser=True).values_list("url", flat=True)
    return any(site_key(parse_url(source)) == site for source in sources)


def _is_login(url: str) -> bool:
    return bool(url) and bool(_LOGIN.search(urlsplit(url).path))


def _is_elsewhere(fetched: Fetched, url: str) -> bool:
    """Whether a redirect led to another page, and not just to another spelling of the same."""
    return bool(fetched.redirects) and _where(url) != _where(fetched.final_url)


def _where(url: str) -> tuple[str, str, str]:
    parts = urlsplit(url)
    return (parts.hostname or "").removeprefix("www."), parts.path.rstrip("/"), parts.query
