"""The process in which hostile pictures are read: `python -m search.engine.worker SPEC CACHE_DIR MEMORY SECONDS`.

It loads the engine, gives up what it will not need again, says which model it has, and then answers one request
after another until its standard input ends. Anything unexpected ends it: its parent (see `pool`) starts another.
What this bounds is time, memory, and what a file can break; it is not a jail.
"""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from search.engine import load_engine
from search.engine.age import AgeModel, load_age
from search.engine.base import DetectedFace, EngineUnavailable, FaceEngine
from search.engine.confinement import Memory, confine
from search.engine.cues import Cues, cues
from search.engine.decode import Picture, PictureRefused, decode
from search.engine.geometry import LANDMARK_TEMPLATE
from search.engine.pdq import LONG_SIDE, pdq_dihedral
from search.engine.rendering import render
from search.engine.runtime import cv2
from search.engine.wire import (
    MAX_REQUEST,
    Analysis,
    Fingerprints,
    LiveLook,
    LiveOutcome,
    Outcome,
    pack,
    pack_fingerprints,
    pack_live,
    read_frame,
    write_frame,
)

# Pictures are analysed together until they have this many pixels, so that large ones are not held side by side.
_TOGETHER = 8_000_000
_LEFT_BEHIND = 0.42
"""Share of its memory that a worker may hold when it is done. The engine itself comes to half of this."""
_KEPT = 128 * 1024 * 1024
"""Bytes that may stay in memory from one picture to the next, which is the faster for it. What several small ones
leave lies in pieces, and a large one would come on top of them."""
_LIVE_PIXELS = 4_000_000
"""More than any camera sends to a browser's page."""
_GRACE = 5
"""Seconds after which a worker that its parent should have killed ends itself: the parent may be gone."""


def main() -> None:
    spec, cache_dir, memory_bytes, seconds = sys.argv[1:5]
    requests, answers = sys.stdin.buffer, _private_output()
    try:
        engine = load_engine(spec, Path(cache_dir))
        cv2.setNumThreads(1)
        ages = load_age(Path(cache_dir))
        # So that what they need anyway is not charged to a picture.
        engine.analyse([np.zeros((64, 64, 3), np.uint8)])
        ages.under_18(np.zeros((64, 64, 3), np.uint8), LANDMARK_TEMPLATE.astype(np.float32)[None])
    except EngineUnavailable as error:
        write_frame(answers, {"unavailable": str(error)})
        return
    except Exception as error:  # model files and the libraries that read them fail in many ways
        write_frame(answers, {"unavailable": f"The face engine cannot be started: {type(error).__name__}."})
        return
    memory = Memory()
    memory.give_back()  # what reading the models took and left behind
    confine(memory, int(memory_bytes))
    most, kept = memory.held() + int(_LEFT_BEHIND * int(memory_bytes)), memory.resident() + _KEPT
    write_frame(answers, {"model_id": engine.model_id, "dimension": engine.dimension})
    last = False
    with suppress(EOFError):
        while not last:
            _alarm(0)
            request, payload = read_frame(requests, MAX_REQUEST)
            _alarm(float(seconds) + _GRACE)
            answer, parts = _answer(engine, ages, request, payload)
            del payload
            if memory.resident() > kept or memory.held() > most:
                memory.give_back()
            # What one picture left behind must not be missing for the next: rather start anew.
            last = memory.held() > most
            write_frame(answers, {**answer, "last": last}, parts)


def _private_output() -> BinaryIO:
    """Standard output for frames alone: what libraries print goes where errors go."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _alarm(seconds: float) -> None:
    """End this process after a time, whatever it is busy with; 0 is never. Windows cannot."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _answer(
    engine: FaceEngine, ages: AgeModel, head: dict[str, Any], payload: bytes
) -> tuple[dict[str, Any], Sequence[bytes]]:
    if head["do"] == "analyse":
        answer, rows = pack(look_at(engine, ages, _split(payload, head["sizes"])))
        return answer, [rows]
    if head["do"] == "live":
        answer, rows = pack_live([live(engine, ages, data) for data in _split(payload, head["sizes"])])
        return answer, [rows]
    if head["do"] == "fingerprint":
        return pack_fingerprints([fingerprints(data) for data in _split(payload, head["sizes"])]), []
    try:
        return {}, [preview(payload, head["keep"], head["others"])]
    except PictureRefused as refusal:
        return pack([refusal])[0], []


