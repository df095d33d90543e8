"""Some alerts as a letter in somebody's own language. Takes what happened; reads no row and knows no page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date

from alerts.kinds import NATURE, Part
from alerts.models import Kind
from alerts.words import Language

# What the subject line says of each kind. Most moves of cases are "news"; what is gone is gone, in one place or in all.
_SUBJECT = {
    Kind.QUESTION: "question",
    Kind.RELAPSE: "relapse",
    Kind.MATCH: "match",
    Kind.REMOVED: "removed",
    Kind.PLACE_REMOVED: "removed",
    Kind.WEBHOOK_OFF: "webhook_off",
}
_IN_SUBJECT = 3


@dataclass(frozen=True)
class Happened:
    """One alert. What is `about` the same case counts as one within a sentence; `pictures` are those of a match."""

    kind: Kind
    at: datetime
    about: str
    pictures: int = 1


@dataclass(frozen=True)
class Line:
    """Some sentences, and when it was, as people write dates."""

    text: str
    when: str


@dataclass(frozen=True)
class Section:
    """A part of the letter with its heading."""

    title: str
    lines: list[Line]


@dataclass(frozen=True)
class Letter:
    """All that is told. `part` is the most urgent one, where the button leads."""

    subject: str
    preheader: str
    sections: list[Section]
    closing: list[str]
    part: Part

    @property
    def button(self) -> str:
        """The phrase on it."""
        return f"open_{self.part}"


def compose(told: Sequence[Happened], *, language: Language, zone: ZoneInfo, earlier: int = 0) -> Letter:
    """What happened as a letter, in the order of `Part`; `earlier`: pictures told before that still wait for them."""
    by_part: dict[Part, list[Line]] = {}
    for kind, nature in NATURE.items():
        same = [one for one in told if one.kind == kind]
        if same:
            line = Line(_sentence(kind, same, language), _when(same, language, zone))
            by_part.setdefault(nature.part, []).append(line)
    sections = [Section(language.say(f"part_{part}"), by_part[part]) for part in Part if part in by_part]
    return Letter(
        subject=_subject(told, language),
        preheader=sections[0].lines[0].text,
        sections=sections,
        closing=_closing(told, language, earlier),
        part=next(part for part in Part if part in by_part),
    )


def _sentence(kind: Kind, same: Sequence[Happened], language: Language) -> str:
    number = _number(kind, same)
    text = language.count(kind, number)
    things = len(same)
    # A grouped match: several pictures, and fewer things to look at.
    return f"{text} {language.count('together', things)}" if kind == Kind.MATCH and number > things else text


def _number(kind: Kind, same: Sequence[Happened]) -> int:
    """Pictures for matches, places for places, cases for the rest."""
    if kind == Kind.MATCH:
        return sum(one.pictures for one in same)
    return len(same) if kind in {Kind.PLACE_REMOVED, Kind.NEW_PLACE} else len({one.about for one in same})


def _when(same: Sequence[Happened], language: Language, zone: ZoneInfo) -> str:
    days = sorted(one.at.astimezone(zone).date() for one in same)
    first, last = (str(format_date(day, "long", locale=language.locale)) for day in (days[0], days[-1]))
    return first if first == last else f"{first} \N{EN DASH} {last}"


def _subject(told: Sequence[Happened], language: Language) -> str:
    """What, never where: `A picture to look at and two removals`."""
    said: dict[str, list[Happened]] = {}
    for kind in NATURE:
        for one in told:
            if one.kind == kind:
                said.setdefault(_SUBJECT.get(kind, "news"), []).append(one)
    phrases = [
        language.count_inside(f"subject_{name}", _number(Kind.MATCH if name == "match" else Kind.ENDED, same))
        for name, same in said.items()
    ]
    return language.listed(phrases[:_IN_SUBJECT])


def _closing(told: Sequence[Happened], language: Language, earlier: int) -> list[str]:
    closing = [language.count("earlier", earlier)] if earlier else []
    if any(one.kind == Kind.MATCH for one in told):
        closing.append(language.say("no_hurry"))
    return [*closing, language.say("private")]
