"""What a file carries besides its pixels: read for one number, the orientation, and otherwise kept from decoders.

Pillow joins, decompresses and parses EXIF, ICC, XMP and Photoshop blocks on opening, at a cost that a hostile
file chooses. None of it is needed: matching is the same with and without a colour profile (the embedding of a
wide-gamut picture shown as sRGB hardly moves, as it does not for paler or warmer copies), so profiles are dropped.
"""

import struct

MAX_SEGMENTS = 5000
"""JPEG segments before the first scan. Depth maps and long histories come as some hundreds of 64 kB each."""
_MAX_ENTRIES = 500

_FIRST_APP, _LAST_APP, _COMMENT, _EXIF = 0xE0, 0xEF, 0xFE, 0xE1
# JFIF and Adobe segments say what the colour channels mean.
_NEEDED_APPS = (0xE0, 0xEE)
_WITHOUT_LENGTH = (0x00, 0x01, *range(0xD0, 0xDA), 0xFF)
_SCAN = 0xDA

_ORIENTATION, _SHORT = 0x0112, 3
_BYTE_ORDERS = {b"II*\x00": "<", b"MM\x00*": ">"}


class TooMuchMetadata(Exception):
    """More segments than any honest file has."""


def lean_jpeg(data: bytes) -> tuple[bytes, bytes]:
    """A JPEG without what decoders need not see, and its EXIF block (empty where there is none).

    Whatever looks strange is left to the decoder. Raises TooMuchMetadata.
    """
    kept, exif, place = [data[:2]], b"", 2
    for _ in range(MAX_SEGMENTS):
        marker = data[place + 1] if data[place : place + 1] == b"\xff" and place + 4 <= len(data) else _SCAN
        if marker == _SCAN or marker in _WITHOUT_LENGTH:
            return b"".join([*kept, data[place:]]), exif
        end = place + 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        if not _is_metadata(marker):
            kept.append(data[place:end])
        elif marker == _EXIF and not exif and data[place + 4 : place + 10] == b"Exif\x00\x00":
            exif = data[place + 4 : end]
        place = end
    raise TooMuchMetadata


def scans(jpeg: bytes) -> int:
    """How often the decoder goes over the whole picture: a progressive JPEG can ask for it thousands of times.

    Coded data never holds this marker, so counting it is exact, but for thumbnails and further pictures.
    """
    return jpeg.count(b"\xff\xda")


def orientation(exif: bytes) -> int:
    """1 to 8 as EXIF has it, 1 where it says nothing sensible."""
    block = exif.removeprefix(b"Exif\x00\x00")
    order = _BYTE_ORDERS.get(block[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", block, 4)
        (count,) = struct.unpack_from(f"{order}H", block, start)
        for place in range(start + 2, start + 2 + 12 * min(count, _MAX_ENTRIES), 12):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", block, place)
            if tag == _ORIENTATION and kind == _SHORT:
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def _is_metadata(marker: int) -> bool:
    return marker == _COMMENT or (_FIRST_APP <= marker <= _LAST_APP and marker not in _NEEDED_APPS)
