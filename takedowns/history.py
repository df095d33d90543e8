"""Everything that happened in a case in one line of time: events, letters out, letters in, and checks."""

from dataclasses import dataclass

from accounts.models import User
from takedowns import casefile
from takedowns.casefile import Line
from takedowns.models import Case, CaseEvent, Communication, Verification

# A case that runs for a year has more history than a page can show; people work from the newest lines.
_LINES = 200
_TONES = {
    "notice.stuck": "stopped",
    "notice.complied": "good",
    "contact.missing": "needs",
    "evidence.failed": "needs",
    "case.minor": "stopped",
    "case.relapse": "needs",
    "case.removed": "good",
    "url.gone": "waiting",
    "url.removed": "good",
    "url.relapsed": "needs",
    "url.still_there": "needs",
    "url.geo_blocked": "needs",
    "case.not_satisfied": "needs",
}
_RECEIVED_TONES = {
    Communication.Kind.COMPLIED: "good",
    Communication.Kind.REFUSED: "stopped",
    Communication.Kind.BOUNCE: "stopped",
    Communication.Kind.AUTO_REPLY: "plain",
    Communication.Kind.RECEIPT: "waiting",
}
# The letter itself is in the line.
_SAID_BY_LETTERS = ("notice.sent", "follow_up.sent")
EVERYTHING = "all"


@dataclass(frozen=True)
class Part:
    """One kind of lines that the history can be narrowed to."""

    key: str
    label: str


PARTS = (
    Part(EVERYTHING, "All"),
    Part("events", "What we did"),
    Part("letters", "Letters"),
    Part("checks", "Checks"),
)


def part_named(key: str) -> str:
    """The key of a part; of everything where there is no such part."""
    return key if key in {part.key for part in PARTS} else EVERYTHING


def timeline(case: Case, part: str = EVERYTHING) -> list[Line]:
    """The lines of a part, newest first, in one query for each kind."""
    lines: list[Line] = []
    if part in {EVERYTHING, "events"}:
        own = case.events.exclude(kind__in=_SAID_BY_LETTERS).select_related("actor").order_by("-id")[:_LINES]
        lines += [_event_line(event, case) for event in own]
    if part in {EVERYTHING, "letters"}:
        letters = case.communications.defer("sealed_body").order_by("-at")[:_LINES]
        lines += [_letter_line(letter) for letter in letters]
    if part in {EVERYTHING, "checks"}:
        checks = Verification.objects.filter(url__case=case).select_related("url").order_by("-pk")[:_LINES]
        lines += [_check_line(check) for check in checks]
    return sorted(lines, key=lambda line: line.at, reverse=True)[:_LINES]


def _event_line(event: CaseEvent, case: Case) -> Line:
    who = _who(event.actor, case) if event.actor is not None else ""
    return Line(event.at, event.text, actor=who, tone=_TONES.get(event.kind, "plain"))


def _who(actor: User, case: Case) -> str:
    return "Subscriber" if actor.pk == case.subject.user_id else casefile.person(actor)


def _letter_line(letter: Communication) -> Line:
    if letter.direction == Communication.Direction.OUT:
        return Line(letter.at, f"Letter sent to {letter.recipient}", letter.title, tone="waiting")
    tone = _RECEIVED_TONES.get(Communication.Kind(letter.kind), "needs")
    kind = "Letter" if letter.kind == Communication.Kind.LETTER else letter.get_kind_display()
    return Line(letter.at, f"{kind} received from {letter.sender}", letter.title, tone=tone)


def _check_line(check: Verification) -> Line:
    statuses = f"Page {check.page_status or 'no answer'}, picture {check.image_status or 'no answer'}"
    if check.second_path_agrees is not None:
        statuses += f", the second way {'agrees' if check.second_path_agrees else 'says otherwise'}"
    return Line(check.checked_at, f"Checked {check.url.host}: {casefile.found_words(check.outcome)}", statuses)
