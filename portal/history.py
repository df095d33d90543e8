"""What was found of somebody and what was removed, week by week and site by site, as they read it."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Case as Switch
from django.db.models import Count, DateField, Exists, F, Max, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from accounts.models import User
from alerts import rules
from search.models import Match, Sighting
from search.sites import site_of
from search.states import Decision, MatchState
from takedowns.models import Case, InfringingUrl
from takedowns.states import Outcome, UrlState

WEEKS = 26
_WEEK = timedelta(days=7)
_REMOVED = Q(outcome=Outcome.REMOVED)


@dataclass(frozen=True)
class Week:
    """How many pictures were found, and how many were gone from every place, in the week from this Monday on."""

    first: date
    found: int
    removed: int

    @property
    def label(self) -> str:
        return f"{self.first.day} {self.first:%B %Y}"


@dataclass(frozen=True)
class Totals:
    """Since the account began. A picture counts as removed when it was gone from every place it was known at."""

    found: int
    answered: int
    you: int
    asked: int
    removed: int

    @property
    def of_answered(self) -> str:
        """The denominator of `you`."""
        return f"of {self.answered}"

    @property
    def of_asked(self) -> str:
        """The denominator of `removed`."""
        return f"of {self.asked}"


@dataclass(frozen=True)
class SiteRow:
    """One site: pictures found there, of which they are on so many; asked to have removed there, of which are gone."""

    site: str
    found: int
    waiting: int
    you: int
    wanted_gone: int
    seen: datetime
    asked: int = 0
    removed: int = 0

    @property
    def query(self) -> str:
        """To the list of matches, where it shows most of them."""
        answered = "not-you" if not self.you else "act" if self.wanted_gone else "keep"
        return "?" + urlencode({"tab": "look" if self.waiting else answered, "site": self.site})


@dataclass(frozen=True)
class Head:
    """A column's head: `sort` is what pressing it asks for, `aria` how the table is sorted by it now."""

    label: str
    sort: str
    aria: str
    number: bool


DEFAULT_SORT = "-found"
# Name of the sorting, label, whether it is a number, and what is sorted by.
_COLUMNS: tuple[tuple[str, str, bool, Any], ...] = (
    ("site", "Site", False, lambda row: row.site),
    ("found", "Pictures found", True, lambda row: row.found),
    ("you", "You", True, lambda row: row.you),
    ("asked", "Asked to remove", True, lambda row: row.asked),
    ("removed", "Removed", True, lambda row: row.removed),
    ("seen", "Last seen", False, lambda row: row.seen),
)
_KEYS = {name: key for name, _, _, key in _COLUMNS}


def totals(user: User) -> Totals:
    """Two queries."""
    counted = _matches(user).aggregate(
        found=Count("pk"),
        answered=Count("pk", filter=~Q(state=MatchState.CANDIDATE)),
        you=Count("pk", filter=Q(state=MatchState.CONFIRMED)),
    )
    # A picture that came back has more than one case: it counts once, and as its newest case says.
    newest = _newest_cases(user)
    return Totals(**counted, **newest.aggregate(asked=Count("pk"), removed=Count("pk", filter=_REMOVED)))


def weeks(user: User, now: datetime | None = None) -> list[Week]:
    """The last weeks with this one, oldest first, in their own time. Two queries, each one pass over the rows."""
    zone = rules.zone(rules.of(user))
    today = (now or timezone.now()).astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    mondays = [monday - _WEEK * back for back in reversed(range(WEEKS))]
    closed = Case.objects.filter(_REMOVED, subject__user=user)
    found = _by_week(_matches(user), "created_at", mondays, zone)
    gone = _by_week(closed, "closed_at", mondays, zone)
    return [Week(first, found[first], gone[first]) for first in mondays]


def sites(user: User, sort: str = DEFAULT_SORT) -> list[SiteRow]:
    """Every site on which a picture was found, sorted; three queries."""
    rows = _found_by_site(user)
    for site, (asked, removed) in _asked_by_site(user).items():
        if site in rows:
            rows[site] = replace(rows[site], asked=asked, removed=removed)
    name, backwards = sort.removeprefix("-"), sort.startswith("-")
    by_name = sorted(rows.values(), key=_KEYS["site"])
    return sorted(by_name, key=_KEYS.get(name, _KEYS["found"]), reverse=backwards)


