"""The letters: one text for each ground and language, and the check that a letter has all its ground needs.

What the law wants said is a sentence in `statements`, put into the template and looked for in the finished
text, so that an edited letter is checked as strictly as a fresh one.
"""

from takedowns.letters import documents, versions
from takedowns.letters.checking import missing_elements
from takedowns.letters.elements import elements_of
from takedowns.letters.facts import Agent, DocumentFacts, Facts, Letter, Place
from takedowns.letters.languages import language_for
from takedowns.letters.rendering import TEMPLATE_VERSION, WIDTH, exists, shipped
from takedowns.letters.statements import SIGNED_BY_SUBJECT, signer, statements, which_person
from takedowns.letters.wordings import WORDINGS
from takedowns.letters.writing import write

TITLES = WORDINGS["en"].titles

__all__ = [
    "SIGNED_BY_SUBJECT",
    "TEMPLATE_VERSION",
    "TITLES",
    "WIDTH",
    "Agent",
    "DocumentFacts",
    "Facts",
    "Letter",
    "Place",
    "documents",
    "elements_of",
    "exists",
    "language_for",
    "missing_elements",
    "shipped",
    "signer",
    "statements",
    "versions",
    "which_person",
    "write",
]
