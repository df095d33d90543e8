"""What a spider hands to the pipeline."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from crawler.frontiers.frontier import Site, Visit
from crawler.frontiers.pictures import Showing, StoredImage


@dataclass(frozen=True, slots=True)
class PageItem:
    """A page that answered, readable or not: for the log."""

    site: Site
    url: str
    status: int
    depth: int
    title: str = ""
    # When it was, where that is not now.
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FoundItem:
    """Pages that were found and are yet to be read, with their depth."""

    site: Site
    pages: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class ReadItem:
    """A page of which all is done: its pictures are fetched, or cannot be had.

    `pictures` are the addresses of those it shows. Without `whole` something was left out, and the page is read in
    full the next time. `canonical` is the page's name for itself, where that is not `visit.url`.
    """

    site: Site
    visit: Visit
    status: int
    title: str = ""
    etag: str = ""
    last_modified: str = ""
    content_hash: str = ""
    canonical: str = ""
    pictures: Sequence[str] = ()
    changed: bool = True
    whole: bool = True


@dataclass(frozen=True, slots=True)
class FailedItem:
    """A page that could not be read; `status` where it answered."""

    site: Site
    visit: Visit
    status: int | None = None


@dataclass(frozen=True, slots=True)
class MovedItem:
    """A page that redirects."""

    site: Site
    visit: Visit
    status: int
    target: str


@dataclass(frozen=True, slots=True)
class ImageItem:
    """A picture and places that show it. `body` is there the first time, None once it is (or was) in the spool.

    `url` is where the bytes came from, after redirects. `interval` is in seconds, until it is asked for again;
    None where nothing was asked now.
    """

    image: StoredImage
    showings: Sequence[Showing]
    body: bytes | None = None
    url: str = ""
    etag: str = ""
    last_modified: str = ""
    interval: int | None = None
    # The bytes are of an earlier crawl: nothing waits in the spool.
    seen_again: bool = False
    # When it was, where that is not now.
    at: datetime | None = None
    # Whether it is remembered for the next crawl what is at the address.
    lasting: bool = True


Item = PageItem | FoundItem | ReadItem | FailedItem | MovedItem | ImageItem


def sites(item: Item) -> set[Site]:
    return {showing.site for showing in item.showings} if isinstance(item, ImageItem) else {item.site}
