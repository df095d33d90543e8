"""What statutes ask of a notice, looked for in the finished letter: written from the laws, not from our templates.

Nothing of `takedowns.letters` is used here. Each rule names its limb; a letter is what a desk gets, as text in English.
Where a law asks for a statement, its words are looked for, in any order of lines; where it asks for facts, the facts.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Given:
    """What the letter has to be about: the addresses of the material, us, and the person (whom some letters name)."""

    urls: Sequence[str]
    agent_name: str
    agent_address: str
    agent_phone: str
    agent_email: str
    person: str
    consented: str = "never"


Rule = Callable[[str, Given], bool]


def lacks(ground: str, letter: str, given: Given) -> list[str]:
    """The limbs that a letter does not fulfil. Raises KeyError: nothing is known of such a ground."""
    flat = " ".join(letter.split())
    return [limb for limb, holds in {**RULES[ground], **_EVERY}.items() if not holds(letter, given) or not flat]


def _says(*patterns: str) -> Rule:
    """Every one of these is somewhere in the letter, however its lines are broken."""
    wanted = [re.compile(pattern, re.IGNORECASE) for pattern in patterns]
    return lambda letter, _given: all(one.search(" ".join(letter.split())) for one in wanted)


def _located(letter: str, given: Given) -> bool:
    """Each address on a line of its own, whole: a desk copies it from there."""
    lines = {line.strip() for line in letter.splitlines()}
    return bool(given.urls) and set(given.urls) <= lines


def _signed(letter: str, _given: Given) -> bool:
    return bool(re.search(r"^\s*/s/ \S.{2,}$", letter, re.MULTILINE))


def _signed_by_agent(letter: str, given: Given) -> bool:
    return f"/s/ {given.agent_name}" in letter


def _reaches(*fields: str) -> Rule:
    return lambda letter, given: all(
        getattr(given, field) and getattr(given, field) in " ".join(letter.split()) for field in fields
    )


def _true_about_consent(letter: str, given: Given) -> bool:
    """Who once agreed says nothing else."""
    never = re.search(r"never (?:agreed|consented)", " ".join(letter.split()), re.IGNORECASE)
    return given.consented == "never" or never is None


def _not_named(letter: str, given: Given) -> bool:
    return not any(part and part in letter for part in (given.person, *given.person.split()))


def _no_claim_of_copyright(letter: str, _given: Given) -> bool:
    claims = re.findall(r"copyright", letter, re.IGNORECASE)
    denied = re.findall(r"not a copyright notice", " ".join(letter.split()), re.IGNORECASE)
    return len(claims) <= len(denied)


_EVERY: Mapping[str, Rule] = {
    "says nothing untrue about consent": _true_about_consent,
    "a picture is not called biometric data": lambda letter, _given: "biometric" not in letter.lower(),
    "nothing is left to be filled in": lambda letter, _given: (
        not re.search(r"\{\{|\}\}|\{%|\[(?:your|name|url)", letter)
    ),
}

_COPYRIGHT: Mapping[str, Rule] = {
    "512(c)(3)(A)(i) signature of a person authorized to act": _signed,
    "512(c)(3)(A)(ii) the copyrighted work": _says(
        r"\bwork\b.{0,60}\bphotograph", r"took (?:it|the photo)|owns? the copyright"
    ),
    "512(c)(3)(A)(iii) the material, and where it is": lambda letter, given: (
        _located(letter, given) and _says(r"remove or disable access")(letter, given)
    ),
    "512(c)(3)(A)(iv) address, telephone number, e-mail": _reaches("agent_address", "agent_phone", "agent_email"),
    "512(c)(3)(A)(v) good faith belief": _says(
        r"good faith belief that (?:the )?use of the material in the manner complained of is not authorized by the "
        r"copyright owner, its agent, or the law"
    ),
    "512(c)(3)(A)(vi) accuracy, and authority under penalty of perjury": _says(
        r"the information in (?:this|the) notification is accurate",
        r"under penalty of perjury,? (?:that )?the complaining party is authorized to act on behalf of the owner of an "
        r"exclusive right that is allegedly infringed",
    ),
    "Lenz v. Universal: fair use was considered": _says(r"considered whether .{0,40}fair use"),
}
_OWN_RULES: Mapping[str, Rule] = {
    "what is asked for": _says(r"\bplease\b.{0,80}\b(?:remove|pass|look|disable|stop)"),
    "where it is": _located,
    "who writes, and how to answer": _reaches("agent_name", "agent_email"),
    "signed": _signed_by_agent,
    "no law is claimed": _says(r"no law is claimed"),
    "no copyright is claimed": _no_claim_of_copyright,
    "the person is not named": _not_named,
}

RULES: Mapping[str, Mapping[str, Rule]] = {
    "dmca_512c": _COPYRIGHT,
    "dsa_16": {
        "16(2)(a) reasons why it is illegal, substantiated": _says(
            r"unlawful|illegal", r"Regulation \(EU\) 2016/679|GDPR|section|article \d", r"without|never|no(?:t| other)"
        ),
        "16(2)(b) the exact electronic location": _located,
        "16(2)(c) name and e-mail address of the submitter": _reaches("agent_name", "agent_email"),
        "16(2)(d) bona fide belief that it is accurate and complete": _says(
            r"bona fide belief that the information and allegations .{0,40}(?:are )?accurate and complete"
        ),
        "addressed as such a notice": _says(r"Article 16\b", r"2022/2065"),
        "no copyright is claimed": _no_claim_of_copyright,
    },
    "take_it_down": {
        "223a(a)(1)(B)(i) signature of somebody authorized": _signed_by_agent,
        "223a(a)(1)(B)(ii) the depiction, and enough to locate it": lambda letter, given: (
            _located(letter, given) and _says(r"intimate", r"\d+ % from the left")(letter, given)
        ),
        "223a(a)(1)(B)(iii) good faith belief that it is not consensual, with facts": _says(
            r"good faith belief that .{0,80}not consensual", r"never (?:agreed|consented)"
        ),
        "223a(a)(1)(B)(iv) how to contact": _reaches("agent_name", "agent_email"),
        "223a(a)(3)(B) known identical copies": _says(r"identical copies"),
        "the person is not named": _not_named,
    },
    "gdpr_erasure": {
        "whose data": _reaches("person"),
        "17 and 21: erasure, and objection": _says(r"Articles? 17\b.{0,40}\b21", r"erase", r"object"),
        "17(1): which case": _says(r"17\(1\)\([bcd]\)"),
        "21(1): grounds relating to the particular situation": _says(r"particular situation"),
        "17(2) and 19: others are told": _says(r"Article 19\b", r"17\(2\)"),
        "12(3): one month": _says(r"one month", r"12\(3\)"),
        "17(3): exceptions are met": _says(r"17\(3\)"),
        "authority": _says(r"signed authority|authority given"),
        "where": _located,
        "how to contact": _reaches("agent_name", "agent_email"),
        "signed": _signed,
        "no copyright is claimed": _no_claim_of_copyright,
    },
    "host_policy": _OWN_RULES,
    "upstream": _OWN_RULES,
}
