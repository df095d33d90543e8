"""The pictures of the demo's little web, made from photographs that come inside installed packages.

The subject is the person in scikit-image's `astronaut.png` (Eileen Collins, NASA, public domain). Around her
are Grace Hopper (matplotlib, public domain; the person who opts out), and Tom Hanks and the group of six that
insightface ships for its own tests. The names that the sites give these people are made up. Files are read by
path, so that nothing heavy is imported.

The same installed versions always give the same bytes.
"""

from functools import cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

Box = tuple[int, int, int, int]

PORTRAIT = "alice-portrait.jpg"
"""The picture the subject took herself and shows on her blog; the scraper copied it."""
REHOSTED = "copy-captioned.jpg"
"""The scraper's copy that the story gets taken down; `modified_copy` is made from it."""

GROUP_THUMBNAIL = "meetup-group-small.jpg"
"""The forum shows the group picture small and links to the large one: other bytes, so a picture of its own."""

GALLERY_WIDTHS = (240, 480, 960)
FRIENDS: dict[str, Box] = {
    "friend-jo": (0, 205, 235, 485),
    "friend-mo": (205, 95, 425, 345),
    "friend-dan": (400, 205, 650, 495),
    "friend-max": (690, 275, 930, 555),
    "friend-lee": (845, 0, 1085, 270),
    "friend-kim": (1060, 215, 1280, 475),
}
# The subject's outline in astronaut.png as x,y pairs, traced with OpenCV's GrabCut and corrected by hand.
OUTLINE = """
276,31 262,22 248,18 227,16 212,22 205,24 183,38 172,46 163,53 156,60 154,66 154,92 157,104 166,113
171,119 175,127 181,132 182,143 184,149 177,148 160,149 143,157 130,168 125,182 115,188 115,200
113,206 90,227 76,235 65,246 44,282 27,344 360,344 356,302 347,282 340,262 319,243 304,233 300,218
290,202 277,188 263,178 256,173 257,162 266,148 268,138 272,137 280,128 290,117 296,107 300,92
296,58 286,40
"""


def reference_photos() -> list[bytes]:
    """The photos the subject enrols with: head and shoulders, PNG; no picture on the web has this framing."""
    return _two(_subject((106, 0, 346, 300), (600, 750)))


def opt_out_photo() -> bytes:
    """The photo sent with the opt-out request (Grace Hopper), framed and encoded unlike those on the web."""
    return _png(_hopper().crop((96, 40, 456, 440)).resize((450, 500), Image.Resampling.LANCZOS))


def bystander_photos() -> list[bytes]:
    """The photos of another subscriber, who is in none of the pictures on the web (Tom Hanks)."""
    return _two(_hanks())


def _two(portrait: Image.Image) -> list[bytes]:
    """An enrolment takes two photos at least: this one, and one in other light."""
    return [_png(portrait), _png(ImageEnhance.Brightness(_balance(portrait, (1.06, 1.0, 0.9))).enhance(0.85))]


