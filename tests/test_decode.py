"""Pictures of every kind come out upright and in RGB; all else is refused with a reason, never a crash."""

import io
import struct
from collections.abc import Callable
from importlib import import_module

import numpy as np
import pytest
from django.conf import settings as django_settings
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from search.engine import PictureRefused, Refusal, decode, load_engine, metadata
from search.engine.age import load_age
from search.engine.worker import look_at
from tests import hostile, photos

WIDTH, HEIGHT = 48, 32
module = import_module("search.engine.decode")  # the package has a function of this name


def quarters() -> Image.Image:
    """Red, green / blue, white: tells every turn and flip apart."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    image.paste("red", (0, 0, WIDTH // 2, HEIGHT // 2))
    image.paste("lime", (WIDTH // 2, 0, WIDTH, HEIGHT // 2))
    image.paste("blue", (0, HEIGHT // 2, WIDTH // 2, HEIGHT))
    return image


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def corners(rgb: NDArray[np.uint8]) -> list[str]:
    names = {(255, 0, 0): "red", (0, 255, 0): "green", (0, 0, 255): "blue", (255, 255, 255): "white"}
    points = [rgb[4, 4], rgb[4, -5], rgb[-5, 4], rgb[-5, -5]]
    return [min(names.items(), key=lambda item: abs(point - np.array(item[0])).sum())[1] for point in points]


def refusal(data: bytes, **options: int) -> Refusal:
    with pytest.raises(PictureRefused) as caught:
        decode(data, **options)
    assert caught.value.sentence[0].isupper()
    assert caught.value.sentence.endswith(".")
    return caught.value.reason


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF", "BMP", "TIFF", "MPO"])
def test_reads_every_kind(kind: str) -> None:
    picture = decode(saved(quarters(), kind))
    assert (picture.width, picture.height) == (WIDTH, HEIGHT)
    assert picture.rgb.shape == (HEIGHT, WIDTH, 3)
    assert picture.rgb.dtype == np.uint8
    assert picture.format in (kind, "JPEG")
    assert corners(picture.rgb) == ["red", "green", "blue", "white"]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_turns_pictures_upright(kind: str, orientation: int) -> None:
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the Pillow transpose that a viewer's own turn undoes
    lying = quarters().transpose(Image.Transpose(undo[orientation])) if orientation > 1 else quarters()
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = decode(saved(lying, kind, exif=exif.tobytes()))
    assert corners(picture.rgb) == ["red", "green", "blue", "white"]
    assert (picture.width, picture.height) == (WIDTH, HEIGHT)


@pytest.mark.parametrize("exif", [b"Exif\x00\x00garbage", b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff", b"\x00" * 9])
def test_broken_metadata_does_not_spoil_a_good_picture(exif: bytes) -> None:
    assert corners(decode(saved(quarters(), "JPEG", exif=exif)).rgb) == ["red", "green", "blue", "white"]


def test_an_orientation_that_does_not_exist_is_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 99
    assert decode(saved(quarters(), "JPEG", exif=exif.tobytes())).width == WIDTH


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "YCbCr", "LA", "RGBA", "PA", "I;16", "I", "F"])
def test_grey_palette_print_and_deep_pictures_become_rgb(mode: str) -> None:
    bright = {"I;16": 65535, "I": 65535, "F": 1.0}.get(mode)
    image = quarters().convert(mode) if bright is None else Image.new(mode, (WIDTH, HEIGHT), bright)
    kind = "TIFF" if mode in ("CMYK", "YCbCr", "F", "PA", "I") else "PNG"
    if mode == "PA":
        image, kind = quarters().convert("LA"), "PNG"
    rgb = decode(saved(image, kind)).rgb
    assert rgb.shape == (HEIGHT, WIDTH, 3)
    assert rgb[-5, -5].min() >= 250


def test_sixteen_bit_grey_keeps_its_tones() -> None:
    ramp = np.linspace(0, 65535, WIDTH).astype(np.uint16)
    rgb = decode(saved(Image.fromarray(np.tile(ramp, (HEIGHT, 1))), "PNG")).rgb
    assert np.abs(rgb[0, :, 0].astype(int) - np.linspace(0, 255, WIDTH)).max() <= 1


def test_what_is_see_through_lies_on_white() -> None:
    layered = quarters().convert("RGBA")
    layered.paste((0, 0, 0, 0), (0, 0, WIDTH // 2, HEIGHT // 2))
    palette = quarters().quantize(4)
    for data in (
        saved(layered, "PNG"),
        saved(layered, "WEBP"),
        saved(palette, "PNG", transparency=palette.getpixel((0, 0))),
    ):
        assert corners(decode(data).rgb)[0] == "white"


def test_of_an_animation_the_first_frame_counts() -> None:
    second = Image.new("RGB", (WIDTH, HEIGHT), "black")
    for kind in ("GIF", "WEBP", "PNG", "AVIF"):
        data = saved(quarters(), kind, save_all=True, append_images=[second], duration=50)
        assert corners(decode(data).rgb) == ["red", "green", "blue", "white"]


# Refused


def test_nothing_is_refused() -> None:
    assert refusal(b"") is Refusal.EMPTY


@pytest.mark.parametrize("data", [b"hello", b"\x00" * 500, b"<html><img></html>", b"\xff", bytes(range(256))])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    assert refusal(data) is Refusal.NOT_A_PICTURE


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='a'/>",
        b'\n<?xml version="1.0"?><svg/>',
        b"%PDF-1.7",
        b"%!PS",
        b"8BPS\x00\x01",
        b"\x00\x00\x01\x00\x01",
    ],
)
def test_other_kinds_of_picture_are_refused_as_such(data: bytes) -> None:
    assert refusal(data + b" " * 50) is Refusal.UNSUPPORTED


@pytest.mark.parametrize("kind", ["ICO", "PPM", "TGA", "PCX", "EPS", "PDF", "JPEG2000", "ICNS"])
def test_kinds_off_the_list_are_never_opened(kind: str) -> None:
    image = Image.fromarray(photos.hanks()).resize((64, 64))
    assert refusal(saved(image, kind)) in (Refusal.UNSUPPORTED, Refusal.NOT_A_PICTURE)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF", "BMP", "TIFF"])
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.9])
def test_a_picture_cut_short_is_refused(kind: str, kept: float) -> None:
    data = saved(Image.fromarray(photos.hanks()), kind)
    assert refusal(data[: int(len(data) * kept)]) is Refusal.DAMAGED


def test_too_many_bytes_are_refused_before_they_are_read() -> None:
    assert refusal(photos.jpeg(photos.hanks()), max_bytes=100) is Refusal.TOO_MANY_BYTES


@pytest.mark.parametrize("size", [(15, 400), (400, 15), (1, 1)])
def test_a_picture_too_small_for_a_face_is_refused(size: tuple[int, int]) -> None:
    assert refusal(saved(Image.new("RGB", size), "PNG")) is Refusal.TOO_SMALL


@pytest.mark.parametrize("size", [(8000, 8000), (10_000, 10_000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_by_its_header(size: tuple[int, int]) -> None:
    assert refusal(hostile.png_that_claims(*size)) is Refusal.TOO_MANY_PIXELS


@pytest.mark.parametrize("bomb", [hostile.text_bomb, hostile.international_text_bomb, hostile.profile_bomb])
def test_a_text_or_profile_bomb_inside_a_png_is_refused(bomb: Callable[[], bytes]) -> None:
    assert refusal(bomb()) is Refusal.TOO_COSTLY


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF", "BMP", "TIFF"]),
    spoiled=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_spoiled_bytes_give_a_picture_or_a_refusal(kind: str, spoiled: list[tuple[float, int]]) -> None:
    data = bytearray(saved(quarters(), kind))
    for place, value in spoiled:
        data[int(place * len(data))] = value
    try:
        picture = decode(bytes(data))
    except PictureRefused:
        return
    assert picture.rgb.shape == (picture.height, picture.width, 3)


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF", b"II*\x00"]),
)
def test_any_bytes_at_all_are_refused(tail: bytes, head: bytes) -> None:
    assert refusal(head + tail) in Refusal


# What only costs, and what is told to be otherwise


@pytest.mark.parametrize("turn", range(1, 9))
def test_orientation_is_read_in_both_byte_orders_and_behind_junk(turn: int) -> None:
    for order in ("<", ">"):
        tags = struct.pack(f"{order}HHIHH", 0x010F, 2, 4, 0, 0) + struct.pack(f"{order}HHIHH", 0x0112, 3, 1, turn, 0)
        block = struct.pack(f"{order}2sHIH", b"II" if order == "<" else b"MM", 42, 8, 2) + tags
        assert metadata.orientation(b"Exif\x00\x00" + block) == turn
        assert metadata.orientation(block) == turn
        assert all(metadata.orientation(block[:length]) == 1 for length in range(len(block) - 4))


def test_an_orientation_of_another_kind_is_none() -> None:
    block = struct.pack("<2sHIHHHIHH", b"II", 42, 8, 1, 0x0112, 4, 1, 6, 0)
    assert metadata.orientation(block) == 1


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_without_its_metadata_a_jpeg_has_the_same_pixels(mode: str) -> None:
    plain = saved(Image.fromarray(photos.astronaut()).convert(mode), "JPEG", comment=b"hello")
    with_more = hostile.jpeg_with(
        hostile.segment(0xE2, b"ICC_PROFILE\x00\x01\x01" + bytes(500)),
        hostile.segment(0xED, b"Photoshop 3.0\x00" + bytes(500)),
        data=plain,
    )
    with Image.open(io.BytesIO(plain)) as image:
        expected = np.asarray(image.convert("RGB"))
    assert (decode(plain).rgb == expected).all()
    assert (decode(with_more).rgb == expected).all()
    lean, _ = metadata.lean_jpeg(with_more)
    assert b"Photoshop" not in lean
    assert b"hello" not in lean


def test_of_two_exif_blocks_the_first_counts() -> None:
    one, other = (hostile.segment(0xE1, b"Exif\x00\x00" + exif_of(turn)) for turn in (6, 3))
    data = saved(quarters(), "JPEG")
    assert decode(hostile.jpeg_with(one, other, data=data)).width == HEIGHT
    assert decode(hostile.jpeg_with(other, one, data=data)).width == WIDTH


def exif_of(turn: int) -> bytes:
    return struct.pack("<2sHIHHHIHHI", b"II", 42, 8, 1, 0x0112, 3, 1, turn, 0, 0)


def test_inverted_print_colours_come_out_right() -> None:
    rgb = decode(hostile.cmyk()).rgb
    assert np.abs(rgb.astype(int) - photos.astronaut()).mean() < 6


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP"])
@pytest.mark.parametrize("turn", [1, 6])
def test_a_very_large_picture_is_read_at_half_its_size(kind: str, turn: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FULL_PIXELS", 100_000)
    large = Image.fromarray(photos.hopper()).resize((511, 601))
    options = {"exif": b"Exif\x00\x00" + exif_of(turn)} if kind != "BMP" else {}
    options |= {"quality": 95} if kind == "JPEG" else {}
    turned = turn == 6 and kind != "BMP"
    picture = decode(saved(large, kind, **options))
    assert (picture.width, picture.height) == ((601, 511) if turned else (511, 601))
    assert picture.rgb.shape == ((256, 301, 3) if turned else (301, 256, 3))
    assert picture.scale == pytest.approx(2, rel=0.01)
    half = np.asarray(large.resize((256, 301), Image.Resampling.BOX))
    assert np.abs(picture.rgb.astype(int) - (np.rot90(half, -1) if turned else half)).mean() < 4


def test_strips_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = decode(photos.jpeg(photos.group())).rgb
    for pixels in (1, 5000, 100_000):
        monkeypatch.setattr(module, "_STRIP_PIXELS", pixels)
        assert (decode(photos.jpeg(photos.group())).rgb == whole).all()


def test_a_deep_picture_has_one_scale_from_top_to_bottom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_STRIP_PIXELS", 1)
    ramp = np.repeat(np.linspace(0, 65535, HEIGHT).astype(np.uint16)[:, np.newaxis], WIDTH, axis=1)
    assert np.abs(decode(saved(Image.fromarray(ramp), "PNG")).rgb[:, 0, 0] - np.linspace(0, 255, HEIGHT)).max() <= 1


def test_values_that_are_no_numbers_are_black() -> None:
    rgb = decode(hostile.float_tiff()).rgb
    assert not rgb[:60, :60].any()
    assert rgb[100:300, 200:300].mean() > 50


def test_the_sizes_that_decoders_with_many_copies_may_have_are_smaller() -> None:
    assert refusal(hostile.webp_canvas(5000, 5000)) is Refusal.TOO_MANY_PIXELS
    assert decode(hostile.webp_canvas(400, 300)).width == 400


@pytest.mark.parametrize(("side", "scans"), [(64, 1500), (4000, 80)])
def test_a_picture_built_up_in_too_many_steps_is_refused(side: int, scans: int) -> None:
    assert refusal(hostile.scan_bomb(side, scans)) is Refusal.TOO_COSTLY
    assert decode(hostile.scan_bomb(64, 5)).width == 64


def test_a_broken_file_lets_go_of_its_memory() -> None:
    """A refusal that held on to its traceback would hold on to the picture."""
    cache = django_settings.MODEL_CACHE_DIR
    outcomes = look_at(load_engine("sface", cache), load_age(cache), [photos.jpeg(photos.hopper())[:9000]])
    assert isinstance(outcomes[0], PictureRefused)
    assert outcomes[0].__traceback__ is outcomes[0].__cause__ is outcomes[0].__context__ is None
