"""The curated table of platforms, search engines and payment services: where each takes which kind of notice.

The table (`platforms.json`) is data that a person checked, entry by entry, with a source and a date. It knows only
addresses and forms that the service itself has published; where that is a form alone, a colleague fills it in.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from takedowns.contacts.found import Found
from takedowns.models import Operator

SOURCE = "platform_table"
BY_MAIL = 0.92
BY_FORM = 0.9
# Nobody has looked at the entry for so long: it still counts, for less.
FRESH = timedelta(days=730)
STALE = 0.7
_FILE = Path(__file__).with_name("platforms.json")


@dataclass(frozen=True, slots=True)
class Desk:
    """Where one kind of notice goes: an address or a form."""

    role: str
    email: str
    form_url: str


@dataclass(frozen=True, slots=True)
class Platform:
    """One entry. `domains` are those of its pages and its files; `language` is what its desks read besides English."""

    code: str
    kind: str
    name: str
    domains: tuple[str, ...]
    country: str
    language: str
    desks: tuple[Desk, ...]
    source_url: str
    reviewed: date

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.code}"


@cache
def table() -> tuple[Platform, ...]:
    """Every entry, in the order of the file: of search engines and the like the more important first."""
    return tuple(_platform(entry) for entry in json.loads(_FILE.read_text("utf-8"))["platforms"])


def platform_of(host: str, kinds: Collection[str] = (Operator.Kind.PLATFORM,)) -> Platform | None:
    """The entry that a host belongs to: the one with the longest domain that the host ends with."""
    labels = host.lower().rstrip(".").split(".")
    domains = _by_domain()
    for start in range(len(labels)):
        entry = domains.get(".".join(labels[start:]))
        if entry is not None and entry.kind in kinds:
            return entry
    return None


def of_kind(kind: str) -> list[Platform]:
    return [entry for entry in table() if entry.kind == kind]


def among(hosts: Iterable[str], kind: str) -> list[Platform]:
    """The entries of a kind that any of these hosts belongs to, in the order of the hosts."""
    found = (platform_of(host, (kind,)) for host in hosts)
    return list(dict.fromkeys(entry for entry in found if entry is not None))


def contacts_of(entry: Platform, today: date) -> list[Found]:
    """Every desk of an entry."""
    freshness = 1.0 if today - entry.reviewed <= FRESH else STALE
    return [
        Found(
            kind=entry.kind,
            key=entry.key,
            role=desk.role,
            source=SOURCE,
            source_url=entry.source_url,
            confidence=(BY_MAIL if desk.email else BY_FORM) * freshness,
            name=entry.name,
            country=entry.country,
            language=entry.language,
            email=desk.email,
            form_url=desk.form_url,
        )
        for desk in entry.desks
    ]


@cache
def _by_domain() -> Mapping[str, Platform]:
    return {domain: entry for entry in table() for domain in entry.domains}


def _platform(entry: dict[str, Any]) -> Platform:
    return Platform(
        code=entry["code"],
        kind=entry.get("kind", Operator.Kind.PLATFORM.value),
        name=entry["name"],
        domains=tuple(entry["domains"]),
        country=entry["country"],
        language=entry.get("language", "en"),
        desks=tuple(Desk(desk["role"], desk.get("email", ""), desk.get("form", "")) for desk in entry["desks"]),
        source_url=entry["source"],
        reviewed=date.fromisoformat(entry["reviewed"]),
    )
