"""What a capture must not keep: pictures on a list of known abuse pictures, and those that may show a minor."""

from urllib.parse import urldefrag

from crawler.blocklists import blocklist
from crawler.fetch import Fetched
from crawler.policy import FetchFailed, FetchRefused
from crawler.reading.extract import extract
from crawler.reading.sniff import is_html


class Screen:
    """Asked before each request and after each response of one capture. For the thread it was made in."""

    def __init__(self, page_url: str) -> None:
        self.page_url = urldefrag(page_url).url
        self._guard = blocklist.guard()

    def forbids(self, url: str) -> bool:
        """Whether `url` is a restricted picture's. For any thread."""
        return self._guard.address(url)

    def check_address(self, url: str) -> None:
        """Raises FetchRefused."""
        if self.forbids(url):
            raise FetchRefused("restricted", "This address is not to be requested.")

    def check(self, url: str, fetched: Fetched) -> None:
        """Where a response is, or holds, a listed picture, note where it was met. Raises FetchFailed then."""
        name = self._guard.digest(fetched.body) or _listed_inside(fetched)
        if name:
            self._guard.restrict(self.page_url, url, name)
            raise FetchFailed("restricted", "The response is, or holds, a picture that must not be kept.")


def _listed_inside(fetched: Fetched) -> str:
    content_type = str(fetched.headers.get("content-type", ""))
    if not is_html(fetched.body, content_type):
        return ""
    content = extract(fetched.body, fetched.final_url, content_type)
    return next(filter(None, (blocklist.known(picture.data) for picture in content.inline)), "")
