"""Does a letter have all that it needs, and nothing that it must not say?

Both are looked for in the finished text, so that an edited letter is checked as strictly as a fresh one.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from takedowns.grounds import Element
from takedowns.letters import places
from takedowns.letters.elements import elements_of
from takedowns.letters.facts import Facts
from takedowns.letters.rendering import shipped, spoken
from takedowns.letters.statements import IN_ENGLISH, flat, is_hidden, signer, statements
from takedowns.letters.wordings import DEFAULT

_Found = Callable[[str], bool]

_CLAIMS_COPYRIGHT = frozenset({"dmca_512c", "dmca_512d"})
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|\{[A-Za-z_][\w.]*\}|\bTODO\b|\bNone\b(?! of\b)")
# In the languages that letters are written in. A photo is not biometric data as such (GDPR, recital 51).
_BIOMETRIC = re.compile(r"biom[eé]tr", re.IGNORECASE)
_COPYRIGHT = re.compile(
    r"copyright|perjury|urheberrecht|droits? d['\u2019]auteur|derechos? de autor|diritt[oi] d['\u2019]autore"
    r"|praw\w* autorski|auteursrecht|direitos? de autor|direitos? autora",
    re.IGNORECASE,
)


def missing_elements(code: str, facts: Facts, body: str) -> list[str]:
    """Why a letter may not go out, a sentence for each reason: what it lacks, and what it must not say."""
    facts = spoken(code, facts)
    said = _sentences(code, facts)
    lacks = [_missing(element, code, facts, said, body) for element in elements_of(code)]
    return [sentence for sentence in (*lacks, *_refusals(code, facts, body)) if sentence]


# --- What it lacks -----------------------------------------------------------------------------------------


def _sentences(code: str, facts: Facts) -> dict[str, str]:
    """The sentences of the letter's language, and the statute's where it wants its own words."""
    english = statements(facts, DEFAULT, code=code)
    return {**statements(facts, code=code), **{key: english[key] for key in IN_ENGLISH}}


def _missing(element: Element, code: str, facts: Facts, said: Mapping[str, str], body: str) -> str:
    for key, value, setting in (
        ("agent_address", facts.agent.address, "AGENT_ADDRESS"),
        ("agent_phone", facts.agent.phone, "AGENT_PHONE"),
    ):
        if element.key == key and not value.strip():
            return f"The notice needs {element.name}, which is not set ({setting})."
    if all(found(body) for found in _wanted(element.key, code, facts, said)):
        return ""
    return f"The notice lacks {element.name}."


def _wanted(key: str, code: str, facts: Facts, said: Mapping[str, str]) -> list[_Found]:
    """What must be found in the body for an element to be there."""
    urls = [url for place in facts.places for url in places.lines(place)]
    signature = flat(signer(code, facts))
    special: dict[str, list[_Found]] = {
        "addresses": [_line(url) for url in urls] or [_line("")],
        "signature": [_line(f"/s/ {signature}" if signature else "")],
        "agent_address": [_said(facts.agent.address)],
        "agent_phone": [_said(facts.agent.phone)],
        "agent_email": [_said(facts.agent.email)],
        "notifier": [_said(facts.agent.name)],
        # Where nobody may be named, a letter that has to name somebody is never complete.
        "subject_name": [_said("" if is_hidden(facts) else facts.subject_name)],
        "reference": [_said(facts.reference)],
        "note": [_said(facts.note)],
    }
    if key in special:
        return special[key]
    return [_said(said.get(key, ""))]


def _said(text: str) -> _Found:
    """Somewhere in the text, however its lines are broken. Nothing at all is never found."""
    wanted = flat(text)
    return lambda body: bool(wanted) and wanted in flat(body)


def _line(text: str) -> _Found:
    """On a line of its own, so that nothing can run into it. Nothing at all is never found."""
    return lambda body: bool(text) and text in (line.strip() for line in body.splitlines())


# --- What it must not say ----------------------------------------------------------------------------------


def _refusals(code: str, facts: Facts, body: str) -> Iterable[str]:
    if not body.strip():
        return
    own = _without_given(facts, body)
    if found := _PLACEHOLDER.search(own):
        yield f'The text has a placeholder left in it ("{found.group()}").'
    if is_hidden(facts) and _names(facts, own):
        yield "The text names the person, who must not be named in this letter."
    if _BIOMETRIC.search(own):
        yield "The text speaks of biometric data, which a picture as such is not."
    if _speaks_of_copyright(code, facts, own):
        yield "The text speaks of copyright, which this letter does not claim."
    if any(sentence in own for sentence in _untrue(code, facts)):
        yield "The text says something else about the person's consent than they did."
    signature = f"/s/ {flat(signer(code, facts))}"
    if any(line.strip().startswith("/s/") and line.strip() != signature for line in body.splitlines()):
        yield "The text is signed in another name."


def _without_given(facts: Facts, body: str) -> str:
    """The text on one line, without what is not ours to word: addresses and names of operators."""
    text = flat(body)
    given = [url for place in facts.places for url in places.lines(place)]
    given += [flat(name) for name in (facts.operator, facts.engine, *facts.asked_before)]
    for value in sorted(filter(None, given), key=len, reverse=True):
        text = text.replace(value, "")
    return text


def _names(facts: Facts, text: str) -> bool:
    names = {flat(facts.subject_name), flat(facts.subject_signature)} - {"", facts.agent.name}
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) for name in names)


def _speaks_of_copyright(code: str, facts: Facts, text: str) -> bool:
    """More often than our own text of the letter does, which may name a law or say that it is no such notice."""
    if code in _CLAIMS_COPYRIGHT or facts.first_ground in _CLAIMS_COPYRIGHT:
        return False
    found = len(_COPYRIGHT.findall(text))
    if not found:
        return False
    ours = _without_given(facts, shipped(code, replace(facts, note="")).body)
    return found > len(_COPYRIGHT.findall(ours))


def _untrue(code: str, facts: Facts) -> set[str]:
    """The sentences that would stand there if the person had answered otherwise about their consent."""
    own = flat(" ".join(statements(facts, code=code).values()))
    others: set[str] = set()
    for consented in ("never", "withdrawn", "not_sure"):
        if consented != facts.answers["consented"]:
            answers = {**facts.answers, "consented": consented}
            others.update(statements(replace(facts, answers=answers), code=code).values())
    return {sentence for sentence in map(flat, others) if sentence and sentence not in own}
