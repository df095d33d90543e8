"""What is held, why, on what grounds, and for how long: one registry.

The sweep, the privacy page, "my data", the archive, erasure, the published schedule and the retention proof all read
it. Each app registers its own in its `holdings.py`, and what no app registered fails a test.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Min, QuerySet

from accounts.models import User


@dataclass(frozen=True)
class Basis:
    """What allows us to hold something, in plain words, and where the law says so."""

    text: str
    citation: str


REVIEWED = date(2026, 11, 22)
"""When the grounds below were last looked at. They are our reading of the law, not legal advice."""

CONSENT = Basis("You agreed to it, and can take that back", "Art. 6(1)(a) and, for measurements of faces, 9(2)(a) GDPR")
CONTRACT = Basis("It takes this to do what you asked us to do", "Art. 6(1)(b) GDPR")
DUTY = Basis("The law obliges us to", "Art. 6(1)(c) GDPR")
INTEREST = Basis("We have good reason to, and it weighs little on anybody", "Art. 6(1)(f) GDPR")

ONLY_YOU = "You"
NOBODY = "Nobody: programs only"


@dataclass(frozen=True)
class File:
    """One file of a person's archive."""

    path: str
    data: bytes


@dataclass(frozen=True)
class Held:
    """What legal holds keep of one person: by holding the ids of its records, an empty id for all of them."""

    items: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.items)

    def all_of(self, holding: str) -> bool:
        return "" in self.items.get(holding, frozenset())

    def ids(self, holding: str) -> frozenset[str]:
        return self.items.get(holding, frozenset()) - {""}


@dataclass
class Erasure:
    """One person's erasure. What cannot be taken back, such as deleting a file, is put into `last`."""

    held: Held = field(default_factory=Held)
    last: list[Callable[[], object]] = field(default_factory=list)


@dataclass(frozen=True)
class Holding:
    """One kind of data.

    `sweep` deletes what is past its time and returns how much; None ends with its owner. What belongs to somebody has
    `count`, `export` and, unless it `stays`, `erase`: how many records are theirs, what the archive has of them, and
    deleting them (which returns how many went). Erasure goes through the registry from its end to its start, so that
    whatever points to a record goes before it; on the way the `Erasure` says what a legal hold keeps. `oldest` is when
    the time of the first record to go began to run, which may not be longer ago than `limit`.
    """

    name: str
    why: str
    until: str
    sweep: Callable[[], int] | None = None
    basis: Basis = CONTRACT
    seen_by: str = ONLY_YOU
    # Who outside of our own machines gets it; empty: nobody.
    passed_to: str = ""
    # Labels such as `accounts.User`.
    models: tuple[str, ...] = ()
    count: Callable[[User], int] | None = None
    export: Callable[[User], Iterable[File]] | None = None
    erase: Callable[[User, Erasure], int] | None = None
    oldest: Callable[[], datetime | None] | None = None
    limit: timedelta | None = None
    # Whether a legal hold may name it.
    holdable: bool = False
    # What erasure leaves of it, and why.
    stays: str = ""

    @property
    def personal(self) -> bool:
        """Whether it belongs to account holders, each their own."""
        return self.count is not None


@dataclass(frozen=True)
class Choice:
    """A use of data that somebody may object to, beside those that they consented to one by one."""

    name: str
    text: str
    holds: Callable[[User], bool]
    decide: Callable[[User, bool], None]


_registry: dict[str, Holding] = {}
_choices: dict[str, Choice] = {}
_nobodys: dict[str, str] = {}


def register(*holdings: Holding) -> None:
    """Called once by each app, when it starts."""
    for holding in holdings:
        _registry[holding.name] = holding


def register_choice(choice: Choice) -> None:
    """Something else that a person may switch off."""
    _choices[choice.name] = choice


def not_personal(**reasons: str) -> None:
    """Models that hold nothing about anybody, as `app__Model="why"`."""
    _nobodys.update({label.replace("__", "."): reason for label, reason in reasons.items()})


def holdings() -> Iterable[Holding]:
    """Everything that is held, in the order of the apps."""
    return tuple(_registry.values())


def choices() -> Iterable[Choice]:
    """What may be switched off beside the consents."""
    return tuple(_choices.values())


def nobodys() -> Mapping[str, str]:
    """The models that hold nothing personal, each with the reason."""
    return _nobodys


def sweep() -> dict[str, int]:
    """Delete all that is past its time. Returns how much, by name.

    Raises ExceptionGroup where some could not be swept; the others were all the same.
    """
    swept: dict[str, int] = {}
    failed: list[Exception] = []
    for holding in holdings():
        if holding.sweep is None:
            continue
        try:
            swept[holding.name] = holding.sweep()
        except Exception as error:  # whatever one of them raises must not keep the others
            failed.append(error)
    if failed:
        raise ExceptionGroup("some of what is past its time could not be deleted", failed)
    return swept


# --- For those who register ---------------------------------------------------------------------------------


def as_json(path: str, content: Any) -> File:
    """A JSON file of the archive: indented, with ISO 8601 times."""
    text = json.dumps(content, indent=2, ensure_ascii=False, default=_plain)
    return File(path, text.encode())


def rows(records: QuerySet[Any], *fields: str) -> list[dict[str, Any]]:
    """Records as the archive's JSON has them."""
    return list(records.values(*fields))


def json_of(path: str, query: Callable[[User], QuerySet[Any]], *fields: str) -> Callable[[User], Iterator[File]]:
    """An `export` of one file with these fields of these records."""

    def export(user: User) -> Iterator[File]:
        yield as_json(path, rows(query(user), *fields))

    return export


def count_of(query: Callable[[User], QuerySet[Any]]) -> Callable[[User], int]:
    """A `count` of these records."""
    return lambda user: query(user).count()


def delete_of(query: Callable[[User], QuerySet[Any]], name: str = "") -> Callable[[User, Erasure], int]:
    """An `erase` of these records; without those that a legal hold on `name` keeps, by their primary keys."""

    def erase(user: User, erasure: Erasure) -> int:
        if erasure.held.all_of(name):
            return 0
        kept = erasure.held.ids(name)
        going = query(user).exclude(pk__in=kept) if kept else query(user)
        # Counted first: what the database deletes with them is not of this kind.
        count = going.count()
        going.delete()
        return count

    return erase


def oldest_of(records: Callable[[], QuerySet[Any]], since: str) -> Callable[[], datetime | None]:
    """An `oldest`: the earliest of a date and time field."""

    def oldest() -> datetime | None:
        at: datetime | None = records().aggregate(at=Min(since))["at"]
        return at

    return oldest


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} does not go into the archive")
