"""`manage.py faces PHOTO… [--embeddings]`: what the engine sees. Nothing is stored or compared."""

import os
import stat
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from config.commands import OperatorCommand
from search import faces
from search.engine import Analysis, DetectedFace, EngineUnavailable, PictureRefused
from search.engine.decode import MAX_BYTES

UNREADABLE = "unreadable"


class Command(OperatorCommand):
    help = "List the faces in photos, and in all photos of folders; a bad file is named and harms no other."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("photos", nargs="+", metavar="photo", help="a file, or a folder with all that is in it")
        parser.add_argument("--embeddings", action="store_true", help="add each face's embedding")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            faces.model()
            photos = list(look_at(options["photos"], options["embeddings"]))
        except EngineUnavailable as error:
            raise CommandError(str(error)) from error
        rows: list[tuple[object, ...]] = []
        for photo in photos:
            rows += [(photo["file"], face["box"], face["score"], face["quality"]) for face in photo["faces"]]
            if not photo["faces"]:
                rows.append((photo["file"], photo["error"] or "no face", "", ""))
        self.emit({"photos": photos}, ("file", "box", "score", "quality"), rows)


class _Unreadable(Exception):
    """There is no picture to be looked at: why, in one sentence."""


def look_at(names: Iterable[str], embeddings: bool) -> Iterator[dict[str, Any]]:
    """Each file's faces, or the reason why it was not looked at. Raises EngineUnavailable."""
    paths: list[Path] = []
    problems: dict[int, _Unreadable] = {}

    def pictures() -> Iterator[bytes]:
        for path, problem in _files(names):
            paths.append(path)
            try:
                if problem:
                    raise _Unreadable(problem)
                yield _read(path)
            except _Unreadable as error:
                problems[len(paths) - 1] = error
                yield b""

    for place, outcome in enumerate(faces.analyse_all(pictures())):
        yield _describe(paths[place], problems.pop(place, outcome), embeddings)


def _files(names: Iterable[str]) -> Iterator[tuple[Path, str]]:
    """Every file named, and of folders every file inside, by name; with a sentence where a folder cannot be read."""
    for name in names:
        if os.path.isdir(name):  # noqa: PTH112 (unlike Path's, it never raises)
            yield from _inside(name)
        else:
            yield Path(name), ""


def _inside(name: str) -> Iterator[tuple[Path, str]]:
    problems: list[OSError] = []
    for folder, inner, files in os.walk(name, onerror=problems.append):
        inner.sort()
        yield from ((Path(folder, file), "") for file in sorted(files))
    yield from ((Path(problem.filename), _sentence(problem)) for problem in problems)


def _read(path: Path) -> bytes:
    """The bytes of a regular file, and never those of a device or pipe, which may have no end. Raises _Unreadable."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _Unreadable("This is not a file with a picture in it.")
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _Unreadable(_sentence(error)) from error


def _without_waiting(path: str, flags: int) -> int:
    """To open a pipe may take for ever."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _sentence(error: Exception) -> str:
    return f"{getattr(error, 'strerror', None) or error}."


def _describe(path: Path, outcome: Analysis | PictureRefused | _Unreadable, embeddings: bool) -> dict[str, Any]:
    # Names are bytes and need not be text.
    described: dict[str, Any] = {"file": os.fsencode(path).decode(errors="replace"), "error": None, "reason": None}
    if isinstance(outcome, Analysis):
        return {**described, "faces": [_describe_face(face, embeddings) for face in outcome.faces]}
    if isinstance(outcome, PictureRefused):
        return {**described, "error": outcome.sentence, "reason": outcome.reason.value, "faces": []}
    return {**described, "error": str(outcome), "reason": UNREADABLE, "faces": []}


def _describe_face(face: DetectedFace, embeddings: bool) -> dict[str, Any]:
    """`quality` is the embedding's length (see the docs), and `details` what explains it."""
    details = {name: round(float(value), 3) for name, value in asdict(face.quality).items() if name != "length"}
    described: dict[str, Any] = {
        "box": [round(float(value), 1) for value in face.box],
        "score": round(float(face.score), 4),
        "quality": round(float(face.quality.length), 2),
        "grade": face.quality.grade.value,
        "details": details,
        "landmarks": [[round(float(value), 1) for value in point] for point in face.landmarks],
    }
    if embeddings:
        described["embedding"] = [float(value) for value in face.embedding]
    return described
