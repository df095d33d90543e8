"""`manage.py faces PHOTO… [--embeddings]`: what the engine sees. Nothing is stored or compared."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from config.commands import OperatorCommand
from search import faces
from search.engine import DetectedFace, EngineUnavailable, PictureRefused
from search.engine.decode import MAX_BYTES


class Command(OperatorCommand):
    help = "List the faces in photos, in the order given; a bad file is named and harms no other."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("photos", nargs="+", metavar="photo")
        parser.add_argument("--embeddings", action="store_true", help="add each face's embedding")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            faces.engine()
        except EngineUnavailable as error:
            raise CommandError(str(error)) from error
        photos = [look_at(name, options["embeddings"]) for name in options["photos"]]
        rows: list[tuple[object, ...]] = []
        for photo in photos:
            rows += [(photo["file"], face["box"], face["score"], face["quality"]) for face in photo["faces"]]
            if not photo["faces"]:
                rows.append((photo["file"], photo["error"] or "no face", "", ""))
        self.emit({"photos": photos}, ("file", "box", "score", "quality"), rows)


def look_at(name: str, embeddings: bool) -> dict[str, Any]:
    """One file's faces, or the reason why it was not looked at. `quality` is the embedding's length (see the docs)."""
    try:
        path = Path(name)
        if path.stat().st_size > MAX_BYTES:
            return {"file": name, "error": f"The file is larger than {MAX_BYTES // 2**20} MB.", "faces": []}
        found = faces.faces_in(path.read_bytes())
    except PictureRefused as refusal:
        return {"file": name, "error": refusal.sentence, "faces": []}
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return {"file": name, "error": f"{reason}.", "faces": []}
    return {"file": name, "error": None, "faces": [_describe(face, embeddings) for face in found]}


def _describe(face: DetectedFace, embeddings: bool) -> dict[str, Any]:
    described: dict[str, Any] = {
        "box": [round(float(value), 1) for value in face.box],
        "score": round(float(face.score), 4),
        "quality": round(float(face.quality.length), 2),
    }
    if embeddings:
        described["embedding"] = [float(value) for value in face.embedding]
    return described
