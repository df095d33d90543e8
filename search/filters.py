"""What of a person's matches a page of the review shows: a tab, narrowed and sorted. All of it is in the address."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.http import Http404
from django.utils import timezone

from accounts.models import User
from search import leaving, review
from search.calibration import Band
from search.models import Match, Sighting
from search.sites import site_of
from search.states import Decision, MatchState

LOOK, LEFT = "look", "left"
TABS = {
    LOOK: "To look at",
    "act": "To be removed",
    "keep": "May stay",
    "unsure": "Not sure",
    "not-you": "Not you",
    LEFT: "Left alone",
}
# Whose matches wait for an answer.
OPEN_TABS = frozenset({LOOK, "unsure", LEFT})
# Said otherwise than on a match, so that the choice itself never reads like one.
BANDS = {Band.CERTAIN.value: "Nearly certain", Band.LIKELY.value: "Probable", Band.POSSIBLE.value: "Possible"}
SORTS = {"newest": "Newest first", "surest": "Surest first"}
# Bands sort by their names: certain, likely, possible.
_ORDERS = {"newest": ("-created_at", "id"), "surest": ("band", "-score", "id")}
_ANSWERS = {
    LOOK: Q(state=MatchState.CANDIDATE, decision=Decision.NONE),
    "act": Q(state=MatchState.CONFIRMED, decision__in=(Decision.ACT, Decision.NONE)),
    "keep": Q(state=MatchState.CONFIRMED, decision=Decision.KEEP),
    "unsure": Q(state=MatchState.CANDIDATE, decision=Decision.UNSURE),
    "not-you": Q(state=MatchState.DISMISSED),
}


@dataclass(frozen=True)
class Filters:
    """Read from an address by `of`; what it does not know there is left out, so that `query` is safe to repeat."""

    tab: str = LOOK
    site: str = ""
    band: str = ""
    since: date | None = None
    sort: str = "newest"
    # Empty: picture by picture. `site`: site by site.
    by: str = ""

    @property
    def query(self) -> str:
        """For links and forms that come back here."""
        said = {
            "tab": self.tab if self.tab != LOOK else "",
            "site": self.site,
            "band": self.band,
            "since": self.since.isoformat() if self.since else "",
            "sort": self.sort if self.sort != "newest" else "",
            "by": self.by,
        }
        return urlencode({name: value for name, value in said.items() if value})

    @property
    def narrowed(self) -> bool:
        return bool(self.site or self.band or self.since)

    @property
    def open(self) -> bool:
        """Whether what it shows waits for an answer."""
        return self.tab in OPEN_TABS

    def with_tab(self, tab: str) -> "Filters":
        return replace(self, tab=tab)

    def with_site(self, site: str) -> "Filters":
        """One site of the view by site, picture by picture."""
        return replace(self, site=site, by="")

    def select(self, matches: QuerySet[Match], away: Q) -> QuerySet[Match]:
        """Those of a person's `matches` that belong here, in order; `away` is their `leaving.left`."""
        found = matches.filter(_in_tab(self.tab, away))
        if self.site:
            found = found.filter(_seen_on(self.site))
        if self.band:
            found = found.filter(band=self.band)
        if self.since:
            midnight = datetime.combine(self.since, time.min, timezone.get_current_timezone())
            found = found.filter(created_at__gte=midnight)
        return found.order_by(*_ORDERS[self.sort])

    def beside(self, matches: QuerySet[Match], match: Match) -> tuple[Match | None, Match | None]:
        """The ones before and after this one, also where it was answered and is not among `matches` any more."""
        back = [name.removeprefix("-") if name[0] == "-" else f"-{name}" for name in _ORDERS[self.sort]]
        before = matches.filter(_beyond(match, self.sort, after=False)).order_by(*back).first()
        after = matches.filter(_beyond(match, self.sort, after=True)).first()
        return before, after


def of(given: Mapping[str, str]) -> Filters:
    """As an address or a form says. Raises Http404 for a tab that there is not."""
    tab = given.get("tab") or LOOK
    if tab not in TABS:
        raise Http404
    band, sort = given.get("band", ""), given.get("sort", "")
    return Filters(
        tab=tab,
        site=_site(given.get("site", "")),
        band=band if band in BANDS else "",
        since=_day(given.get("since", "")),
        sort=sort if sort in SORTS else "newest",
        by="site" if given.get("by") == "site" else "",
    )


def counts(matches: QuerySet[Match], away: Q) -> dict[str, int]:
    """How many of a person's matches each tab has."""
    found = dict.fromkeys(TABS, 0)
    for state, decision, number in _by_answer(matches):
        found[_tab_of(state, decision)] += number
    for state, decision, number in _by_answer(matches.filter(_in_tab(LEFT, away))):
        found[_tab_of(state, decision)] -= number
        found[LEFT] += number
    return found


def to_look_at(user: User) -> int:
    """How many pictures this person is asked about."""
    return counts(review.of(user), leaving.left(user))[LOOK]


def _by_answer(matches: QuerySet[Match]) -> QuerySet[Match, tuple[str, str, int]]:
    return matches.order_by().values_list("state", "decision").annotate(number=Count("*"))


def _tab_of(state: str, decision: str) -> str:
    """Apart from the sites that are left alone."""
    if state == MatchState.DISMISSED:
        return "not-you"
    if state == MatchState.CONFIRMED:
        return "keep" if decision == Decision.KEEP else "act"
    return "unsure" if decision == Decision.UNSURE else LOOK


def _in_tab(tab: str, away: Q) -> Q:
    if tab == LEFT:
        return Q(state=MatchState.CANDIDATE) & away
    return _ANSWERS[tab] & ~away if tab in OPEN_TABS else _ANSWERS[tab]


def _seen_on(site: str) -> Q:
    there = Sighting.objects.filter(site=site).values("image")
    variants = Match.variants.through.objects.filter(image__in=there).values("match")
    return Q(image__in=there) | Q(pk__in=variants)


def _beyond(match: Match, sort: str, *, after: bool) -> Q:
    """The rows behind this one in the order, or before it: by its values, so that it need not be among them."""
    first = _ORDERS[sort][0]
    edge = "gte" if after != first.startswith("-") else "lte"
    beyond, equal = Q(pk__in=[]), Q()
    for name in _ORDERS[sort]:
        field, falls = name.removeprefix("-"), name.startswith("-")
        step = "gt" if after != falls else "lt"
        value = getattr(match, field)
        beyond |= equal & Q(**{f"{field}__{step}": value})
        equal &= Q(**{field: value})
    # Said once more for an index, which starts there and does not go through all that lies before.
    first = first.removeprefix("-")
    return Q(**{f"{first}__{edge}": getattr(match, first)}) & beyond


def _site(given: str) -> str:
    """A site's name, or any address on it."""
    given = given.strip().lower()[:2000]
    return site_of(given if "//" in given else f"//{given}") if given else ""


def _day(given: str) -> date | None:
    try:
        return date.fromisoformat(given)
    except ValueError:
        return None
