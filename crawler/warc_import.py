"""Reading a web archive (WARC) as a source: its pages and the pictures that are in it too. Nothing is fetched live.

The archive is read twice: first for what its pages show, then for the pictures among that, so that their order does
not matter and no picture is held in memory.
"""

import logging
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from django.conf import settings

from crawler import memory
from crawler.blocklists.blocklist import Guard
from crawler.downloading.robots import RobotsRules, read_robots
from crawler.downloading.scrapy_settings import ROBOTS_TOKEN
from crawler.fetch import fetch
from crawler.frontiers.frontier import MAX_HOPS, Site
from crawler.frontiers.pictures import Showing, StoredImage
from crawler.items import ImageItem, PageItem
from crawler.models import CrawlRun
from crawler.policy import FetchError, FetchPolicy, FetchRefused, canonical_url, parse_url
from crawler.reading import warc
from crawler.reading.extract import extract, robots_directives
from crawler.reading.sniff import image_type, is_html
from crawler.run_records import Ending
from crawler.spiders.pulse import BEAT_SECONDS, save_tally
from crawler.writer import Writer

logger = logging.getLogger(__name__)

MAX_ARCHIVE_BYTES = 1024**3
DOWNLOAD_SECONDS = 1800.0
MAX_MOVES = 50_000
MAX_SITES = 20_000
_NO_PICTURES = frozenset({"noindex", "noimageindex", "none"})


class Stopped(Exception):
    """The import is to end before its end; the argument says why, as in `Ending`."""


def read_source(site: Site, policy: FetchPolicy, writer: Writer, guard: Guard) -> Ending:
    """Import the archive that the source names. What is wrong with it is counted."""
    importing = _Import(site, policy, writer, guard)
    try:
        with _told_to_stop(importing), _archive(site.spec.url, policy) as path:
            importing.read(path)
    except Stopped as stopped:
        return Ending(by_itself=False, reason=str(stopped))
    except FetchError as error:
        site.tally.count(error.code, site.spec.url)
    except OSError:
        site.tally.count("unreadable", site.spec.url)
    for visit in site.take():
        site.returned(visit)
    return Ending(by_itself=True)


