"""How crawling goes, in plain words: what every error means, and what is known of a source's pages."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, Max, Min, Q
from django.utils import timezone

from crawler.models import CrawlRun, Page, Source
from crawler.states import RunState, SourceState

LATELY = timedelta(days=7)
# A run shows a sign of life every few seconds; after this long without one, its process is gone.
SILENT_AFTER = timedelta(minutes=2)

# What each counted name means. Read by staff and by people who reported a page: no jargon, no blame.
SENTENCES = {
    "robots": "The site asks programs like ours not to read this (robots.txt). We keep to that.",
    "robots_unreachable": "The site's robots.txt could not be read. Until it can, we read nothing there.",
    "dns": "There is no site under this name, or its name could not be looked up.",
    "connect": "The site could not be reached.",
    "tls": "The site's certificate is not valid, so we cannot be sure that it is the site.",
    "host_down": "The site could not be reached several times in a row, so we left it alone for a while.",
    "timeout": "The site took too long to answer.",
    "busy": "The site said that it is busy and asked us to come back later.",
    "broken": "The answer broke off or could not be understood.",
    "encoding": "The answer was packed in a way that we do not unpack.",
    "too_large": "It is larger than what we fetch.",
    "proxy": "The way through the other network could not be taken.",
    "too_many_redirects": "It leads on to other addresses too many times.",
    "redirect_loop": "It leads round in a circle.",
    "redirect_elsewhere": "It leads away to another site, which is not part of this source.",
    "not_html": "It is neither a page nor a picture.",
    "not_image": "A picture was expected here, and something else came.",
    "url": "This is not a complete web address.",
    "url_length": "The address is too long.",
    "scheme": "Only http and https addresses are fetched.",
    "host": "The host name in this address is not valid.",
    "port": "This is not a port that web sites use.",
    "credentials": "Addresses with a user name or password in them are not fetched.",
    "address": "This is not an internet address.",
    "private_address": "The address is on a private network, which we do not fetch from.",
    "forbidden_address": "The address is not part of the public internet.",
    "blocked_host": "The host is on our list of hosts that are never visited.",
    "restricted": "The picture is one that must not be fetched or kept.",
    "storage": "Something could not be saved on our side.",
    "internal": "Something went wrong on our side. The crawl went on.",
    "trap": "The site makes up pages without end there. We stopped following them.",
    "soft_404": "The page is there, but says that nothing is.",
    "duplicate_page": "The page shows the same as another one.",
    "page_limit": "There was more than the pages that one run may read.",
    "picture_limit": "There was more than the pictures that one run may fetch.",
    "foreign_limit": "Too many pictures lay on one other host. We left the rest alone.",
    "sheet_limit": "There were too many style sheets. We left the rest alone.",
    "listing": "The sitemap or feed could not be read.",
    "gzip": "The compressed file is damaged.",
    "invalid_xml": "The sitemap or feed is broken.",
    "invalid_json": "The feed is broken.",
    "unreadable": "The file could not be read.",
    "not_an_archive": "There is no web archive at this address.",
    "archive_garbage": "A part of the archive belongs to no record.",
    "archive_truncated": "The archive ends in the middle of a record.",
    "archive_gzip": "A part of the archive is damaged.",
    "archive_unreadable": "The archive could not be read to its end.",
    "record_too_large": "A record of the archive is larger than we read.",
    "record_invalid": "A record of the archive is not what its header says.",
    "no_browser": "There is no browser on this machine.",
    "failed": "The browser gave up on it.",
    "method": "The page tried to send something. We only read.",
    "too_many_requests": "The page asked for too many things.",
    "http_401": "The site wants a password. We never sign in.",
    "http_403": "The site refused to show it to us.",
    "http_404": "There is nothing at this address.",
    "http_410": "It was there and is gone for good.",
    "http_429": "The site said that we asked too often.",
    "http_451": "The site may not show it, for legal reasons.",
    "http_500": "The site has an error of its own.",
    "http_503": "The site is out of order for now.",
}
NAMES = {"robots": "robots.txt", "robots_unreachable": "robots.txt unreachable", "dns": "Name not found", "tls": "TLS"}
_HTTP = re.compile(r"http_(\d{3})")


def name(code: str) -> str:
    """What an error is called in a table."""
    if match := _HTTP.fullmatch(code):
        return f"HTTP {match.group(1)}"
    return NAMES.get(code, code.replace("_", " ").capitalize())


def sentence(code: str) -> str:
    """What an error means, for people."""
    if code in SENTENCES:
        return SENTENCES[code]
    if code.startswith("render_"):
        return f"The page could not be shown in a browser. {sentence(code.removeprefix('render_'))}"
    if match := _HTTP.fullmatch(code):
        return f"The site answered with status {match.group(1)} and no page."
    return "It could not be read."


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of error of a run, with a few of the URLs where it came."""

    code: str
    count: int
    examples: tuple[str, ...]

    @property
    def name(self) -> str:
        return name(self.code)

    @property
    def sentence(self) -> str:
        return sentence(self.code)


