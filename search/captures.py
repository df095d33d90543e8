"""The page as it looked, for the person it is about.

Only captures of their own cases: the same page captured for somebody else shows that person's face and blurs theirs.
"""

from crawler import evidence
from crawler.evidence import EvidenceDamaged
from crawler.models import Evidence
from search.models import Match


def newest(match: Match) -> Evidence | None:
    """The newest capture with a picture of the page, of any place of the match's cases; reached through the relation,
    as cases lie to the right of here.
    """
    own = Evidence.objects.filter(pk__in=match.cases.values("urls__evidence")).exclude(screenshot_name="")
    return own.order_by("-captured_at", "pk").first()


def picture(capture: Evidence) -> bytes | None:
    """The page as it looked, as JPEG bytes; None where the file is not what was captured."""
    try:
        return evidence.read_screenshot(capture) or None
    except EvidenceDamaged:
        return None
