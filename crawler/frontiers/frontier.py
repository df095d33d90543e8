"""What a crawl still has to fetch of a source: its pages, breadth first. Pure."""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from crawler.frontiers.traps import Patterns, goes_in_circles, identity, is_variant
from crawler.policy import FetchRefused, parse_url, site_key

# Pages of one source under way at a time; the downloader's own limits per host are lower.
PAGES_IN_FLIGHT = 8
MAX_HOPS = 5
# A trap may invent links faster than pages are read: what is remembered of one source has an end.
MAX_KNOWN_URLS = 200_000
KNOWN_LEAST = 10_000
KNOWN_PER_PAGE = 50
# Pages that cannot be read cost requests too: per page allowed, this many may be tried.
TRIES_PER_PAGE = 4
# Pictures on one host that is not the source's own: so many, and so many more for each page read.
FOREIGN_PICTURES = 500
FOREIGN_PICTURES_PER_PAGE = 50
EXAMPLES = 5
# Of what gave these names not even the address is kept.
UNNAMED = frozenset({"restricted"})


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """What the crawl needs to know of a source; all of it can be written as JSON."""

    source_id: str
    kind: str
    url: str
    seeds: tuple[str, ...] = ()
    path: str = ""
    depth: int = 10
    max_pages: int = 1000
    max_pictures: int = 20_000
    delay_seconds: float | None = None
    concurrency: int | None = None
    needs_browser: bool = False

    @property
    def starts(self) -> tuple[str, ...]:
        return self.seeds if self.kind == "urls" and self.seeds else (self.url,)


@dataclass(slots=True)
class Tally:
    """What a run came to so far. `errors` counts by name, `examples` has a few addresses of each."""

    pages: int = 0
    unchanged: int = 0
    pictures: set[str] = field(default_factory=set)
    fetched: int = 0
    fetched_bytes: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    # Pictures of the run before it was paused; their addresses are not kept in memory.
    pictures_before: int = 0

    @property
    def images(self) -> int:
        return self.pictures_before + len(self.pictures)

    def count(self, name: str, url: str = "") -> None:
        self.errors[name] += 1
        examples = self.examples.setdefault(name, [])
        if url and name not in UNNAMED and len(examples) < EXAMPLES and url not in examples:
            examples.append(url)


@dataclass(frozen=True, slots=True)
class Visit:
    """A page to fetch; `hops` redirects led here. The rest is known from the last time; empty: never read."""

    url: str
    depth: int
    hops: int = 0
    etag: str = ""
    last_modified: str = ""
    content_hash: str = ""


