"""Pictures that have no file of their own: `page#data-…` is the one inside of that page whose SHA-256 begins so."""

from urllib.parse import urldefrag

from crawler.fetch import Fetched
from crawler.reading.extract import extract
from crawler.reading.inline import InlinePicture

_MARK = "data-"
_LEAST_DIGITS = 16


def is_inside(image_url: str) -> bool:
    """Whether this address is of a picture inside of a page."""
    return urldefrag(image_url).fragment.startswith(_MARK)


def inside(page: Fetched, image_url: str) -> InlinePicture | None:
    """The picture that `image_url` means, where the page, as fetched, still holds it."""
    digest = urldefrag(image_url).fragment.removeprefix(_MARK)
    if len(digest) < _LEAST_DIGITS:
        return None
    content = extract(page.body, page.final_url, page.headers.get("content-type", ""))
    return next((picture for picture in content.inline if picture.sha256.startswith(digest)), None)
