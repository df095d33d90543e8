"""On what ground a picture can be taken down: questions and rules as data. Pure.

The order of the questions that decide is fixed: a minor first, then intimate pictures, then who pressed the
button, then free expression, then where the person lives. Being in a picture gives no copyright in it, and a
copyright claim by somebody without one is perjury (17 U.S.C. 512(f)), so no rule leads there by another way.

None of this is legal advice. Each ground names its source and the day on which somebody last read it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

RULES_VERSION = "2026-11-22"
_REVIEWED = date(2026, 11, 22)

Answers = Mapping[str, str]


class BadAnswers(ValueError):
    """A question is unanswered, or an answer is not one of its options."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question to the subject; `options` are (value, label)."""

    key: str
    text: str
    hint: str
    options: tuple[tuple[str, str], ...]


QUESTIONS: tuple[Question, ...] = (
    Question(
        "minor",
        "Is anybody in the picture under 18, or could they be?",
        "If you are not sure, say so. Such pictures take another way, and nobody here opens them.",
        (("no", "No"), ("yes", "Yes"), ("not_sure", "I am not sure")),
    ),
    Question(
        "intimate",
        "Is the picture intimate?",
        "Nudity or anything sexual, real or made to look real. Such pictures go first.",
        (("no", "No"), ("yes", "Yes")),
    ),
    Question(
        "synthetic",
        "Is it faked or made with AI?",
        "For example your face on another body, or a picture that was never taken.",
        (("no", "No, it is a photo"), ("yes", "Yes, or I think so")),
    ),
    Question(
        "photographer",
        "Who took the picture?",
        "Copyright belongs to whoever pressed the button, not to the person shown.",
        (
            ("me", "I did, also with a timer"),
            ("someone_for_me", "Somebody who signed the copyright over to me"),
            ("someone_else", "Somebody else"),
            ("unknown", "I do not know"),
        ),
    ),
    Question(
        "consented",
        "Did you ever agree to its being published there?",
        "A signed release or a site's terms can be an agreement. You may withdraw one.",
        (("never", "Never"), ("withdrawn", "Once, and I no longer do"), ("not_sure", "I am not sure")),
    ),
    Question(
        "lives_in",
        "Where do you live?",
        "It decides which laws protect you.",
        (
            ("eu", "In the European Union"),
            ("uk", "In the United Kingdom"),
            ("us", "In the United States"),
            ("elsewhere", "Elsewhere"),
        ),
    ),
    Question(
        "context",
        "What is the picture used for there?",
        "News and satire have rights of their own, so a person looks at those first.",
        (
            ("ordinary", "Nothing special: a profile, a post, a gallery"),
            ("news_or_satire", "News, a public event, comment or satire"),
            ("commercial", "To sell or advertise something"),
        ),
    ),
)
_OPTIONS = {question.key: {value for value, _ in question.options} for question in QUESTIONS}


class Lane(StrEnum):
    """How a case is handled. `minor` and `expression` stop before any notice."""

    ORDINARY = "ordinary"
    INTIMATE = "intimate"
    MINOR = "minor"
    EXPRESSION = "expression"


class Addressee(StrEnum):
    """Whom a notice on a ground is sent to."""

    HOST = "host"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Element:
    """Something that a notice must contain, and what to call it when it is missing."""

    key: str
    name: str


_ADDRESSES = Element("addresses", "the address of every page and picture")
_REFERENCE = Element("reference", "our reference")
_EMAIL = Element("agent_email", "our e-mail address")
_SIGNATURE = Element("signature", 'the signature line ("/s/" and the name)')


@dataclass(frozen=True, slots=True)
class Ground:
    """A legal basis for a notice. `url` is empty where no law is claimed."""

    code: str
    name: str
    citation: str
    url: str
    reviewed_on: date
    addressee: Addressee
    elements: tuple[Element, ...]


