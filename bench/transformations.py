"""What happens to a photo before it turns up again: 33 ways, each from a photo to the bytes of a file.

The list and the numbers in it are fixed, so that two engines, or one engine before and after a change, are
measured on the same bytes.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

Rgb = NDArray[np.uint8]

_QUALITY = 90
"""JPEG quality of a re-upload that is not about JPEG quality."""
_LIES_ON_ITS_SIDE = 6
_ORIENTATION = 0x0112


@dataclass(frozen=True, eq=False)
class Photo:
    """A picture and the face in it that matters."""

    pixels: Rgb
    box: tuple[float, float, float, float]
    """x, y, width, height; may reach over the edge."""
    landmarks: NDArray[np.float32]
    """(5, 2): right eye (left in the picture), left eye, nose, right and left mouth corner."""


@dataclass(frozen=True)
class Transformation:
    name: str
    words: str
    apply: Callable[[Photo], bytes]


def jpeg(pixels: Rgb | Image.Image, quality: int = _QUALITY, **options: object) -> bytes:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, **options)
    return file.getvalue()


def scaled(pixels: Rgb, scale: float) -> Image.Image:
    image = Image.fromarray(pixels)
    size = (max(round(image.width * scale), 1), max(round(image.height * scale), 1))
    return image.resize(size, Image.Resampling.LANCZOS)


def compressed(photo: Photo, quality: int) -> bytes:
    return jpeg(photo.pixels, quality)


def resized(photo: Photo, scale: float) -> bytes:
    return jpeg(scaled(photo.pixels, scale))


def small_face(photo: Photo, width: int) -> bytes:
    """The whole photo reduced until the face is this wide; never enlarged."""
    return resized(photo, min(width / photo.box[2], 1.0))


def mirrored(photo: Photo) -> bytes:
    return jpeg(np.ascontiguousarray(photo.pixels[:, ::-1]))


def grey(photo: Photo) -> bytes:
    return jpeg(ImageOps.grayscale(Image.fromarray(photo.pixels)))


def brightness(photo: Photo, factor: float) -> bytes:
    return jpeg(_clipped(photo.pixels * factor))


def low_contrast(photo: Photo) -> bytes:
    return jpeg(_clipped((photo.pixels - 128.0) * 0.35 + 140))


def colour_shift(photo: Photo) -> bytes:
    """The warm filter of a photo app, overdone."""
    return jpeg(_clipped(photo.pixels * np.array([1.25, 1.0, 0.6]) + np.array([10, 0, 0])))


def blurred(photo: Photo, share: float) -> bytes:
    """Out of focus by a Gaussian whose sigma is this share of the face's width."""
    return jpeg(Image.fromarray(photo.pixels).filter(ImageFilter.GaussianBlur(share * photo.box[2])))


def crop_tight(photo: Photo) -> bytes:
    """Nothing but the face: hair, ears and chin are cut off."""
    return jpeg(_part(photo, 0.06, 0.08, 0.94, 0.96))


def crop_side(photo: Photo) -> bytes:
    """The face reaches over the left edge of the picture."""
    return jpeg(_part(photo, 0.15, -1.0, 3.0, 3.0))


def rotated(photo: Photo, degrees: int) -> bytes:
    """Anticlockwise; quarter turns exactly, others on a black page."""
    return jpeg(Image.fromarray(photo.pixels).rotate(degrees, Image.Resampling.BICUBIC, expand=True))


