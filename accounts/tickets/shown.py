"""Requests in the words of the pages: whose move it is, what is late, and what was said."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import DataRequest, RequestMessage, User
from accounts.states import RequestState
from accounts.tickets import clocks, sealed

_STATES = {
    RequestState.RECEIVED: ("waiting", "With us"),
    RequestState.IN_PROGRESS: ("waiting", "With us"),
    RequestState.WAITING_FOR_PERSON: ("needs", "Waiting for you"),
    RequestState.CLOSED: ("", "Closed"),
}
_FOR_STAFF = {
    RequestState.RECEIVED: ("needs", "New"),
    RequestState.IN_PROGRESS: ("needs", "Our move"),
    RequestState.WAITING_FOR_PERSON: ("waiting", "Waiting for the person"),
    RequestState.CLOSED: ("", "Closed"),
}
# As a heading; the kinds themselves are worded as what a person chooses.
TITLES = {
    DataRequest.Kind.ACCESS: "A copy of your data",
    DataRequest.Kind.RECTIFICATION: "Something to put right",
    DataRequest.Kind.ERASURE: "Deletion of your data",
    DataRequest.Kind.RESTRICTION: "A stop for now",
    DataRequest.Kind.OBJECTION: "An objection",
    DataRequest.Kind.PORTABILITY: "Your data to take elsewhere",
    DataRequest.Kind.COMPLAINT: "A complaint",
    DataRequest.Kind.MISUSE: "A report of misuse",
    DataRequest.Kind.APPEAL: "A second look at a decision",
    DataRequest.Kind.QUESTION: "A question",
}
_ANSWER, _DEADLINE = "First answer", "Legal deadline"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a request stands. `due` is its next deadline, None when it is closed."""

    ticket: DataRequest
    tone: str
    text: str
    due: datetime | None
    late: bool
    left: str
    due_for: str

    @property
    def title(self) -> str:
        return TITLES[DataRequest.Kind(self.ticket.kind)]

    @property
    def answer_first(self) -> bool:
        return self.due_for == _ANSWER


def standing(ticket: DataRequest, *, staff: bool = False) -> Standing:
    """In the words of the person, or of staff."""
    tone, text = (_FOR_STAFF if staff else _STATES)[RequestState(ticket.state)]
    if ticket.state == RequestState.CLOSED:
        return Standing(ticket, tone, text, None, False, "", "")
    due, now = clocks.next_due(ticket), timezone.now()
    due_for = _ANSWER if ticket.answered_at is None and due == ticket.answer_due_at else _DEADLINE
    late = due < now
    return Standing(ticket, "stopped" if staff and late else tone, text, due, late, left(due, now), due_for)


def left(due: datetime, now: datetime) -> str:
    """How long there is, or since when it is late."""
    span = abs(due - now)
    hours = int(span.total_seconds() // 3600)
    words = _counted(span.days, "day") if span >= 2 * _DAY else _counted(hours, "hour")
    return f"{words} late" if due < now else f"{words} left"


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Said:
    """One message. `ours` is by us, `note` is among staff."""

    message: RequestMessage
    text: str
    who: str
    ours: bool
    note: bool


def thread(ticket: DataRequest, *, staff: bool = False) -> list[Said]:
    """All that was said, oldest first; notes among staff for staff only."""
    found = ticket.messages.select_related("author")
    if not staff:
        found = found.exclude(direction=RequestMessage.Direction.NOTE)
    return [_said(message, staff) for message in found]


def _said(message: RequestMessage, staff: bool) -> Said:
    direction = message.direction
    incoming, note = direction == RequestMessage.Direction.IN, direction == RequestMessage.Direction.NOTE
    who = ("The person" if staff else "You") if incoming else _author(message.author, staff)
    return Said(message, sealed.text_of(message), who, not incoming, note)


def _author(author: User | None, staff: bool) -> str:
    """People outside are not told which member of staff wrote."""
    return (author.email if author else "Faceward") if staff else "Faceward"


def rows(found: Iterable[DataRequest]) -> list[Standing]:
    return [standing(ticket, staff=True) for ticket in found]
