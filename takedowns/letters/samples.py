"""Made-up facts that a text is tried with before it is used: every kind of person that it may be written for. Pure."""

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from functools import cache
from itertools import product

from takedowns.grounds import GROUNDS, completed, decide
from takedowns.letters.elements import elements_of
from takedowns.letters.facts import Agent, Facts, Place
from takedowns.letters.statements import is_hidden

# It comes when a page is gone, whatever was answered.
AFTERWARDS = "search_outdated"
_VALUES: dict[str, tuple[str, ...]] = {
    "minor": ("no",),
    "intimate": ("no", "yes"),
    "synthetic": ("no", "yes"),
    "photographer": ("me", "someone_for_me", "someone_else"),
    "consented": ("never", "withdrawn", "not_sure"),
    "lives_in": ("us", "de", "eu", "uk", "it", "fr", "us_ca", "us_ny", "es", "pl"),
    "context": ("ordinary", "commercial", "profile", "dating", "scam"),
    "poster": ("unknown", "afraid"),
}
# Not taken from the settings: a text must not be fit for one installation only.
_AGENT = Agent("Example Agency", "1 Example Street, Exampletown", "+1 555 0100", "notices@agency.example")
_PLACES = (
    Place("https://photos.example/p?id=1", "https://files.photos.example/1.jpg", datetime(2026, 5, 3, 9, tzinfo=UTC)),
    Place("https://photos.example/2.jpg", "https://photos.example/2.jpg", None),
)


@cache
def samples(code: str, language: str) -> tuple[Facts, ...]:
    """Facts for this letter: every answer with which it can be written occurs, and every consent where it matters.

    Where nobody may be named, a letter that has to name somebody cannot be sent.
    """
    chosen: list[Facts] = []
    seen: set[object] = set()
    for answers, holding in _decided():
        if code in GROUNDS and code not in holding and code != AFTERWARDS:
            continue
        if _traits(answers) <= seen:
            continue
        facts = _facts(code, language, answers)
        if is_hidden(facts) and any(element.key == "subject_name" for element in elements_of(code)):
            continue
        seen |= _traits(answers)
        chosen.append(facts)
    return tuple(chosen)


def _traits(answers: Mapping[str, str]) -> set[object]:
    """What of the answers changes a letter by itself or together."""
    together = {(answers["consented"], key, answers[key]) for key in ("intimate", "poster", "synthetic")}
    return {*answers.items(), *together}


@cache
def _decided() -> tuple[tuple[dict[str, str], tuple[str, ...]], ...]:
    """All answers with the grounds that hold, in an order in which different ones are near each other."""
    every = list(_every())
    random.Random(1).shuffle(every)
    return tuple((answers, decide(answers).holding) for answers in every)


def _every() -> Iterator[dict[str, str]]:
    for values in product(*_VALUES.values()):
        yield completed(dict(zip(_VALUES, values, strict=True)))


def _facts(code: str, language: str, answers: Mapping[str, str]) -> Facts:
    further = code not in GROUNDS
    return Facts(
        reference="FW-EXAMPLE2",
        operator="Example Hosting Ltd.",
        places=_PLACES,
        answers=answers,
        subject_name="Robin Example",
        subject_signature="Robin Example",
        signed_at=datetime(2026, 5, 1, tzinfo=UTC),
        face_at=(0.4, 0.3),
        agent=_AGENT,
        today=date(2026, 5, 20),
        language=language,
        first_ground="host_policy" if further else "",
        first_sent_on=date(2026, 5, 4) if further else None,
        due_on=date(2026, 5, 11) if further else None,
        asked_before=("Example Platform", "Example Network"),
        note="This is what a colleague writes." if further else "",
        engine="Example Search",
        query="Robin Example",
    )
