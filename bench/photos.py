"""Labelled photos to measure on.

`FACEWARD_FACES` names a folder with `labels.csv` (file, kind, identities, unknown_faces), and optionally
`landmarks.json` and `group_boxes.csv`; by default it is looked for beside the project. Where there is none, the few
photos that packages carry stand in: one per person, so that everything about different photos of one person is
left out, and the tables say so.
"""

import csv
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.transformations import Photo
from search.engine import DetectedFace, FaceEngine, decode
from tests import photos as packaged

FOLDER = Path(os.environ.get("FACEWARD_FACES") or Path(__file__).parents[2] / "shared" / "faces")
UNKNOWN = "unknown"

Box = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Single:
    """A picture of one person."""

    file: str
    person: str
    photo: Photo


@dataclass(frozen=True, eq=False)
class Group:
    """A picture of several. Faces of people outside the set are labelled UNKNOWN."""

    file: str
    data: bytes
    boxes: tuple[Box, ...]
    people: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class LabelledPhotos:
    words: str
    singles: tuple[Single, ...]
    groups: tuple[Group, ...] = ()
    distractors: tuple[Single, ...] = ()
    """Single people outside the set; nothing is said about who among them is who."""
    packaged: bool = False
    """Are they those of packages?"""
    people: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "people", tuple(sorted({single.person for single in self.singles})))

    @cached_property
    def names(self) -> NDArray[np.str_]:
        return np.array([single.person for single in self.singles])

    @cached_property
    def columns(self) -> NDArray[np.int_]:
        """Per single, the place of its person in `people`."""
        return np.searchsorted(np.array(self.people), self.names)

    @cached_property
    def folds(self) -> NDArray[np.int_]:
        """Per single, which photo of its person it is: 0, 1, 2 …"""
        return np.array([int((self.names[:row] == name).sum()) for row, name in enumerate(self.names)])

    @property
    def several_each(self) -> bool:
        return len(self.singles) > len(self.people)


def load(engine: FaceEngine) -> LabelledPhotos:
    """The labelled photos, or those of packages. The engine places faces that the labels do not."""
    return _labelled(FOLDER, engine) if (FOLDER / "labels.csv").is_file() else packaged_photos(engine)


def _labelled(folder: Path, engine: FaceEngine) -> LabelledPhotos:
    rows = _table(folder / "labels.csv")
    marks_file = folder / "landmarks.json"
    marks = json.loads(marks_file.read_text()) if marks_file.is_file() else {}
    singles = tuple(
        _single(folder, row["file"], row["identities"], marks, engine) for row in rows if row["kind"] == "single"
    )
    distractors = tuple(
        _single(folder, row["file"], UNKNOWN, marks, engine) for row in rows if row["kind"] == "distractor"
    )
    people = len({single.person for single in singles})
    words = f"labelled photos: {len(singles)} of {people} people"
    return LabelledPhotos(words, singles, tuple(_groups(folder)), distractors)


def _single(folder: Path, file: str, person: str, marks: dict[str, list[float]], engine: FaceEngine) -> Single:
    pixels = decode((folder / file).read_bytes()).rgb
    if file not in marks:
        return Single(file, person, placed(pixels, largest(engine.analyse([pixels])[0])))
    values = marks[file]
    x, y, width, height = values[:4]
    return Single(file, person, Photo(pixels, (x, y, width, height), np.array(values[4:14], np.float32).reshape(5, 2)))


def _groups(folder: Path) -> list[Group]:
    table = folder / "group_boxes.csv"
    rows = _table(table) if table.is_file() else []
    groups = []
    for file in sorted({row["file"] for row in rows}):
        own = [row for row in rows if row["file"] == file]
        boxes = tuple((float(row["x"]), float(row["y"]), float(row["w"]), float(row["h"])) for row in own)
        groups.append(Group(file, (folder / file).read_bytes(), boxes, tuple(row["identity"] for row in own)))
    return groups


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def packaged_photos(engine: FaceEngine) -> LabelledPhotos:
    """One photo each of nine people: three alone, and the six of a group photo cut out of it."""
    alone = {"collins": packaged.astronaut(), "hopper": packaged.hopper(), "hanks": packaged.hanks()}
    group = packaged.group()
    cuts = [cut(group, face.box) for face in sorted(engine.analyse([group])[0], key=lambda face: face.box[0])]
    pictures = alone | {f"group_{number}": pixels for number, pixels in enumerate(cuts, 1)}
    singles = tuple(
        Single(f"{name}.png", name, placed(pixels, largest(engine.analyse([pixels])[0])))
        for name, pixels in pictures.items()
    )
    words = f"photos that packages carry: one each of {len(singles)} people, so that each stands for its own copies"
    return LabelledPhotos(words, singles, packaged=True)


def packaged_group(engine: FaceEngine) -> Group:
    """Six people who are in no other picture."""
    faces = engine.analyse([packaged.group()])[0]
    names = tuple(f"group_{number}" for number in range(len(faces)))
    return Group("t1.jpg", packaged.group_path().read_bytes(), tuple(face.box for face in faces), names)


def largest(faces: Sequence[DetectedFace]) -> DetectedFace:
    """Raises ValueError when there is none."""
    return max(faces, key=lambda face: face.box[2])


def placed(pixels: NDArray[np.uint8], face: DetectedFace) -> Photo:
    return Photo(pixels, face.box, face.landmarks)


def cut(pixels: NDArray[np.uint8], box: Box, margin: float = 0.2) -> NDArray[np.uint8]:
    """A face out of a picture, with this share of its width around it."""
    x, y, width, height = box
    left, top = max(round(x - margin * width), 0), max(round(y - margin * width), 0)
    right, bottom = round(x + (1 + margin) * width), round(y + height + margin * width)
    return np.ascontiguousarray(pixels[top:bottom, left:right])
