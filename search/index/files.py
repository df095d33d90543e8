"""How an index lies on disk: one data file named by its hash, and a manifest that says which.

    index/manifest.json
    index/4f1c….faiss

The manifest is replaced in one step after the data file is whole, so the two are never from different saves.
Nothing is pickled.
"""

import fcntl
import hashlib
import json
import os
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from search.index.base import IndexCorrupt, IndexMismatch, IndexMissing

LAYOUT = 1
_MANIFEST = "manifest.json"
_LOCK = ".lock"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_OURS = re.compile(r"[0-9a-f]{64}\.\w+|[0-9a-f]{32}\.tmp")


@dataclass(frozen=True, slots=True)
class Manifest:
    layout: int
    kind: str
    model_id: str
    dimension: int
    count: int
    through: int | None
    sha256: str

    @property
    def data_name(self) -> str:
        return f"{self.sha256}.{self.kind}"


def save(folder: Path, write: Callable[[Path], None], describe: Callable[[str], Manifest]) -> None:
    """`write` makes the data file at a path; `describe` makes the manifest from that file's hash."""
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        _sweep(folder, keep=_current_name(folder))
        temporary = folder / f"{uuid.uuid4().hex}.tmp"
        write(temporary)
        _flush(temporary)
        manifest = describe(_sha256(temporary))
        temporary.replace(folder / manifest.data_name)
        temporary.write_text(json.dumps(asdict(manifest), indent=1))
        _flush(temporary)
        temporary.replace(folder / _MANIFEST)
        _sweep(folder, keep=manifest.data_name)


def find(folder: Path, kind: str, model_id: str, dimension: int) -> tuple[Manifest, Path]:
    """The manifest and the data file, checked. Raises IndexMissing, IndexMismatch or IndexCorrupt."""
    manifest = _read_manifest(folder)
    for name, found, wanted in (
        ("kind", manifest.kind, kind),
        ("model", manifest.model_id, model_id),
        ("dimension", manifest.dimension, dimension),
    ):
        if found != wanted:
            raise IndexMismatch(f"The index on disk has {name} {found}, and {wanted} is needed.")
    data = folder / manifest.data_name
    try:
        whole = _sha256(data) == manifest.sha256
    except FileNotFoundError:
        # Another process may have saved between our two reads; then its manifest names another file.
        if _read_manifest(folder) != manifest:
            return find(folder, kind, model_id, dimension)
        raise IndexCorrupt("The data file of the index is missing.") from None
    if not whole:
        raise IndexCorrupt("The data file of the index is not what was saved.")
    return manifest, data


def erase_index(folder: Path) -> None:
    """Remove a saved index, if there is one, with all that a killed save left behind."""
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        (folder / _MANIFEST).unlink(missing_ok=True)
        _sweep(folder, keep=None)


def _read_manifest(folder: Path) -> Manifest:
    try:
        content = json.loads((folder / _MANIFEST).read_text())
    except FileNotFoundError:
        raise IndexMissing("There is no index on disk.") from None
    except (OSError, ValueError) as error:
        raise IndexCorrupt("The manifest of the index cannot be read.") from error
    try:
        manifest = Manifest(**content)
        well_formed = manifest.layout == LAYOUT and _SHA256.fullmatch(manifest.sha256) is not None
    except TypeError:
        well_formed = False
    if not well_formed:
        raise IndexCorrupt("The manifest of the index is not one of this version.")
    return manifest


def _current_name(folder: Path) -> str | None:
    try:
        return _read_manifest(folder).data_name
    except (IndexMissing, IndexCorrupt):
        return None


def _sweep(folder: Path, keep: str | None) -> None:
    """Removes what a save that was killed left behind, and the data file that has just been replaced."""
    for leftover in folder.iterdir():
        if leftover.name != keep and _OURS.fullmatch(leftover.name):
            leftover.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One save at a time; the operating system lets go of the lock when the process dies."""
    with (folder / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
