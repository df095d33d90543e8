"""Fetched pictures waiting for ingest, by content hash, on the storage that the settings name `spool`.

A picture that many pages show is kept once. Its bytes go when ingest discards them.
"""

import hashlib
import re
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, storages

from crawler.files import write_whole

_SHA256 = re.compile(r"[0-9a-f]{64}")


class NotInSpool(Exception):
    """The bytes are not (or no longer) there, or are not what was put."""


def put(data: bytes) -> str:
    """Keep `data`; the SHA-256 under which it can be got. Putting twice keeps one copy."""
    digest = hashlib.sha256(data).hexdigest()
    storage, name = storages["spool"], _name(digest)
    if not storage.exists(name):
        _write(storage, name, data)
    return digest


def get(digest: str) -> bytes:
    """The bytes put under `digest`. Raises NotInSpool."""
    try:
        with storages["spool"].open(_name(digest)) as file:
            data: bytes = file.read()
    except FileNotFoundError:
        raise NotInSpool(digest) from None
    if hashlib.sha256(data).hexdigest() != digest:
        raise NotInSpool(f"{digest}: damaged")
    return data


def discard(digest: str) -> None:
    """Delete the bytes; nothing happens where they are gone already."""
    storages["spool"].delete(_name(digest))


def _name(digest: str) -> str:
    if not _SHA256.fullmatch(digest):
        raise ValueError("not a SHA-256 in hexadecimal")
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


def _write(storage: Storage, name: str, data: bytes) -> None:
    if isinstance(storage, FileSystemStorage):
        write_whole(Path(storage.path(name)), data)
    else:
        # Object stores show an object only once it is complete.
        storage.save(name, ContentFile(data))
