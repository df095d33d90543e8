"""Bytes from anywhere to an upright RGB picture, or one clear sentence why not. File names play no part."""

import warnings
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pillow_heif import register_heif_opener

from search.engine.base import Rgb

MAX_BYTES = 40 * 1024 * 1024
MAX_PIXELS = 50_000_000
MIN_SIDE = 16
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF", "BMP", "TIFF")
"""Multi-picture files of cameras (MPO) are opened as the JPEG that they begin with."""

register_heif_opener()
# For the whole process: what Pillow only warns of must not pass with a line in the log.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)

# First bytes of pictures we read, and of some we do not, so that the sentence can say which it is.
_KNOWN = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"BM", b"II*\x00", b"MM\x00*")
_UNSUPPORTED = (
    b"<svg",
    b"<?xml",
    b"%PDF",
    b"%!PS",
    b"8BPS",
    b"\x00\x00\x01\x00",
    b"\xff\x0a",
    b"\x00\x00\x00\x0c",
)

_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Refusal(StrEnum):
    EMPTY = "empty"
    TOO_MANY_BYTES = "too_many_bytes"
    NOT_A_PICTURE = "not_a_picture"
    UNSUPPORTED = "unsupported"
    DAMAGED = "damaged"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_SMALL = "too_small"


class PictureRefused(Exception):
    """Why these bytes are not looked at. `sentence` is fit to be shown to whoever sent them."""

    def __init__(self, reason: Refusal, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    rgb: Rgb
    width: int
    height: int
    format: str
    """Pillow's name: one of FORMATS or MPO."""


def decode(data: bytes, *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS) -> Picture:
    """The (first) picture in a file, turned upright, transparency on white.

    Sizes are checked before any pixel is decoded. Every bad input raises PictureRefused and nothing else.
    """
    if not data:
        raise PictureRefused(Refusal.EMPTY, "The file is empty.")
    if len(data) > max_bytes:
        raise PictureRefused(Refusal.TOO_MANY_BYTES, f"The file is larger than {max_bytes // 2**20} MB.")
    with _open(data) as image:
        _check_size(image, max_pixels)
        kind = image.format or ""
        try:
            image.load()
            upright = _upright(_to_rgb(image), _orientation(image))
        except Exception as error:  # a decoder may raise anything on hostile bytes
            raise PictureRefused(Refusal.DAMAGED, "The picture is cut short or damaged.") from error
    rgb = np.array(upright, dtype=np.uint8)
    return Picture(rgb=rgb, width=rgb.shape[1], height=rgb.shape[0], format=kind)


def _open(data: bytes) -> Image.Image:
    """Reads the header only."""
    try:
        return Image.open(BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureRefused(Refusal.TOO_MANY_PIXELS, "The picture has far too many pixels.") from error
    except Exception as error:  # a parser may raise anything on hostile bytes
        raise _unreadable(data) from error


def _unreadable(data: bytes) -> PictureRefused:
    if data.startswith(_KNOWN) or data[4:8] == b"ftyp":
        return PictureRefused(Refusal.DAMAGED, "The picture is cut short or damaged.")
    if data.lstrip()[:16].lower().startswith(_UNSUPPORTED) or data.startswith(_UNSUPPORTED):
        return PictureRefused(Refusal.UNSUPPORTED, f"Pictures of this kind are not read, only {', '.join(FORMATS)}.")
    return PictureRefused(Refusal.NOT_A_PICTURE, "The file is not a picture.")


def _check_size(image: Image.Image, max_pixels: int) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise PictureRefused(
            Refusal.TOO_MANY_PIXELS,
            f"The picture has {width} by {height} pixels, more than {max_pixels / 1e6:g} million.",
        )
    if min(width, height) < MIN_SIDE:
        raise PictureRefused(
            Refusal.TOO_SMALL, f"The picture has {width} by {height} pixels, less than {MIN_SIDE} on a side."
        )


def _orientation(image: Image.Image) -> int:
    """1 to 8, from EXIF. Read after loading, because some formats apply it themselves and then reset it."""
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # broken metadata, of whatever kind, is no reason to refuse a good picture
        return 1


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    turn = _UPRIGHT.get(orientation)
    return image if turn is None else image.transpose(turn)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        return Image.fromarray(_eight_bits(np.asarray(image), image.mode)).convert("RGB")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        page = Image.new("RGB", image.size, "white")
        page.paste(layer, mask=layer.getchannel("A"))
        return page
    return image.convert("RGB")


def _eight_bits(grey: NDArray[np.generic], mode: str) -> NDArray[np.uint8]:
    """Deep grey values to 0..255, by the smallest usual maximum that holds them: 65535 for whole numbers."""
    values = np.nan_to_num(grey.astype(np.float32), posinf=0.0, neginf=0.0)
    peak = float(values.max())
    usual = (1.0, 255.0, 65535.0) if mode == "F" else (65535.0,)
    top = next((maximum for maximum in usual if peak <= maximum), peak)
    return np.asarray(np.clip(values * (255 / top), 0, 255), dtype=np.uint8)
