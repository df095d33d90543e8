"""The time zone in which most people of a region live, by the time zone database (`zone.tab`)."""

from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

# The database's first zone of a country is where most of its people live, but for these.
_USUAL = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "UZ": "Asia/Tashkent",
}
# The states of the USA where most people do not live by the time of New York.
_STATES = {
    "America/Chicago": "AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI",
    "America/Denver": "CO ID MT NM UT WY",
    "America/Phoenix": "AZ",
    "America/Los_Angeles": "CA NV OR WA",
    "America/Anchorage": "AK",
    "Pacific/Honolulu": "HI",
}


def of_region(region: str) -> ZoneInfo | None:
    """The usual zone of a place as in `User.region`; None where the database has none."""
    country, _, part = region.partition("-")
    name = _states().get(part) if country == "US" else None
    name = name or _USUAL.get(country) or _first_zones().get(country)
    return ZoneInfo(name) if name else None


@cache
def _states() -> dict[str, str]:
    return {state: zone for zone, states in _STATES.items() for state in states.split()}


@cache
def _first_zones() -> dict[str, str]:
    table = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    return {country: zone for country, _, zone, *_ in reversed(rows)}
