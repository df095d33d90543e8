"""Secrets that an embedded installation makes for itself; a deployment sets them in the environment."""

import os
import secrets
from pathlib import Path


def load_or_create(path: Path) -> str:
    """Read a secret, or make one of 256 random bits (URL-safe base64) readable by this user only.

    Two processes that start at once agree: the first hard link wins and the other reads it.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
