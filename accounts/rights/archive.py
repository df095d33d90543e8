"""A person's archive: everything of theirs as one ZIP, with a signed manifest of its files.

It is made while it is downloaded, so nothing of it is ever stored here and there is nothing to expire. A download that
broke off has no manifest, which is the last file.
"""

import hashlib
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import audit, keys, retention
from accounts.models import User
from accounts.retention import File
from accounts.rights import signing

KIND, VERSION = "faceward-archive", 1
_README = """\
This is everything that we hold about you, as of {at}.

  held.json       what each kind of data is for, on what grounds, who sees it and until when
  *.json          the data itself, by kind
  matches/        small previews of pictures that may show you (JPEG), other people's faces blurred
  letters/        the notices we wrote for you
  evidence/       saved public pages of your cases (WARC, ISO 28500), and what they looked like (JPEG)
  manifest.json   every file with its SHA-256, signed with our key (Ed25519)

The photos you enrolled with are not here, as we never kept them.
Your archive is not sealed. Keep it where nobody else can read it.
"""


class _Pipe:
    """What the ZIP writer writes into, and the download reads from."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._waiting.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> bytes:
        data, self._waiting = b"".join(self._waiting), []
        return data


def name(at: datetime) -> str:
    """What the file is called; nothing in it names the service's purpose or the person."""
    return f"my-data-{at:%Y-%m-%d}.zip"


def begin(user: User) -> Iterator[bytes]:
    """Record that an archive is made, and return it in pieces."""
    with transaction.atomic():
        audit.record("archive.made", user, actor=user, about=user)
    return _stream(user, timezone.now())


def _stream(user: User, at: datetime) -> Iterator[bytes]:
    pipe, listed, problems = _Pipe(), [], []
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:

        def add(file: File) -> bytes:
            info = zipfile.ZipInfo(file.path, at.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, file.data)
            digest = hashlib.sha256(file.data).hexdigest()
            listed.append({"path": file.path, "bytes": len(file.data), "sha256": digest})
            return pipe.take()

        yield add(File("README.txt", _README.format(at=f"{at:%-d %B %Y, %H:%M} UTC").encode()))
        yield add(retention.as_json("held.json", held(user)))
        for holding in retention.holdings():
            try:
                for file in holding.export(user) if holding.export else ():
                    yield add(file)
            except keys.Unreadable:
                problems.append(f"{holding.name}: some of it cannot be read any more, by us or by anybody.")
        yield add(retention.as_json("manifest.json", _manifest(user, at, listed, problems)))
    yield pipe.take()


def held(user: User) -> list[dict[str, Any]]:
    """What the registry says about each kind of data, with how much there is of it."""
    return [
        {
            "name": holding.name,
            "records": holding.count(user) if holding.count else 0,
            "why": holding.why,
            "basis": holding.basis.text,
            "law": holding.basis.citation,
            "seen_by": holding.seen_by,
            "passed_to": holding.passed_to,
            "until": holding.until,
        }
        for holding in retention.holdings()
        if holding.personal
    ]


def _manifest(user: User, at: datetime, files: list[dict[str, Any]], problems: list[str]) -> dict[str, Any]:
    signed = {
        "kind": KIND,
        "version": VERSION,
        "installation": settings.PORTAL_URL,
        "account": str(user.pk),
        "made_at": at.isoformat(),
        "files": list(files),
        "problems": problems,
        "key_id": signing.key_id(),
    }
    return {**signed, "signature": signing.sign(signed), "public_key": signing.public_key()}