_ALL_GROUNDS = (
    Ground(
        "take_it_down",
        "Intimate picture published without consent",
        "TAKE IT DOWN Act, 47 U.S.C. 223a(a)",
        "https://uscode.house.gov/view.xhtml?req=granuleid:USC-prelim-title47-section223a",
        _REVIEWED,
        Addressee.HOST,
        (
            _SIGNATURE,
            _ADDRESSES,
            Element("which_person", "which person in the picture we act for"),
            Element("no_consent", "the statement, in good faith, that the publication is not consensual"),
            _EMAIL,
            _REFERENCE,
        ),
    ),
    Ground(
        "dmca_512c",
        "Copyright in the photo",
        "17 U.S.C. 512(c)(3)(A)",
        "https://uscode.house.gov/view.xhtml?req=granuleid:USC-prelim-title17-section512",
        _REVIEWED,
        Addressee.HOST,
        (
            _SIGNATURE,
            Element("work", "which work it is and who owns the copyright"),
            _ADDRESSES,
            Element("agent_address", "our postal address"),
            Element("agent_phone", "our telephone number"),
            _EMAIL,
            Element("good_faith", "the good faith statement"),
            Element("accuracy", "the statement of accuracy and, under penalty of perjury, of authority"),
            _REFERENCE,
        ),
    ),
    Ground(
        "dsa_16",
        "Illegal content under EU law",
        "Regulation (EU) 2022/2065 (Digital Services Act), Article 16(2)",
        "https://eur-lex.europa.eu/eli/reg/2022/2065/oj",
        _REVIEWED,
        Addressee.HOST,
        (
            Element("illegality", "the reasons why the content is illegal, with the law"),
            _ADDRESSES,
            Element("notifier", "the name of whoever submits the notice"),
            _EMAIL,
            Element("bona_fide", "the statement of bona fide belief in accuracy and completeness"),
            _SIGNATURE,
            _REFERENCE,
        ),
    ),
    Ground(
        "host_policy",
        "The host's own rules",
        "The host's terms of use; no law is claimed",
        "",
        _REVIEWED,
        Addressee.HOST,
        (
            Element("request", "what we ask for"),
            Element("no_law", "that no law is claimed beyond the host's own rules"),
            _ADDRESSES,
            _EMAIL,
            _SIGNATURE,
            _REFERENCE,
        ),
    ),
    Ground(
        "gdpr_erasure",
        "Erasure of personal data",
        "GDPR and UK GDPR, Articles 17 and 21",
        "https://eur-lex.europa.eu/eli/reg/2016/679/oj",
        _REVIEWED,
        Addressee.OWNER,
        (
            Element("subject_name", "the name of the person whose data it is"),
            _ADDRESSES,
            Element("rights", "the rights that are used: Articles 17 and 21"),
            Element("limb", "which case of Article 17(1) applies"),
            Element("notify_others", "that other recipients must be told (Articles 17(2) and 19)"),
            Element("answer_time", "the time for the answer (Article 12(3))"),
            Element("authority", "that we are authorised to act"),
            _EMAIL,
            _SIGNATURE,
            _REFERENCE,
        ),
    ),
)
GROUNDS: dict[str, Ground] = {ground.code: ground for ground in _ALL_GROUNDS}


