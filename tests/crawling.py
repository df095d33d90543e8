"""`manage.py crawl` in processes of their own, on an installation with a data folder of its own."""

import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from tests.installation import DATABASE, prepare

_SETUP = "import os, sys, django; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings'); django.setup()"
_EXECUTE = (
    "from django.core.management import execute_from_command_line as execute; execute(['manage.py', *sys.argv[1:]])"
)


@dataclass
class Crawler:
    """An installation with a data folder of its own."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    # Python to run before the command.
    prelude: str = ""

    def __post_init__(self) -> None:
        if not (self.folder / DATABASE).exists():
            prepare(self.folder)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "FACEWARD_DATA": str(self.folder), "CRAWLER_DELAY_SECONDS": "30"}
        environment.update(self.environment)
        environment.pop("DATABASE_URL", None)
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "crawl", *arguments]
        if self.prelude:
            script = f"{_SETUP}\n{self.prelude}\n{_EXECUTE}"
            command = [sys.executable, "-c", script, "crawl", *arguments]
        return subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=240)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def runs(self, *arguments: str) -> list[dict[str, Any]]:
        done = self.run("--json", "--allow-private", *arguments)
        assert done.returncode == 0, done.stderr
        return list(json.loads(done.stdout)["runs"])

    def execute(self, sql: str) -> None:
        with sqlite3.connect(self.folder / DATABASE, timeout=30) as database:
            database.execute(sql)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.folder / DATABASE, timeout=30) as database:
            return database.execute(sql).fetchall()

    def spooled(self) -> set[str]:
        return {path.name for path in (self.folder / "spool").rglob("*") if path.is_file()}
