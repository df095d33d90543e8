"""Every kind of thing that happens to a case, with its words for the timeline and the story."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from accounts.models import User
from takedowns.models import Case, CaseEvent

_LONGEST = 500


@dataclass(frozen=True)
class Kind:
    """`text` is the timeline's line, for staff; `story` is a sentence for the subscriber, if they see it.

    Both are formats over the event's data; `story` also knows `date`. A key ending in `_on` is an ISO date
    and is shown as people write one.
    """

    text: str
    story: str = ""


KINDS: dict[str, Kind] = {
    "case.opened": Kind("Case opened.", "On {date} you asked us to have this picture removed."),
    "case.minor": Kind(
        "A minor may be shown: the case stops here. Nobody opens the picture.",
        "On {date} you told us that somebody under 18 may be shown. A senior colleague takes it from here.",
    ),
    "case.withdrawn": Kind(
        "The picture was withdrawn: the case stops here. Nobody opens the picture.",
        "On {date} a senior colleague took this case over. The picture is no longer shown here.",
    ),
    "case.expression": Kind(
        "News or satire: no notice without a senior decision.",
        "On {date} you told us that the picture is used for news or satire. A senior colleague looks at it first.",
    ),
    "case.relapse": Kind(
        "The picture is back. Linked to case {reference}.",
        "On {date} we found this picture again after it had been removed.",
    ),
    "case.assigned": Kind("Assigned to {staff}."),
    "case.note": Kind("Note: {note}"),
    "case.closed": Kind("Case closed: {outcome}. {reason}", "On {date} the case ended: {outcome}."),
    "case.removed": Kind(
        "Every place was found gone twice. Case closed: removed.",
        "On {date} we closed the case: the picture is gone from every place, checked twice. We keep watching.",
    ),
    "evidence.captured": Kind("Evidence captured.", "On {date} we saved proof of the page."),
    "evidence.failed": Kind("Evidence could not be captured: {reason}"),
    "contact.found": Kind("Contact of the {addressee} found: {operator}."),
    "contact.missing": Kind("No contact of the {addressee} found: {reason}"),
    "notice.drafted": Kind("Notice to {operator} drafted ({ground}).", "On {date} we wrote a notice to {operator}."),
    "notice.edited": Kind("Notice to {operator} edited."),
    "notice.approved": Kind(
        "Notice to {operator} approved.", "On {date} a second person checked the notice to {operator}."
    ),
    "notice.withdrawn": Kind("Notice to {operator} withdrawn: {reason}"),
    "notice.sending": Kind("Sending to {operator} began."),
    "notice.stuck": Kind("The notice to {operator} may not have left."),
    "notice.sent": Kind(
        "Notice to {operator} sent.",
        "On {date} we asked {operator} to remove it. We expect an answer by {due_on}.",
    ),
    "notice.complied": Kind(
        "{operator} took down everything it was asked to.", "By {date} {operator} had done what we asked."
    ),
    "url.added": Kind("Another place of the picture was found.", "On {date} we found the picture at one more place."),
    "url.gone": Kind(
        "A first check found a place gone.",
        "On {date} a first check found the picture gone from {host}. We look a second time before we call it removed.",
    ),
    "url.removed": Kind(
        "A place was found gone twice: removed.", "On {date} a second check found it gone from {host} again."
    ),
    "url.still_there": Kind("A place that seemed gone is not: {outcome}.", "On {date} it was at {host} again."),
    "url.unreachable": Kind("A place cannot be reached."),
    "url.reachable": Kind("A place can be reached again."),
    "url.relapsed": Kind("The picture is back at a place it was removed from."),
}


def record(case: Case, kind: str, *, actor: User | None = None, **data: Any) -> CaseEvent:
    """Append to a case's history, in the caller's transaction. `data` takes ids, names, counts, ISO dates."""
    text = KINDS[kind].text.format(**_plain(data)).strip()
    return CaseEvent.objects.create(case=case, kind=kind, actor=actor, text=text[:_LONGEST], data=data)


def sentence(event: CaseEvent) -> str:
    """The event as the subscriber reads it, or an empty string where it is none of their concern."""
    kind = KINDS.get(event.kind)
    if kind is None or not kind.story:
        return ""
    return kind.story.format(date=plain_date(event.at.date()), **_plain(event.data))


def plain_date(day: date) -> str:
    """`3 May 2026`."""
    return f"{day.day} {day:%B %Y}"


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    return {key: _word(key, value) for key, value in data.items()}


def _word(key: str, value: Any) -> Any:
    if key.endswith("_on"):
        return plain_date(date.fromisoformat(value))
    # "Example Inc." at the end of a sentence needs no second full stop.
    return value.removesuffix(".") if key == "operator" else value