@dataclass(frozen=True, slots=True)
class Condition:
    """The answers to one question with which a ground can hold, and why it does not hold with another."""

    question: str
    accepts: frozenset[str]
    otherwise: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A ground holds where all its conditions do. For each addressee the first rule that holds is used."""

    ground: str
    conditions: tuple[Condition, ...]
    because: str


def _only(question: str, *accepts: str, otherwise: str) -> Condition:
    return Condition(question, frozenset(accepts), otherwise)


RULES: tuple[Rule, ...] = (
    Rule(
        "take_it_down",
        (
            _only("intimate", "yes", otherwise="It is for intimate pictures only."),
            _only(
                "consented",
                "never",
                otherwise="It needs your statement that you never agreed to the picture being published.",
            ),
        ),
        "The picture is intimate and you never agreed to its being published.",
    ),
    Rule(
        "dmca_512c",
        (
            _only(
                "photographer",
                "me",
                "someone_for_me",
                otherwise="Copyright belongs to whoever took the photo, not to the person shown. Claiming it "
                "without owning it would be a false statement under penalty of perjury.",
            ),
            _only("synthetic", "no", otherwise="A faked picture is not the photo that you took."),
            _only(
                "consented",
                "never",
                "withdrawn",
                otherwise="We would have to state that you have not allowed it, and you are not sure.",
            ),
        ),
        "You own the copyright in the photo and have not allowed this use.",
    ),
    Rule(
        "dsa_16",
        (
            _only("lives_in", "eu", otherwise="It rests on European Union law, and you live elsewhere."),
            _only(
                "consented",
                "never",
                "withdrawn",
                otherwise="We would have to say why it is illegal, and you are not sure whether you agreed.",
            ),
        ),
        "You live in the European Union, and we know of no basis in law for publishing your picture.",
    ),
    Rule(
        "host_policy",
        (),
        "Most hosts have rules against publishing people without their permission. No law is claimed.",
    ),
    Rule(
        "gdpr_erasure",
        (
            _only("lives_in", "eu", "uk", otherwise="It is for people in the EU and the United Kingdom."),
            _only(
                "intimate",
                "no",
                otherwise="It would name you to the site's owner, so not with an intimate picture.",
            ),
        ),
        "You may ask the site's owner to erase your personal data and object to its use.",
    ),
)


@dataclass(frozen=True, slots=True)
class Considered:
    """A ground that was looked at, and why it holds or does not, in plain words."""

    ground: str
    holds: bool
    why: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from the answers.

    `letters` are the grounds to write on, one per addressee; the first is `ground`. Both are empty where no
    notice goes out without a person's decision.
    """

    ground: str
    considered: tuple[Considered, ...]
    lane: Lane
    letters: tuple[str, ...] = ()


def decide(answers: Answers) -> Decision:
    """Choose the grounds.

    Where a minor may be shown nothing else is read, so that nothing else need be asked or kept.

    Raises:
        BadAnswers: the answers are not complete.
    """
    if answers.get("minor") in {"yes", "not_sure"}:
        return Decision("", (), Lane.MINOR)
    check(answers)
    if answers["intimate"] == "no" and answers["context"] == "news_or_satire":
        return Decision("", _held_back(), Lane.EXPRESSION)
    considered = tuple(_consider(rule, answers) for rule in RULES)
    letters = _letters(considered)
    lane = Lane.INTIMATE if answers["intimate"] == "yes" else Lane.ORDINARY
    return Decision(letters[0], considered, lane, letters)


def check(answers: Answers) -> None:
    """Raise BadAnswers unless every question has one of its options, and nothing else is there."""
    for key, options in _OPTIONS.items():
        if answers.get(key) not in options:
            raise BadAnswers(f'The question "{key}" is not answered.')
    unknown = set(answers) - set(_OPTIONS)
    if unknown:
        raise BadAnswers(f"There is no question {', '.join(sorted(unknown))}.")


def _consider(rule: Rule, answers: Answers) -> Considered:
    for condition in rule.conditions:
        if answers[condition.question] not in condition.accepts:
            return Considered(rule.ground, False, condition.otherwise)
    return Considered(rule.ground, True, rule.because)


def _letters(considered: tuple[Considered, ...]) -> tuple[str, ...]:
    chosen: dict[Addressee, str] = {}
    for item in considered:
        if item.holds:
            chosen.setdefault(GROUNDS[item.ground].addressee, item.ground)
    return tuple(chosen.values())


def _held_back() -> tuple[Considered, ...]:
    why = "News, public events and satire are protected, so a senior colleague decides first."
    return tuple(Considered(rule.ground, False, why) for rule in RULES)
