"""Small pictures by which a subject recognises a match: every other face blurred, sealed with their key."""

import logging
from collections.abc import Sequence

from django.core.cache import cache

from accounts import keys
from crawler.blocklists import blocklist, restricted
from crawler.defaults import web_policy
from crawler.fetch import fetch
from crawler.policy import FetchError
from search import faces
from search.engine import PictureRefused
from search.engine.base import Box
from search.engine.rendering import own_and_others
from search.models import Match, Subject
from search.states import MatchState

logger = logging.getLogger(__name__)

_PURPOSE = "match-preview"
_RETRY_SECONDS = 24 * 3600
_PER_ROUND = 20


def sealed(subject: Subject, match_box: Sequence[float], data: bytes | None, boxes: Sequence[Box]) -> bytes | None:
    """The sealed preview of a match, or None where the picture is not at hand or cannot be read any more.

    `boxes` are those of all faces in the picture, the match's own as well.
    """
    if data is None:
        return None
    try:
        return seal(subject, render(data, match_box, boxes))
    except PictureRefused:
        return None


def seal(subject: Subject, jpeg: bytes) -> bytes:
    """A rendered preview, sealed with the subject's key."""
    return keys.seal(subject.user, _PURPOSE, jpeg)


def unsealed(match: Match) -> bytes | None:
    """The preview as JPEG bytes, or None where there is none (or its key is gone)."""
    if match.sealed_preview is None:
        return None
    try:
        return keys.unseal(match.subject.user, _PURPOSE, match.sealed_preview)
    except keys.Unreadable:
        return None


def render(data: bytes, match_box: Sequence[float], boxes: Sequence[Box]) -> bytes:
    """A small JPEG in which of the faces at `boxes` only the one closest over `match_box` is sharp.

    Where none lies over it, all are blurred. Raises `PictureRefused`.
    """
    own, others = own_and_others(boxes, match_box)
    return faces.pool().render(data, own, others)


def fill_missing() -> int:
    """Fetch the pictures of matches that have no preview yet (found in the gallery). Returns how many got one."""
    done = 0
    # What somebody answered "not me" to shows a stranger, and is not fetched for them again.
    # Nor is anything made of a withdrawn picture.
    wanted = Match.objects.filter(sealed_preview=None, image__withdrawn_at=None).exclude(state=MatchState.DISMISSED)
    for match in wanted.select_related("subject__user", "image")[:_PER_ROUND]:
        if cache.add(f"preview-tried:{match.pk}", True, _RETRY_SECONDS):
            done += _fill(match)
    return done


def _fill(match: Match) -> bool:
    for sighting in match.image.sightings.order_by("-last_seen")[:3]:
        if restricted.is_restricted(sighting.image_url):
            continue
        try:
            fetched = fetch(sighting.image_url, web_policy())
            if list_name := blocklist.known(fetched.body):
                restricted.note([(sighting.page_url, sighting.image_url)], list_name)
                continue
            boxes = [face.box for face in faces.analyse(fetched.body).faces]
            preview = render(fetched.body, match.box, boxes)
        except (FetchError, PictureRefused):
            logger.info("no preview for match %s from sighting %s", match.pk, sighting.pk)
            continue
        Match.objects.filter(pk=match.pk).update(sealed_preview=seal(match.subject, preview))
        return True
    return False
