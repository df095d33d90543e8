"""What a spider hands to the pipeline."""

from dataclasses import dataclass

from crawler.frontier import Showing, Site, StoredImage


@dataclass(frozen=True, slots=True)
class PageItem:
    """A page that answered, readable or not."""

    site: Site
    url: str
    status: int
    depth: int
    title: str = ""


@dataclass(frozen=True, slots=True)
class ImageItem:
    """A picture and places that show it. `body` is there the first time, None once it is in the spool."""

    image: StoredImage
    showings: list[Showing]
    body: bytes | None = None
