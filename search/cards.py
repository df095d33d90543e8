"""A match as the portal shows it: how sure we are, in words, and where the picture was seen."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from search.calibration import CLEAR_LENGTH, Band
from search.models import Match, Sighting
from search.review import chance_words

BAND_WORDS = {
    Band.CERTAIN: "Almost certainly you",
    Band.LIKELY: "Probably you",
    Band.POSSIBLE: "Possibly you",
}
_UNCLEAR = "the face in this picture is too small or unclear to put a number on it"


@dataclass(frozen=True, slots=True)
class Place:
    """A sighting; the addresses are links only where they lead to the web."""

    sighting: Sighting
    host: str
    links: bool


@dataclass(frozen=True, slots=True)
class Card:
    """A match and the words that go with it. Expects `visible_matches`' prefetched sightings."""

    match: Match
    band: str
    chance: str
    places: list[Place]

    @property
    def site_names(self) -> list[str]:
        """The sites on which the picture was seen, as they may be left alone."""
        return sorted({place.sighting.site for place in self.places if place.sighting.site})

    @property
    def sites(self) -> int:
        """On how many different sites the picture was seen."""
        return len({place.sighting.site or place.host for place in self.places})

    @property
    def newest(self) -> Place | None:
        """Where it was seen last."""
        return max(self.places, key=lambda place: place.sighting.last_seen, default=None)

    @property
    def others(self) -> list[Place]:
        """The places apart from the newest."""
        return [place for place in self.places if place is not self.newest]


def card(match: Match) -> Card:
    """The words for one match."""
    places = [_place(sighting) for sighting in match.places()]
    places.sort(key=lambda place: (place.host, place.sighting.first_seen))
    return Card(match, BAND_WORDS[Band(match.band)], _chance(match), places)


def cards(matches: Iterable[Match]) -> list[Card]:
    return [card(match) for match in matches]


def _chance(match: Match) -> str:
    """The chance of a look-alike in words. The number is for clear faces; of any other it would mislead."""
    return chance_words(match) if match.quality_length >= CLEAR_LENGTH else _UNCLEAR


def _place(sighting: Sighting) -> Place:
    schemes = {urlsplit(url).scheme for url in (sighting.page_url, sighting.image_url)}
    return Place(sighting, urlsplit(sighting.page_url).hostname or "", schemes <= {"http", "https"})