class Site:
    """One source being crawled: its frontier and its tally. URLs are canonical.

    `visits` are what the run begins with, in this order (None: where the source starts); `known` are pages it
    knows and does not visit.
    """

    def __init__(
        self,
        run_id: str,
        spec: SourceSpec,
        visits: Sequence[Visit] | None = None,
        known: Iterable[str] = (),
        tally: Tally | None = None,
    ) -> None:
        self.run_id = run_id
        self.spec = spec
        self.tally = tally or Tally()
        # Whether a page is `returned` only when its pictures are done: where another process may have to take it over.
        self.returns_late = False
        # While true nothing is taken: the run is to pause or to stop.
        self.held = False
        begin = [Visit(url, 0) for url in spec.starts] if visits is None else visits
        self._scope = _Scope(spec)
        self._patterns = Patterns(spec.max_pages)
        self._known = {identity(url) for url in known}
        self._known |= {identity(visit.url) for visit in begin}
        self._most_known = min(MAX_KNOWN_URLS, KNOWN_LEAST + KNOWN_PER_PAGE * spec.max_pages) + len(self._known)
        self._queue = deque(begin)
        self._in_flight = 0
        self._tries = 0
        self._contents: dict[str, str] = {}
        # Pictures that pages have shown; a sitemap may have listed them before.
        self._on_pages: set[str] = set()
        self._asked: set[str] = set()
        self._foreign: Counter[str] = Counter()
        for visit in begin:
            if visit.depth == 0:
                self._scope.follow_start(visit.url)

    def in_scope(self, url: str) -> bool:
        return self._scope.has(url)

    def offer(self, url: str, depth: int, *, listed: bool = False) -> bool:
        """Queue a page that was linked, or `listed` in a sitemap or feed; whether it was new.

        Not queued: what is known, outside of the source, too deep, or looks like a trap.
        """
        if listed and self._scope.lists_anywhere:
            self._scope.add(url)
        if not self._is_new(url, depth):
            return False
        self._known.add(identity(url))
        if goes_in_circles(url) or not self._patterns.is_open(url):
            self.tally.count("trap", url)
            return False
        self._queue.append(Visit(identity(url), depth))
        return True

    def redirect(self, visit: Visit, target: str) -> None:
        """Queue where `visit` redirects to, before all else."""
        if visit.depth == 0 and visit.hops < MAX_HOPS:
            self._scope.follow_start(target)
        if visit.hops >= MAX_HOPS or target == visit.url:
            self.tally.count("redirect_loop", visit.url)
        elif visit.depth == 0 and not self.in_scope(target):
            self.tally.count("redirect_elsewhere", visit.url)
        elif identity(target) == identity(visit.url) or self._is_new(target, visit.depth):
            # Some servers answer only to an address with a session id in it.
            self._known.add(identity(target))
            self._queue.appendleft(Visit(target, visit.depth, visit.hops + 1))

    def claim(self, url: str, depth: int) -> Visit | None:
        """A page that came in another way, taken over as if it had been taken from the queue."""
        if not self._is_new(url, depth) or not self._may_start():
            return None
        self._known.add(identity(url))
        self._in_flight += 1
        return Visit(url, depth)

    def take(self) -> list[Visit]:
        """The pages to request now; none while the run is held, or as much as allowed is under way."""
        taken: list[Visit] = []
        while self._queue and self._may_start() and self._may_try():
            visit = self._queue.popleft()
            if self._is_closed(visit):
                self.tally.count("trap", visit.url)
                continue
            self._in_flight += 1
            self._tries += 1
            taken.append(visit)
        return taken

    def _is_closed(self, visit: Visit) -> bool:
        """Whether its kind has proved to be a trap. A page that was read before has proved itself."""
        return bool(visit.depth and not visit.content_hash and not self._patterns.is_open(visit.url))

    def returned(self, visit: Visit) -> None:
        """A page that was taken or claimed is dealt with, well or badly."""
        self._in_flight -= 1

    def waiting(self) -> int:
        """Pages known and not read yet."""
        return len(self._queue) + self._in_flight

    def finished(self) -> bool:
        """Whether nothing is under way and nothing more will be taken, in any process."""
        return not self._in_flight and not (self._queue and self._may_try() and self.tally.pages < self.spec.max_pages)

    # --- What pages turned out to be -----------------------------------------------------------------------

    def learned(self, url: str, shown: Iterable[str], words: Iterable[str]) -> None:
        """A page was read that shows these pictures and says these words."""
        before = len(self._on_pages)
        self._on_pages.update(shown)
        self._patterns.read(url, gained=len(self._on_pages) > before, words=words)

    def twin(self, url: str, content_hash: str) -> bool:
        """Whether a page with this content was read in this run under another address."""
        return self._contents.setdefault(content_hash, url) != url

    def is_canonical(self, url: str, canonical: str) -> bool:
        """Whether `canonical` is the same page as `url`, which was read; it is then not fetched as well."""
        if not is_variant(url, canonical):
            return False
        self._known.add(identity(canonical))
        return True

    def may_show(self, url: str, *, asks: bool = True) -> str:
        """Whether the picture at `url` may be shown: empty, or the name of the limit that forbids it.

        `asks`: a request would be made for it, which its host may have had enough of.
        """
        if url in self._asked:
            return ""
        if len(self._asked) >= self.spec.max_pictures:
            return "picture_limit"
        host = _key(url)
        if asks and not self._scope.is_own(host):
            if self._foreign[host] >= FOREIGN_PICTURES + FOREIGN_PICTURES_PER_PAGE * self.tally.pages:
                return "foreign_limit"
            self._foreign[host] += 1
        self._asked.add(url)
        return ""

    def pace(self, url: str) -> dict[str, Any]:
        """For the meta of a request: who led there, and for its own host how the source wishes to be asked."""
        led_by = {"source_url": self.spec.url}
        if not self._scope.is_key(url):
            return led_by
        return {**led_by, "delay_seconds": self.spec.delay_seconds, "concurrency": self.spec.concurrency}

    def become(self, kind: str, depth: int) -> None:
        """Its start proved to be something else than a page; links are followed `depth` deep from what it lists."""
        self.spec = replace(self.spec, kind=kind, depth=depth)
        self._scope.become(self.spec)

    def _may_start(self) -> bool:
        if self.held or self._in_flight >= PAGES_IN_FLIGHT:
            return False
        return self.tally.pages + self._in_flight < self.spec.max_pages

    def _may_try(self) -> bool:
        return self._tries < TRIES_PER_PAGE * self.spec.max_pages + MAX_HOPS

    def _is_new(self, url: str, depth: int) -> bool:
        if depth > self.spec.depth or identity(url) in self._known or len(self._known) >= self._most_known:
            return False
        return self.in_scope(url)


class _Scope:
    """Which pages belong to a source: its host, below its path; for some kinds, only what is named."""

    def __init__(self, spec: SourceSpec) -> None:
        self._hosts = {_key(url) for url in spec.starts}
        self._named = set(spec.starts)
        self.become(spec)

    def become(self, spec: SourceSpec) -> None:
        # A feed's items may lie anywhere; who reads a feed follows them.
        self.lists_anywhere = spec.kind == "feed"
        self._only_named = spec.kind in {"urls", "page"} and spec.depth == 0
        self._path = spec.path

    def has(self, url: str) -> bool:
        if url in self._named:
            return True
        try:
            parsed = parse_url(url)
        except FetchRefused:
            return False
        return not self._only_named and site_key(parsed) in self._hosts and is_below(parsed.path, self._path)

    def add(self, url: str) -> None:
        self._named.add(url)

    def is_own(self, host: str) -> bool:
        """Whether `host` is the source's, or below it: `img.site.example` for `www.site.example`."""
        return any(host == own or host.endswith("." + own.removeprefix("www.")) for own in self._hosts)

    def is_key(self, url: str) -> bool:
        return _key(url) in self._hosts

    def follow_start(self, target: str) -> None:
        """A start page may redirect between `example.org` and `www.example.org`: both are the named site."""
        key = _key(target)
        if key and any(key.removeprefix("www.") == host.removeprefix("www.") for host in self._hosts):
            self._hosts.add(key)
            if self._only_named:
                self._named.add(target)


def is_below(path: str, prefix: str) -> bool:
    """Whether `path` is `prefix` or lies below it; `/blog` is not above `/blogroll`."""
    return not prefix or path == prefix or path.startswith(prefix if prefix.endswith("/") else prefix + "/")


def _key(url: str) -> str:
    try:
        return site_key(parse_url(url))
    except FetchRefused:
        return ""
