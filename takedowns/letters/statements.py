"""The sentences that laws want, filled in from the facts. A sentence that would not be true is empty."""

from collections.abc import Mapping
from functools import cache
from string import Formatter

from takedowns.letters.facts import Facts
from takedowns.letters.wording import Wording
from takedowns.letters.wordings import wording
from takedowns.questions import EU, US

# These rest on the law of one country or state; every other {law} is the GDPR of where the person lives.
_LOCAL_LAW = frozenset({"law_cited_image_right", "image_law", "law_cited_publicity"})
# Sentences by which somebody states that they never agreed.
_NEEDS_NEVER = frozenset({"no_consent"})
# These must name the person; the others are signed by us, as whoever uploaded the picture may get a copy.
SIGNED_BY_SUBJECT = frozenset({"dmca_512c", "dmca_512d", "gdpr_erasure"})


# 17 U.S.C. 512(c)(3)(A)(v) and (vi): in the statute's words, whatever the language of the letter.
IN_ENGLISH = frozenset({"good_faith", "accuracy"})
# Letters that share sentences of their own.
_FAMILIES = {
    "impersonation": "profile",
    "dating_profile": "profile",
    "scam_profile": "profile",
    "search_explicit": "search",
    "search_personal": "search",
    "search_outdated": "search",
}


def statements(facts: Facts, language: str = "", *, code: str = "") -> dict[str, str]:
    """Every sentence that some letter requires, by the key of its element, in the letter's language or another.

    With `code`, a key has the sentence that this letter uses for it.
    """
    words = wording(language or facts.language)
    values = _values(facts, words)
    said = {key: _filled(key, text, values, facts, words) for key, text in words.says.items()}
    for ending in (facts.answers["lives_in"], _FAMILIES.get(code, ""), code):
        if ending:
            said |= {key[: -len(ending) - 1]: text for key, text in said.items() if key.endswith(f"_{ending}")}
    return said


def has_sentence(words: Wording, key: str, code: str) -> bool:
    """Whether the language has a sentence for an element of this letter, be it for some places only."""
    own = {key, f"{key}_{_FAMILIES.get(code, code)}", f"{key}_{code}", *(f"{key}_{place}" for place in EU | US)}
    return not own.isdisjoint(words.says)


def which_person(facts: Facts) -> str:
    """Which of the people in the picture we act for, without a name."""
    return statements(facts)["which_person"]


def is_hidden(facts: Facts) -> bool:
    """Whether no letter may name the person: the picture is intimate, or they fear whoever put it there."""
    return facts.answers.get("intimate") == "yes" or facts.answers.get("poster") == "afraid"


def signer(code: str, facts: Facts) -> str:
    """Whose name stands after "/s/".

    512(c)(3)(A)(i) takes the signature of anybody authorised to act for the owner, so ours does as well.
    """
    if code in SIGNED_BY_SUBJECT and not is_hidden(facts):
        return facts.subject_signature
    return facts.agent.name


def is_eu(lives_in: str) -> bool:
    return lives_in in EU


def is_us(lives_in: str) -> bool:
    return lives_in in US


def _values(facts: Facts, words: Wording) -> dict[str, str]:
    consented = facts.answers["consented"]
    left, top = (round(100 * share) for share in facts.face_at)
    return {
        "name": words.says["person"] if is_hidden(facts) else flat(facts.subject_name),
        "agent": facts.agent.name,
        "reference": facts.reference,
        "signed_on": words.dated(facts.signed_at.date()),
        "consent": words.consent[consented],
        "authorship": words.authorship.get(facts.answers["photographer"], ""),
        "law": gdpr(facts, words),
        "limb": words.limbs[consented],
        "left": str(left),
        "top": str(top),
        "first_sent_on": words.dated(facts.first_sent_on) if facts.first_sent_on else "",
        "due_on": words.dated(facts.due_on) if facts.due_on else "",
        "engine": flat(facts.engine),
        "query": flat(facts.query),
    }


def gdpr(facts: Facts, words: Wording) -> str:
    return words.laws["uk_gdpr" if facts.answers["lives_in"] == "uk" else "gdpr"]


def _filled(key: str, text: str, values: Mapping[str, str], facts: Facts, words: Wording) -> str:
    own = dict(values)
    consented = facts.answers["consented"]
    if key in _LOCAL_LAW:
        own["law"] = words.laws.get(facts.answers["lives_in"], "")
    if (key in _LOCAL_LAW and consented == "not_sure") or (key in _NEEDS_NEVER and consented != "never"):
        return ""
    # A sentence with a hole in it is not a sentence.
    if not all(own[name] for name in _names_in(text)):
        return ""
    return text.format(**own)


@cache
def _names_in(text: str) -> frozenset[str]:
    """Which values a sentence has."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


def flat(text: str) -> str:
    """On one line, with single spaces."""
    return " ".join(text.split())
