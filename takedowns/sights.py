"""Looking at a place: does this page, or this file, show the picture now?"""

import re
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from crawler.blocklists import restricted
from crawler.browsing.browser import BrowserFailed, drawn_page
from crawler.defaults import web_policy
from crawler.fetch import Fetched, fetch
from crawler.models import Source
from crawler.policy import FetchError, parse_url, site_key
from crawler.reading import inline, stylesheets
from crawler.reading.extract import PageContent, extract
from crawler.reading.inline import InlinePicture
from search import pictures
from search.models import Match

MAX_PICTURES = 60
MAX_SHEETS = 10
PAGE_SECONDS = 90.0
GONE_STATUS = frozenset({404, 410, 451})
WALLED_STATUS = frozenset({401, 402, 403, 407})
_LOGIN = re.compile(r"/(?:log-?in|sign-?in|sign-?up|auth|account/login|session/new)\b", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"not available in your (?:country|region|location)|unavailable in your (?:country|region|location)",
    re.IGNORECASE,
)
_SAYS_GONE = re.compile(
    r"\b(?:page|photo|picture|image|content|file|post) (?:was |is |has been )?"
    r"(?:not found|removed|deleted|gone)\b"
    r"|\b(?:no longer (?:available|exists)|does not exist|could not be found)\b",
    re.IGNORECASE,
)


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
    """One address as it was seen. `elsewhere` is where a redirect led to another page."""

    sight: Sight
    status: int | None = None
    elsewhere: str = ""
    says_gone: bool = False
    detail: dict[str, Any] = field(default_factory=dict)


def at_page(url: str, match: Match) -> Look:
    """What a page shows, inside of it, in its files and through its style sheets."""
    fetched = _fetch(url)
    if isinstance(fetched, Look):
        return fetched
    elsewhere = fetched.final_url if _is_elsewhere(fetched, url) else ""
    if _is_login(elsewhere):
        return Look(Sight.WALLED, fetched.status, elsewhere)
    if pictures.shows_again(match, fetched.body):
        return Look(Sight.SHOWS, fetched.status, elsewhere)
    # Robots' directives are about indexing and not about looking, so the header is not passed on.
    content = extract(fetched.body, fetched.final_url, fetched.headers.get("content-type", ""))
    sight, detail = _at_pictures(content, match)
    if sight != Sight.SHOWS and fetched.status not in GONE_STATUS and _needs_browser(url):
        sight, detail = _at_drawn(fetched, match)
    if sight != Sight.SHOWS and fetched.status in GONE_STATUS:
        sight = Sight.GONE
    return Look(sight, fetched.status, elsewhere, bool(_SAYS_GONE.search(_text(fetched))), detail)


def _needs_browser(url: str) -> bool:
    """Whether the page is of a site whose pictures only scripts show."""
    try:
        site = site_key(parse_url(url))
    except FetchError:
        return False
    sources = Source.objects.filter(needs_browser=True).values_list("url", flat=True)
    return any(site_key(parse_url(source)) == site for source in sources)


def _at_drawn(fetched: Fetched, match: Match) -> tuple[Sight, dict[str, Any]]:
    """The same with scripts run. What could not be drawn was not seen."""
    try:
        text = drawn_page(fetched.final_url, web_policy(), known={fetched.final_url: fetched})
    except BrowserFailed as failure:
        return Sight.UNSEEN, {"error": failure.code}
    sight, detail = _at_pictures(extract(text, fetched.final_url), match)
    return sight, {**detail, "drawn": True}


def _at_pictures(content: PageContent, match: Match) -> tuple[Sight, dict[str, Any]]:
    """Look at what is inside of the page, then fetch what it shows and compare it.

    A picture that does not load is not shown to anybody.
    """
    deadline = time.monotonic() + PAGE_SECONDS
    shown = _Shown(content)
    shown.read_sheets(deadline)
    not_loaded = 0
    for looked_at, picture in enumerate(shown.pictures[:MAX_PICTURES], 1):
        if time.monotonic() > deadline:
            break
        if isinstance(picture, InlinePicture):
            sight = Sight.SHOWS if pictures.shows_again(match, picture.data) else Sight.WITHOUT
        else:
            sight = at_image(picture, match).sight
        if sight == Sight.SHOWS:
            return Sight.SHOWS, {"looked_at": looked_at}
        shown.looked_at = looked_at
        not_loaded += sight in {Sight.DOWN, Sight.WALLED}
    detail = {"pictures": len(shown.pictures), "looked_at": shown.looked_at, "not_loaded": not_loaded}
    return (Sight.WITHOUT if shown.complete else Sight.UNSEEN), detail


class _Shown:
    """The pictures of a page and of its style sheets: inside of it first, and the addresses of the others."""

    def __init__(self, content: PageContent) -> None:
        self._sheets = content.stylesheets
        self._unread = len(content.stylesheets) - MAX_SHEETS
        self._inside = list(content.inline)
        self._addresses = [candidate.url for candidate in content.images]
        self._hidden = content.noimageindex
        self.looked_at = 0

    def read_sheets(self, deadline: float) -> None:
        """Sheets that do not load show nothing to anybody. Those that they import are not followed."""
        for url in self._sheets[:MAX_SHEETS]:
            if time.monotonic() > deadline:
                self._unread += 1
                continue
            fetched = _fetch(url)
            if isinstance(fetched, Look) or fetched.status != 200:
                continue
            sheet = stylesheets.pictures(fetched.body, fetched.final_url)
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
        return self.looked_at == len(self.pictures) and self._unread <= 0 and not cut and not self._hidden


def at_image(url: str, match: Match) -> Look:
    """`GONE` where the file is gone or is not this picture any more."""
    fetched = _fetch(url)
    if isinstance(fetched, Look):
        return fetched
    if pictures.shows_again(match, fetched.body):
        return Look(Sight.SHOWS, fetched.status)
    if _is_login(fetched.final_url if fetched.redirects else ""):
        return Look(Sight.WALLED, fetched.status)
    return Look(Sight.GONE, fetched.status, detail={"replaced": fetched.status == 200})


def _fetch(url: str) -> Fetched | Look:
    """A response to look into, or what it is worth without. A "not found" page may still show things."""
    if restricted.is_restricted(url):
        return Look(Sight.DOWN, detail={"error": "restricted"})
    try:
        fetched = fetch(url, web_policy())
    except FetchError as error:
        return Look(Sight.DOWN, detail={"error": error.code})
    if _is_text(fetched) and _ELSEWHERE.search(_text(fetched)):
        return Look(Sight.BLOCKED, fetched.status)
    if fetched.status in WALLED_STATUS:
        return Look(Sight.WALLED, fetched.status)
    if fetched.status == 200 or fetched.status in GONE_STATUS:
        return fetched
    return Look(Sight.DOWN, fetched.status)


def _is_text(fetched: Fetched) -> bool:
    return str(fetched.headers.get("content-type", "text/")).startswith("text/")


def _text(fetched: Fetched) -> str:
    return fetched.body.decode("utf-8", "replace")


def _is_login(url: str) -> bool:
    return bool(url) and bool(_LOGIN.search(urlsplit(url).path))


def _is_elsewhere(fetched: Fetched, url: str) -> bool:
    """Whether a redirect led to another page, and not just to another spelling of the same."""
    old, new = urlsplit(url), urlsplit(fetched.final_url)
    return bool(fetched.redirects) and (old.path.rstrip("/"), old.query) != (new.path.rstrip("/"), new.query)