def known_sort(sort: str) -> str:
    """The sorting that was asked for, or the usual one where it does not exist."""
    return sort if sort.removeprefix("-") in _KEYS else DEFAULT_SORT


def heads(sort: str) -> list[Head]:
    """The table's heads. A press sorts numbers and dates from the most, and once more the other way round."""
    made = []
    for name, label, number, _ in _COLUMNS:
        first = name if name == "site" else f"-{name}"
        other = f"-{name}" if name == "site" else name
        aria = {name: "ascending", f"-{name}": "descending"}.get(sort, "")
        made.append(Head(label, other if sort == first else first, aria, number))
    return made


def _matches(user: User) -> QuerySet[Match]:
    """Withdrawn pictures are shown to nobody."""
    return Match.objects.filter(subject__user=user, image__withdrawn_at=None).order_by()


def _newest_cases(user: User) -> QuerySet[Case]:
    later = Case.objects.filter(match=OuterRef("match"), created_at__gt=OuterRef("created_at"))
    asked = Case.objects.filter(subject__user=user, match__image__withdrawn_at=None)
    return asked.filter(~Exists(later)).order_by()


def _by_week(rows: QuerySet[Any], field: str, mondays: list[date], zone: ZoneInfo) -> Counter[date]:
    """Counted by the database in one pass, which compares a moment faster than it finds the week of it."""
    ends = {monday: _midnight(monday + _WEEK, zone) for monday in mondays}
    week = Switch(
        *(When(**{f"{field}__lt": end}, then=Value(monday)) for monday, end in ends.items()), output_field=DateField()
    )
    dated = rows.filter(**{f"{field}__gte": _midnight(mondays[0], zone)}).order_by()
    counted = dated.values(week=week).annotate(count=Count("pk")).values_list("week", "count")
    return Counter({monday: count for monday, count in counted if monday})


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)


def _found_by_site(user: User) -> dict[str, SiteRow]:
    """A match counts on each site where one of its files was seen, and once there."""
    matches = _matches(user)
    here = Sighting.objects.filter(image=OuterRef("image"), site=OuterRef("place"))
    with_copies = matches.filter(pk__in=Match.variants.through.objects.values("match"))
    copies = _placed(with_copies, "variants__sightings").filter(~Exists(here))
    found: dict[str, SiteRow] = {}
    for row in (*_counted(_placed(matches, "image__sightings")), *_counted(copies)):
        found[row.site] = _together(found[row.site], row) if row.site in found else row
    return found


def _placed(matches: QuerySet[Match], places: str) -> QuerySet[Any]:
    """One row for each of these places of a match."""
    placed = matches.annotate(place=F(f"{places}__site"), last_seen=F(f"{places}__last_seen"))
    return placed.filter(place__gt="")


def _counted(placed: QuerySet[Any]) -> Iterator[SiteRow]:
    """Sites, and within each the answers apart: a match has one, so that it is counted once a site."""
    grouped = placed.values("place", "state", "decision").annotate(
        count=Count("pk", distinct=True), seen=Max("last_seen")
    )
    for site, state, decision, count, seen in grouped.values_list("place", "state", "decision", "count", "seen"):
        waiting = count if (state, decision) == (MatchState.CANDIDATE, Decision.NONE) else 0
        you = count if state == MatchState.CONFIRMED else 0
        yield SiteRow(site, count, waiting, you, count if decision == Decision.ACT else 0, seen)


def _together(one: SiteRow, other: SiteRow) -> SiteRow:
    return SiteRow(
        one.site,
        one.found + other.found,
        one.waiting + other.waiting,
        one.you + other.you,
        one.wanted_gone + other.wanted_gone,
        max(one.seen, other.seen),
    )


def _asked_by_site(user: User) -> dict[str, tuple[int, int]]:
    """Of each site: how many pictures we were asked to have removed there, and of how many every place is gone."""
    places = InfringingUrl.objects.filter(case__subject__user=user, case__match__image__withdrawn_at=None)
    # Of a place that was removed and came back, the newest case speaks.
    rows = places.order_by("case__created_at").values_list("page_url", "case__match", "digest", "state")
    states: dict[str, dict[UUID, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for url, match, digest, state in rows.iterator():
        states[site_of(url)][match][digest] = state
    return {
        site: (len(pictures), sum(set(seen.values()) == {UrlState.REMOVED} for seen in pictures.values()))
        for site, pictures in states.items()
    }
