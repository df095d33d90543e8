"""What looks at a place come to: one word for each, and only one of them counts as removed."""

from enum import StrEnum

from takedowns.sights import Look, Sight

# "Unavailable for legal reasons" (RFC 7725): perhaps here only.
LEGAL_REASONS = 451


class Found(StrEnum):
    """What a check found. Only `removed_source` counts towards a removal.

    What a search engine lists is no look at the place, and has records of its own (`delisting`).
    """

    REMOVED_SOURCE = "removed_source"
    REMOVED_PAGE_ONLY = "removed_page_only"
    SOFT_404 = "soft_404"
    MOVED = "moved"
    GEO_BLOCKED = "geo_blocked"
    LOGIN_WALLED = "login_walled"
    UNREACHABLE = "unreachable"
    INCOMPLETE = "incomplete"
    STILL_LIVE = "still_live"


FINAL = frozenset({Found.REMOVED_SOURCE})
# The picture itself was seen.
SHOWN = frozenset({Found.STILL_LIVE, Found.MOVED, Found.SOFT_404, Found.REMOVED_PAGE_ONLY})
# Nothing was seen that would settle it.
UNDECIDED = frozenset({Found.GEO_BLOCKED, Found.LOGIN_WALLED, Found.UNREACHABLE, Found.INCOMPLETE})
# What the second way through the network is asked about: it may see what is kept from us.
_ASK_AGAIN = FINAL | UNDECIDED - {Found.INCOMPLETE}


def judge(page: Look, image: Look, *, only_way: bool = False) -> Found:
    """What the looks at a page and at a picture's own file come to.

    `only_way`: nobody looks from elsewhere, so that a block for legal reasons may be one of this country.
    """
    if page.sight == Sight.SHOWS:
        if page.elsewhere:
            return Found.MOVED
        return Found.SOFT_404 if page.says_gone and page.status == 200 else Found.STILL_LIVE
    if image.sight == Sight.SHOWS:
        if page.sight == Sight.WITHOUT and page.says_gone:
            return Found.SOFT_404
        return Found.REMOVED_PAGE_ONLY if page.sight in {Sight.GONE, Sight.WITHOUT} else Found.STILL_LIVE
    sights = {page.sight, image.sight}
    for sight, found in (
        (Sight.BLOCKED, Found.GEO_BLOCKED),
        (Sight.DOWN, Found.UNREACHABLE),
        (Sight.WALLED, Found.LOGIN_WALLED),
        (Sight.UNSEEN, Found.INCOMPLETE),
    ):
        if sight in sights:
            return found
    if only_way and LEGAL_REASONS in {page.status, image.status}:
        return Found.GEO_BLOCKED
    return Found.REMOVED_SOURCE


def ask_again(found: Found) -> bool:
    """Whether a second way through the network is asked, too."""
    return found in _ASK_AGAIN


def both_ways(first: Found, second: Found | None) -> tuple[Found, bool | None]:
    """What two looks by two ways come to, and whether they agree; None where that cannot be said.

    `second` is None where the way itself was down. Nothing is removed unless both ways find it so.
    """
    if second == first:
        return first, True
    if second in SHOWN or (second is not None and {first, second} == {Found.REMOVED_SOURCE, Found.GEO_BLOCKED}):
        return Found.GEO_BLOCKED, False
    return (Found.INCOMPLETE if first in FINAL else first), None
