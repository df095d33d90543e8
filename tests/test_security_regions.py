"""What the law asks where somebody lives, as data, and where enrolment is not offered."""

from typing import Any

import pytest

from accounts import regions
from accounts.models import User


def living_in(region: str) -> User:
    return User(email="somebody@example.org", region=region)


def test_promise_47_every_rule_has_its_citation_and_its_places() -> None:
    places = dict(regions.choices())
    rules = [rule for place in places for rule in regions.rules_for(place)]
    assert len(places) > 200
    assert all(len(place) <= User._meta.get_field("region").max_length for place in places)  # type: ignore[operator]
    assert all(rule.citation and rule.asks and rule.link.startswith("https://") for rule in rules)
    assert regions.reviewed().year >= 2026


@pytest.mark.parametrize(
    ("place", "citation", "days"),
    [
        ("DE", "Art. 9", None),
        ("GB", "UK GDPR", None),
        ("US-IL", "14/10, 14/15", 1095),
        ("US-TX", "503.001", 365),
        ("US-WA", "19.375", None),
        ("US-CO", "6-1-1314", 730),
    ],
)
def test_safeguard_05_the_laws_on_biometric_data_are_named(place: str, citation: str, days: int | None) -> None:
    rule = next(rule for rule in regions.rules_for(place) if citation in rule.citation)
    assert rule.destroyed_within_days == days


def test_illinois_asks_for_a_written_release() -> None:
    assert regions.written_release(living_in("US-IL"))
    assert not regions.written_release(living_in("DE"))


@pytest.mark.parametrize(
    ("closed", "region", "words"),
    [
        ([], "", ""),
        (["US-IL"], "US-TX", ""),
        (["US-IL"], "US-IL", "(United States: Illinois)"),
        (["US"], "US-IL", "(United States: Illinois)"),
        (["US-IL"], "US", "where you live"),
        (["US-IL"], "", "where you live"),
        (["cn "], "CN", "(China)"),
        (["CN"], "DE", ""),
    ],
)
def test_safeguard_05_nobody_is_enrolled_where_it_is_not_offered(
    closed: list[str], region: str, words: str, settings: Any
) -> None:
    settings.NOT_OFFERED_IN = closed
    said = regions.not_offered(living_in(region))
    assert words in said if words else not said
