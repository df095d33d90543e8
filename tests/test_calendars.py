"""Public holidays by country."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takedowns.calendars import holidays_of

years = st.integers(1990, 2060)


@pytest.mark.parametrize(
    ("country", "day"),
    [
        ("US", date(2026, 11, 26)),
        ("us", date(2026, 6, 19)),
        ("DE", date(2026, 10, 3)),
        ("FR", date(2026, 7, 14)),
        ("GB", date(2026, 12, 25)),
        ("UK", date(2026, 4, 3)),
        (" pl ", date(2026, 11, 11)),
    ],
)
def test_holidays_of_countries(country: str, day: date) -> None:
    assert day in holidays_of(country, 2026, 2026)


def test_a_federal_holiday_on_a_weekend_is_kept_on_a_working_day() -> None:
    found = holidays_of("US", 2026, 2027)
    assert date(2026, 7, 3) in found, "4 July is a Saturday"
    assert date(2027, 7, 5) in found, "4 July is a Sunday"


def test_a_new_year_that_is_kept_in_the_year_before_is_among_its_holidays() -> None:
    assert date(2027, 12, 31) in holidays_of("US", 2027, 2027), "1 January 2028 is a Saturday"
    assert date(2027, 12, 31) not in holidays_of("US", 2028, 2028)


@pytest.mark.parametrize("country", ["", "XX", "EU", "Germany", "de\x00", "../"])
def test_a_country_that_nobody_knows_has_none(country: str) -> None:
    assert holidays_of(country, 2026, 2027) == frozenset()


@given(st.text(max_size=4), years)
def test_no_text_is_an_error(country: str, year: int) -> None:
    assert all(day.year == year for day in holidays_of(country, year, year))


@given(st.sampled_from(["US", "DE", "GB", "ES", "IT"]), years, st.integers(0, 3))
def test_years_are_together_what_they_are_alone(country: str, first: int, more: int) -> None:
    alone = frozenset(day for year in range(first, first + more + 1) for day in holidays_of(country, year, year))
    assert holidays_of(country, first, first + more) == alone
    assert holidays_of(country, first + 1, first) == frozenset()
