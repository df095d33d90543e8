"""Bytes from anywhere to an upright RGB picture, or one clear sentence why not. File names play no part.

Memory is bounded: sizes are checked before a pixel is decoded, only the first frame is, and beside Pillow's own
copy there is one more, written strip by strip. Time and what decoders do inside are bounded where it can really be
done, by the process this runs in (see `worker`).
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import AvifImagePlugin, Image
from pillow_heif import register_heif_opener

from search.engine.base import Rgb
from search.engine.metadata import TooMuchMetadata, lean_jpeg, orientation, scans

MAX_BYTES = 40 * 1024 * 1024
MAX_PIXELS = 50_000_000
MAX_PIXELS_OF = {"WEBP": 20_000_000, "AVIF": 25_000_000, "TIFF": 25_000_000, "CMYK": 25_000_000}
"""By format, where decoders keep several copies of their own, or by Pillow's mode."""
FULL_PIXELS = 25_000_000
"""Larger pictures, which are beyond what cameras make by default, are read at half their width, in half the time.

Faces are found all the same, but small ones are told apart less well: on a page of 28 megapixels, the cosine to a
good photo fell from 0.96 to 0.84 at 60 pixels and from 0.89 to 0.60 at 40.
"""
MAX_SCANS = 1000
MAX_SCANNED = 1_000_000_000
"""Pixels that a progressive JPEG may go over in all its scans; cameras and encoders use about ten."""
MIN_SIDE = 16
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF", "BMP", "TIFF")
"""Multi-picture files of cameras (MPO) are opened as the JPEG that they begin with."""

# Workers are processes, one for each core; threads inside of them would only get in one another's way.
register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
# For the whole process: what Pillow only warns of must not pass with a line in the log.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
# A line for each of thousands of broken tags helps nobody.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

_JPEG = b"\xff\xd8\xff"
# First bytes of pictures we read, and of some we do not, so that the sentence can say which it is.
_KNOWN = (_JPEG, b"\x89PNG", b"GIF8", b"RIFF", b"BM", b"II*\x00", b"MM\x00*")
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
# How Pillow speaks of compressed text and profiles that grow out of all proportion.
_PNG_BOMB = ("Decompressed data too large", "Too much memory used in text chunks")
# TIFF files are turned by Pillow and HEIF files by libheif, whatever EXIF says afterwards.
_TURNED_ALREADY = ("TIFF", "HEIF")
# Orientations by which width and height change places.
_LYING = (5, 6, 7, 8)
_STRIP_PIXELS = 1 << 20


class Refusal(StrEnum):
    EMPTY = "empty"
    TOO_MANY_BYTES = "too_many_bytes"
    NOT_A_PICTURE = "not_a_picture"
    UNSUPPORTED = "unsupported"
    DAMAGED = "damaged"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_SMALL = "too_small"
    TOO_COSTLY = "too_costly"
    """Takes more time or memory than any honest picture, or brought its reader down."""


