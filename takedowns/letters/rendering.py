"""From a template and the facts to the text of a letter."""

import re
import textwrap
from dataclasses import replace
from functools import cache
from typing import Any

from django.conf import settings
from django.template import Context, Template
from django.template.engine import Engine

from takedowns.letters.elements import FROM_FACTS, elements_of, is_letter
from takedowns.letters.facts import Facts, Letter, Place
from takedowns.letters.places import address
from takedowns.letters.statements import (
    IN_ENGLISH,
    flat,
    gdpr,
    has_sentence,
    is_eu,
    is_hidden,
    is_us,
    signer,
    statements,
    which_person,
)
from takedowns.letters.wording import Wording
from takedowns.letters.wordings import DEFAULT, WORDINGS, wording

TEMPLATE_VERSION = "2026-11-22"
WIDTH = 76
# How an unknown value of a template shows, so that no letter leaves with a hole in it.
_UNKNOWN_AS = "{{ %s }}"
UNKNOWN = re.compile(r"\{\{ ([\w.]+) \}\}")
FOLDER = settings.BASE_DIR / "templates" / "takedowns" / "letters"


class _LetterEngine(Engine):
    """Knows only a few tags, no filters, and the files of one language."""

    default_builtins = ["takedowns.letters.tags"]


@cache
def engine(language: str) -> Engine:
    """Where the templates of a language come from; one that names an unknown value shows it as `{{ name }}`."""
    return _LetterEngine(dirs=[str(FOLDER / language)], autoescape=False, string_if_invalid=_UNKNOWN_AS)


def shipped(code: str, facts: Facts) -> Letter:
    """The letter from the text that the software carries. It may still lack elements: see `missing_elements`."""
    facts = spoken(code, facts)
    template = engine(facts.language).get_template(f"{code}.txt")
    return fill(template, wording(facts.language).titles[code], code, facts, TEMPLATE_VERSION)


def spoken(code: str, facts: Facts) -> Facts:
    """The facts in a language in which there is this letter: their own, or English."""
    return facts if exists(code, facts.language) else replace(facts, language=DEFAULT)


@cache
def exists(code: str, language: str) -> bool:
    """Whether the software carries this letter in this language: its text, its title and every sentence it needs."""
    if not is_letter(code) or language not in WORDINGS or not (FOLDER / language / f"{code}.txt").is_file():
        return False
    words = WORDINGS[language]
    needed = {element.key for element in elements_of(code)} - FROM_FACTS - IN_ENGLISH
    return code in words.titles and all(has_sentence(words, key, code) for key in needed)


def fill(template: Template, title: str, code: str, facts: Facts, version: str) -> Letter:
    """Put the facts into a template."""
    body = wrapped(template.render(Context(context(code, facts), autoescape=False)))
    return Letter(titled(title, facts), body, version, facts.language)


def titled(title: str, facts: Facts) -> str:
    """A letter's title with the reference, by which an answer is known."""
    return f"{title} [{facts.reference}]"


def context(code: str, facts: Facts) -> dict[str, Any]:
    """What a template may use: texts, truths and lists of texts, never an object of ours."""
    words = wording(facts.language)
    return {
        **_people(code, facts),
        **_further(facts, words),
        "language": facts.language,
        "reference": facts.reference,
        "today": words.dated(facts.today),
        "signed_on": words.dated(facts.signed_at.date()),
        "places": [_shown(place, words) for place in facts.places],
        "which_person": which_person(facts),
        "says": statements(facts, code=code),
        # 17 U.S.C. 512 wants its own words, whatever the language of the letter.
        "english": statements(facts, DEFAULT, code=code),
        "gdpr": gdpr(facts, words),
        "law": words.laws.get(facts.answers["lives_in"], ""),
        "lives_in": facts.answers["lives_in"],
        "in_eu": is_eu(facts.answers["lives_in"]),
        "in_us": is_us(facts.answers["lives_in"]),
        "intimate": facts.answers["intimate"] == "yes",
        "synthetic": facts.answers["synthetic"] == "yes",
        "withdrawn": facts.answers["consented"] == "withdrawn",
        "commercial": facts.answers["context"] == "commercial",
    }


def _people(code: str, facts: Facts) -> dict[str, Any]:
    agent, hidden = facts.agent, is_hidden(facts)
    signature = signer(code, facts)
    return {
        "agent": {"name": agent.name, "address": agent.address, "phone": agent.phone, "email": agent.email},
        "operator": flat(facts.operator),
        "country": facts.country,
        "addressee": facts.addressee,
        "hidden": hidden,
        # Empty where the person must not be named.
        "subject_name": "" if hidden else flat(facts.subject_name),
        "signer": flat(signature),
        "signed_by_subject": signature == facts.subject_signature and not hidden,
    }


def _further(facts: Facts, words: Wording) -> dict[str, Any]:
    return {
        "first_ground": facts.first_ground,
        "first_title": words.titles.get(facts.first_ground, ""),
        "first_sent_on": words.dated(facts.first_sent_on) if facts.first_sent_on else "",
        "due_on": words.dated(facts.due_on) if facts.due_on else "",
        "overdue": facts.due_on is not None and facts.due_on < facts.today,
        "asked_before": [flat(name) for name in facts.asked_before],
        "note": facts.note.strip(),
        "engine": flat(facts.engine),
        # Usually the person's name.
        "query": "" if is_hidden(facts) else flat(facts.query),
    }


def _shown(place: Place, words: Wording) -> dict[str, str]:
    seen = place.captured_at
    captured = f"{words.dated(seen.date())}, {seen:%H:%M} UTC" if seen else ""
    return {"page_url": address(place.page_url), "image_url": address(place.image_url), "captured": captured}


# An address on a line of its own, and a signature, are looked for as whole lines.
_WHOLE = re.compile(r"\s*(?:/s/ |[A-Za-z][A-Za-z0-9+.-]*://\S*\s*$|data:\S)")


def wrapped(text: str) -> str:
    """Paragraphs in lines of `WIDTH`, addresses never broken, no more than one empty line in a row."""
    lines = (
        line.strip()
        if _WHOLE.match(line)
        else textwrap.fill(line, WIDTH, break_long_words=False, break_on_hyphens=False)
        for line in text.strip().splitlines()
    )
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"