def screenshot(photo: Photo) -> bytes:
    """On a phone's screen, as wide as the screen, between the bars of an app."""
    page = Image.new("RGB", (720, 1280), (250, 250, 250))
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, 720, 48), fill=(20, 20, 24))
    draw.text((24, 10), "12:41", font=ImageFont.load_default(26), fill="white")
    draw.ellipse((24, 68, 88, 132), fill=(90, 140, 220))
    draw.text((108, 84), "somebody_42", font=ImageFont.load_default(30), fill="black")
    image = scaled(photo.pixels, min(720 / photo.pixels.shape[1], 900 / photo.pixels.shape[0]))
    page.paste(image, ((720 - image.width) // 2, 160))
    below = 180 + image.height
    draw.text((24, below), "1,204 likes", font=ImageFont.load_default(28), fill="black")
    draw.text((24, below + 44), "look who I met today", font=ImageFont.load_default(28), fill=(60, 60, 60))
    return jpeg(page, 80)


def caption(photo: Photo) -> bytes:
    """White letters with a black edge over the top and the bottom of the picture."""
    image = Image.fromarray(photo.pixels).copy()
    draw, size = ImageDraw.Draw(image), max(image.height // 8, 8)
    font = ImageFont.load_default(size)
    for text, y in (("WHEN YOU SEE", size * 0.1), ("MONDAY COMING", image.height - size * 1.35)):
        x = (image.width - draw.textlength(text, font=font)) / 2
        draw.text((x, y), text, font=font, fill="white", stroke_width=max(size // 12, 1), stroke_fill="black")
    return jpeg(image)


def watermark(photo: Photo) -> bytes:
    """Slanted half-transparent letters all over the picture."""
    image = Image.fromarray(photo.pixels).convert("RGBA")
    side = 2 * max(image.size)
    layer = Image.new("RGBA", (side, side), (255, 255, 255, 0))
    draw, size = ImageDraw.Draw(layer), max(image.width // 12, 8)
    font = ImageFont.load_default(size)
    for row in range(0, side, 3 * size):
        draw.text((row % (4 * size), row), "© stock photos  " * 12, font=font, fill=(255, 255, 255, 115))
    layer = layer.rotate(30)
    left, top = (side - image.width) // 2, (side - image.height) // 2
    image.alpha_composite(layer.crop((left, top, left + image.width, top + image.height)))
    return jpeg(image.convert("RGB"))


def eye_bar(photo: Photo) -> bytes:
    """A black bar along the line of the eyes, past both temples."""
    right, left = photo.landmarks[0], photo.landmarks[1]
    across = left - right
    down = np.array([-across[1], across[0]]) * 0.25
    ends = right - 0.6 * across, left + 0.6 * across
    return jpeg(_covered(photo.pixels, [ends[0] - down, ends[1] - down, ends[1] + down, ends[0] + down], (0, 0, 0)))


def covered_mouth(photo: Photo) -> bytes:
    """A light mask from the nose to below the chin."""
    eyes, mouth = photo.landmarks[:2].mean(axis=0), photo.landmarks[3:].mean(axis=0)
    across, down = (photo.landmarks[1] - photo.landmarks[0]) * 0.9, mouth - eyes
    upper, lower = eyes + 0.55 * down, eyes + 1.75 * down
    corners = [upper - across, upper + across, lower + 0.6 * across, lower - 0.6 * across]
    return jpeg(_covered(photo.pixels, corners, (150, 190, 205)))


def exif_rotation(photo: Photo) -> bytes:
    """Pixels that lie on their side, and a tag that says so."""
    exif = Image.Exif()
    exif[_ORIENTATION] = _LIES_ON_ITS_SIDE
    return jpeg(np.ascontiguousarray(np.rot90(photo.pixels)), exif=exif)


def page(photo: Photo, face_width: int = 40, size: tuple[int, int] = (4000, 3000)) -> bytes:
    """A scanned page full of text with the photo somewhere on it, so small that the face is this wide."""
    sheet = Image.new("RGB", size, (252, 251, 247))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(44)
    for y in range(160, size[1] - 160, 70):
        draw.text(
            (200, y), "the quick brown fox jumps over the lazy dog and goes home " * 3, font=font, fill=(40, 40, 40)
        )
    sheet.paste(scaled(photo.pixels, face_width / photo.box[2]), (round(size[0] * 0.71), round(size[1] * 0.37)))
    return jpeg(sheet, 85)


def _clipped(values: NDArray[np.floating]) -> Rgb:
    return np.clip(values, 0, 255).astype(np.uint8)


def _part(photo: Photo, left: float, top: float, right: float, bottom: float) -> Rgb:
    """The part of the picture between these fractions of the face's box."""
    (x, y, width, height), (rows, columns) = photo.box, photo.pixels.shape[:2]
    x1, x2 = (int(np.clip(round(x + share * width), 0, columns)) for share in (left, right))
    y1, y2 = (int(np.clip(round(y + share * height), 0, rows)) for share in (top, bottom))
    return np.ascontiguousarray(photo.pixels[y1:y2, x1:x2])


def _covered(pixels: Rgb, corners: list[NDArray[np.floating]], colour: tuple[int, int, int]) -> Rgb:
    points = np.round(np.stack(corners)).astype(np.int32)
    return np.asarray(cv2.fillConvexPoly(pixels.copy(), points, colour), dtype=np.uint8)


TRANSFORMATIONS = (
    *(Transformation(f"jpeg_{q}", f"JPEG quality {q}", partial(compressed, quality=q)) for q in (10, 20, 30)),
    Transformation("half_size", "resized to 50 %", partial(resized, scale=0.5)),
    Transformation("quarter_size", "resized to 25 %", partial(resized, scale=0.25)),
    *(Transformation(f"face_{w}_px", f"face {w} px wide", partial(small_face, width=w)) for w in (48, 32, 24, 16)),
    Transformation("mirror", "mirrored", mirrored),
    Transformation("grey", "grey", grey),
    Transformation("brighter", "much brighter", partial(brightness, factor=1.7)),
    Transformation("darker", "much darker", partial(brightness, factor=0.35)),
    Transformation("low_contrast", "little contrast", low_contrast),
    Transformation("colour_shift", "warm colour filter", colour_shift),
    Transformation("blur_mild", "blurred", partial(blurred, share=0.016)),
    Transformation("blur_strong", "strongly blurred", partial(blurred, share=0.032)),
    Transformation("crop_tight", "cropped to the face", crop_tight),
    Transformation("crop_side", "15 % of the face cut off", crop_side),
    *(
        Transformation(f"rotate_{d}", f"rotated by {d} degrees", partial(rotated, degrees=d))
        for d in (15, 30, 45, 90, 135, 180, 270)
    ),
    Transformation("screenshot", "phone screenshot with borders", screenshot),
    Transformation("caption", "caption over top and bottom", caption),
    Transformation("watermark", "watermark all over", watermark),
    Transformation("eye_bar", "bar over the eyes", eye_bar),
    Transformation("covered_mouth", "mouth covered", covered_mouth),
    Transformation("exif_rotation", "rotated by EXIF only", exif_rotation),
    Transformation("page_4000", "40 px face on a 4000 x 3000 page", page),
)
"""All of them, in the order of the tables."""
