"""Between a subscriber and staff about a case: what we ask, what they answer, and when they are not satisfied.

Texts are sealed with the subscriber's key. The alert that goes with a question says only that there is one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts import keys
from accounts.models import User
from takedowns import events
from takedowns.cases import NotAllowed, ask_person, locked, move, require_staff, settle_turn
from takedowns.models import Case, CaseMessage
from takedowns.states import CaseState, Outcome

ANSWERED, NOT_SATISFIED, MESSAGE, TAKEN_UP = "answered", "not_satisfied", "message", "taken_up"
LONGEST = 4000
_PURPOSE = "case-message"


@dataclass(frozen=True)
class Said:
    """One message in words. `ours` is whether staff wrote it."""

    at: datetime
    kind: str
    ours: bool
    text: str


def ask_subject(case: Case, staff: User, text: str) -> None:
    """Ask the subscriber something; the case waits for them. Raises NotAllowed."""
    require_staff(staff)
    words = _clean(text)
    with transaction.atomic():
        case = locked(case)
        if case.state == CaseState.CLOSED:
            raise NotAllowed("The case is closed.")
        _write(case, staff, CaseMessage.Kind.QUESTION, words)
        events.record(case, "case.asked", actor=staff)
        move(case, CaseState.AWAITING_SUBJECT)


def asks(case: Case) -> bool:
    """Whether the subscriber has a question of ours to answer."""
    last = case.messages.exclude(kind=CaseMessage.Kind.MESSAGE).order_by("-pk").first()
    return case.state == CaseState.AWAITING_SUBJECT and last is not None and last.kind == CaseMessage.Kind.QUESTION


def answer(case: Case, user: User, text: str) -> None:
    """The subscriber answers; it is our move again. Raises NotAllowed."""
    words = _clean(text)
    with transaction.atomic():
        case = _own(case, user)
        if not asks(case):
            raise NotAllowed("Nothing waits for your answer here.")
        _write(case, user, CaseMessage.Kind.ANSWER, words)
        events.record(case, "case.answered", actor=user)
        ask_person(case, ANSWERED, case.pk, "The subscriber answered: read it, and go on.", again=True)
        _our_move(case)


def write_to_us(case: Case, user: User, text: str) -> None:
    """The subscriber has something to say. Raises NotAllowed."""
    words = _clean(text)
    with transaction.atomic():
        case = _own(case, user)
        if case.state == CaseState.CLOSED:
            raise NotAllowed("This case has ended. You can ask us to take it up again.")
        _write(case, user, CaseMessage.Kind.MESSAGE, words)
        events.record(case, "case.message", actor=user)
        ask_person(case, MESSAGE, case.pk, "The subscriber wrote to us: read it.", again=True)
        settle_turn(case)


def not_satisfied(case: Case, user: User, text: str) -> None:
    """The subscriber complains about how it goes or went; a senior colleague looks. Raises NotAllowed."""
    words = _clean(text)
    with transaction.atomic():
        case = _own(case, user)
        _write(case, user, CaseMessage.Kind.NOT_SATISFIED, words)
        events.record(case, "case.not_satisfied", actor=user)
        text = "The subscriber is not satisfied: a senior colleague reads why, and answers."
        ask_person(case, NOT_SATISFIED, case.pk, text, again=True)
        settle_turn(case)


def reopen(case: Case, user: User, reason: str) -> Case:
    """A case that did not end with the picture removed is taken up again, as a new one that follows it.

    It waits for the subscriber, whose answers may have changed. Where the old ones still hold, `workflow.open_case`
    goes on with them. Raises NotAllowed.
    """
    with transaction.atomic():
        case = _own(case, user)
        if case.state != CaseState.CLOSED or case.outcome == Outcome.REMOVED:
            raise NotAllowed("Only a case that ended otherwise than with a removal can be taken up again.")
        if case.match.image.withdrawn_at:
            raise NotAllowed("A senior colleague deals with this picture. There is nothing more for you to do.")
        known = case.match.cases.exclude(state=CaseState.CLOSED).first()
        if known is not None:
            return known
        new = Case.objects.create(
            subject=case.subject,
            match=case.match,
            state=CaseState.AWAITING_SUBJECT,
            follows=case,
            intimate=case.intimate,
            assigned_to=case.assigned_to,
        )
        events.record(new, "case.follows", actor=user, reference=case.reference, old_case=str(case.pk))
        if reason.strip():
            _write(new, user, CaseMessage.Kind.MESSAGE, _clean(reason))
            ask_person(new, TAKEN_UP, new.pk, "Taken up again: read why, before the same letters go out once more.")
    return new


def said(case: Case) -> list[Said]:
    """What was said about a case, oldest first."""
    owner = case.subject.user
    messages = list(case.messages.order_by("pk"))
    if not messages:
        return []
    unseal = keys.opener(owner)
    return [Said(one.at, one.kind, one.author_id != owner.pk, _text(one, unseal)) for one in messages]


def _text(message: CaseMessage, unseal: Callable[[str, bytes | memoryview], bytes]) -> str:
    try:
        return unseal(_PURPOSE, message.sealed_body).decode("utf-8", "replace")
    except keys.Unreadable:
        return "The text cannot be read any more: the subscriber's key was destroyed."


def _own(case: Case, user: User) -> Case:
    case = locked(case)
    if case.subject.user_id != user.pk:
        raise NotAllowed("This case is not yours.")
    return case


def _our_move(case: Case) -> None:
    """Out of the subscriber's hands, and to whoever has the move then."""
    move(case, CaseState.ACTION_NEEDED if case.notices.exists() else CaseState.TRIAGE)
    settle_turn(case)


def _write(case: Case, author: User, kind: CaseMessage.Kind, words: str) -> None:
    sealed = keys.seal(case.subject.user, _PURPOSE, words.encode())
    CaseMessage.objects.create(case=case, kind=kind, author=author, sealed_body=sealed)


def _clean(text: str) -> str:
    kept = "".join(char for char in text.replace("\r\n", "\n") if char.isprintable() or char == "\n").strip()
    if not kept or len(kept) > LONGEST:
        raise NotAllowed(f"Please write between 1 and {LONGEST} characters.")
    return kept
