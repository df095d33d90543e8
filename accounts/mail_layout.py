"""The HTML of mails whose words are a text template only: the same words, in the layout of all our mails.

Nothing of the text is taken for markup. Only an address of the portal at the end of a paragraph becomes a link, so
that none becomes one that leads elsewhere.
"""

import re
from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string

TEMPLATE = "email/plain.html"
_PARAGRAPHS = re.compile(r"\n\s*\n")
# As `tests/signing_in.py` reads them: a paragraph of capitals and digits.
_CODE = re.compile(r"[A-Z0-9]{3,}-?[A-Z0-9]{3,}")


@dataclass(frozen=True)
class Block:
    """A paragraph: its lines, a code to type in, or an address with the words that lead to it."""

    lines: list[str]
    code: str = ""
    link: str = ""


def html(text: str, subject: str, *, discreet: bool = False) -> str:
    """The HTML of a mail with this text. A discreet one shows nothing beside its subject in a list of messages."""
    beside = "" if discreet else first_sentence(text)
    return render_to_string(TEMPLATE, {"subject": subject, "blocks": blocks(text), "preheader": beside})


def blocks(text: str) -> list[Block]:
    """The paragraphs of a text. The name that every mail of ours is headed with is left out at its end."""
    found = [part.strip() for part in _PARAGRAPHS.split(text.replace("\r\n", "\n")) if part.strip()]
    made: list[Block] = []
    for part in found:
        lines = part.split("\n")
        if _CODE.fullmatch(part):
            made.append(Block([], code=part))
        elif _ends_with_link(lines[-1]):
            made.append(_linked(lines, made))
        elif part != "Faceward" or part is not found[-1]:
            made.append(Block(lines))
    return made


def _ends_with_link(line: str) -> bool:
    return line.rpartition(" ")[2].startswith(f"{settings.PORTAL_URL}/")


def _linked(lines: list[str], before: list[Block]) -> Block:
    """An address alone belongs to the paragraph before it: "choose a new one here:"."""
    last, _, link = lines[-1].rpartition(" ")
    words = [*lines[:-1], *([last] if last else [])]
    if not words and before and before[-1].lines and not before[-1].link:
        words = before.pop().lines
    return Block(words, link=link)


def first_sentence(text: str) -> str:
    """What lists of messages show beside the subject: the first line that says something. Never a code."""
    said = [block for block in blocks(text) if block.lines and block.lines != ["Hello,"]]
    return said[0].lines[0] if said else ""
