"""Photos of real people that packages carry, as RGB arrays, and how copies of one turn up on the web."""

import io
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

Rgb = NDArray[np.uint8]


@cache
def astronaut_path() -> Path:
    """Eileen Collins, 512 x 512."""
    return Path(str(files("skimage") / "data" / "astronaut.png"))


@cache
def hopper_path() -> Path:
    """Grace Hopper, 512 x 600."""
    return Path(str(files("matplotlib") / "mpl-data" / "sample_data" / "grace_hopper.jpg"))


@cache
def group_path() -> Path:
    """Six people, 1280 x 886."""
    return Path(str(files("insightface") / "data" / "images" / "t1.jpg"))


@cache
def hanks_path() -> Path:
    """One tightly cropped face, 112 x 112."""
    return Path(str(files("insightface") / "data" / "images" / "Tom_Hanks_54745.png"))


def astronaut() -> Rgb:
    return load(astronaut_path())


def coffee() -> Rgb:
    """A cup of coffee: nobody's face."""
    return load(Path(str(files("skimage") / "data" / "coffee.png")))


def hopper() -> Rgb:
    return load(hopper_path())


def group() -> Rgb:
    return load(group_path())


def hanks() -> Rgb:
    return load(hanks_path())


@cache
def load(path: Path) -> Rgb:
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"), dtype=np.uint8)
    pixels.flags.writeable = False
    return pixels


def encode(pixels: Rgb, kind: str = "JPEG", **options: object) -> bytes:
    """The bytes of a file of this Pillow format."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def jpeg(pixels: Rgb, quality: int = 90) -> bytes:
    return encode(pixels, "JPEG", quality=quality)


def pair(photo: Rgb | bytes) -> list[bytes]:
    """Two reference photos of one person, as an enrolment takes at least: this one, and as a photo app makes it."""
    pixels = unpacked(photo) if isinstance(photo, bytes) else photo
    first = photo if isinstance(photo, bytes) else jpeg(pixels)
    return [first, jpeg(recoloured(pixels), 85)]


def unpacked(file: bytes) -> Rgb:
    with Image.open(io.BytesIO(file)) as image:
        return np.asarray(image.convert("RGB"))


def reencoded(pixels: Rgb, quality: int = 30) -> Rgb:
    with Image.open(io.BytesIO(jpeg(pixels, quality))) as image:
        return np.asarray(image.convert("RGB"))


def mirrored(pixels: Rgb) -> Rgb:
    return np.ascontiguousarray(pixels[:, ::-1])


def cropped(pixels: Rgb, left: float = 0.2, top: float = 0.0, right: float = 0.75, bottom: float = 0.6) -> Rgb:
    """The part between these fractions of its width and height."""
    height, width = pixels.shape[:2]
    return np.ascontiguousarray(
        pixels[round(top * height) : round(bottom * height), round(left * width) : round(right * width)]
    )


def resized(pixels: Rgb, scale: float) -> Rgb:
    image = Image.fromarray(pixels)
    return np.asarray(image.resize((round(image.width * scale), round(image.height * scale))))


def recoloured(pixels: Rgb) -> Rgb:
    """Warmer, paler and with more contrast, as a filter of a photo app would."""
    image = ImageEnhance.Color(ImageEnhance.Contrast(Image.fromarray(pixels)).enhance(1.25)).enhance(0.6)
    return np.clip(np.asarray(image) * np.array([1.08, 1.0, 0.9]), 0, 255).astype(np.uint8)


def grey(pixels: Rgb) -> Rgb:
    return np.asarray(ImageOps.grayscale(Image.fromarray(pixels)).convert("RGB"))


def beside(*pictures: Rgb, height: int = 400) -> Rgb:
    """Pictures side by side, brought to one height: a group picture of people who never met."""
    images = [Image.fromarray(pixels) for pixels in pictures]
    columns = [image.resize((round(image.width * height / image.height), height)) for image in images]
    return np.concatenate([np.asarray(column) for column in columns], axis=1)
