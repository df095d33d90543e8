"""Frames as bytes, to be kept sealed between two requests. Never pickled, and nothing is believed unchecked."""

import struct
from collections.abc import Sequence
from dataclasses import astuple, fields

import numpy as np
from numpy.typing import NDArray

from search.engine.base import DetectedFace, Quality
from search.engine.cues import Cues
from search.liveness.frames import Frame

MOST_FRAMES = 2000
_HEAD = struct.Struct("<4sHHH")  # magic, frames, length of an embedding, bytes of the model's name
_MAGIC = b"fwl1"
_MOST_VALUE = 1e9
_MOST_DIMENSION = 4096


def pack(frames: Sequence[Frame]) -> bytes:
    """Raises ValueError for more than MOST_FRAMES, or faces of different models."""
    faces = [frame.face for frame in frames if frame.face]
    models = {(face.model_id, len(face.embedding)) for face in faces} or {("", 0)}
    if len(frames) > MOST_FRAMES or len(models) > 1:
        raise ValueError("These frames cannot be of one check.")
    ((model, dimension),) = models
    rows = np.zeros(len(frames), dtype=_row(dimension))
    for row, frame in zip(rows, frames, strict=True):
        row["number"], row["at"], row["size"], row["faces"] = frame.number, frame.at, frame.size, frame.faces
        row["cues"], row["under_18"] = astuple(frame.cues), -1 if frame.under_18 is None else frame.under_18
        if frame.face:
            row["seen"], row["box"], row["score"] = 1, frame.face.box, frame.face.score
            row["landmarks"], row["quality"] = frame.face.landmarks, astuple(frame.face.quality)
            row["embedding"] = frame.face.embedding
    name = model.encode()
    return _HEAD.pack(_MAGIC, len(frames), dimension, len(name)) + name + rows.tobytes()


def unpack(data: bytes) -> list[Frame]:
    """Raises ValueError for anything that `pack` would not have made. No bytes at all are no frames."""
    if not data:
        return []
    if len(data) < _HEAD.size:
        raise ValueError("These are no frames.")
    magic, count, dimension, length = _HEAD.unpack_from(data)
    if magic != _MAGIC or count > MOST_FRAMES or dimension > _MOST_DIMENSION:
        raise ValueError("These are no frames.")
    row, start = _row(dimension), _HEAD.size + length
    if len(data) != start + count * row.itemsize:
        raise ValueError("Not as many frames as stated.")
    model = data[_HEAD.size : start].decode()  # UnicodeDecodeError is a ValueError
    rows = np.frombuffer(data, dtype=row, offset=start)
    for name in ("at", "cues", "under_18", "box", "score", "landmarks", "quality", "embedding"):
        if not (np.abs(rows[name]) < _MOST_VALUE).all():  # and so neither infinite nor no number
            raise ValueError("A frame that cannot be.")
    lengths = np.linalg.norm(rows["embedding"], axis=1)[rows["seen"] == 1]
    if (rows["seen"] > 1).any() or (np.abs(lengths - 1) > 1e-3).any():
        raise ValueError("A face that cannot be.")
    return [_frame(row, model) for row in rows]


def _row(dimension: int) -> np.dtype[np.void]:
    return np.dtype(
        [
            ("number", "<u4"),
            ("at", "<f8"),
            ("size", "<u4", (2,)),
            ("faces", "<u2"),
            ("cues", "<f4", (len(fields(Cues)),)),
            ("under_18", "<f4"),
            ("seen", "u1"),
            ("box", "<f4", (4,)),
            ("score", "<f4"),
            ("landmarks", "<f4", (5, 2)),
            ("quality", "<f4", (len(fields(Quality)),)),
            ("embedding", "<f4", (dimension,)),
        ]
    )


def _frame(row: NDArray[np.void], model: str) -> Frame:
    chance = float(row["under_18"])
    width, height = map(int, row["size"])
    return Frame(
        number=int(row["number"]),
        at=float(row["at"]),
        size=(width, height),
        faces=int(row["faces"]),
        face=_face(row, model) if row["seen"] else None,
        cues=Cues(*map(float, row["cues"])),
        under_18=None if chance < 0 else chance,
    )


def _face(row: NDArray[np.void], model: str) -> DetectedFace:
    x, y, width, height = map(float, row["box"])
    return DetectedFace(
        box=(x, y, width, height),
        landmarks=row["landmarks"].astype(np.float32),
        score=float(row["score"]),
        quality=Quality(*map(float, row["quality"])),
        embedding=row["embedding"].astype(np.float32),
        model_id=model,
    )
