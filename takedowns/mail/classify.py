"""What an operator's letter says, read from words that anybody may have sent. Pure; never raises; linear time.

Where it is not sure it says `reply`, which a person reads. Nothing is believed because of it: "it has been removed" is
a reason to look, and a refusal is read by a person, too.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from takedowns.mail.dates import dates_in, promised
from takedowns.mail.phrases import AWAY, COUNTER, HAS_COME, IDLE, QUOTED_BELOW, SUPPOSED, TONGUES, Tongue

_MOST_TEXT = 20_000
_MOST_SENTENCES, _LONGEST_SENTENCE = 300, 600
# Of a letter that is quoted without marks, lines at least this long are known again.
_OUR_LINE = 25
_MOST_LINES = 2000
_BOUNDARY = re.compile(r"(?<=[.!?;:])\s+|\n\s*\n|\n(?=\s*[-*•])")
_FORWARDED = re.compile(
    r"forwarded message|weitergeleitete nachricht|message transféré|mensaje reenviado", re.IGNORECASE
)
_HEADER_LINE = re.compile(r"^(from|von|de|da|od|van): .{1,200}$")
_SENT_LINE = re.compile(r"^(sent|gesendet|envoyé|enviado|inviato|wysłano|verzonden|date|datum|to|an|à|para|a|do|aan): ")


class Said(StrEnum):
    """What a letter is; the values are those of `Communication.Kind`."""

    REPLY = "reply"
    AUTO_REPLY = "auto_reply"
    RECEIPT = "receipt"
    COMPLIED = "complied"
    REFUSED = "refused"
    QUESTION = "question"
    COUNTER_NOTICE = "counter_notice"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What it is; by when they say that they will act; and when a provider says that it got a counter-notice."""

    kind: Said
    until: date | None = None
    provider_received_on: date | None = None
    lacks: tuple[str, ...] = field(default=())


def classify(
    subject: str, text: str, *, today: date, automatic: bool = False, attachments: int = 0, ours: Iterable[str] = ()
) -> Verdict:
    """What a letter says. `automatic` is what its headers say; `ours` are texts of the letters that it may answer."""
    unquoted = without(text[:_MOST_TEXT], ours)
    said = sentences(cut(unquoted))
    head = _plain(subject)[:_LONGEST_SENTENCE]
    if (verdict := _counter_notice(said, unquoted, attachments, today)) is not None:
        return verdict
    until = max((day for one in said if (day := promised(one, today))), default=None)
    meant = {kind for one in said for kind in _meaning(one)}
    if AWAY.search(head) or (automatic and any(AWAY.search(one) for one in said[:5])):
        return Verdict(Said.REPLY) if meant else Verdict(Said.AUTO_REPLY)
    if len(meant) == 1:
        kind = meant.pop()
        # What a machine says always is not meant for this letter; that something is gone can be looked at.
        return Verdict(Said.REPLY if automatic and kind != Said.COMPLIED else kind, until)
    if meant:
        return Verdict(Said.REPLY)
    confirms = any(tongue.receipt.search(one) for tongue in TONGUES for one in (head, *said))
    if automatic:
        return Verdict(Said.RECEIPT if confirms else Said.AUTO_REPLY, until)
    return Verdict(Said.RECEIPT if confirms and not any("?" in one for one in said) else Said.REPLY, until)


def cut(text: str) -> str:
    """The text without what is quoted of the letter that it answers."""
    lines = text.splitlines()
    kept: list[str] = []
    for number, line in enumerate(lines[:_MOST_LINES]):
        plain = _plain(line[:_LONGEST_SENTENCE]).strip()
        following = lines[number + 1] if number + 1 < len(lines) else ""
        # The line that says who wrote is often broken in two.
        two = f"{plain} {_plain(following[:_LONGEST_SENTENCE]).strip()}"
        heads = _HEADER_LINE.match(plain) and _SENT_LINE.match(_plain(following[:_LONGEST_SENTENCE]).strip())
        if heads or QUOTED_BELOW.match(plain) or (QUOTED_BELOW.match(two) and not plain.endswith(".")):
            break
        if not plain.startswith((">", "|")):
            kept.append(line)
    return "\n".join(kept)


def without(text: str, ours: Iterable[str]) -> str:
    """The text without the lines that stand in one of our own letters, however they are quoted or broken."""
    known = [" ".join(_plain(one[: 10 * _MOST_TEXT]).split()) for one in ours]
    if not any(known):
        return text
    kept = []
    for line in text.splitlines()[:_MOST_LINES]:
        words = " ".join(_plain(line).lstrip("> |\t").split())
        if len(words) < _OUR_LINE or not any(words in one for one in known):
            kept.append(line)
    return "\n".join(kept)


