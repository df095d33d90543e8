"""The pictures of a crawl: each fetched once, shown at many places. Pure."""

from dataclasses import dataclass

from crawler.frontiers.frontier import MAX_HOPS, Site


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
    """What to do about a picture: request this URL now; or it is this image; or it is none that can be had.

    `waits`: this process has asked for it, and will tell when it is `done` or `moved`.
    """

    request: str | None = None
    image: StoredImage | None = None
    waits: bool = False


class RedirectLoop(Exception):
    """A picture's redirects do not end."""


class Pictures:
    """The pictures of a crawl by URL. Each is requested once; who shows it meanwhile waits for it."""

    def __init__(self) -> None:
        self._done: dict[str, StoredImage | None] = {}
        self._waiting: dict[str, list[Showing]] = {}
        self._moved: dict[str, str] = {}

    def is_new(self, url: str) -> bool:
        """Whether nothing is known of `url` yet in this crawl."""
        return url not in self._done and url not in self._waiting and url not in self._moved

    def recall(self, url: str, image: StoredImage) -> None:
        """`url` was `image` at an earlier crawl, and is not to be asked for again; no effect unless it is new."""
        if self.is_new(url):
            self._done[url] = image

    def show(self, showing: Showing) -> Shown:
        """Raises RedirectLoop where known redirects lead on without an end."""
        url = self._location(showing.image_url)
        if url in self._done:
            return Shown(image=self._done[url])
        if url in self._waiting:
            self._waiting[url].append(showing)
            return Shown(waits=True)
        self._waiting[url] = [showing]
        return Shown(request=url)

    def waiting(self, url: str) -> list[Showing]:
        return list(self._waiting.get(url, []))

    def done(self, url: str, image: StoredImage | None, *, written: bool = True) -> list[Showing]:
        """`url` is `image`, or no picture at all; those who waited for it.

        Unless all is `written` already, `stored` is called once it is.
        """
        self._done[url] = image
        return self._waiting.pop(url, [])

    def moved(self, url: str, target: str, *, written: bool = True) -> list[Showing]:
        """`url` redirects to `target`; those who waited for it, to be shown anew. `written` as with `done`."""
        self._moved[url] = target
        return self._waiting.pop(url, [])

    def stored(self, url: str) -> list[Showing]:
        """All that came of requesting `url` is written."""
        return []

    def again(self) -> list[Showing]:
        """To be shown anew, as those that `moved` gives: what they waited for in another process is settled."""
        return []

    def _location(self, url: str) -> str:
        for _hop in range(MAX_HOPS + 1):
            if url not in self._moved:
                return url
            url = self._moved[url]
        raise RedirectLoop(url)
