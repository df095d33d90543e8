"""The Copyright Office's directory of designated agents (17 U.S.C. 512(c)(2)), imported from a file.

The directory can be searched by hand at dmca.copyright.gov/osp; the office publishes no file of it, so the
operator of this installation makes one, or has one made. Its columns are found by their names. A designation
lapses three years after it was made or renewed (37 CFR 201.38(c)(4)): a lapsed one still tells where notices went.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from django.db import transaction
from django.utils import timezone

from takedowns.contacts.found import Found, one_line, usable_email, usable_form
from takedowns.contacts.pages import site_of
from takedowns.contacts.roles import Role
from takedowns.models import DmcaAgent

SOURCE = "dmca_directory"
SOURCE_URL = "https://dmca.copyright.gov/osp/"
BY_DOMAIN = 0.95
BY_NAME = 0.8
# Of these: mail to a lapsed designation may reach nobody who still works there.
LAPSED = 0.4
TERM_YEARS = 3
MAX_ROWS = 1_000_000
MAX_NAMES = 2000
MAX_CELL = 200_000
_BATCH = 1000
_COLUMNS: Mapping[str, frozenset[str]] = {
    "provider": frozenset({"service provider", "provider", "service provider name", "osp", "name", "company"}),
    "names": frozenset({"alternate names", "alternative names", "alternate name", "domains", "websites"}),
    "email": frozenset({"email", "agent email", "email address", "designated agent email"}),
    "form_url": frozenset({"form", "form url", "url", "online form", "website"}),
    "phone": frozenset({"phone", "telephone", "phone number", "agent phone"}),
    "country": frozenset({"country", "country code"}),
    "expires": frozenset({"expires", "expires on", "expiration date", "renewal due", "renewal due date"}),
    "since": frozenset({"effective date", "start date", "active since", "designated on", "from", "last renewed"}),
    "ended": frozenset({"terminated on", "end date", "termination date", "to"}),
}
_SEPARATORS = re.compile(r"[;|\n]+")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,6}[a-z][a-z0-9-]{1,30}")


class NotADirectory(ValueError):
    """The file has no column with names, or none with a way to write to the agent; the text says so."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to: names kept, rows that had nothing to keep, and names that went."""

    names: int
    skipped: int
    removed: int


def load(text: str, *, replace: bool = False) -> Imported:
    """Keep every row of a CSV file. With `replace`, names that are not in it go: it is the whole directory.

    Raises:
        NotADirectory: no such columns.
    """
    reader = csv.reader(io.StringIO(text.replace("\0", "")), strict=False)
    csv.field_size_limit(MAX_CELL)
    rows = _sound(reader)
    columns = _columns(next(rows, []))
    agents: dict[str, DmcaAgent] = {}
    skipped = 0
    now = timezone.now()
    for row in islice(rows, MAX_ROWS):
        read = list(_agents(row, columns, now))
        skipped += not read
        for agent in read:
            _keep_newer(agents, agent)
    with transaction.atomic():
        _store(agents.values())
        gone = DmcaAgent.objects.filter(imported_at__lt=now) if replace and agents else DmcaAgent.objects.none()
        removed = gone.delete()[0]
    return Imported(len(agents), skipped, removed)


def agents_for(host: str, today: date) -> list[Found]:
    """The agents designated for a site: under the host's own name first, then under each name above it."""
    names = _names_above(host)
    known = {agent.name: agent for agent in DmcaAgent.objects.filter(name__in=names)}
    found = [found for name in names if name in known for found in _found(known[name], today, BY_DOMAIN)]
    return found[:4]


def agents_named(organisation: str, today: date) -> list[Found]:
    """The agents of a provider that goes by exactly this name: a host, as its network's registration calls it."""
    name = _plain(organisation)
    agent = DmcaAgent.objects.filter(name=name).first() if name else None
    return list(_found(agent, today, BY_NAME)) if agent else []


def _found(agent: DmcaAgent, today: date, confidence: float) -> Iterator[Found]:
    if agent.expires_on is not None and agent.expires_on < today:
        confidence *= LAPSED
    base = {"kind": "platform", "key": f"agent:{_plain(agent.provider)}", "role": Role.DMCA_AGENT, "source": SOURCE}
    more = {"name": agent.provider, "country": agent.country, "source_url": SOURCE_URL, "confidence": confidence}
    if agent.email:
        yield Found(**base, **more, email=agent.email)  # type: ignore[arg-type]
    if agent.form_url:
        yield Found(**base, **more, form_url=agent.form_url)  # type: ignore[arg-type]


