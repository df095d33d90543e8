"""Makers of files as attackers, broken disks and odd programs make them."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache

import numpy as np
from PIL import Image

from search.engine.decode import FORMATS
from tests import photos

JPEG_EOI = b"\xff\xd9"


def chunk(name: bytes, content: bytes) -> bytes:
    """Of a PNG."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_that_claims(width: int, height: int, *, depth: int = 8, colour: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    pixels = zlib.compress(b"\x00" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def png_with(name: bytes, content: bytes) -> bytes:
    """A good picture with one more chunk before its pixels."""
    data = photos.encode(photos.hanks(), "PNG")
    place = data.index(b"IDAT") - 4
    return data[:place] + chunk(name, content) + data[place:]


def text_bomb(megabytes: int = 64) -> bytes:
    return png_with(b"zTXt", b"Comment\x00\x00" + _zeros(megabytes))


def international_text_bomb(megabytes: int = 64) -> bytes:
    return png_with(b"iTXt", b"Comment\x00\x01\x00\x00\x00" + _zeros(megabytes))


def profile_bomb(megabytes: int = 64) -> bytes:
    return png_with(b"iCCP", b"icc\x00\x00" + _zeros(megabytes))


def many_small_texts(count: int = 200) -> bytes:
    """Each allowed by itself."""
    data = photos.encode(photos.hanks(), "PNG")
    place = data.index(b"IDAT") - 4
    text = chunk(b"zTXt", b"Comment\x00\x00" + _zeros(1)[:-1])
    return data[:place] + text * count + data[place:]


def png_of_zeros(side: int = 30_000) -> bytes:
    """A true picture of 900 megapixels in about a megabyte."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = b"\x00" * (1 + side // 8)
    pixels = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@cache
def _zeros(megabytes: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(megabytes)) + packer.flush()


def segment(marker: int, content: bytes) -> bytes:
    """Of a JPEG."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def jpeg_with(*segments: bytes, data: bytes = b"") -> bytes:
    data = data or photos.jpeg(photos.astronaut())
    return data[:2] + b"".join(segments) + data[2:]


def exif_flood(segments: int = 300) -> bytes:
    """Pillow joins them all, and then reads a directory of thousands of tags that all point at the whole."""
    length = segments * 60_000
    entries = b"".join(struct.pack("<HHII", 0x9000 + tag, 7, length - 100, 50) for tag in range(4000))
    block = b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", 4000) + entries
    first = b"Exif\x00\x00" + block.ljust(60_000, b"\x00")
    return jpeg_with(segment(0xE1, first), *[segment(0xE1, b"Exif\x00\x00" + bytes(60_000))] * (segments - 1))


def profile_flood(segments: int = 255) -> bytes:
    parts = (b"ICC_PROFILE\x00" + bytes([n + 1, segments]) + bytes(65_000) for n in range(segments))
    return jpeg_with(*(segment(0xE2, part) for part in parts))


def segment_flood(count: int = 1_000_000) -> bytes:
    return jpeg_with(segment(0xFE, b"") * count)


def jpeg_that_claims(width: int, height: int) -> bytes:
    data = photos.jpeg(photos.astronaut())
    place = data.index(b"\xff\xc0")
    return data[: place + 5] + struct.pack(">HH", height, width) + data[place + 9 :]


@cache
def scan_bomb(side: int = 4000, scans: int = 2000, mode: str = "L") -> bytes:
    """A small progressive JPEG of a large picture that goes over all of it again and again."""
    file = io.BytesIO()
    Image.new(mode, (side, side), 90).save(file, "JPEG", progressive=True)
    data = file.getvalue()
    starts = [place for place in range(len(data) - 1) if data[place : place + 2] == b"\xff\xda"]
    last = data[starts[-1] : -len(JPEG_EOI)]
    return data[: -len(JPEG_EOI)] + last * scans + JPEG_EOI


def gif_frames(count: int = 100_000) -> bytes:
    """An animation of so many frames of one pixel, after a first one that shows a face."""
    data = photos.encode(photos.astronaut(), "GIF")
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return data[:-1] + frame * count + b"\x3b"


def gif_frame_beyond_its_screen() -> bytes:
    data = photos.encode(photos.hanks(), "GIF")
    place = data.index(b"\x2c", 13 + 3 * 256)
    return data[: place + 5] + struct.pack("<HH", 60_000, 60_000) + data[place + 9 :]


