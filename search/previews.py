"""Small pictures by which a subject recognises a match: every other face blurred, sealed with their key."""

import io
import logging

import numpy as np
from django.conf import settings
from django.core.cache import cache
from PIL import Image, ImageFilter

from accounts import keys
from crawler.fetch import FetchFailed, fetch
from crawler.policy import FetchPolicy, FetchRefused
from search import faces
from search.engine import DetectedFace, PictureRefused, decode
from search.engine.base import Rgb
from search.models import Face, Match, Subject

logger = logging.getLogger(__name__)

_PURPOSE = "match-preview"
_LONG_SIDE = 720
_MARGIN = 0.35
_RETRY_SECONDS = 24 * 3600
_PER_ROUND = 20

Box = tuple[float, float, float, float]


def sealed(subject: Subject, face: Face, pixels: Rgb | None) -> bytes | None:
    """The sealed preview of a match, or None where the picture is not at hand."""
    if pixels is None:
        return None
    return keys.seal(subject.user, _PURPOSE, render(pixels, face.box))


def unsealed(match: Match) -> bytes | None:
    """The preview as JPEG bytes, or None where there is none (or its key is gone)."""
    if match.sealed_preview is None:
        return None
    try:
        return keys.unseal(match.subject.user, _PURPOSE, match.sealed_preview)
    except keys.Unreadable:
        return None


def render(pixels: Rgb, keep: Box | list[float]) -> bytes:
    """A JPEG of at most 720 pixels a side in which only the face at `keep` (x, y, width, height) is sharp."""
    others = [face.box for face in _other_faces(pixels, keep)]
    picture = Image.fromarray(pixels)
    for x, y, width, height in others:
        area = (
            max(0, int(x - _MARGIN * width)),
            max(0, int(y - _MARGIN * height)),
            min(picture.width, int(x + (1 + _MARGIN) * width)),
            min(picture.height, int(y + (1 + _MARGIN) * height)),
        )
        picture.paste(_unrecognisable(picture.crop(area)), area)
    picture.thumbnail((_LONG_SIDE, _LONG_SIDE))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=80)
    return file.getvalue()


def fill_missing() -> int:
    """Fetch the pictures of matches that have no preview yet (found in the gallery). Returns how many got one."""
    done = 0
    for match in Match.objects.filter(sealed_preview=None).select_related("subject__user", "image")[:_PER_ROUND]:
        if cache.add(f"preview-tried:{match.pk}", True, _RETRY_SECONDS):
            done += _fill(match)
    return done


def _fill(match: Match) -> bool:
    for sighting in match.image.sightings.order_by("-last_seen")[:3]:
        try:
            fetched = fetch(sighting.image_url, FetchPolicy(allow_private=settings.FETCH_ALLOW_PRIVATE))
            preview = render(decode(fetched.body).rgb, match.box)
        except (FetchRefused, FetchFailed, PictureRefused):
            logger.info("no preview for match %s from sighting %s", match.pk, sighting.pk)
            continue
        sealed_preview = keys.seal(match.subject.user, _PURPOSE, preview)
        Match.objects.filter(pk=match.pk).update(sealed_preview=sealed_preview)
        return True
    return False


def _other_faces(pixels: Rgb, keep: Box | list[float]) -> list[DetectedFace]:
    """Every face but the one that lies closest over `keep`."""
    found = faces.engine().analyse([pixels])[0]
    if not found:
        return []
    own = max(range(len(found)), key=lambda place: _overlap(found[place].box, keep))
    if _overlap(found[own].box, keep) == 0:
        return found
    return [face for place, face in enumerate(found) if place != own]


def _overlap(first: Box | list[float], second: Box | list[float]) -> float:
    """Intersection over union of two boxes (x, y, width, height)."""
    left, top = np.maximum(first[:2], second[:2])
    right, bottom = np.minimum(np.add(first[:2], first[2:]), np.add(second[:2], second[2:]))
    common = max(0.0, right - left) * max(0.0, bottom - top)
    return float(common / (first[2] * first[3] + second[2] * second[3] - common or 1.0))


def _unrecognisable(face: Image.Image) -> Image.Image:
    """Few enough blocks that no face can be read back, smoothed to look calm."""
    small = face.resize((6, 6), Image.Resampling.BOX)
    blocks = small.resize(face.size, Image.Resampling.BICUBIC)
    return blocks.filter(ImageFilter.GaussianBlur(max(2, face.width // 12)))
