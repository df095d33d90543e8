"""Where a person lives, what the law on biometric data asks there, and where enrolment is not offered.

The table is `regions.json`: countries by ISO 3166-1, the states of the USA and Quebec by ISO 3166-2, as their law
differs. Each rule has its citation; none of it is legal advice.
"""

import datetime
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from accounts.models import User

_TABLE = Path(__file__).with_suffix(".json")
# Countries that are one place in our table only by their parts: who names no part may live in any of them.
_IN_PARTS = frozenset({"US"})


@dataclass(frozen=True)
class Rule:
    """What one law asks before and after a face is measured."""

    law: str
    citation: str
    link: str
    asks: tuple[str, ...]
    # After the purpose is over, at the latest; None where the law names no number of days.
    destroyed_within_days: int | None
    # A written release, signed by name, rather than a ticked box.
    written_release: bool


def reviewed() -> datetime.date:
    """When the table was last held against the laws."""
    return datetime.date.fromisoformat(_table()["reviewed"])


def choices() -> list[tuple[str, str]]:
    """Every place for a form's list, by name."""
    return list(_table()["places"].items())


def name(region: str) -> str:
    """What a place is called; its code where we do not know it."""
    return str(_table()["places"].get(region, region))


def rules_for(region: str) -> list[Rule]:
    """The laws we know of for this place. None is known for many: explicit consent is asked everywhere."""
    return [_rule(row) for row in _table()["rules"] if region in row["regions"]]


def written_release(user: User) -> bool:
    """Whether this person's law asks for a release signed by name."""
    return any(rule.written_release for rule in rules_for(user.region))


def not_offered(user: User) -> str:
    """Why this person cannot be enrolled where they live, in one sentence; empty where they can."""
    closed = {code.strip().upper() for code in settings.NOT_OFFERED_IN if code.strip()}
    if not closed:
        return ""
    region = user.region
    if not region or (region in _IN_PARTS and any(code.startswith(f"{region}-") for code in closed)):
        return "Please tell us first where you live: we do not offer this everywhere."
    if region in closed or region.split("-")[0] in closed:
        return f"We do not offer this where you live ({name(region)}). Opting out is open to you, without an account."
    return ""


def _rule(row: dict[str, Any]) -> Rule:
    return Rule(
        law=row["law"],
        citation=row["citation"],
        link=row["link"],
        asks=tuple(row["asks"]),
        destroyed_within_days=row.get("destroyed_within_days"),
        written_release=row.get("written_release", False),
    )


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(_TABLE.read_text(encoding="utf-8"))
    return table