def webp_canvas(width: int, height: int) -> bytes:
    """A canvas of any size around one small frame."""
    inner = photos.encode(photos.hanks(), "WEBP", lossless=True)[12:]
    sizes = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    extended = b"VP8X" + struct.pack("<I", 10) + b"\x02\x00\x00\x00" + sizes
    animation = b"ANIM" + struct.pack("<I", 6) + bytes(6)
    frame_size = (111).to_bytes(3, "little") * 2
    frame = bytes(6) + frame_size + b"\x64\x00\x00\x00" + inner
    body = extended + animation + b"ANMF" + struct.pack("<I", len(frame)) + frame
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def box_size(data: bytes, width: int, height: int) -> bytes:
    """An AVIF or HEIC whose container states another size than its picture has."""
    place = data.index(b"ispe") + 8
    return data[:place] + struct.pack(">II", width, height) + data[place + 8 :]


def float_tiff() -> bytes:
    """With values that are no numbers."""
    values = np.array(Image.fromarray(photos.astronaut()).convert("L"), dtype=np.float32) / 255
    values[:60, :60] = np.nan
    values[-60:, :60] = np.inf
    values[-60:, -60:] = -np.inf
    return _saved(Image.fromarray(values), "TIFF")


def tiff_in_circles() -> bytes:
    """Its directory is followed by itself."""
    data = bytearray(photos.encode(photos.hanks(), "TIFF"))
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    struct.pack_into("<I", data, start + 2 + 12 * count, start)
    return bytes(data)


def tiff_of_overlapping_tags(count: int = 4000) -> bytes:
    """Thousands of tags, each of which has the whole file as its value."""
    filler = bytes(4_000_000)
    entries = [struct.pack("<HHII", tag, 4, 1, value) for tag, value in ((256, 64), (257, 64), (258, 8), (262, 1))]
    entries += [struct.pack("<HHII", 0x9000 + tag, 7, len(filler), 8) for tag in range(count)]
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    return b"II*\x00" + struct.pack("<I", 8 + len(filler)) + filler + directory


def tiff_tiles(width: int, height: int) -> bytes:
    """A small picture in tiles of an enormous size."""
    data = bytearray(_saved(Image.fromarray(photos.hanks()), "TIFF", compression="tiff_deflate"))
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    for place in range(start + 2, start + 2 + 12 * count, 12):
        (tag,) = struct.unpack_from("<H", data, place)
        if tag in (273, 278, 279):  # strips become tiles
            new = {273: 324, 278: 322, 279: 325}[tag]
            value = width if new == 322 else struct.unpack_from("<I", data, place + 8)[0]
            struct.pack_into("<HHII", data, place, new, 4, 1, value)
        if tag == 277:  # samples per pixel
            struct.pack_into("<HHII", data, place, 323, 4, 1, height)
    return bytes(data)


def polyglot(kind: str) -> bytes:
    """A good JPEG that is something else as well."""
    if kind == "zip":
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("note.txt", "hello")
        return photos.jpeg(photos.astronaut()) + archive.getvalue()
    inside = {"html": b"<html><script>alert(1)</script></html>", "pdf": b"%PDF-1.7\n1 0 obj\n"}[kind]
    return jpeg_with(segment(0xFE, inside))


def cmyk() -> bytes:
    """As print shops send it: inverted, with Adobe's marker."""
    return _saved(Image.fromarray(photos.astronaut()).convert("CMYK"), "JPEG", quality=90)


def sixteen_bits() -> bytes:
    grey = np.array(Image.fromarray(photos.astronaut()).convert("L"), dtype=np.uint16) * 257
    return _saved(Image.fromarray(grey), "PNG")


def animation(kind: str) -> bytes:
    frames = [Image.fromarray(photos.astronaut()), Image.fromarray(photos.astronaut()).rotate(90)]
    return _saved(frames[0], kind, save_all=True, append_images=frames[1:] * 3, duration=40)


def crowd(count: int = 200) -> bytes:
    """A contact sheet of so many faces."""
    face = Image.fromarray(photos.astronaut()).crop((150, 20, 310, 210)).resize((100, 118))
    columns = 20
    sheet = Image.new("RGB", (columns * 120, -(-count // columns) * 140), (120, 130, 140))
    for place in range(count):
        sheet.paste(face, (place % columns * 120 + 10, place // columns * 140 + 10))
    return _saved(sheet, "JPEG", quality=92)


def every_format() -> dict[str, bytes]:
    """The same good picture in each format that is read."""
    return {kind: photos.encode(photos.hopper(), kind) for kind in FORMATS}


def cut_short() -> Iterator[tuple[str, bytes]]:
    for kind, data in every_format().items():
        for share in (0.01, 0.1, 0.5, 0.95):
            yield f"{kind.lower()}-{share}", data[: int(len(data) * share)]


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
