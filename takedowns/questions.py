"""What the subject is asked about a picture, as data, and when that is answered. Pure.

The order is that of the page. A question with a default was added later, or need not be answered.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Answers = Mapping[str, str]

# The countries and states whose law on one's own picture we know, and what they belong to.
EU = frozenset({"eu", "de", "fr", "es", "it", "pl"})
UK = frozenset({"uk"})
US = frozenset({"us", "us_ca", "us_ny"})


class BadAnswers(ValueError):
    """A question is unanswered, or an answer is not one of its options."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question to the subject; `options` are (value, label). `group` is the part of the page it stands in."""

    key: str
    text: str
    hint: str
    options: tuple[tuple[str, str], ...]
    group: str
    # What holds where nobody answered; empty: it must be answered.
    default: str = ""


GROUPS: tuple[tuple[str, str], ...] = (
    ("picture", "The picture"),
    ("use", "Where it stands"),
    ("you", "You"),
)

QUESTIONS: tuple[Question, ...] = (
    Question(
        "minor",
        "Is anybody in the picture under 18, or could they be?",
        "If you are not sure, say so. Such pictures take another way, and nobody here opens them.",
        (("no", "No"), ("yes", "Yes"), ("not_sure", "I am not sure")),
        "picture",
    ),
    Question(
        "intimate",
        "Is the picture intimate?",
        "Nudity or anything sexual, real or made to look real. Such pictures go first, and we do not write to the "
        "site's owner.",
        (("no", "No"), ("yes", "Yes")),
        "picture",
    ),
    Question(
        "synthetic",
        "Is it faked or made with AI?",
        "For example your face on another body, or a picture that was never taken.",
        (("no", "No, it is a photo"), ("yes", "Yes, or I think so")),
        "picture",
    ),
    Question(
        "photographer",
        "Who took the picture?",
        "Copyright belongs to whoever pressed the button, not to the person shown. If it is not yours, we use another "
        "way.",
        (
            ("me", "I did, also with a timer"),
            ("someone_for_me", "Somebody who signed the copyright over to me"),
            ("someone_else", "Somebody else"),
            ("unknown", "I do not know"),
        ),
        "picture",
    ),
    Question(
        "consented",
        "Did you ever agree to its being published there?",
        "A signed release or a site's terms can be an agreement. You may withdraw one.",
        (("never", "Never"), ("withdrawn", "Once, and I no longer do"), ("not_sure", "I am not sure")),
        "use",
    ),
    Question(
        "context",
        "What is the picture used for there?",
        "News and satire have rights of their own, so a person looks at those first.",
        (
            ("ordinary", "Nothing special: a profile, a post, a gallery"),
            ("profile", "Somebody pretends to be me"),
            ("dating", "A dating profile that is not mine"),
            ("scam", "To cheat people, for example out of money"),
            ("commercial", "To sell or advertise something"),
            ("news_or_satire", "News, a public event, comment or satire"),
        ),
        "use",
    ),
    Question(
        "poster",
        "Do you know who put it there?",
        "If you are afraid of them, we write nothing that they could get to read with your name in it.",
        (
            ("unknown", "No, or it does not matter"),
            ("friendly", "Yes, and a friendly word may be enough"),
            ("afraid", "Yes, and I am afraid of them"),
        ),
        "use",
        default="unknown",
    ),
    Question(
        "lives_in",
        "Where do you live?",
        "It decides which laws protect you.",
        (
            ("de", "Germany"),
            ("fr", "France"),
            ("es", "Spain"),
            ("it", "Italy"),
            ("pl", "Poland"),
            ("eu", "Another country of the European Union"),
            ("uk", "United Kingdom"),
            ("us_ca", "United States: California"),
            ("us_ny", "United States: New York"),
            ("us", "United States: another state"),
            ("elsewhere", "Elsewhere"),
        ),
        "you",
    ),
)
_OPTIONS = {question.key: {value for value, _ in question.options} for question in QUESTIONS}
_DEFAULTS = {question.key: question.default for question in QUESTIONS if question.default}


def completed(answers: Answers) -> dict[str, str]:
    """The answers with the default of each question that was not asked at the time."""
    return {**_DEFAULTS, **answers}


def check(answers: Answers) -> None:
    """Raise BadAnswers unless every question has one of its options, and nothing else is there."""
    for key, options in _OPTIONS.items():
        if answers.get(key) not in options:
            raise BadAnswers(f'The question "{key}" is not answered.')
    unknown = set(answers) - set(_OPTIONS)
    if unknown:
        raise BadAnswers(f"There is no question {', '.join(sorted(unknown))}.")
