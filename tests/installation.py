"""An installation of its own, used as an operator does: through `manage.py`, in processes of its own."""

import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DATABASE = "faceward.sqlite3"
_SERVICES = ("DATABASE_URL", "REDIS_URL", "BROKER_URL", "FRONTIER_URL", "SPOOL_URL")


def prepare(folder: Path) -> None:
    """Put a migrated database into a data folder: migrating takes longer than most of what is done with it."""
    (folder / DATABASE).write_bytes(_empty_database())


@cache
def _empty_database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        done = Installation(Path(folder)).run("migrate", "--no-input", "-v", "0")
        assert done.returncode == 0, done.stderr
        return (Path(folder) / DATABASE).read_bytes()


class Installation:
    """Embedded, under one folder; `services` names a database and a queue instead."""

    def __init__(self, folder: Path, **services: str) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in _SERVICES}
        kept |= {"EMAIL_URL": f"filemail:///{folder / 'mail'}", "DEFAULT_PLAN": "protect"}
        self.environment = {**kept, "FACEWARD_DATA": str(folder), **services}
        self.folder = folder

    def run(self, *arguments: str, timeout: float = 240) -> subprocess.CompletedProcess[str]:
        """`manage.py` with these arguments."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=timeout, check=False
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """The same, not waited for."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def json(self, *arguments: str) -> dict[str, Any]:
        """The one JSON document that a command prints with `--json`; the command must succeed."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def refusal(self, *arguments: str) -> str:
        """The sentence with which a command refuses; it must exit with 1 and print no result."""
        done = self.run(*arguments)
        assert done.returncode == 1, done.stdout + done.stderr
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        return done.stderr.strip().splitlines()[-1]
