"""Public holidays by country. Pure: they come from the `holidays` library, which carries them."""

from datetime import date
from functools import lru_cache

import holidays

# What people write for a country that has another ISO code.
_ALSO = {"UK": "GB"}


def holidays_of(country: str, first_year: int, last_year: int) -> frozenset[date]:
    """The public holidays of a whole country (ISO 3166, two letters) in these years, both included.

    With the days on which they are observed: a federal holiday on a Saturday is kept on the Friday before
    (5 U.S.C. 6103(b)), also where that is in the year before. Those of single states are not in it. Of a country that
    nobody knows there are none.
    """
    return _holidays_of(_ALSO.get(country.strip().upper(), country.strip().upper()), first_year, last_year)


def holidays_from(country: str, day: date) -> frozenset[date]:
    """Those of the year of a day and of the next: no time of ours that begins then is longer."""
    return holidays_of(country, day.year, day.year + 1)


@lru_cache(maxsize=256)
def _holidays_of(country: str, first_year: int, last_year: int) -> frozenset[date]:
    years = range(first_year, last_year + 1)
    if len(country) != 2 or not years:
        return frozenset()
    try:
        # The year after, for a New Year's Day that is observed on 31 December.
        found = holidays.country_holidays(country, years=[*years, last_year + 1])
    except NotImplementedError:
        return frozenset()
    return frozenset(day for day in found if day.year in years)
