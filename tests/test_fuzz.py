"""Real files of every format, spoiled in ways that repeat: a picture or a typed refusal comes out, and nothing else.

A fixed number of mutations, and less of them where a machine is slow: time is a budget here and not a promise.
"""

import random
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from django.conf import settings

from search.engine import Analysis, Limits, PictureRefused, Pool, Refusal, decode
from search.engine.decode import FORMATS
from tests import photos

SEED = 20250101
IN_PROCESS, IN_WORKERS = 400, 120
BUDGET_SECONDS = 20.0

Mutation = Callable[[random.Random, bytearray], None]


def flip(source: random.Random, data: bytearray) -> None:
    for _ in range(source.choice((1, 2, 8, 40))):
        data[source.randrange(len(data))] ^= 1 << source.randrange(8)


def spoil_head(source: random.Random, data: bytearray) -> None:
    """Sizes, counts and offsets live there."""
    for _ in range(source.choice((1, 3))):
        data[source.randrange(min(len(data), 400))] = source.randrange(256)


def write_number(source: random.Random, data: bytearray) -> None:
    number = source.choice((0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFF0))
    place = source.randrange(max(len(data) - 4, 1))
    data[place : place + 4] = number.to_bytes(4, source.choice(("big", "little")))


def cut(source: random.Random, data: bytearray) -> None:
    del data[source.randrange(len(data)) :]


def drop(source: random.Random, data: bytearray) -> None:
    start = source.randrange(len(data))
    del data[start : start + source.choice((1, 4, 64, 2000))]


def repeat(source: random.Random, data: bytearray) -> None:
    start = source.randrange(len(data))
    data[start:start] = data[start : start + source.choice((1, 12, 300))] * source.choice((1, 5, 100))


def swap(source: random.Random, data: bytearray) -> None:
    one, other = (source.randrange(max(len(data) - 32, 1)) for _ in range(2))
    data[one : one + 32], data[other : other + 32] = data[other : other + 32], data[one : one + 32]


def graft(source: random.Random, data: bytearray) -> None:
    """The tail of another format."""
    other = source.choice(list(ORIGINALS.values()))
    data[source.randrange(len(data)) :] = other[source.randrange(len(other)) :]


MUTATIONS: list[Mutation] = [flip, spoil_head, spoil_head, write_number, cut, drop, repeat, swap, graft]


def originals() -> dict[str, bytes]:
    face = photos.hanks()
    grey = np.asarray(face[:, :, 0].astype(np.uint16) * 257)
    files = {kind: photos.encode(face, kind) for kind in FORMATS}
    return files | {
        "progressive": photos.encode(face, "JPEG", progressive=True, comment=b"hello"),
        "deep": photos.encode(grey, "PNG"),
        "lossless": photos.encode(face, "WEBP", lossless=True),
        "packed": photos.encode(face, "TIFF", compression="tiff_lzw"),
        "jpeg in tiff": photos.encode(face, "TIFF", compression="jpeg"),
    }


ORIGINALS = originals()


def spoiled(count: int) -> Iterator[bytes]:
    """Each format in turn, with one to three mutations."""
    source = random.Random(SEED)
    for number in range(count):
        data = bytearray(list(ORIGINALS.values())[number % len(ORIGINALS)])
        for mutate in source.choices(MUTATIONS, k=source.choice((1, 1, 2, 3))):
            mutate(source, data)
            data = data or bytearray(b"\x00")
        yield bytes(data)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
def test_spoiled_files_give_a_picture_or_a_refusal() -> None:
    give_up = time.monotonic() + BUDGET_SECONDS
    seen: set[str] = set()
    for data in spoiled(IN_PROCESS):
        try:
            picture = decode(data, max_pixels=4_000_000)
        except PictureRefused as refusal:
            seen.add(refusal.reason)
        else:
            assert picture.rgb.shape == (picture.height, picture.width, 3)
            assert picture.rgb.dtype == np.uint8
            seen.add("read")
        if time.monotonic() > give_up:
            break
    assert {"read", Refusal.DAMAGED} <= seen


def test_workers_outlive_spoiled_files() -> None:
    pool = Pool("sface", settings.MODEL_CACHE_DIR, workers=2, limits=Limits(seconds=20))
    give_up = time.monotonic() + BUDGET_SECONDS
    outcomes = pool.analyse(spoiled(IN_WORKERS))
    for outcome in outcomes:
        assert isinstance(outcome, Analysis | PictureRefused)
        if time.monotonic() > give_up:
            break
    (after,) = pool.analyse([photos.jpeg(photos.astronaut())])
    assert isinstance(after, Analysis)
    assert len(after.faces) == 1
    pool.close()
