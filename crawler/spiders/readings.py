"""Pages that were read and whose pictures are still on their way.

A page counts as read only when all that it shows is fetched or cannot be had: whatever kills a crawl before that,
the next one reads the page again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from crawler.frontiers.frontier import Site, Visit
from crawler.frontiers.pictures import Showing
from crawler.items import ReadItem
from crawler.spiders.responses import may_pass


@dataclass(slots=True, eq=False)
class Reading:
    """One page. `pending` counts what it waits for: itself while it is being read, pictures, style sheets."""

    site: Site
    visit: Visit
    status: int
    title: str = ""
    etag: str = ""
    last_modified: str = ""
    content_hash: str = ""
    canonical: str = ""
    changed: bool = True
    whole: bool = True
    pending: int = 1
    # Whether it proved to be a page, or a picture in the place of one.
    is_read: bool = False
    shown: dict[str, None] = field(default_factory=dict)
    words: frozenset[str] = frozenset()

    def item(self) -> ReadItem:
        return ReadItem(
            self.site,
            self.visit,
            self.status,
            self.title,
            self.etag,
            self.last_modified,
            self.content_hash,
            self.canonical,
            tuple(self.shown),
            self.changed,
            self.whole,
        )


class Readings:
    """The open readings of a crawl, by source and page. `at_end` is told of each when it is done."""

    def __init__(self, at_end: Callable[[Reading], None]) -> None:
        self._at_end = at_end
        self._open: dict[tuple[str, str], Reading] = {}

    def begin(self, reading: Reading) -> None:
        self._open[reading.site.run_id, reading.visit.url] = reading

    def unfinished(self) -> list[Reading]:
        """Pages that still wait for something."""
        return list(self._open.values())

    def of(self, showing: Showing) -> Reading | None:
        """The page at which it is shown, unless that is done, or being read elsewhere."""
        return self._open.get((showing.site.run_id, showing.page_url))

    def wait(self, showing: Showing) -> None:
        """The page has one thing more to wait for."""
        reading = self.of(showing)
        if reading is not None:
            reading.pending += 1

    def shown(self, showing: Showing) -> None:
        reading = self.of(showing)
        if reading is not None:
            reading.shown[showing.image_url] = None

    def failed(self, showing: Showing, name: str) -> None:
        """A picture cannot be had; where that may pass, the page is read in full the next time."""
        reading = self.of(showing)
        if reading is not None and may_pass(name):
            reading.whole = False

    def settle(self, reading: Reading | None) -> ReadItem | None:
        """One thing less to wait for; the page's end, where it was the last."""
        if reading is None:
            return None
        reading.pending -= 1
        if reading.pending:
            return None
        if self._open.pop((reading.site.run_id, reading.visit.url), None) is None:
            return None
        self._at_end(reading)
        return reading.item()