def troubles(run: CrawlRun | None) -> list[Trouble]:
    """The errors of a run, the most frequent first."""
    if run is None:
        return []
    counted = sorted(run.errors.items(), key=lambda item: (-item[1], item[0]))
    return [Trouble(code, count, tuple(run.examples.get(code, ()))) for code, count in counted]


@dataclass(frozen=True, slots=True)
class Mark:
    """A state as a badge shows it."""

    tone: str
    text: str


def is_alive(run: CrawlRun) -> bool:
    """Whether a run is under way and its process showed a sign of life lately. A paused run has no process."""
    return run.state == RunState.RUNNING and run.seen_at > timezone.now() - SILENT_AFTER


_RUN_TONES = {
    RunState.RUNNING: "waiting",
    RunState.PAUSED: "needs",
    RunState.FINISHED: "good",
    RunState.FAILED: "stopped",
    RunState.INTERRUPTED: "needs",
}


def is_silent(run: CrawlRun) -> bool:
    """Whether a run should be at work and shows no sign of it."""
    return run.state == RunState.RUNNING and not is_alive(run)


def run_mark(run: CrawlRun) -> Mark:
    if is_silent(run):
        return Mark("needs", "No sign of life")
    return Mark(_RUN_TONES[RunState(run.state)], RunState(run.state).label)


def source_mark(source: Source, last: CrawlRun | None, *, blocked: bool = False) -> Mark:
    """Where a source stands, given its last run."""
    if blocked:
        return Mark("stopped", "Blocked")
    if source.state == SourceState.PAUSED:
        return Mark("", "Paused")
    if last is not None and last.state in (RunState.RUNNING, RunState.PAUSED):
        return Mark("needs", "Run paused") if last.state == RunState.PAUSED else run_mark(last)
    if source.failures:
        return Mark("needs", "Failing")
    return Mark("good", "Active")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a source's pages. Intervals are None until a page was read twice."""

    pages: int
    waiting: int
    due: int
    changed: int
    failing: int
    shortest: timedelta | None
    usual: timedelta | None
    longest: timedelta | None
    next_due: datetime | None


def known(source: Source) -> Known:
    """The figures of a source's pages, in one query."""
    now = timezone.now()
    read = Q(fetched_at__isnull=False)
    timed = Q(interval_seconds__gt=0)
    found = Page.objects.filter(source=source).aggregate(
        pages=Count("pk"),
        waiting=Count("pk", filter=~read),
        due=Count("pk", filter=read & Q(due_at__lte=now)),
        changed=Count("pk", filter=Q(changed_at__gt=now - LATELY)),
        failing=Count("pk", filter=Q(failures__gt=0)),
        shortest=Min("interval_seconds", filter=timed),
        usual=Avg("interval_seconds", filter=timed),
        longest=Max("interval_seconds", filter=timed),
        next_due=Min("due_at", filter=read),
    )
    spans = {key: _span(found.pop(key)) for key in ("shortest", "usual", "longest")}
    figures: dict[str, Any] = {**found, **spans}
    return Known(**figures)


def _span(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=round(seconds))


_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def spell(span: timedelta) -> str:
    """`6 hours`, `30 days`: in the largest unit of which it holds two, or exactly one; rounded."""
    seconds = span.total_seconds()
    for size, unit in _UNITS:
        if seconds >= 2 * size or seconds == size:
            number = round(seconds / size)
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return "no time"


def every(span: timedelta | None) -> str:
    """How often a source is crawled."""
    if span is None:
        return "Only when somebody says so"
    spelled = spell(span)
    return f"Every {spelled.removeprefix('1 ')}"
