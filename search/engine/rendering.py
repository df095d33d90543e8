"""Small pictures by which a person recognises a match, in which nobody else can be recognised."""

import io
from collections.abc import Sequence

from PIL import Image, ImageFilter

from search.engine.base import Box, Rgb, overlap
from search.engine.resize import reduced

LONG_SIDE = 720
_MARGIN, _OWN_MARGIN = 0.35, 0.1


def render(pixels: Rgb, keep: Box | None, others: Sequence[Box], *, scale: float = 1.0) -> bytes:
    """A JPEG of at most 720 pixels a side in which the faces at `others` are blurred and the one at `keep` is sharp.

    Boxes are in pixels of a picture `scale` times as large as `pixels`.
    """
    small = reduced(pixels, LONG_SIDE)
    shrink = small.shape[1] / pixels.shape[1] / scale
    return blurred(small, [keep] if keep else [], others, shrink=shrink)


def blurred(pixels: Rgb, keep: Sequence[Box], others: Sequence[Box], *, shrink: float = 1.0) -> bytes:
    """A JPEG of all of `pixels` with the faces at `others` blurred; those at `keep` are sharp, whatever overlaps them.

    Boxes, times `shrink`, are in pixels of `pixels`.
    """
    picture = Image.fromarray(pixels)
    original = picture.copy()
    for box in others:
        area = _area(box, shrink, _MARGIN, picture)
        if area:
            picture.paste(_unrecognisable(picture.crop(area)), area)
    # Somebody close by may have been blurred across the own face.
    for box in keep:
        own = _area(box, shrink, _OWN_MARGIN, picture)
        if own:
            picture.paste(original.crop(own), own)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=80)
    return file.getvalue()


def own_and_others(boxes: Sequence[Box], keep: Sequence[float]) -> tuple[Box | None, list[Box]]:
    """The face that lies closest over `keep`, if any does, and every other."""
    own = max(boxes, key=lambda box: overlap(box, keep), default=None)
    if own is None or overlap(own, keep) == 0:
        return None, list(boxes)
    return own, [box for box in boxes if box is not own]


def _area(box: Box, shrink: float, margin: float, picture: Image.Image) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of a box with a margin (a share of its size); None outside of the picture."""
    x, y, width, height = (side * shrink for side in box)
    left, top = max(0, int(x - margin * width)), max(0, int(y - margin * height))
    right = min(picture.width, int(x + (1 + margin) * width) + 1)
    bottom = min(picture.height, int(y + (1 + margin) * height) + 1)
    return (left, top, right, bottom) if left < right and top < bottom else None


def _unrecognisable(face: Image.Image) -> Image.Image:
    """Few enough blocks that no face can be read back, smoothed to look calm."""
    small = face.resize((6, 6), Image.Resampling.BOX)
    blocks = small.resize(face.size, Image.Resampling.BICUBIC)
    return blocks.filter(ImageFilter.GaussianBlur(max(2, face.width // 12)))
