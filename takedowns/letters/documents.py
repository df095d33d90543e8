"""Papers that the subject gets, signs or hands to an authority. We send none of them."""

from dataclasses import replace
from functools import cache
from typing import Any

from django.template import Context

from takedowns.letters.facts import DocumentFacts, Letter
from takedowns.letters.places import address
from takedowns.letters.rendering import FOLDER, TEMPLATE_VERSION, engine, wrapped
from takedowns.letters.statements import flat, is_eu, is_us
from takedowns.letters.wordings import DEFAULT, WORDINGS, wording

CODES = (
    "agent_mandate",
    "photographer_authorisation",
    "copyright_assignment",
    "counter_notice_info",
    "ncii_referral",
    "dpa_complaint",
    "dsa_21_referral",
    "regulator_pack",
    "police_summary",
    "friendly_request",
)


def write(code: str, facts: DocumentFacts) -> Letter:
    """Fill in a document, in English where it does not exist in the language asked for. Raises KeyError."""
    if code not in CODES:
        raise KeyError(code)
    facts = facts if exists(code, facts.language) else replace(facts, language=DEFAULT)
    template = engine(facts.language).get_template(f"documents/{code}.txt")
    title = wording(facts.language).titles[code]
    body = wrapped(template.render(Context(_context(facts), autoescape=False)))
    return Letter(f"{title} [{facts.reference}]", body, TEMPLATE_VERSION, facts.language)


@cache
def exists(code: str, language: str) -> bool:
    """Whether there is this document in this language."""
    there = (FOLDER / language / "documents" / f"{code}.txt").is_file()
    return there and language in WORDINGS and code in WORDINGS[language].titles


def _context(facts: DocumentFacts) -> dict[str, Any]:
    words, agent, answers = wording(facts.language), facts.agent, facts.answers
    dates = {
        "today": facts.today,
        "first_sent_on": facts.first_sent_on,
        "provider_received_on": facts.provider_received_on,
        "window_opens_on": facts.window_opens_on,
        "window_ends_on": facts.window_ends_on,
    }
    lives_in = answers.get("lives_in", "")
    return {
        **{name: words.dated(day) if day else "" for name, day in dates.items()},
        "agent": {"name": agent.name, "address": agent.address, "phone": agent.phone, "email": agent.email},
        "reference": facts.reference,
        "subject_name": flat(facts.subject_name),
        "operator": flat(facts.operator),
        "ground": flat(facts.ground),
        "authority": flat(facts.authority),
        "events": [flat(event) for event in facts.events],
        "note": facts.note.strip(),
        "places": [
            {"page_url": address(place.page_url), "image_url": address(place.image_url)} for place in facts.places
        ],
        "consent": words.consent.get(answers.get("consented", ""), ""),
        "never": answers.get("consented") == "never",
        "withdrawn": answers.get("consented") == "withdrawn",
        "gdpr": words.laws["uk_gdpr" if lives_in == "uk" else "gdpr"],
        "lives_in": lives_in,
        "in_eu": is_eu(lives_in),
        "in_uk": lives_in == "uk",
        "in_us": is_us(lives_in),
        "intimate": answers.get("intimate") == "yes",
        "synthetic": answers.get("synthetic") == "yes",
    }