@cache
def modified_copy() -> bytes:
    """The scraper's second try: `REHOSTED` with its edges cut, more contrast and a frame."""
    first = _open(web_pictures()[REHOSTED])
    width, height = first.size
    cut = first.crop((width // 60, height // 60, width - width // 60, height - height // 60))
    contrasted = ImageEnhance.Contrast(cut).enhance(1.12)
    return _jpeg(ImageOps.expand(contrasted, border=4, fill=(24, 24, 24)), quality=70)


@cache
def web_pictures() -> dict[str, bytes]:
    """Every picture that is on the web when the demo starts, by file name."""
    return _subject_pictures() | _copies() | _other_people() | _gallery()


def alice_variants() -> list[str]:
    """Names of the pictures in `web_pictures` that show the subject, one per picture (no second sizes)."""
    return [
        *("alice-portrait.jpg", "alice-banner.jpg", "alice-garden.jpg", "alice-launch-960.jpg"),
        *("alice-grey-960.jpg", "meetup-group.jpg", "copy-mirrored.jpg", "copy-captioned.jpg"),
    ]


def _subject_pictures() -> dict[str, bytes]:
    group = _group_with_subject()
    return {
        PORTRAIT: _jpeg(_subject((0, 0, 512, 512), (440, 440)), quality=60),
        "alice-banner.jpg": _jpeg(_subject((40, 10, 512, 206), (944, 392)), quality=75),
        "alice-garden.jpg": _jpeg(ImageOps.mirror(_subject((90, 0, 410, 240), (640, 480))), quality=75),
        "meetup-group.jpg": _jpeg(group, quality=85),
        GROUP_THUMBNAIL: _jpeg(_at_width(group, 560), quality=75),
    }


def _copies() -> dict[str, bytes]:
    portrait = _open(_jpeg(_subject((0, 0, 512, 512), (440, 440)), quality=60))
    cold = _balance(ImageEnhance.Color(ImageOps.mirror(portrait)).enhance(0.7), (0.92, 1.0, 1.18))
    vivid = ImageEnhance.Color(portrait.crop((30, 0, 430, 400))).enhance(1.5)
    return {
        "copy-mirrored.jpg": _jpeg(cold.crop((20, 0, 420, 440)), quality=55),
        REHOSTED: _jpeg(_captioned(vivid, "GLOBALPIX  |  more like this every day"), quality=65),
        "copy-hopper.jpg": _jpeg(_captioned(ImageOps.mirror(_hopper()), "GLOBALPIX  |  vintage"), quality=60),
        "copy-max.jpg": _jpeg(_balance(_friend("friend-max"), (1.1, 0.95, 0.95)), quality=60),
    }


def _other_people() -> dict[str, bytes]:
    return {f"{name}-96.jpg": _jpeg(_friend(name, (96, 112)), quality=85) for name in FRIENDS}


def _gallery() -> dict[str, bytes]:
    """The photo-sharing site's pictures, each in every width of `GALLERY_WIDTHS`."""
    masters = {
        "coffee": _photo("skimage", "data/coffee.png"),
        "alice-launch": _balance(_subject((0, 0, 512, 342), (1024, 684)), (1.08, 1.0, 0.84)),
        "hopper": _hopper(),
        "cat": _photo("skimage", "data/chelsea.png"),
        "card-night": _six(),
        "kim": _friend("friend-kim", (440, 520)),
        "rocket": _photo("skimage", "data/rocket.jpg"),
        "dan": _friend("friend-dan", (500, 580)),
        "alice-grey": ImageOps.grayscale(_subject((124, 0, 334, 210), (840, 840))).convert("RGB"),
        "moon": _photo("skimage", "data/moon.png"),
        "clock": _photo("skimage", "data/clock_motion.png"),
        "gravel": _photo("skimage", "data/gravel.png"),
    }
    return {
        f"{name}-{width}.jpg": _jpeg(_at_width(picture, width), quality=78)
        for name, picture in masters.items()
        for width in GALLERY_WIDTHS
    }


def _group_with_subject() -> Image.Image:
    """The group of six with the subject put in the foreground, her face about as large as theirs."""
    group = _six()
    source = _balance(_photo("skimage", "data/astronaut.png"), (1.06, 0.96, 0.80))
    mask = Image.new("L", source.size)
    ImageDraw.Draw(mask).polygon([int(number) for number in OUTLINE.replace(",", " ").split()], fill=255)
    mask = mask.filter(ImageFilter.MinFilter(3)).filter(ImageFilter.GaussianBlur(1.2))
    waist, scale = 344, 1.24
    size = (round(source.width * scale), round(waist * scale))
    figure = source.crop((0, 0, source.width, waist)).resize(size, Image.Resampling.LANCZOS)
    cutout = mask.crop((0, 0, source.width, waist)).resize(size, Image.Resampling.LANCZOS)
    group.paste(figure, (330, group.height - size[1]), cutout)
    return group


def _captioned(picture: Image.Image, text: str) -> Image.Image:
    bar = max(24, picture.height // 14)
    canvas = Image.new("RGB", (picture.width, picture.height + bar), (18, 18, 22))
    canvas.paste(picture, (0, 0))
    font = ImageFont.load_default(size=bar * 0.5)
    ImageDraw.Draw(canvas).text((bar // 2, picture.height + bar // 4), text, fill=(250, 214, 70), font=font)
    return canvas


def _subject(box: Box, size: tuple[int, int]) -> Image.Image:
    return _photo("skimage", "data/astronaut.png").resize(size, Image.Resampling.LANCZOS, box=box)


def _friend(name: str, size: tuple[int, int] | None = None) -> Image.Image:
    cropped = _six().crop(FRIENDS[name])
    return ImageOps.fit(cropped, size, Image.Resampling.LANCZOS) if size else cropped


def _six() -> Image.Image:
    return _photo("insightface", "data/images/t1.jpg")


def _hopper() -> Image.Image:
    return _photo("matplotlib", "mpl-data/sample_data/grace_hopper.jpg")


def _hanks() -> Image.Image:
    """The packaged picture is a bare 112-pixel face crop; a mount gives a detector the margin it wants."""
    face = _photo("insightface", "data/images/Tom_Hanks_54745.png").resize((448, 448), Image.Resampling.LANCZOS)
    return ImageOps.expand(face, border=120, fill=(214, 206, 190))


@cache
def _read(package: str, path: str) -> bytes:
    spec = find_spec(package)  # finds a top-level package without importing it
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"The demo needs the package {package}, which is not installed.")
    return (Path(spec.origin).parent / path).read_bytes()


def _photo(package: str, path: str) -> Image.Image:
    return _open(_read(package, path))


def _open(data: bytes) -> Image.Image:
    picture = Image.open(BytesIO(data)).convert("RGB")
    picture.info.clear()  # or the original's colour profile and comment would be saved again
    return picture


def _balance(picture: Image.Image, gains: tuple[float, float, float]) -> Image.Image:
    """The picture with its red, green and blue channels multiplied by `gains`."""
    channels = zip(picture.split(), gains, strict=True)
    tables = [(channel, [min(255, round(level * gain)) for level in range(256)]) for channel, gain in channels]
    return Image.merge("RGB", [channel.point(table) for channel, table in tables])


def _at_width(picture: Image.Image, width: int) -> Image.Image:
    return picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    return _encoded(picture, "JPEG", quality=quality)


def _png(picture: Image.Image) -> bytes:
    return _encoded(picture, "PNG", compress_level=6)


def _encoded(picture: Image.Image, kind: str, **options: int) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()
