"""Results as tables: for a terminal, for the documentation, for programs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """A figure, and what it should be. `words` is how the target reads, such as "at most 8 %"."""

    words: str
    met: bool

    def __str__(self) -> str:
        return f"{self.words}: {'met' if self.met else 'NOT MET'}"


@dataclass(frozen=True)
class Table:
    title: str
    headers: Sequence[str]
    rows: list[list[object]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *cells: object) -> None:
        self.rows.append(["" if cell is None else cell for cell in cells])

    def text(self) -> str:
        cells = [[str(cell) for cell in row] for row in (self.headers, *self.rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(self.headers))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
        ]
        lines.insert(1, "  ".join("-" * width for width in widths))
        return "\n".join([self.title, *lines, *self.notes])

    def markdown(self) -> str:
        lines = [f"#### {self.title}", "", _row(self.headers), _row(["---"] * len(self.headers))]
        lines += [_row(row) for row in self.rows]
        return "\n".join([*lines, "", *self.notes]).rstrip()

    def document(self) -> dict[str, Any]:
        rows = [dict(zip(self.headers, map(_plain, row), strict=True)) for row in self.rows]
        return {"title": self.title, "rows": rows, "notes": self.notes}


def percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f} %"


def at_least(value: float, bound: float, words: str) -> Target:
    return Target(words, value >= bound)


def at_most(value: float, bound: float, words: str) -> Target:
    return Target(words, value <= bound)


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _plain(cell: object) -> object:
    return cell if isinstance(cell, int | float | bool) else str(cell)
