"""A match as the portal shows it: how sure we are, in words, and where the picture was seen."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from search.calibration import CLEAR_LENGTH, Band
from search.models import Match, Sighting
from search.review import chance_words

_BAND_WORDS = {
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
    def sites(self) -> int:
        """On how many different hosts the picture was seen."""
        return len({place.host for place in self.places})


def card(match: Match) -> Card:
    """The words for one match."""
    places = [_place(sighting) for sighting in match.places()]
    places.sort(key=lambda place: (place.host, place.sighting.first_seen))
    return Card(match, _BAND_WORDS[Band(match.band)], _chance(match), places)


def cards(matches: Iterable[Match]) -> list[Card]:
    return [card(match) for match in matches]


def _chance(match: Match) -> str:
    """The chance of a look-alike in words. The number is for clear faces; of any other it would mislead."""
    return chance_words(match) if match.quality_length >= CLEAR_LENGTH else _UNCLEAR


def _place(sighting: Sighting) -> Place:
    schemes = {urlsplit(url).scheme for url in (sighting.page_url, sighting.image_url)}
    return Place(sighting, urlsplit(sighting.page_url).hostname or "", schemes <= {"http", "https"})
