"""An installation of its own: filled, measured, and thrown away."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
# What would make it another installation than the embedded one.
_SERVICES = ("DATABASE_URL", "REDIS_URL", "BROKER_URL", "MAILS_A_MINUTE")


def measured(program: str, size: int, **settings: str) -> Any:
    """What `python -m <program> <size>` prints as JSON, in an empty installation with these settings."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if name not in _SERVICES}
        environment |= {"FACEWARD_DATA": folder, **settings}
        _run([sys.executable, "manage.py", "migrate", "-v0"], environment)
        return json.loads(_run([sys.executable, "-m", program, str(size)], environment))


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout
