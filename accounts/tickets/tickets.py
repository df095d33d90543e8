"""Requests of people: opened by a form, a mail or another part of the program, answered by staff, with clocks.

A request that came while signed in needs no further proof of identity. Everything else is only as sure as an
e-mail address is; staff see which it was.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import DataRequest, RequestMessage, User
from accounts.references import reference
from accounts.states import REQUEST, RequestState
from accounts.tickets import post, sealed
from accounts.tickets.laws import FIRST_ANSWER, Law, law_for
from accounts.tickets.refusal import Refused
from accounts.tickets.sealed import Contact
from accounts.transitions import change_state

Kind, Channel, Direction = DataRequest.Kind, DataRequest.Channel, RequestMessage.Direction
_MOMENT = timedelta(minutes=5)
OUTCOMES = {
    "done": "Done",
    "partly": "Done in part",
    "refused": "Refused, with the reason",
    "answered": "Question answered",
    "not_ours": "Not about us",
    "no_answer": "No answer from the person",
}


def open_ticket(
    kind: str,
    *,
    email: str,
    body: str,
    user: User | None = None,
    channel: str = Channel.FORM,
    message_id: str = "",
    region: str = "",
    actor: User | None = None,
) -> DataRequest:
    """Take a request, start its clocks and mail the receipt to `email`.

    Give `user` only where they were signed in: it stands for a proof of identity. Without an address (a report of
    misuse may have none) nobody can be answered. `actor` is who wrote it down, where that was not the person.
    """
    now = timezone.now()
    contact = Contact(email, region or (user.region if user else ""))
    with transaction.atomic():
        request = DataRequest.objects.create(
            reference=reference("RQ"),
            user=user,
            kind=Kind(kind),
            channel=Channel(channel),
            sealed_contact=sealed.seal_contact(contact),
            received_at=now,
            answer_due_at=now + FIRST_ANSWER,
            due_at=law_for(contact.region).answer.after(now),
        )
        sealed.write(request, Direction.IN, body, message_id=message_id, at=now)
        audit.record("request.opened", request, actor=actor or user, about=user, kind=request.kind, channel=channel)
    try:
        _mail(request, "receipt", automatic=True)
    except Refused:
        # The request stands all the same, and whoever answers has to know.
        sealed.write(request, Direction.NOTE, "The receipt could not be sent to this address.")
    return request


def law_of(request: DataRequest) -> Law:
    """The law whose clock a request has."""
    contact = sealed.contact_of(request)
    return law_for(contact.region if contact else "")


def take_message(request: DataRequest, body: str, *, message_id: str = "", user: User | None = None) -> RequestMessage:
    """More from the person. It is our move again; a closed request is opened again, with new clocks."""
    with transaction.atomic():
        _lock(request)
        message = sealed.write(request, Direction.IN, body, message_id=message_id)
        if request.state == RequestState.CLOSED:
            _reopen(request)
        elif request.state == RequestState.WAITING_FOR_PERSON:
            change_state(request, REQUEST, RequestState.IN_PROGRESS)
        audit.record("request.message", request, actor=user, about=request.user)
    return message


def reply(request: DataRequest, staff: User, body: str, *, wait: bool = False) -> RequestMessage:
    """Answer by mail. `wait`: the person has to say something before we can go on; the law's clock runs all the same.

    Raises:
        Refused: it could not be sent, and nothing was changed.
    """
    _require_open(request)
    if _just_said(request, body):
        raise Refused("This answer has just been sent.")
    if not address_of(request):
        raise Refused("There is no address to answer to.")
    message_id = post.new_message_id(request.reference)
    _mail(request, "reply", message_id=message_id, body=sealed.clean(body))
    with transaction.atomic():
        _lock(request)
        message = sealed.write(request, Direction.OUT, body, author=staff, message_id=message_id)
        new = RequestState.WAITING_FOR_PERSON if wait else RequestState.IN_PROGRESS
        first = {} if request.answered_at else {"answered_at": message.at}
        # Closed at this very moment by somebody else: it stays so, with this answer in it.
        _set(request, "" if request.state == RequestState.CLOSED else new, **first)
        audit.record("request.answered", request, actor=staff, about=request.user, waits=wait)
    return message


def note(request: DataRequest, staff: User, body: str) -> RequestMessage:
    """A note among staff."""
    with transaction.atomic():
        message = sealed.write(request, Direction.NOTE, body, author=staff)
        audit.record("request.noted", request, actor=staff, about=request.user)
    return message


def assign(request: DataRequest, staff: User) -> None:
    """Staff take it on."""
    with transaction.atomic():
        _set(request, RequestState.IN_PROGRESS if request.state == RequestState.RECEIVED else "", assigned_to=staff)
        audit.record("request.assigned", request, actor=staff, about=request.user)


def classify(request: DataRequest, staff: User, kind: str) -> None:
    """Say what it is about: a mail does not. The clocks are the same for all."""
    with transaction.atomic():
        _set(request, "", kind=Kind(kind))
        audit.record("request.classified", request, actor=staff, about=request.user, kind=kind)


def extended_to(request: DataRequest) -> datetime:
    """The longest that the law allows, from when the clocks began: on arrival, or when it was opened again."""
    return law_of(request).extended.after(request.answer_due_at - FIRST_ANSWER)


def extend(request: DataRequest, staff: User, reason: str) -> None:
    """Take the longer time that the law allows, once, within the first deadline, and tell the person why.

    Raises `Refused`.
    """
    _require_open(request)
    if request.extended_at:
        raise Refused("This request was extended before. The law allows it once.")
    if timezone.now() > request.due_at:
        raise Refused("The deadline is over: an extension has to be told within it.")
    due_at = extended_to(request)
    message_id = post.new_message_id(request.reference)
    _mail(request, "extended", message_id=message_id, body=sealed.clean(reason), due_at=due_at)
    with transaction.atomic():
        _lock(request)
        text = f"We need more time, until {_date(due_at)}. {reason}"
        sealed.write(request, Direction.OUT, text, author=staff, message_id=message_id)
        _set(request, "", extended_at=timezone.now(), due_at=due_at)
        audit.record("request.extended", request, actor=staff, about=request.user)


def close(request: DataRequest, staff: User, outcome: str, body: str = "") -> None:
    """End a request, with a last answer. A refusal says why, and where one can complain (Art. 12(4) GDPR).

    Raises `Refused`.
    """
    _require_open(request)
    if outcome not in OUTCOMES:
        raise Refused("Choose how it ended.")
    if address_of(request) and not body.strip() and (outcome == "refused" or not request.answered_at):
        raise Refused("Write the person an answer: they have had none, or must be told why.")
    message_id = post.new_message_id(request.reference)
    _mail(request, "closed", message_id=message_id, body=sealed.clean(body), outcome=outcome)
    now = timezone.now()
    with transaction.atomic():
        _lock(request)
        if body.strip():
            sealed.write(request, Direction.OUT, body, author=staff, message_id=message_id)
        answered = {} if request.answered_at else {"answered_at": now}
        _set(request, RequestState.CLOSED, closed_at=now, outcome=outcome, **answered)
        audit.record("request.closed", request, actor=staff, about=request.user, outcome=outcome)


def reopen(request: DataRequest, staff: User) -> None:
    """Go on with a closed request, with new clocks."""
    with transaction.atomic():
        _reopen(request, staff)


def _reopen(request: DataRequest, staff: User | None = None) -> None:
    now = timezone.now()
    change_state(
        request,
        REQUEST,
        RequestState.IN_PROGRESS,
        closed_at=None,
        outcome="",
        answered_at=None,
        extended_at=None,
        answer_due_at=now + FIRST_ANSWER,
        due_at=law_of(request).answer.after(now),
    )
    audit.record("request.reopened", request, actor=staff, about=request.user)


def _lock(request: DataRequest) -> None:
    """As it is now, and nobody else changes it before this transaction ends: a mail that left is always recorded."""
    request.refresh_from_db(from_queryset=DataRequest.objects.select_for_update())


def _just_said(request: DataRequest, body: str) -> bool:
    """Whether these very words went out a moment ago: the button was pressed twice."""
    last = request.messages.filter(direction=Direction.OUT, at__gte=timezone.now() - _MOMENT).last()
    return last is not None and sealed.text_of(last) == sealed.clean(body)


def _require_open(request: DataRequest) -> None:
    request.refresh_from_db()
    if request.state == RequestState.CLOSED:
        raise Refused("This request is closed. Open it again first.")


def _set(request: DataRequest, new: str, **fields: Any) -> None:
    """Change fields, and the state where it is another one."""
    if new and new != request.state:
        change_state(request, REQUEST, new, **fields)
        return
    for name, value in fields.items():
        setattr(request, name, value)
    if fields:
        request.save(update_fields=list(fields))


def address_of(request: DataRequest) -> str:
    """Where the person is answered; empty where they gave no address, or it was forgotten."""
    contact = sealed.contact_of(request)
    return contact.email if contact else ""


def _mail(
    request: DataRequest, template: str, *, automatic: bool = False, message_id: str = "", **context: Any
) -> None:
    """Write to the person, where they gave an address."""
    address = address_of(request)
    if not address:
        return
    shown = {"request": request, "law": law_of(request), "signed_in": request.user_id is not None, **context}
    message_id = message_id or post.new_message_id(request.reference)
    if not post.to_person(address, template, shown, user=request.user, message_id=message_id, automatic=automatic):
        raise Refused("The mail could not be sent. Nothing was changed. Please try again.")


def _date(instant: datetime) -> str:
    return f"{instant.day} {instant:%B %Y}"
