"""Whole pages in which nobody but the subject can be recognised.

`python -m search.engine.concealment SPEC CACHE_DIR MEMORY` makes one.

Pages are far higher than photos, and an engine that makes them smaller would lose the faces in them. So they are
looked at in overlapping tiles at full size. As in `worker`, the picture is read in a process that has given up what
it does not need; it answers one request and ends.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from search.engine import load_engine
from search.engine.base import Box, EngineUnavailable, FaceEngine, Rgb, Vector
from search.engine.confinement import Memory, confine
from search.engine.decode import PictureRefused, decode
from search.engine.rendering import blurred
from search.engine.runtime import cv2
from search.engine.wire import MAX_REQUEST, read_frame, write_frame

OWN = 0.6
"""Cosine to the subject's own face from which a face is theirs: as for "certain" matches. All others are blurred."""

# Side of a tile and how far apart tiles begin: whatever is smaller than the difference lies in one of them whole.
_TILES = ((1280, 960), (2560, 1280))


def conceal(engine: FaceEngine, data: bytes, own: Vector | None) -> bytes:
    """A JPEG of the whole picture with every face blurred but those like `own`. Raises PictureRefused."""
    pixels = decode(data).rgb
    keep: list[Box] = []
    others: list[Box] = []
    for left, top, tile in _tiles(pixels):
        (found,) = engine.analyse([tile])
        for face in found:
            x, y, width, height = face.box
            same = own is not None and float(face.embedding @ own) >= OWN
            (keep if same else others).append((x + left, y + top, width, height))
    return blurred(pixels, keep, others)


def _tiles(pixels: Rgb) -> Iterator[tuple[int, int, Rgb]]:
    """Left, top and pixels of each tile."""
    height, width = pixels.shape[:2]
    done: set[tuple[int, int, int, int]] = set()
    for side, step in _TILES:
        for top in _starts(height, side, step):
            for left in _starts(width, side, step):
                bottom, right = min(top + side, height), min(left + side, width)
                if (left, top, right, bottom) not in done:
                    done.add((left, top, right, bottom))
                    yield left, top, np.ascontiguousarray(pixels[top:bottom, left:right])


def _starts(length: int, side: int, step: int) -> Iterator[int]:
    start = 0
    yield start
    while start + side < length:
        start = min(start + step, length - side)
        yield start


def main() -> None:
    spec, cache_dir, memory_bytes = sys.argv[1:4]
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print goes where errors go
    try:
        engine = load_engine(spec, Path(cache_dir))
        cv2.setNumThreads(1)
        engine.analyse([np.zeros((64, 64, 3), np.uint8)])  # so that what it needs anyway is loaded before
    except EngineUnavailable as error:
        write_frame(answers, {"unavailable": str(error)})
        return
    confine(Memory(), int(memory_bytes))
    head, data = read_frame(requests, MAX_REQUEST)
    try:
        write_frame(answers, {}, [conceal(engine, data, _vector(head))])
    except PictureRefused as refusal:
        write_frame(answers, {"reason": refusal.reason.value, "sentence": refusal.sentence})


def _vector(head: dict[str, Any]) -> Vector | None:
    return np.array(head["own"], np.float32) if head["own"] else None


if __name__ == "__main__":
    main()
