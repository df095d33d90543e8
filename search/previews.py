"""Small pictures by which a subject recognises a match: every other face blurred, sealed with their key."""

import io
import logging

import numpy as np
from django.core.cache import cache
from PIL import Image, ImageFilter

from accounts import keys
from crawler.defaults import web_policy
from crawler.fetch import fetch
from crawler.policy import FetchError
from search import faces
from search.engine import PictureRefused, decode
from search.engine.base import Rgb
from search.models import Face, Match, Subject

logger = logging.getLogger(__name__)

_PURPOSE = "match-preview"
LONG_SIDE = 720
_MARGIN, _OWN_MARGIN = 0.35, 0.1
_RETRY_SECONDS = 24 * 3600
_PER_ROUND = 20

Box = tuple[float, float, float, float]


def sealed(subject: Subject, face: Face, pixels: Rgb | None) -> bytes | None:
    """The sealed preview of a match, or None where the picture is not at hand."""
    return None if pixels is None else seal(subject, render(pixels, face.box))


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


def render(pixels: Rgb, keep: Box | list[float]) -> bytes:
    """A JPEG of at most 720 pixels a side in which only the face at `keep` (x, y, width, height) is sharp."""
    own, others = _own_and_others(pixels, keep)
    picture = Image.fromarray(pixels)
    original = picture.copy()
    for box in others:
        area = _area(box, _MARGIN, picture)
        picture.paste(_unrecognisable(picture.crop(area)), area)
    if own:
        # Somebody close by may have been blurred across it.
        area = _area(own, _OWN_MARGIN, picture)
        picture.paste(original.crop(area), area)
    picture.thumbnail((LONG_SIDE, LONG_SIDE))
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
            fetched = fetch(sighting.image_url, web_policy())
            preview = render(decode(fetched.body).rgb, match.box)
        except (FetchError, PictureRefused):
            logger.info("no preview for match %s from sighting %s", match.pk, sighting.pk)
            continue
        Match.objects.filter(pk=match.pk).update(sealed_preview=seal(match.subject, preview))
        return True
    return False


def _own_and_others(pixels: Rgb, keep: Box | list[float]) -> tuple[Box | None, list[Box]]:
    """The face that lies closest over `keep`, if any does, and every other."""
    boxes = [face.box for face in faces.engine().analyse([pixels])[0]]
    own = max(boxes, key=lambda box: _overlap(box, keep), default=None)
    if own is None or _overlap(own, keep) == 0:
        return None, boxes
    return own, [box for box in boxes if box is not own]


def _area(box: Box, margin: float, picture: Image.Image) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a box with a margin (a share of its size), inside the picture."""
    x, y, width, height = box
    return (
        max(0, int(x - margin * width)),
        max(0, int(y - margin * height)),
        min(picture.width, int(x + (1 + margin) * width)),
        min(picture.height, int(y + (1 + margin) * height)),
    )


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