def sentences(text: str) -> list[str]:
    """Sentences in lower case, each on one line, of a bounded number and length."""
    pieces = _BOUNDARY.split(_plain(text[:_MOST_TEXT]), maxsplit=_MOST_SENTENCES)
    return [" ".join(piece.split())[:_LONGEST_SENTENCE] for piece in pieces if piece and not piece.isspace()]


def _plain(text: str) -> str:
    """In lower case, with one kind of apostrophe, and every letter written in one way."""
    return unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'").replace("`", "'")


def _meaning(sentence: str) -> set[Said]:
    return {kind for tongue in TONGUES for kind in _in_tongue(tongue, sentence)}


def _in_tongue(tongue: Tongue, sentence: str) -> set[Said]:
    found = set()
    if tongue.complied.search(sentence) and not tongue.unsure.search(sentence):
        found.add(Said.COMPLIED)
    if tongue.refused.search(sentence) and not tongue.given.search(sentence):
        found.add(Said.REFUSED)
    if tongue.question.search(sentence) and not IDLE.search(sentence):
        found.add(Said.QUESTION)
    return found


# --- Counter-notices ---------------------------------------------------------------------------------------

_URL = re.compile(r"\bhttps?://|\bwww\.")
_PHONE = re.compile(r"(?<![\d/.-])(?:\+|\(?\d)[\d ().-]{6,22}\d(?![\d/])")
_SIGNED = re.compile(r"/s/|\bsign(?:ed|ature)\b|\belectronic signature\b|\bsincerely\b")
_PERJURY = re.compile(r"\bperjury\b")
_MISTAKE = re.compile(r"\bmis-?(?:take|identif)")
_JURISDICTION = re.compile(r"\bjurisdiction\b")
_SERVICE = re.compile(r"\bservice of process\b|\baccept service\b")

SIGNATURE = "A signature of the person who put it there (17 U.S.C. 512(g)(3)(A)) was not found."
MATERIAL = "What was removed, and where it was (512(g)(3)(B)), was not found."
GOOD_FAITH = (
    "The statement under penalty of perjury that it was removed by mistake or misidentification (512(g)(3)(C)) was not"
    " found."
)
CONSENT = (
    "Name, address, telephone, and consent to a court's jurisdiction and to service (512(g)(3)(D)) were not found."
)


def lacking(text: str) -> tuple[str, ...]:
    """What 512(g)(3) asks of a counter-notice and the words in this text do not show, in sentences."""
    plain = " ".join(_plain(text[:_MOST_TEXT]).split())
    there = {
        SIGNATURE: bool(_SIGNED.search(plain)),
        MATERIAL: bool(_URL.search(plain)),
        GOOD_FAITH: bool(_PERJURY.search(plain) and _MISTAKE.search(plain)),
        CONSENT: bool(_PHONE.search(plain) and _JURISDICTION.search(plain) and _SERVICE.search(plain)),
    }
    return tuple(sentence for sentence, found in there.items() if not found)


def _counter_notice(said: list[str], unquoted: str, attachments: int, today: date) -> Verdict | None:
    """A counter-notice that has come, by its elements or by what the provider says about it.

    The counter-notice itself may be quoted below the provider's words, and is looked for in everything but our letter.
    """
    lacks = lacking(unquoted)
    named = [one for one in said if _has_come(one)]
    mentions = COUNTER.search(_plain(unquoted[:_MOST_TEXT])) is not None
    complete = mentions and GOOD_FAITH not in lacks and CONSENT not in lacks
    shown = len(lacks) < 4 or attachments or _FORWARDED.search(unquoted) or any("received" in one for one in named)
    if not complete and not (named and shown):
        return None
    return Verdict(Said.COUNTER_NOTICE, provider_received_on=_received_on(named, said, today), lacks=lacks)


def _received_on(named: list[str], said: list[str], today: date) -> date | None:
    """The day on which the provider says that it got it; our own letter's day is not meant."""
    others = [one for one in said if "received" in one and "your" not in one]
    for group in (named, others):
        days = [day for one in group for day in dates_in(one, today) if day <= today]
        if days:
            return min(days)
    return None


def _has_come(sentence: str) -> bool:
    """Whether a sentence says that there is a counter-notice, and not what would be if there were one."""
    found = COUNTER.search(sentence)
    if found is None or SUPPOSED.search(sentence[: found.start()]):
        return False
    return HAS_COME.search(sentence) is not None
