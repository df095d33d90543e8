"""On what ground a picture can be taken down: from the answers to the letters that may be written. Pure.

The order of what decides is fixed: a minor first (and then nothing else is read), then intimate pictures, then who
pressed the button or was given the copyright, then whether it is a photo at all, then free expression, then what the
person agreed to, then where they live. The questions, the grounds and the conditions are data:
`takedowns.questions`, `takedowns.ground_table`, `takedowns.ground_rules`. None of it is legal advice.
"""

from dataclasses import dataclass
from enum import StrEnum

from takedowns.ground_rules import ORDER, ORDER_IF_INTIMATE, RULES, RULES_VERSION
from takedowns.ground_table import GROUNDS, NATIONAL_LAWS, Addressee, Element, Ground, Law
from takedowns.questions import GROUPS, QUESTIONS, Answers, BadAnswers, Question, check, completed


class Lane(StrEnum):
    """How a case is handled. `minor` and `expression` stop before any notice."""

    ORDINARY = "ordinary"
    INTIMATE = "intimate"
    MINOR = "minor"
    EXPRESSION = "expression"


@dataclass(frozen=True, slots=True)
class Considered:
    """A ground that was looked at, and why it holds or does not, in plain words; where it holds, for whom."""

    ground: str
    holds: bool
    why: str
    addressees: tuple[Addressee, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from the answers.

    `letters` are the grounds of the letters that are written at once, the first of them `ground`. They are there if
    and only if something may be sent. `holding` are all grounds that hold, in the order in which they are tried.
    """

    ground: str
    considered: tuple[Considered, ...]
    lane: Lane
    letters: tuple[str, ...] = ()
    holding: tuple[str, ...] = ()


def decide(answers: Answers, *, released: bool = False) -> Decision:
    """Choose the grounds. `released`: a senior colleague allowed a notice in spite of news or satire.

    Where a minor may be shown nothing else is read, so that nothing else need be asked or kept.

    Raises:
        BadAnswers: the answers are not complete.
    """
    if answers.get("minor") in {"yes", "not_sure"}:
        return Decision("", (), Lane.MINOR)
    answers = completed(answers)
    check(answers)
    intimate = answers["intimate"] == "yes"
    expression = not intimate and answers["context"] == "news_or_satire"
    lane = Lane.INTIMATE if intimate else Lane.EXPRESSION if expression else Lane.ORDINARY
    order = ORDER_IF_INTIMATE if intimate else ORDER
    if expression and not released:
        return Decision("", tuple(Considered(code, False, _HELD_BACK) for code in order), lane)
    considered = tuple(_consider(code, answers) for code in order)
    holding = tuple(one.ground for one in considered if one.holds)
    letters = _at_once(holding, intimate=intimate)
    return Decision(letters[0], considered, lane, letters, holding)


def claims_law(code: str) -> bool:
    """Whether a letter on the ground rests on a law, and on one that is not weak."""
    return bool(_keys(code) & _CLAIMS) and not _keys(code) & _DENIES


def conflicts(one: str, other: str) -> str:
    """Why letters on two grounds may not both go to one operator; an empty string if they may.

    Raises:
        KeyError: there is no such ground.
    """
    first, second = _keys(one), _keys(other)
    if one == other:
        return ""
    for here, there in ((first, second), (second, first)):
        if here & _DENIES and there & _CLAIMS:
            return "One letter says that no law is claimed beyond what it names, and the other claims one."
    return ""


# --- How the choice is made --------------------------------------------------------------------------------

_HELD_BACK = "News, public events and satire are protected, so a senior colleague decides first."
# The elements with which a letter rests on a law, and those with which it says that it rests on nothing more.
_CLAIMS = frozenset({"accuracy", "illegality", "law_cited", "no_consent", "rights"})
_DENIES = frozenset({"no_law", "weak_ground"})


def _consider(code: str, answers: Answers) -> Considered:
    rule = RULES[code]
    for condition in rule.conditions:
        if not condition.holds(answers):
            return Considered(code, False, condition.otherwise)
    return Considered(code, True, rule.because, GROUNDS[code].addressees)


def _at_once(holding: tuple[str, ...], *, intimate: bool) -> tuple[str, ...]:
    """The first ground for whoever stores the picture, then for the owner, and for search engines if it is intimate.

    The owner is written to at once only on a law; what is a mere request comes after the host did nothing.
    """
    chosen = [
        _for(Addressee.PLATFORM, holding)[:1],
        [code for code in _for(Addressee.OWNER, holding) if claims_law(code)][:1],
        _for(Addressee.SEARCH, holding)[:1] if intimate else [],
    ]
    return tuple(code for codes in chosen for code in codes)


def _for(addressee: Addressee, codes: tuple[str, ...]) -> list[str]:
    return [code for code in codes if addressee in GROUNDS[code].addressees]


def _keys(code: str) -> frozenset[str]:
    return frozenset(element.key for element in GROUNDS[code].elements)


__all__ = [
    "GROUNDS",
    "GROUPS",
    "NATIONAL_LAWS",
    "QUESTIONS",
    "RULES",
    "RULES_VERSION",
    "Addressee",
    "Answers",
    "BadAnswers",
    "Considered",
    "Decision",
    "Element",
    "Ground",
    "Lane",
    "Law",
    "Question",
    "check",
    "claims_law",
    "completed",
    "conflicts",
    "decide",
]