def _split(payload: bytes, sizes: Sequence[int]) -> list[bytes]:
    ends = np.cumsum(sizes)
    return [payload[end - size : end] for size, end in zip(sizes, ends, strict=True)]


def preview(data: bytes, keep: Any, others: Any) -> bytes:
    """Raises PictureRefused."""
    picture = decode(data)
    return render(picture.rgb, keep, others, scale=picture.scale)


def fingerprints(data: bytes) -> Fingerprints:
    """The perceptual hashes of a picture that no face engine is to see yet, and that is read no larger than needed."""
    try:
        return pdq_dihedral(decode(data, least=LONG_SIDE).rgb)
    except PictureRefused as refusal:
        return PictureRefused(refusal.reason, refusal.sentence)


def live(engine: FaceEngine, ages: AgeModel, data: bytes) -> LiveOutcome:
    """What a frame of a live check shows."""
    try:
        picture = decode(data, max_pixels=_LIVE_PIXELS)
    except PictureRefused as refusal:
        return PictureRefused(refusal.reason, refusal.sentence)
    (found,) = engine.analyse([picture.rgb])
    sound = tuple(face for face in found if np.isfinite(face.embedding).all())
    main = max(sound, key=lambda face: face.box[2], default=None)
    size = picture.width, picture.height
    if main is None:
        return LiveLook(size, sound, Cues(), None)
    chance = float(ages.under_18(picture.rgb, main.landmarks[None])[0])
    return LiveLook(size, sound, cues(picture.rgb, main.landmarks), min(max(chance, 0.0), 1.0))


def look_at(engine: FaceEngine, ages: AgeModel, items: Sequence[bytes]) -> list[Outcome]:
    """What the pool is for, as the worker does it: also for whoever wants it within one process."""
    outcomes: dict[int, Outcome] = {}
    waiting: dict[int, Picture] = {}

    def analyse_waiting() -> None:
        outcomes.update(zip(waiting, _analyses(engine, ages, list(waiting.values())), strict=True))
        waiting.clear()

    for place, data in enumerate(items):
        try:
            waiting[place] = decode(data)
        except PictureRefused as refusal:
            # Anew, because this one's traceback holds on to all that the decoder had in hand.
            outcomes[place] = PictureRefused(refusal.reason, refusal.sentence)
        if sum(picture.rgb.size // 3 for picture in waiting.values()) > _TOGETHER:
            analyse_waiting()
    analyse_waiting()
    return [outcomes[place] for place in range(len(items))]


def _analyses(engine: FaceEngine, ages: AgeModel, pictures: Sequence[Picture]) -> list[Analysis]:
    found = engine.analyse([picture.rgb for picture in pictures])
    found = ages.estimated([picture.rgb for picture in pictures], found)
    return [
        Analysis(
            picture.width,
            picture.height,
            picture.format,
            pdq_dihedral(picture.rgb),
            tuple(_at_full_size(face, picture) for face in faces if np.isfinite(face.embedding).all()),
        )
        for picture, faces in zip(pictures, found, strict=True)
    ]


def _at_full_size(face: DetectedFace, picture: Picture) -> DetectedFace:
    scale = picture.scale
    if scale == 1:
        return face
    x, y, width, height = (side * scale for side in face.box)
    quality = replace(face.quality, size=face.quality.size * scale)
    return replace(face, box=(x, y, width, height), landmarks=face.landmarks * np.float32(scale), quality=quality)


if __name__ == "__main__":
    main()
