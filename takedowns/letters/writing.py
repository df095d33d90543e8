"""Writing a letter: the text of our staff where there is one, otherwise the one that the software carries."""

import logging

from takedowns.letters import versions
from takedowns.letters.checking import missing_elements
from takedowns.letters.facts import Facts, Letter
from takedowns.letters.rendering import shipped, spoken
from takedowns.letters.staff_texts import BadTemplate, filled

logger = logging.getLogger(__name__)


def write(code: str, facts: Facts) -> Letter:
    """Fill in a letter's text. It may still lack elements: see `missing_elements`.

    A text of our staff that turns out not to be complete for these facts gives way to the software's own.
    """
    facts = spoken(code, facts)
    own = shipped(code, facts)
    version = versions.current(code, facts.language)
    if version is None:
        return own
    name = versions.name_of(version)
    try:
        letter = filled(version.body, version.title, code, facts, name)
    except BadTemplate:
        logger.exception("the letter text %s cannot be filled in", name)
        return own
    if missing_elements(code, facts, letter.body) and not missing_elements(code, facts, own.body):
        logger.error("the letter text %s is incomplete", name)
        return own
    return letter
