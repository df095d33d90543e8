"""A list of matches site by site: on which sites they were seen, and how many on each."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, QuerySet

from search.filters import Filters
from search.models import Match, Sighting
from search.review import MOST

Row = tuple[str, int]


@dataclass(frozen=True)
class Group:
    """A site and how many matches of the list were seen there."""

    site: str
    count: int
    query: str
    """Of the list that shows these matches."""
    left: bool
    """Whether the site is left alone: what is here is on another one, too, or was answered."""

    @property
    def at_once(self) -> int:
        """How many of them one press answers."""
        return min(self.count, MOST)


def numbers(matches: QuerySet[Match]) -> list[Row]:
    """Sites with their numbers, the most pictures first. A match that was seen on two sites counts on both."""
    plain = matches.order_by()
    # One match per picture: its places are counted by it.
    places = Sighting.objects.filter(image__in=plain.values("image")).exclude(site="")
    found = Counter(dict(places.values_list("site").annotate(number=Count("image", distinct=True))))
    found.update(_by_variants(plain))
    return sorted(found.items(), key=lambda row: (-row[1], row[0]))


def _by_variants(matches: QuerySet[Match]) -> Counter[str]:
    """Sites on which only another file of the picture was seen."""
    seen = matches.annotate(at=F("variants__sightings__site")).exclude(at=None).exclude(at="")
    there = Sighting.objects.filter(image=OuterRef("image"), site=OuterRef("at"))
    rows = seen.filter(~Exists(there)).values_list("at").annotate(number=Count("pk", distinct=True))
    return Counter(dict(rows))


def groups(rows: Iterable[Row], chosen: Filters, left: Collection[str]) -> list[Group]:
    return [Group(site, count, chosen.with_site(site).query, site in left) for site, count in rows]
