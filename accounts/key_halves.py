"""The half of every data key that never lies in the database.

A dump of the database holds each person's wrapped key, and whoever has the dump and the master key could open it. So
wrapping takes a second secret, a file of its own below `KEYS_DIR`. Erasing a person destroys that file, and then no
dump that was ever made can be read, by us or by anybody. The folder must be kept safe and must not be archived.
"""

import os
import re
import secrets
from pathlib import Path

from django.conf import settings

_SIZE = 32
_NAME = re.compile(r"[0-9a-f]{32}")


class HalfMissing(Exception):
    """It was destroyed, or `KEYS_DIR` is not the folder it was."""


def make() -> tuple[bytes, bytes]:
    """A new half: its id of 16 bytes, and the secret, which is on the disk when this returns."""
    name, half = secrets.token_bytes(16), secrets.token_bytes(_SIZE)
    path = _path(name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(half)
        file.flush()
        os.fsync(file.fileno())
    _flush(path.parent)
    return name, half


def read(name: bytes) -> bytes:
    """Raises HalfMissing."""
    try:
        half = _path(name).read_bytes()
    except FileNotFoundError:
        raise HalfMissing(name.hex()) from None
    if len(half) != _SIZE:
        raise HalfMissing(f"{name.hex()}: damaged")
    return half


def exists(name: bytes) -> bool:
    """Whether it is there."""
    return _path(name).exists()


def destroy(name: bytes) -> None:
    """Overwrite and delete; nothing happens where it is gone already. Raises OSError where it cannot be done."""
    path = _path(name)
    try:
        with path.open("r+b") as file:
            file.write(bytes(_SIZE))
            file.flush()
            os.fsync(file.fileno())
    except FileNotFoundError:
        return
    path.unlink(missing_ok=True)
    _flush(path.parent)


def _path(name: bytes) -> Path:
    text = name.hex()
    if not _NAME.fullmatch(text):
        raise ValueError("not the id of a half")
    return Path(settings.KEYS_DIR) / text[:2] / text


def _flush(folder: Path) -> None:
    """What was made or deleted in a folder outlives a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