class PictureRefused(Exception):
    """Why these bytes are not looked at. `sentence` is fit to be shown to whoever sent them."""

    def __init__(self, reason: Refusal, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    rgb: Rgb
    """At full size or, above FULL_PIXELS, at half of it."""
    width: int
    """Of the upright picture at full size, as is `height`."""
    height: int
    format: str
    """Pillow's name: one of FORMATS."""

    @property
    def scale(self) -> float:
        """From pixels of `rgb` to those of the full picture."""
        return float(self.width / self.rgb.shape[1])


def check_bytes(data: bytes, max_bytes: int = MAX_BYTES) -> None:
    """Raises PictureRefused for a file that is not worth being looked into."""
    if not data:
        raise PictureRefused(Refusal.EMPTY, "The file is empty.")
    if len(data) > max_bytes:
        raise PictureRefused(Refusal.TOO_MANY_BYTES, f"The file is larger than {max_bytes // 2**20} MB.")


def decode(data: bytes, *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS, least: int = 0) -> Picture:
    """The (first) picture in a file, turned upright, transparency on white.

    With `least` it may be read at an eighth, a quarter or half of its size, where the format can do so and both sides
    keep that many pixels: many times faster, for whoever needs no more. Every bad input raises PictureRefused and
    nothing else.
    """
    check_bytes(data, max_bytes)
    lean, exif = _without_metadata(data)
    with _open(lean) as image:
        _check_size(image, max_pixels)
        _check_scans(image, lean)
        try:
            return _load(image, exif, least)
        except Exception as error:  # a decoder may raise anything on hostile bytes
            raise _broken(error) from error


def _check_scans(image: Image.Image, data: bytes) -> None:
    count = scans(data) if image.format == "JPEG" else 0
    if count > MAX_SCANS or count * image.width * image.height > MAX_SCANNED:
        raise PictureRefused(Refusal.TOO_COSTLY, "The picture is built up in far too many steps.")


def _load(image: Image.Image, exif: bytes, least: int = 0) -> Picture:
    kind, full = image.format or "", image.size
    halve = full[0] * full[1] > FULL_PIXELS
    # Only the JPEG decoder can read at a part of the size, and then it does so faster and with less memory.
    target = (least, least) if least else (full[0] // 2, full[1] // 2)
    drafted = (halve or least > 0) and image.draft(None, target) is not None and image.size != full
    image.load()
    if not drafted:
        full = image.size  # a TIFF is upright only now
    turn = 1 if kind in _TURNED_ALREADY else orientation(exif or image.info.get("exif") or b"")
    rgb = _upright_rgb(image, turn, halve=halve and not drafted)
    width, height = full[::-1] if turn in _LYING else full
    return Picture(rgb=rgb, width=width, height=height, format=kind)


def _without_metadata(data: bytes) -> tuple[bytes, bytes]:
    """The file as a decoder is to see it, and the EXIF block where that was taken out."""
    if not data.startswith(_JPEG):
        return data, b""
    try:
        lean, exif = lean_jpeg(data)
    except TooMuchMetadata as error:
        raise _hidden_data() from error
    return lean, exif


def _open(data: bytes) -> Image.Image:
    """Reads the header only."""
    try:
        return Image.open(BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureRefused(Refusal.TOO_MANY_PIXELS, "The picture has far too many pixels.") from error
    except Exception as error:  # a parser may raise anything on hostile bytes
        raise _unreadable(data, error) from error


def _broken(error: Exception) -> PictureRefused:
    if isinstance(error, MemoryError):
        return PictureRefused(Refusal.TOO_COSTLY, "The picture needs too much memory.")
    if isinstance(error, ValueError) and str(error).startswith(_PNG_BOMB):
        return _hidden_data()
    return PictureRefused(Refusal.DAMAGED, "The picture is cut short or damaged.")


def _hidden_data() -> PictureRefused:
    return PictureRefused(Refusal.TOO_COSTLY, "The file hides more data than a picture needs.")


def _unreadable(data: bytes, error: Exception) -> PictureRefused:
    if data.startswith(_KNOWN) or data[4:8] == b"ftyp" or isinstance(error, MemoryError):
        return _broken(error)
    if data.lstrip()[:16].lower().startswith(_UNSUPPORTED) or data.startswith(_UNSUPPORTED):
        return PictureRefused(Refusal.UNSUPPORTED, f"Pictures of this kind are not read, only {', '.join(FORMATS)}.")
    return PictureRefused(Refusal.NOT_A_PICTURE, "The file is not a picture.")


def _check_size(image: Image.Image, max_pixels: int) -> None:
    width, height = image.size
    most = min(max_pixels, *(MAX_PIXELS_OF.get(kind, max_pixels) for kind in (image.format or "", image.mode)))
    if width * height > most:
        raise PictureRefused(
            Refusal.TOO_MANY_PIXELS,
            f"The picture has {width} by {height} pixels, more than {most / 1e6:g} million.",
        )
    if min(width, height) < MIN_SIDE:
        raise PictureRefused(
            Refusal.TOO_SMALL, f"The picture has {width} by {height} pixels, less than {MIN_SIDE} on a side."
        )


def _upright_rgb(image: Image.Image, turn: int, *, halve: bool) -> Rgb:
    """Written strip by strip into its place, so that there is never a third copy of a large picture."""
    step = 2 if halve else 1
    width, height = (-(-side // step) for side in image.size)
    upright = np.empty((width, height, 3) if turn in _LYING else (height, width, 3), dtype=np.uint8)
    stored = _as_stored(upright, turn)
    peak = _peak(image) if _is_deep(image) else 0.0
    for top, strip in _strips(image):
        rgb = Image.fromarray(_eight_bits(strip, peak)).convert("RGB") if _is_deep(strip) else _to_rgb(strip)
        part = np.asarray(rgb.reduce(step) if halve else rgb)
        stored[top // step : top // step + len(part)] = part
    return upright


def _as_stored(upright: Rgb, turn: int) -> Rgb:
    """A view of the upright picture in which the rows and columns run as they do in the file."""
    if turn in _LYING:
        upright = upright.transpose(1, 0, 2)
    if turn in (3, 4, 6, 7):  # the file's first row is the bottom (or, lying, the right side) of the picture
        upright = upright[::-1]
    if turn in (2, 3, 7, 8):
        upright = upright[:, ::-1]
    return upright


def _strips(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """Top row and picture, from the top down, each of an even number of rows but for the last."""
    width, height = image.size
    rows = max(_STRIP_PIXELS // width, 2) // 2 * 2
    for top in range(0, height, rows):
        yield top, image.crop((0, top, width, min(top + rows, height)))


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        page = Image.new("RGB", image.size, "white")
        page.paste(layer, mask=layer.getchannel("A"))
        return page
    return image.convert("RGB")


def _is_deep(image: Image.Image) -> bool:
    return image.mode in ("I", "F") or image.mode.startswith("I;")


def _values(image: Image.Image) -> NDArray[np.float32]:
    return np.nan_to_num(np.asarray(image).astype(np.float32), posinf=0.0, neginf=0.0)


def _peak(image: Image.Image) -> float:
    """The smallest usual maximum that holds every value: 65535 for whole numbers."""
    peak = max(float(_values(strip).max()) for _, strip in _strips(image))
    usual = (1.0, 255.0, 65535.0) if image.mode == "F" else (65535.0,)
    return next((maximum for maximum in usual if peak <= maximum), peak)


def _eight_bits(image: Image.Image, peak: float) -> NDArray[np.uint8]:
    return np.asarray(np.clip(_values(image) * (255 / peak), 0, 255), dtype=np.uint8)
