"""How long the pages of the staff console take with thousands of cases behind them."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.tables import Table, Target

ROOT = Path(__file__).parents[1]
BOUND = 300
"""Milliseconds that a page may take at the server."""
_SERVICES = ("DATABASE_URL", "REDIS_URL", "BROKER_URL")

Figures = dict[str, dict[str, float]]


def table(cases: int) -> Table:
    """An installation of its own, filled, measured, and thrown away. It takes about a minute for 5,000 cases."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if name not in _SERVICES}
        environment["FACEWARD_DATA"] = folder
        _run([sys.executable, "manage.py", "migrate", "-v0"], environment)
        printed = _run([sys.executable, "-m", "bench.console_world", str(cases)], environment)
    return as_table(cases, json.loads(printed))


def as_table(cases: int, figures: Figures) -> Table:
    made = Table(
        f"Staff console: {cases:,} cases", ["page", "median", "slowest", "processor", "queries", "target (median)"]
    )
    for name, one in figures.items():
        times = [f"{one[key]:.0f} ms" for key in ("median", "slowest", "processor")]
        made.add(name, *times, int(one["queries"]), Target(f"< {BOUND} ms", one["median"] < BOUND))
    made.notes.append("Each page as a browser asks for it, in one process, on SQLite.")
    return made


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout
