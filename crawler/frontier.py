"""What a crawl still has to fetch: pages of a source breadth first, each picture once. Pure."""

from collections import Counter, deque
from dataclasses import dataclass, field

from crawler.policy import FetchRefused, parse_url, site_key

# Pages of one source under way at a time; the downloader's own limits per host are lower.
PAGES_IN_FLIGHT = 8
MAX_HOPS = 5
# A trap may invent links faster than pages are read: what is remembered of one source has an end.
MAX_KNOWN_URLS = 200_000
# Pages that cannot be read cost requests too: per page allowed, this many may be tried.
TRIES_PER_PAGE = 4


@dataclass(slots=True)
class Tally:
    """What a run came to so far. `errors` counts by name."""

    pages: int = 0
    pictures: set[str] = field(default_factory=set)
    errors: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Visit:
    """A page to fetch; `hops` redirects led here."""

    url: str
    depth: int
    hops: int = 0


class Site:
    """One source being crawled: its frontier and its tally. URLs are canonical."""

    def __init__(self, run_id: str, url: str, depth: int, max_pages: int) -> None:
        self.run_id = run_id
        self.tally = Tally()
        self._depth = depth
        self._max_pages = max_pages
        self._scopes = {site_key(parse_url(url))}
        self._known = {url}
        self._queue = deque([Visit(url, 0)])
        self._in_flight = 0
        self._tries = 0

    def in_scope(self, url: str) -> bool:
        try:
            return site_key(parse_url(url)) in self._scopes
        except FetchRefused:
            return False

    def offer(self, url: str, depth: int) -> None:
        """Queue a page that was linked, unless it is known, outside the source, or too deep."""
        if self._is_new(url, depth):
            self._known.add(url)
            self._queue.append(Visit(url, depth))

    def redirect(self, visit: Visit, target: str) -> None:
        """Queue where `visit` redirects to, before all else."""
        if visit.depth == 0 and visit.hops < MAX_HOPS:
            self._follow_start(target)
        if visit.hops >= MAX_HOPS or target == visit.url:
            self.tally.errors["redirect_loop"] += 1
        elif visit.depth == 0 and not self.in_scope(target):
            self.tally.errors["redirect_elsewhere"] += 1
        elif self._is_new(target, visit.depth):
            self._known.add(target)
            self._queue.appendleft(Visit(target, visit.depth, visit.hops + 1))

    def claim(self, url: str, depth: int) -> Visit | None:
        """A page that came in another way, taken over as if it had been taken from the queue."""
        if not self._is_new(url, depth) or not self._may_start():
            return None
        self._known.add(url)
        self._in_flight += 1
        return Visit(url, depth)

    def take(self) -> list[Visit]:
        """The pages to request now."""
        taken: list[Visit] = []
        while self._queue and self._may_start() and self._tries < TRIES_PER_PAGE * self._max_pages + MAX_HOPS:
            self._in_flight += 1
            self._tries += 1
            taken.append(self._queue.popleft())
        return taken

    def returned(self) -> None:
        """A page that was taken or claimed is dealt with, well or badly."""
        self._in_flight -= 1

    def _may_start(self) -> bool:
        return self._in_flight < PAGES_IN_FLIGHT and self.tally.pages + self._in_flight < self._max_pages

    def _is_new(self, url: str, depth: int) -> bool:
        if depth > self._depth or url in self._known or len(self._known) >= MAX_KNOWN_URLS:
            return False
        return self.in_scope(url)

    def _follow_start(self, target: str) -> None:
        """A start page may redirect between `example.org` and `www.example.org`: both are the named site."""
        try:
            key = site_key(parse_url(target))
        except FetchRefused:
            return
        if any(key.removeprefix("www.") == scope.removeprefix("www.") for scope in self._scopes):
            self._scopes.add(key)


@dataclass(frozen=True, slots=True)
class Showing:
    """A place where a picture is shown: `kind` as in `ImageCandidate`."""

    site: Site
    page_url: str
    page_title: str
    page_depth: int
    image_url: str
    kind: str


@dataclass(frozen=True, slots=True)
class StoredImage:
    sha256: str
    size: int
    content_type: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What to do about a picture: request this URL now; or it is this image; or neither, and wait."""

    request: str | None = None
    image: StoredImage | None = None


class RedirectLoop(Exception):
    """A picture's redirects do not end."""


class Pictures:
    """The pictures of a crawl by URL. Each is requested once; who shows it meanwhile waits for it."""

    def __init__(self) -> None:
        self._done: dict[str, StoredImage | None] = {}
        self._waiting: dict[str, list[Showing]] = {}
        self._moved: dict[str, str] = {}

    def show(self, showing: Showing) -> Shown:
        """Raises RedirectLoop where known redirects lead on without an end."""
        url = self._location(showing.image_url)
        if url in self._done:
            return Shown(image=self._done[url])
        if url in self._waiting:
            self._waiting[url].append(showing)
            return Shown()
        self._waiting[url] = [showing]
        return Shown(request=url)

    def waiting(self, url: str) -> list[Showing]:
        return list(self._waiting.get(url, []))

    def done(self, url: str, image: StoredImage | None) -> list[Showing]:
        """`url` is `image`, or no picture at all; those who waited for it."""
        self._done[url] = image
        return self._waiting.pop(url, [])

    def moved(self, url: str, target: str) -> list[Showing]:
        """`url` redirects to `target`; those who waited for it, to be shown anew."""
        self._moved[url] = target
        return self._waiting.pop(url, [])

    def _location(self, url: str) -> str:
        for _hop in range(MAX_HOPS + 1):
            if url not in self._moved:
                return url
            url = self._moved[url]
        raise RedirectLoop(url)
