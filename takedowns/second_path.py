"""A second way through the network: what is kept from us here may be shown elsewhere.

With `SECOND_PATH_URL`, a proxy in another network, every check that does not see the picture is made once more
through it, under the same name: we do not pass for somebody else. The policy of `crawler.fetch` holds there, too.
"""

from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from crawler.defaults import web_policy
from crawler.inside import is_inside
from crawler.policy import FetchPolicy
from crawler.proxy import parse_proxy
from search.models import Match
from takedowns.judging import Found, ask_again, both_ways, judge
from takedowns.models import InfringingUrl
from takedowns.sights import Eyes, Look, PathDown


@dataclass(frozen=True)
class Seen:
    """A place, seen by one way or by both. `agrees` is what `Verification.second_path_agrees` says."""

    found: Found
    page: Look
    image: Look
    agrees: bool | None = None
    first: Found | None = None
    second: "Seen | None" = None
    second_down: bool = False

    @property
    def undecided(self) -> bool:
        """Gone here, and the second way gave no answer that could be compared."""
        return self.first == Found.REMOVED_SOURCE and self.agrees is None

    def detail(self) -> dict[str, Any]:
        """What is kept of it, without addresses."""
        kept: dict[str, Any] = {"page": _detail(self.page), "image": _detail(self.image)}
        if self.first is not None:
            kept |= {"first": self.first.value, "undecided": self.undecided}
            kept["second"] = {"outcome": self.second.found.value, **self.second.detail()} if self.second else None
            kept["second_path"] = "down" if self.second_down else "asked"
        return kept


def policy() -> FetchPolicy | None:
    """The fetch policy by the second way, or None where there is none.

    Raises:
        ImproperlyConfigured: `SECOND_PATH_URL` names no proxy.
    """
    if not settings.SECOND_PATH_URL:
        return None
    try:
        return replace(web_policy(), proxy=parse_proxy(settings.SECOND_PATH_URL))
    except ValueError as error:
        raise ImproperlyConfigured(f"SECOND_PATH_URL: {error}") from None


def look(url: InfringingUrl) -> Seen:
    """Look at a place, by both ways where the first does not see the picture. Asks the network."""
    other, match = policy(), url.case.match
    first = _look(url, match, web_policy(), only_way=other is None)
    if other is None or not ask_again(first.found):
        return first
    second, down = None, False
    try:
        second = _look(url, match, other)
    except PathDown:
        down = True
    found, agrees = both_ways(first.found, second.found if second else None)
    return Seen(found, first.page, first.image, agrees, first.found, second, down)


def _look(url: InfringingUrl, match: Match, policy: FetchPolicy, *, only_way: bool = False) -> Seen:
    eyes = Eyes(match, policy)
    page = eyes.page(url.page_url)
    # A picture inside of the page is there as long as the page shows it.
    image = page if is_inside(url.image_url) else eyes.image(url.image_url)
    return Seen(judge(page, image, only_way=only_way), page, image)


def _detail(look: Look) -> dict[str, Any]:
    return {
        "sight": look.sight.value,
        "elsewhere": bool(look.elsewhere),
        "says_gone": look.says_gone,
        "status": look.status,
        **look.detail,
    }
