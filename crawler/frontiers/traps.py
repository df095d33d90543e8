"""Where a crawl would walk in circles: session ids, calendars, endless pagination, facets. Pure.

Nothing here says that a page is worthless, only how many of its kind are read before another kind has its turn:
a pattern of URLs is read for as long as its pages keep giving new pictures or words, and closed once a row of them
does not. A forum's threads may show no picture for long, and yet the next one does; an endless calendar has no new
words.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

# Pages of one pattern in a row without anything new before it is closed: this many, or a share of the pages allowed.
BARREN_LEAST = 10
BARREN_SHARE = 30
# A date in the address is what calendars are made of.
BARREN_DATES = 6
MAX_SEGMENTS = 24
MAX_PARAMETERS = 12
_REPEATS = 3
# A page with so many words that no page of its pattern had before says something new. What is remembered has an end.
NEW_WORDS = 3
MAX_WORDS = 100_000

_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d[-_/.]?(?:0?[1-9]|1[0-2])(?!\d)(?:[-_/.]?(?:0?[1-9]|[12]\d|3[01])(?!\d))?")
_DATE_KEYS = frozenset({"date", "day", "month", "year", "week", "yr", "mo", "ical", "tribe-bar-date"})
_NUMBER = re.compile(r"\d+")
_TOKEN = re.compile(r"(?=[0-9a-f-]*\d)[0-9a-f-]{12,}", re.IGNORECASE)

_PATH_SESSION = re.compile(r";(?:jsessionid|phpsessid|sessionid|sid)=[^/?#;]*", re.IGNORECASE)
# ASP.NET's sessions without cookies: /(S(lit3py55t21z5v55vlm25s55))/page
_ASP_SESSION = re.compile(r"/\((?:[ASFX]\([0-9a-z_-]{8,}\))+\)", re.IGNORECASE)
_SESSION_KEYS = frozenset({"phpsessid", "jsessionid", "cfid", "cftoken", "zenid", "oscsid"})
# Names that others use for other things: a session only where the value looks like nothing else.
_SESSION_KEYS_BY_VALUE = frozenset({"sid", "s", "sessid", "session", "sessionid", "session_id", "sess"})
_SESSION_VALUE = re.compile(r"(?=.*\d)(?=.*[a-z])[0-9a-z]{16,64}", re.IGNORECASE)


def identity(url: str) -> str:
    """`url` without the session ids in it: two addresses with one identity are one page."""
    if ";" not in url and "(" not in url and "=" not in url:
        return url
    head, mark, query = url.partition("?")
    head = _ASP_SESSION.sub("", _PATH_SESSION.sub("", head))
    kept = "&".join(part for part in query.split("&") if not _is_session(part)) if mark else ""
    return f"{head}?{kept}" if kept else head


def _is_session(parameter: str) -> bool:
    name, _equals, value = parameter.partition("=")
    name = name.lower()
    if name in _SESSION_KEYS or name.startswith("aspsessionid"):
        return True
    return name in _SESSION_KEYS_BY_VALUE and bool(_SESSION_VALUE.fullmatch(value))


def goes_in_circles(url: str) -> bool:
    """Whether the address itself looks like a trap: segments that repeat, or more of anything than sites have."""
    parts = urlsplit(url)
    segments = [segment for segment in parts.path.split("/") if segment]
    if len(segments) > MAX_SEGMENTS or parts.query.count("&") >= MAX_PARAMETERS:
        return True
    return any(_repeats(segments, length) for length in range(1, len(segments) // _REPEATS + 1))


def _repeats(segments: list[str], length: int) -> bool:
    """Whether a run of `length` segments, not all of them numbers, comes three times in a row."""
    for start in range(len(segments) - _REPEATS * length + 1):
        unit = segments[start : start + length]
        if unit * _REPEATS == segments[start : start + _REPEATS * length] and not all(s.isdigit() for s in unit):
            return True
    return False


def is_variant(url: str, canonical: str) -> bool:
    """Whether `canonical`, which `url` names as its own address, is `url` with parts of its query left out.

    Only then are the two taken for one page unread: many a site names one address for pages that differ. A part
    with a short number (`page=2`) makes another page.
    """
    head, _, query = url.partition("?")
    other_head, _, other_query = canonical.partition("?")
    parts, kept = query.split("&"), other_query.split("&") if other_query else []
    dropped = [part for part in parts if part not in kept]
    return (
        head == other_head
        and url != canonical
        and all(part in parts for part in kept)
        and not any(part.partition("=")[2].isdigit() for part in dropped)
    )


def pattern(url: str) -> tuple[str, str]:
    """What `url` is one of: its path with numbers and ids taken out, and the names in its query."""
    parts = urlsplit(url)
    if _comes_again(parts.path):
        # However they are mixed: relative links that lead ever deeper.
        return parts.netloc, "segments that come again"
    path = _NUMBER.sub("0", _TOKEN.sub("0", _DATE.sub("0", parts.path)))
    keys = sorted({part.partition("=")[0] for part in parts.query.split("&") if part})
    return f"{parts.netloc}{path}", "&".join(keys)


def is_plain(url: str) -> bool:
    """Whether nothing in the address counts anything: a page that has its name for itself."""
    parts = urlsplit(url)
    return not parts.query and not _NUMBER.search(parts.path) and not _comes_again(parts.path)


def _comes_again(path: str) -> bool:
    """Whether a segment that is no number is in the path twice."""
    segments = [segment for segment in path.split("/") if segment and not segment.isdigit()]
    return len(set(segments)) < len(segments)


def has_date(url: str) -> bool:
    parts = urlsplit(url)
    names = {part.partition("=")[0].lower() for part in parts.query.split("&")}
    return bool(names & _DATE_KEYS or _DATE.search(parts.path) or _DATE.search(parts.query))


@dataclass(slots=True)
class _Kind:
    """How pages of one pattern have done: read in a row without anything new, and the words (hashed) they had."""

    barren: int = 0
    words: set[int] = field(default_factory=set)

    def says_new(self, words: Iterable[str]) -> bool:
        before = len(self.words)
        if before < MAX_WORDS:
            self.words.update(map(hash, words))
        return len(self.words) - before >= NEW_WORDS


@dataclass(slots=True)
class Patterns:
    """Which patterns of one source are worth reading on, for a run of `max_pages` pages."""

    max_pages: int
    _kinds: dict[tuple[str, str], _Kind] = field(default_factory=dict)

    def is_open(self, url: str) -> bool:
        """Whether another page like `url` may be read."""
        if is_plain(url):
            return True
        path, keys = pattern(url)
        least = max(BARREN_LEAST, self.max_pages // BARREN_SHARE)
        if has_date(url):
            least = min(least, max(BARREN_DATES, self.max_pages // 100))
        if self._barren((path, keys)) >= least:
            return False
        # However its facets are combined, one path is one thing.
        return not keys or self._barren((path, "?")) < 2 * least

    def read(self, url: str, *, gained: bool, words: Iterable[str] = ()) -> None:
        """A page was read; `gained`: it showed a picture that no page before it had shown."""
        if is_plain(url):
            return
        path, keys = pattern(url)
        for key in ((path, keys), (path, "?")) if keys else ((path, keys),):
            kind = self._kinds.setdefault(key, _Kind())
            says_new = kind.says_new(words)
            # Half, so that a page with something new now and then does not keep an endless list open.
            kind.barren = kind.barren // 2 if gained or says_new else kind.barren + 1

    def _barren(self, key: tuple[str, str]) -> int:
        kind = self._kinds.get(key)
        return kind.barren if kind else 0
