"""What the pool and its workers say to each other: frames of a small JSON document and raw bytes, with their lengths.

No pickle, and nothing from a worker is believed unchecked: a worker reads hostile files and may have been taken over
by one, and must not be able to run code in its parent, fill its memory, or hand it numbers that are no measurements.
"""

import json
import re
import struct
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from search.engine.base import DetectedFace, Quality
from search.engine.cues import Cues
from search.engine.decode import FORMATS, MAX_BYTES, PictureRefused, Refusal

MAX_HEAD = 1 << 20
MAX_ANSWER = 1 << 26
MAX_REQUEST = 2 * MAX_BYTES
MAX_FACES = 2000

_LENGTHS = struct.Struct(">II")
_HASH = re.compile(r"[0-9a-f]{64}")
_DIHEDRAL = 8
# Before the embedding, a row has the box (4), the score, `under_18`, the quality (7) and the landmarks (10).
_QUALITY, _LANDMARKS, _EMBEDDING = 6, 13, 23
_MAX_SENTENCE = 300
_MAX_SIDE = 1_000_000
_MAX_VALUE = 1e9


class Garbled(Exception):
    """What came is not what the other side would say."""


@dataclass(frozen=True, slots=True)
class Model:
    model_id: str
    dimension: int


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """Everything that is measured of one picture."""

    width: int
    """Of the upright picture at full size, as is `height`."""
    height: int
    format: str
    """Pillow's name: one of FORMATS."""
    pdq: tuple[str, ...]
    """The perceptual hashes of its eight mirrored and turned forms, as it is first."""
    faces: tuple[DetectedFace, ...]
    """Best score first, in pixels of the full-size picture."""


Outcome = Analysis | PictureRefused


@dataclass(frozen=True, slots=True, eq=False)
class LiveLook:
    """What is measured of one frame of a live check."""

    size: tuple[int, int]
    """Width and height of the upright picture."""
    faces: tuple[DetectedFace, ...]
    """Best score first."""
    cues: Cues
    """Of the widest face, as is `under_18`."""
    under_18: float | None
    """How probable it is that the face is a minor's. None where there is no face."""


LiveOutcome = LiveLook | PictureRefused

Fingerprints = tuple[str, ...] | PictureRefused
"""The perceptual hashes of a picture's eight forms, as in `Analysis.pdq`."""


def write_frame(stream: BinaryIO, head: dict[str, Any], parts: Sequence[bytes] = ()) -> None:
    document = json.dumps(head).encode()
    stream.write(_LENGTHS.pack(len(document), sum(map(len, parts))))
    stream.write(document)
    for part in parts:
        stream.write(part)
    stream.flush()


def read_frame(stream: BinaryIO, max_payload: int) -> tuple[dict[str, Any], bytes]:
    """Raises EOFError where the other side has gone, and Garbled."""
    document_length, length = _LENGTHS.unpack(_read(stream, _LENGTHS.size))
    if document_length > MAX_HEAD or length > max_payload:
        raise Garbled(f"a frame of {document_length} and {length} bytes")
    document, payload = _read(stream, document_length), _read(stream, length)
    try:
        head = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise Garbled("no JSON") from error
    if not isinstance(head, dict):
        raise Garbled("no JSON object")
    return head, payload