# --- Reading -----------------------------------------------------------------------------------------------


def _sound(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """The rows that are CSV; a damaged one is passed by."""
    for _ in range(MAX_ROWS + 1):
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield []


def _columns(header: list[str]) -> dict[str, int]:
    """Which column has what. Raises NotADirectory."""
    plain = [
        " ".join(re.sub(r"[^a-z]+", " ", cell.lower().replace("e-mail", "email")).split()) for cell in header[:100]
    ]
    found = {key: place for key, names in _COLUMNS.items() for place, name in enumerate(plain) if name in names}
    if "provider" not in found and "names" not in found:
        raise NotADirectory("The file has no column with the provider's name: `service provider`, `alternate names`.")
    if "email" not in found and "form_url" not in found:
        raise NotADirectory("The file has no column with the agent's address: `email` or `form url`.")
    return found


def _agents(row: list[str], columns: Mapping[str, int], now: datetime) -> Iterator[DmcaAgent]:
    """One for each name of the provider; none where nobody can be written to."""

    def cell(key: str) -> str:
        place = columns.get(key)
        return row[place].strip() if place is not None and place < len(row) else ""

    provider, email, form_url = one_line(cell("provider")), usable_email(cell("email")), _form(cell("form_url"))
    country = cell("country").upper()
    expires = _day(cell("ended")) or _day(cell("expires")) or _in_years(_day(cell("since")))
    names = [provider, *_SEPARATORS.split(cell("names")[:MAX_CELL])[:MAX_NAMES]]
    for name in dict.fromkeys(map(_plain, names)):
        if name and (email or form_url):
            yield DmcaAgent(
                name=name,
                provider=provider or name,
                email=email,
                form_url=form_url,
                phone=one_line(cell("phone"), 60),
                country=country if re.fullmatch("[A-Z]{2}", country) else "",
                expires_on=expires,
                imported_at=now,
            )


def _keep_newer(agents: dict[str, DmcaAgent], agent: DmcaAgent) -> None:
    """Of two designations under one name the one that holds for longer; without a date it is taken to hold."""
    known = agents.get(agent.name)
    if known is None or (agent.expires_on or date.max) >= (known.expires_on or date.max):
        agents[agent.name] = agent


def _store(agents: Iterable[DmcaAgent]) -> None:
    fields = ["provider", "email", "form_url", "phone", "country", "expires_on", "imported_at"]
    rows = iter(agents)
    while batch := list(islice(rows, _BATCH)):
        DmcaAgent.objects.bulk_create(batch, update_conflicts=True, unique_fields=["name"], update_fields=fields)


def _plain(name: str) -> str:
    """A domain as in a host name, any other name in lower case with single spaces."""
    text = one_line(name).casefold()
    bare = re.sub(r"^(?:https?://)?(?:www\.)?", "", text).partition("/")[0]
    return bare if _HOST.fullmatch(bare) else text[:300]


def _names_above(host: str) -> list[str]:
    """`img.example.org` and `example.org`, never what is registered by others, such as `org`."""
    labels, site = host.lower().split("."), site_of(host.lower())
    tails = [".".join(labels[start:]) for start in range(len(labels))]
    return [tail for tail in tails if tail == site or tail.endswith(f".{site}")][:8] if site else []


def _form(text: str) -> str:
    return usable_form(text) if text.lower().startswith(("http://", "https://")) else ""


def _day(text: str) -> date | None:
    for form in ("%Y-%m-%d", "%m/%d/%Y", "%B %d, %Y", "%d %B %Y"):
        try:
            return datetime.strptime(text[:40], form).date()  # noqa: DTZ007
        except ValueError:
            continue
    return None


def _in_years(start: date | None) -> date | None:
    if start is None or start.year + TERM_YEARS > date.max.year:
        return None
    leap = (start.month, start.day) == (2, 29)
    return start.replace(year=start.year + TERM_YEARS, month=3 if leap else start.month, day=1 if leap else start.day)
