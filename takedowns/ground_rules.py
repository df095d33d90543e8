"""When each ground holds, as data: conditions on the answers, with the reason why not in plain words. Pure.

Being in a picture gives no copyright in it, and a copyright claim by somebody without one is a misrepresentation under
penalty of perjury (17 U.S.C. 512(c)(3)(A)(vi) and (f)), so no rule leads there by another way.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from takedowns.questions import EU, UK, Answers

RULES_VERSION = "2026-11-22"


@dataclass(frozen=True, slots=True)
class Condition:
    """The answers to one question with which a ground can hold, and why it does not hold with another."""

    question: str
    accepts: frozenset[str]
    otherwise: str

    def holds(self, answers: Answers) -> bool:
        return answers[self.question] in self.accepts


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of several conditions is enough."""

    conditions: tuple[Condition, ...]
    otherwise: str

    def holds(self, answers: Answers) -> bool:
        return any(condition.holds(answers) for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class Rule:
    """A ground holds where all its conditions do."""

    ground: str
    conditions: tuple[Condition | AnyOf, ...]
    because: str


def _only(question: str, accepts: Iterable[str], otherwise: str) -> Condition:
    return Condition(question, frozenset(accepts), otherwise)


_EU_OR_UK = EU | UK
_INTIMATE = _only("intimate", ("yes",), "It is for intimate pictures only.")
_NEVER = _only("consented", ("never",), "It needs your statement that you never agreed to the picture being published.")
_NOT_NAMED_IF_INTIMATE = _only(
    "intimate", ("no",), "The letter goes to the site's owner, and we write to no owner about an intimate picture."
)
_NOT_AFRAID = _only(
    "poster",
    ("unknown", "friendly"),
    "You are afraid of whoever put it there, and the letter goes to the site's owner, who may be that person.",
)
_TO_OWNER = (_NOT_NAMED_IF_INTIMATE, _NOT_AFRAID)
_OWNS = _only(
    "photographer",
    ("me", "someone_for_me"),
    "Copyright belongs to whoever took the photo, not to the person shown. Claiming it without owning it would be a "
    "false statement under penalty of perjury.",
)
_A_PHOTO = _only("synthetic", ("no",), "A faked picture is not the photo that you took.")
_NOT_ALLOWED = _only(
    "consented", ("never", "withdrawn"), "We would have to state that you have not allowed it, and you are not sure."
)
_UNLAWFUL = _only(
    "consented",
    ("never", "withdrawn"),
    "We would have to say why it is illegal, and you are not sure whether you agreed.",
)
_GRAVE = AnyOf(
    (_INTIMATE, _only("context", ("scam",), "It is for fraud.")),
    "It is kept for intimate pictures, for fraud, and for pictures that were put back.",
)

_ALL_RULES: tuple[Rule, ...] = (
    Rule(
        "take_it_down",
        (_INTIMATE, _NEVER),
        "The picture is intimate and you never agreed to its being published.",
    ),
    Rule(
        "uk_intimate",
        (
            _INTIMATE,
            _only("lives_in", UK, "It rests on the law of the United Kingdom, and you live elsewhere."),
            _NEVER,
        ),
        "You live in the United Kingdom, where sharing an intimate picture without consent is an offence.",
    ),
    Rule(
        "ncii_policy",
        (_INTIMATE,),
        "Most platforms and hosts forbid intimate pictures of people who do not agree to them.",
    ),
    Rule(
        "impersonation",
        (_only("context", ("profile",), "It is for profiles that pretend to be you."),),
        "Somebody uses the picture to pretend to be you, which platforms forbid.",
    ),
    Rule(
        "dating_profile",
        (_only("context", ("dating",), "It is for dating profiles that are not yours."),),
        "The picture stands in a dating profile that is not yours, which such sites forbid.",
    ),
    Rule(
        "scam_profile",
        (_only("context", ("scam",), "It is for pictures that are used to cheat people."),),
        "The picture is used to cheat people, which platforms and hosts forbid.",
    ),
    Rule(
        "dmca_512c",
        (
            _OWNS,
            _A_PHOTO,
            _NOT_ALLOWED,
            _only(
                "poster",
                ("unknown", "friendly"),
                "It has to name you, and whoever put the picture there gets a copy of it. You are afraid of them.",
            ),
        ),
        "You own the copyright in the photo and have not allowed this use.",
    ),
    Rule(
        "dsa_16",
        (_only("lives_in", EU, "It rests on European Union law, and you live elsewhere."), _UNLAWFUL),
        "You live in the European Union, and we know of no basis in law for publishing your picture.",
    ),
    Rule(
        "host_policy",
        (_only("intimate", ("no",), "Operators have rules of their own for intimate pictures."),),
        "Most hosts have rules against publishing people without their permission. No law is claimed.",
    ),
    Rule(
        "gdpr_erasure",
        (_only("lives_in", _EU_OR_UK, "It is for people in the EU and the United Kingdom."), *_TO_OWNER),
        "You may ask the site's owner to erase your personal data and object to its use.",
    ),
    Rule(
        "image_right",
        (
            _only(
                "lives_in",
                ("de", "fr", "es", "it", "pl"),
                "It rests on a national law. We know those of Germany, France, Spain, Italy and Poland.",
            ),
            _only(
                "consented",
                ("never", "withdrawn"),
                "We would have to state that you do not agree to it, and you are not sure whether you did.",
            ),
            *_TO_OWNER,
        ),
        "Where you live, a picture of you may be published only if you agree.",
    ),
    Rule(
        "publicity",
        (
            _only("lives_in", ("us_ca", "us_ny"), "It rests on the law of California or New York."),
            _only("context", ("commercial",), "It is for pictures that are used to sell or advertise something."),
            _NEVER,
            *_TO_OWNER,
        ),
        "Where you live, your picture may be used to sell or advertise only with your consent.",
    ),
    Rule(
        "ccpa_delete",
        (
            _only("lives_in", ("us_ca",), "It is for people who live in California."),
            *_TO_OWNER,
        ),
        "You live in California. It is a weak ground: it binds larger businesses only, and not for what is public.",
    ),
    Rule(
        "owner_request",
        _TO_OWNER,
        "The site's owner can be asked to take it down. No law is claimed, and you are not named.",
    ),
    Rule(
        "cdn_forward",
        (),
        "Where a network stands in front of the host, it can pass our letter on and say who the host is.",
    ),
    Rule(
        "upstream",
        (_GRAVE,),
        "It is grave enough to ask the network that connects the host, if the host does nothing.",
    ),
    Rule(
        "registrar",
        (_GRAVE,),
        "It is grave enough to ask the registrar of the domain, if nobody else acts. Most of them refuse.",
    ),
    Rule(
        "search_explicit",
        (_INTIMATE,),
        "Search engines take intimate pictures out of their results, whatever the site does.",
    ),
    Rule(
        "eu_rtbf",
        (
            _only("lives_in", _EU_OR_UK, "It is for people in the EU and the United Kingdom."),
            _only("intimate", ("no",), "It has to name you, and your name should not stand next to such a picture."),
            _only(
                "poster",
                ("unknown", "friendly"),
                "It has to name you, the site may be told of it, and you are afraid of whoever put it there.",
            ),
        ),
        "You may ask search engines not to show the page when somebody searches for your name.",
    ),
    Rule(
        "dmca_512d",
        (
            _OWNS,
            _A_PHOTO,
            _NOT_ALLOWED,
            _only(
                "intimate",
                ("no",),
                "Search engines publish copyright notices with the name, and nobody should find yours there.",
            ),
            _only(
                "poster",
                ("unknown", "friendly"),
                "Search engines publish copyright notices with the name, and you are afraid of whoever put it there.",
            ),
        ),
        "You own the copyright in the photo, so search engines may be asked not to show it.",
    ),
    Rule(
        "search_personal",
        (_only("intimate", ("no",), "Search engines have rules of their own for intimate pictures."),),
        "Search engines can be asked not to show private things. No law is claimed.",
    ),
    Rule(
        "search_outdated",
        (_only("minor", (), "It is for pages that are gone already, so it comes after the removal."),),
        "",
    ),
    Rule(
        "ad_payment",
        (_only("context", ("commercial", "scam"), "It is for pictures that somebody makes money with."),),
        "Somebody makes money with the picture, and advertising and payment services have rules against that.",
    ),
)
RULES: dict[str, Rule] = {rule.ground: rule for rule in _ALL_RULES}

# In which order they are tried. Intimate pictures go by the laws made for them, and by copyright only after these,
# because that names the person; the owner is not written to. Of the others a false profile goes as a whole before the
# photo in it does; and copyright, where it is owned, binds more hosts than where the person lives.
_SEARCH = ("search_explicit", "eu_rtbf", "dmca_512d", "search_personal", "search_outdated")
_FALSE_PROFILES = ("impersonation", "dating_profile", "scam_profile")
_OWNER = ("gdpr_erasure", "image_right", "publicity", "ccpa_delete", "owner_request")
_REST = (*_OWNER, "cdn_forward", "upstream", "registrar", *_SEARCH, "ad_payment")
ORDER_IF_INTIMATE: tuple[str, ...] = (
    "take_it_down",
    "uk_intimate",
    "dsa_16",
    "ncii_policy",
    *_FALSE_PROFILES,
    "dmca_512c",
    "host_policy",
    *_REST,
)
ORDER: tuple[str, ...] = (
    "take_it_down",
    "uk_intimate",
    "ncii_policy",
    *_FALSE_PROFILES,
    "dmca_512c",
    "dsa_16",
    "host_policy",
    *_REST,
)
