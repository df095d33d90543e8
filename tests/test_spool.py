"""The spool: by content, once, whole or not at all."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import InMemoryStorage

from crawler import files, spool


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    backend = "django.core.files.storage.FileSystemStorage"
    settings.STORAGES = {**settings.STORAGES, "spool": {"BACKEND": backend, "OPTIONS": {"location": tmp_path}}}
    return tmp_path


def kept(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


def test_what_is_put_can_be_got_until_it_is_discarded(folder: Path) -> None:
    digest = spool.put(b"picture")
    assert digest == hashlib.sha256(b"picture").hexdigest() and spool.get(digest) == b"picture"
    assert kept(folder) == [f"{digest[:2]}/{digest[2:4]}/{digest}"]
    spool.discard(digest)
    spool.discard(digest)
    assert kept(folder) == []
    with pytest.raises(spool.NotInSpool):
        spool.get(digest)


def test_putting_twice_keeps_one_copy(folder: Path) -> None:
    assert spool.put(b"picture") == spool.put(b"picture")
    assert len(kept(folder)) == 1


def test_a_put_that_dies_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(files.Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        spool.put(b"picture")
    assert kept(folder) == []
    monkeypatch.undo()
    assert spool.get(spool.put(b"picture")) == b"picture"


def test_damaged_bytes_are_not_handed_out(folder: Path) -> None:
    digest = spool.put(b"picture")
    (folder / digest[:2] / digest[2:4] / digest).write_bytes(b"pic")
    with pytest.raises(spool.NotInSpool):
        spool.get(digest)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "a" * 63, f"{'a' * 63}\n"])
def test_only_hashes_are_names(digest: str) -> None:
    for use in (spool.get, spool.discard):
        with pytest.raises(ValueError):
            use(digest)


def test_a_storage_without_paths_will_do(settings: Any) -> None:
    backend = f"{InMemoryStorage.__module__}.{InMemoryStorage.__name__}"
    settings.STORAGES = {**settings.STORAGES, "spool": {"BACKEND": backend}}
    digest = spool.put(b"picture")
    assert spool.put(b"picture") == digest and spool.get(digest) == b"picture"
    spool.discard(digest)
    with pytest.raises(spool.NotInSpool):
        spool.get(digest)
