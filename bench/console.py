"""How long the pages of the staff console take with thousands of cases behind them."""

from bench.installation import measured
from bench.tables import Table, Target

BOUND = 300
"""Milliseconds that a page may take at the server."""

Figures = dict[str, dict[str, float]]


def table(cases: int) -> Table:
    """An installation of its own, filled, measured, and thrown away. It takes about a minute for 5,000 cases."""
    return as_table(cases, measured("bench.console_world", cases))


def as_table(cases: int, figures: Figures) -> Table:
    made = Table(
        f"Staff console: {cases:,} cases", ["page", "median", "slowest", "processor", "queries", "target (median)"]
    )
    for name, one in figures.items():
        times = [f"{one[key]:.0f} ms" for key in ("median", "slowest", "processor")]
        made.add(name, *times, int(one["queries"]), Target(f"< {BOUND} ms", one["median"] < BOUND))
    made.notes.append("Each page as a browser asks for it, in one process, on SQLite.")
    return made
