"""The pictures of a run that several processes share, on Redis: one of them fetches, the others wait.

Showings do not travel: each process tells its own. What it waits for elsewhere comes back from `again`, to be shown
anew, once the picture is written there, is known to be none, redirects, or its process has died; in the last case
showing it anew says to request it. A process that dies loses no showing, as its pages are put back.
"""

import json
from dataclasses import asdict

from crawler.frontiers import frontier_scripts as scripts
from crawler.frontiers.frontier_client import Worker
from crawler.frontiers.pictures import Pictures, Showing, Shown, StoredImage
from crawler.frontiers.shared_frontier import SharedSite

_CHUNK = 500


def open_pictures(site: SharedSite) -> "SharedPictures":
    """The pictures of the run of `site`, also for other sources that this process crawls with it."""
    return SharedPictures(site.worker)


class SharedPictures(Pictures):
    """`Pictures` of which there is one in every process."""

    def __init__(self, worker: Worker) -> None:
        super().__init__()
        self._worker = worker
        self._elsewhere: set[str] = set()

    def show(self, showing: Showing) -> Shown:
        """`waits`: until it comes back from `again`, or the picture is `done` or `moved` here."""
        url = self._location(showing.image_url)
        if url in self._done or url in self._waiting:
            return super().show(showing)
        answer: list[str] | None = self._worker.call(scripts.SHOW, url)
        if answer is None:
            return Shown()
        word, value = answer
        if word == "moved":
            self._moved[url] = value
            return self.show(showing)
        if word == "image":
            self._done[url] = _read(value)
            return super().show(showing)
        if word == "wait":
            self._waiting[url] = []
            self._elsewhere.add(url)
        return super().show(showing)

    def done(self, url: str, image: StoredImage | None, *, written: bool = True) -> list[Showing]:
        """As in one process. The others learn of it when it is `stored`."""
        showings = super().done(url, image, written=written)
        if written:
            self.stored(url)
        return showings

    def stored(self, url: str) -> list[Showing]:
        """All that came of requesting `url` is written."""
        if url in self._done:
            self._worker.call(scripts.SETTLE, url, _write(self._done[url]))
        return []

    def moved(self, url: str, target: str, *, written: bool = True) -> list[Showing]:
        self._worker.call(scripts.MOVE, url, target)
        return super().moved(url, target, written=written)

    def again(self) -> list[Showing]:
        """To be shown anew, as those that `moved` gives: nobody is fetching any more what they waited for."""
        showings: list[Showing] = []
        urls = list(self._elsewhere)
        for start in range(0, len(urls), _CHUNK):
            chunk = urls[start : start + _CHUNK]
            answer: list[str] | None = self._worker.call(scripts.AGAIN, *chunk)
            for url in chunk if answer is None else answer:
                self._elsewhere.discard(url)
                showings += self._waiting.pop(url, [])
        return showings


def _write(image: StoredImage | None) -> str:
    return json.dumps(asdict(image)) if image else ""


def _read(text: str) -> StoredImage | None:
    return StoredImage(**json.loads(text)) if text else None