def _read(stream: BinaryIO, length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data


def pack(outcomes: Sequence[Outcome]) -> tuple[dict[str, Any], bytes]:
    """A worker's answer about some pictures."""
    return {"pictures": [_entry(outcome) for outcome in outcomes]}, _rows(outcomes)


def _rows(outcomes: Sequence[Outcome] | Sequence[LiveOutcome]) -> bytes:
    faces = [face for outcome in outcomes if not isinstance(outcome, PictureRefused) for face in outcome.faces]
    rows = [
        np.concatenate(
            [face.box, [face.score, face.under_18], astuple(face.quality), face.landmarks.ravel(), face.embedding]
        )
        for face in faces
    ]
    return np.array(rows, dtype="<f8").tobytes()


def _entry(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, PictureRefused):
        return {"reason": outcome.reason.value, "sentence": outcome.sentence}
    return {
        "width": outcome.width,
        "height": outcome.height,
        "format": outcome.format,
        "pdq": list(outcome.pdq),
        "faces": len(outcome.faces),
    }


def unpack(head: dict[str, Any], payload: bytes, count: int, model: Model) -> list[Outcome]:
    """The outcomes for `count` pictures. Raises Garbled."""
    entries = _entries(head, count)
    return [_outcome(entry, rows, model) for entry, rows in zip(entries, _shares(entries, payload, model), strict=True)]


def _shares(entries: Sequence[dict[str, Any]], payload: bytes, model: Model) -> list[NDArray[np.float64]]:
    """The faces' rows of each picture."""
    numbers = [_whole(entry.get("faces", 0), MAX_FACES) for entry in entries]
    width = _EMBEDDING + model.dimension
    if len(payload) != 8 * width * sum(numbers):
        raise Garbled("not as many faces as stated")
    rows = np.frombuffer(payload, "<f8").reshape(-1, width)
    return [rows[end - number : end] for number, end in zip(numbers, np.cumsum(numbers), strict=True)]


def pack_fingerprints(outcomes: Sequence[Fingerprints]) -> dict[str, Any]:
    """A worker's answer about the perceptual hashes of some pictures."""
    return {
        "pictures": [
            _entry(outcome) if isinstance(outcome, PictureRefused) else {"pdq": list(outcome)} for outcome in outcomes
        ]
    }


def unpack_fingerprints(head: dict[str, Any], count: int) -> list[Fingerprints]:
    """The hashes of `count` pictures. Raises Garbled."""
    return [_refusal(entry) if "reason" in entry else _hashes(entry) for entry in _entries(head, count)]


def pack_live(outcomes: Sequence[LiveOutcome]) -> tuple[dict[str, Any], bytes]:
    """A worker's answer about some frames of live checks."""
    entries = [
        _entry(outcome)
        if isinstance(outcome, PictureRefused)
        else {
            "width": outcome.size[0],
            "height": outcome.size[1],
            "faces": len(outcome.faces),
            "cues": list(astuple(outcome.cues)),
            "under_18": outcome.under_18,
        }
        for outcome in outcomes
    ]
    return {"pictures": entries}, _rows(outcomes)


def unpack_live(head: dict[str, Any], payload: bytes, count: int, model: Model) -> list[LiveOutcome]:
    """What is said of `count` frames. Raises Garbled."""
    entries = _entries(head, count)
    return [_look(entry, rows, model) for entry, rows in zip(entries, _shares(entries, payload, model), strict=True)]


def _look(entry: dict[str, Any], rows: NDArray[np.float64], model: Model) -> LiveOutcome:
    if "reason" in entry:
        return _refusal(entry)
    width, height = _whole(entry.get("width"), _MAX_SIDE), _whole(entry.get("height"), _MAX_SIDE)
    _check_rows(rows, width, height)
    cues, under_18 = entry.get("cues"), entry.get("under_18")
    if not isinstance(cues, list) or len(cues) != len(fields(Cues)):
        raise Garbled("no cues")
    seen = Cues(*(_number(value, _MAX_VALUE) for value in cues))
    chance = None if under_18 is None else _number(under_18, 1.001)
    return LiveLook((width, height), tuple(_face(row, model) for row in rows), seen, chance)


def _number(value: object, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise Garbled("no such number")
    return float(value)


def _entries(head: dict[str, Any], count: int) -> list[dict[str, Any]]:
    entries = head.get("pictures")
    if not isinstance(entries, list) or len(entries) != count or not all(isinstance(entry, dict) for entry in entries):
        raise Garbled("not as many pictures as asked for")
    return entries


def _hashes(entry: dict[str, Any]) -> tuple[str, ...]:
    hashes = entry.get("pdq")
    if not isinstance(hashes, list) or len(hashes) != _DIHEDRAL:
        raise Garbled("no hashes")
    if not all(isinstance(text, str) and _HASH.fullmatch(text) for text in hashes):
        raise Garbled("no hash")
    return tuple(hashes)


def _outcome(entry: dict[str, Any], rows: NDArray[np.float64], model: Model) -> Outcome:
    if "reason" in entry:
        return _refusal(entry)
    width, height = _whole(entry.get("width"), _MAX_SIDE), _whole(entry.get("height"), _MAX_SIDE)
    kind, hashes = entry.get("format"), _hashes(entry)
    if kind not in FORMATS:
        raise Garbled("no format")
    _check_rows(rows, width, height)
    return Analysis(width, height, kind, hashes, tuple(_face(row, model) for row in rows))


def _refusal(entry: dict[str, Any]) -> PictureRefused:
    reason, sentence = entry["reason"], entry.get("sentence")
    if reason not in list(Refusal) or not isinstance(sentence, str):
        raise Garbled("no such reason")
    if len(sentence) > _MAX_SENTENCE or not sentence.isprintable():
        raise Garbled("no sentence")
    return PictureRefused(Refusal(reason), sentence)


def _whole(value: object, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise Garbled(f"no number up to {most}")
    return value


def _check_rows(rows: NDArray[np.float64], width: int, height: int) -> None:
    corners = rows[:, :2] + rows[:, 2:4]
    lengths = np.linalg.norm(rows[:, _EMBEDDING:], axis=1)
    sound = (
        (np.abs(rows) < _MAX_VALUE).all()  # and so neither infinite nor no number
        and (rows[:, :4] >= 0).all()
        and (corners <= (width + 1, height + 1)).all()
        and (rows[:, 4:_QUALITY] <= 1).all()
        and (rows[:, 5] >= 0).all()
        and (np.abs(lengths - 1) < 1e-3).all()
    )
    if not sound:
        raise Garbled("a face that cannot be")


def _face(row: NDArray[np.float64], model: Model) -> DetectedFace:
    x, y, width, height, score, under_18 = map(float, row[:_QUALITY])
    return DetectedFace(
        box=(x, y, width, height),
        landmarks=row[_LANDMARKS:_EMBEDDING].reshape(5, 2).astype(np.float32),
        score=score,
        quality=Quality(*map(float, row[_QUALITY:_LANDMARKS])),
        embedding=row[_EMBEDDING:].astype(np.float32),
        model_id=model.model_id,
        under_18=under_18,
    )