@contextmanager
def _archive(url: str, policy: FetchPolicy) -> Iterator[Path]:
    """The file itself, or a copy of what is at the URL, for as long as it is read. Raises FetchError, OSError."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        yield Path(unquote(parts.path))
        return
    patient = replace(policy, max_bytes=MAX_ARCHIVE_BYTES, timeout_seconds=DOWNLOAD_SECONDS)
    _check_robots(url, policy)
    with NamedTemporaryFile(dir=settings.DATA_DIR, prefix="archive-", suffix=".part") as file:
        answer = fetch(url, patient)
        if answer.status != 200:
            raise FetchRefused(f"http_{answer.status}", "The archive is not there.")
        file.write(answer.body)
        file.flush()
        del answer
        yield Path(file.name)


def _check_robots(url: str, policy: FetchPolicy) -> None:
    """Raises FetchRefused where the site does not want it."""
    answer = fetch(urljoin(url, "/robots.txt"), policy)
    refusal = read_robots(answer.status, answer.body).refusal(url, ROBOTS_TOKEN)
    if refusal:
        raise FetchRefused(refusal, "The site asks robots to leave this alone.")


@contextmanager
def _told_to_stop(importing: "_Import") -> Iterator[None]:
    """SIGTERM and Ctrl-C end the import in good order."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, importing.stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Import:
    """One archive on its way in."""

    def __init__(self, site: Site, policy: FetchPolicy, writer: Writer, guard: Guard) -> None:
        self._site = site
        self._policy = policy
        self._writer = writer
        self._guard = guard
        self._showings: dict[str, list[Showing]] = {}
        self._moved: dict[str, str] = {}
        self._robots: dict[str, RobotsRules] = {}
        self._taken: set[str] = set()
        self._stop = ""
        self._next_look = 0.0

    def stop(self, *_signal: Any) -> None:
        self._stop = "shutdown"

    def read(self, path: Path) -> None:
        """Raises Stopped, OSError."""
        for url, record in self._records(path, count=True):
            self._read_page(url, record)
        for alias in list(self._moved):
            self._follow(alias)
        for url, record in self._records(path, count=False):
            self._read_picture(url, record)

    def _records(self, path: Path, *, count: bool) -> Iterator[tuple[str, warc.Archived]]:
        with path.open("rb") as stream:
            for record in warc.read(stream):
                self._look()
                if isinstance(record, warc.ArchiveError):
                    if count:
                        self._site.tally.count(record.code, self._site.spec.url)
                    continue
                try:
                    url = canonical_url(record.url)
                    self._check_host(url)
                except FetchRefused as refusal:
                    if count:
                        self._site.tally.count(refusal.code, record.url)
                    continue
                yield url, record

    def _check_host(self, url: str) -> None:
        """Nothing is requested, so only what is never crawled is refused. Raises FetchRefused."""
        try:
            self._policy.check_url(url)
        except FetchRefused as refusal:
            if refusal.code == "blocked_host":
                raise

    # --- First: what pages show ----------------------------------------------------------------------------

    def _read_page(self, url: str, record: warc.Archived) -> None:
        location = record.headers.get("location", "")
        if urlsplit(url).path == "/robots.txt" and len(self._robots) < MAX_SITES:
            self._robots[_origin(url)] = read_robots(record.status, record.body)
        elif 300 <= record.status < 400 and location and len(self._moved) < MAX_MOVES:
            self._move(url, location)
        elif record.status == 200 and _is_page(record):
            self._read_html(url, record)

    def _move(self, url: str, location: str) -> None:
        try:
            self._moved[url] = canonical_url(urljoin(url, location))
        except (FetchRefused, ValueError):
            return

    def _read_html(self, url: str, record: warc.Archived) -> None:
        site = self._site
        if site.tally.pages >= site.spec.max_pages:
            site.tally.count("page_limit", url)
            return
        headers = record.headers
        content = extract(record.body, url, headers.get("content-type", ""), headers.get("x-robots-tag", ""))
        if content.looks_missing:
            site.tally.count("soft_404", url)
            return
        site.tally.pages += 1
        self._writer.put_now(PageItem(site, url, record.status, 0, content.title, record.at))
        for candidate in content.images:
            refusal = site.may_show(candidate.url, asks=False)
            if refusal:
                site.tally.count(refusal, candidate.url)
            else:
                showing = Showing(site, url, content.title, 0, candidate.url, candidate.kind)
                self._showings.setdefault(candidate.url, []).append(showing)

    # --- Then: the pictures --------------------------------------------------------------------------------

    def _follow(self, alias: str) -> None:
        """Who shows an address that redirects shows what it leads to."""
        showings, url = self._showings.pop(alias, []), alias
        for _hop in range(MAX_HOPS):
            if url not in self._moved:
                break
            url = self._moved[url]
        if showings and url not in self._moved:
            self._showings.setdefault(url, []).extend(showings)

    def _read_picture(self, url: str, record: warc.Archived) -> None:
        media_type = image_type(record.body) if record.status == 200 else None
        if media_type is None or url in self._taken:
            return
        self._taken.add(url)
        shown = self._showings.pop(url, None) or self._alone(url)
        showings = [one for one in shown if self._may(one.page_url)]
        if self._guard.address(url):
            self._site.tally.count("restricted")
        elif robots_directives(record.headers.get("x-robots-tag", "")) & _NO_PICTURES or not self._may(url):
            self._site.tally.count("robots", url)
        elif showings:
            self._store(url, record.body, media_type, showings, record.at)

    def _alone(self, url: str) -> list[Showing]:
        """A picture that no page of the archive shows is a page of its own."""
        refusal = self._site.may_show(url, asks=False)
        if refusal:
            self._site.tally.count(refusal, url)
            return []
        return [Showing(self._site, url, "", 0, url, "page")]

    def _may(self, url: str) -> bool:
        rules = self._robots.get(_origin(url))
        return rules is None or not rules.refusal(url, ROBOTS_TOKEN)

    def _store(self, url: str, body: bytes, media_type: str, showings: list[Showing], at: datetime) -> None:
        tally, image = self._site.tally, StoredImage(sha256(body).hexdigest(), len(body), media_type)
        known = memory.recall([url]).get(url)
        again = known is not None and known.image.sha256 == image.sha256
        tally.pictures.update(showing.image_url for showing in showings)
        tally.fetched += not again
        tally.fetched_bytes += 0 if again else len(body)
        item = ImageItem(image, showings, None if again else body, seen_again=again, at=at, lasting=False)
        self._writer.put_now(item)

    # --- Being told, and telling ---------------------------------------------------------------------------

    def _look(self) -> None:
        """Now and then: what was asked of the run, and how far it is; waits while the spool is full."""
        if self._stop:
            raise Stopped(self._stop)
        if time.monotonic() < self._next_look and not self._writer.pressure.is_shut:
            return
        self._beat()
        while self._writer.pressure.is_shut:
            if self._writer.pressure.is_hopeless():
                raise Stopped("full")
            time.sleep(BEAT_SECONDS)
            self._beat()

    def _beat(self) -> None:
        self._next_look = time.monotonic() + BEAT_SECONDS
        wish = self._writer.call_now(self._in_database)
        if wish or self._stop:
            raise Stopped(self._stop or "stopped")

    def _in_database(self) -> str:
        self._writer.pressure.measure(self._writer.unwritten)
        save_tally(self._site)
        return CrawlRun.objects.values_list("wish", flat=True).get(pk=self._site.run_id)


def _is_page(record: warc.Archived) -> bool:
    return image_type(record.body) is None and is_html(record.body, record.headers.get("content-type", ""))


def _origin(url: str) -> str:
    parsed = parse_url(url)
    return f"{parsed.scheme}://{parsed.netloc}"
