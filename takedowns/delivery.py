"""Sending letters, at most once: notices and what follows them.

The attempt is committed, with its Message-ID, before the mail server is spoken to. Whatever happens then short of a
clear success leaves the letter in `sending`, where nothing picks it up again: a person finds out what became of it. A
process that dies half-way is noticed by `sweep_stuck_sends`.

What an operator takes by a form only is put there by a person, who takes the letter's sheet first, so that no colleague
fills in the same form (`take_sheet`), and says so afterwards (`record_pasted`).
"""

import hashlib
import logging
import smtplib
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import formataddr, make_msgid
from typing import TypeVar

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from accounts import keys
from accounts.mailing import PlainMail
from accounts.models import User
from accounts.transitions import IllegalTransition, StaleState, change_state
from takedowns import annex, casefile, deadlines, follow_ups, guards, notices, sheets, stops
from takedowns.calendars import holidays_from
from takedowns.cases import NotAllowed, ask_person, finish_items, locked, require_staff, settle_turn
from takedowns.models import AbuseContact, Case, Communication, FollowUp, Notice
from takedowns.notices import reply_address
from takedowns.states import FOLLOW_UP, NOTICE, NoticeState

logger = logging.getLogger(__name__)

__all__ = [
    "BLOCKED",
    "PASTE",
    "STUCK",
    "Letter",
    "NotSent",
    "put_back",
    "record_left",
    "record_pasted",
    "reply_address",
    "send",
    "send_approved",
    "settle",
    "sweep_stuck_sends",
    "take_sheet",
]

Letter = Notice | FollowUp
_L = TypeVar("_L", Notice, FollowUp)
STUCK = "notice_stuck"
BLOCKED = "notice_blocked"
PASTE = "notice_paste"
# Longer than any send may take: the mail server's time limit counts for each step of the conversation.
STUCK_AFTER = timedelta(minutes=15)
# The mail server did not take the letter: what it says before it has seen a word of it.
_NEVER_LEFT = (
    ConnectionRefusedError,
    smtplib.SMTPConnectError,
    smtplib.SMTPHeloError,
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPNotSupportedError,
    smtplib.SMTPSenderRefused,
    smtplib.SMTPRecipientsRefused,
)
_MOST_REFERENCES = 10
_LONGEST_CONFIRMATION = 2000
_LONGEST_ADDRESS = 300


class NotSent(Exception):
    """The letter did not go out, or we cannot tell; the text says which, in one sentence for people."""


def send(letter: _L, *, despite_stop: User | None = None) -> _L:
    """Send an approved letter. Calling it twice, or from two processes at once, sends one letter.

    `despite_stop` is the senior colleague who sends a retraction although sending is stopped (see `stops`).

    Raises:
        NotAllowed: it may not be sent (now); nothing was tried.
        NotSent: it was tried and is on a person's desk.
    """
    with transaction.atomic():
        # Also before the annex is made, which takes a while and is for nothing where the letter may not leave.
        checked = _checked(letter, despite_stop)
    if not checked.recipient:
        raise NotAllowed("This operator takes notices by a form only: a person puts it there.")
    printed = annex.pdf(checked) if isinstance(checked, Notice) else b""
    claimed = _claim(checked, despite_stop, printed)
    try:
        _message(claimed, printed).send()
    except Exception as error:
        # Whatever an e-mail backend raises: it is never tried again by itself, and a person is told.
        _give_up(claimed, error)
        raise NotSent(_explain(error)) from error
    return _record_sent(claimed)


def send_approved() -> list[Letter]:
    """Send everything approved. Returns what was sent; what cannot be is on a person's desk, once.

    Left out, with nobody asked: letters to an operator that has had its letters for the day, and reminders before the
    day that it named. They wait their turn, the longest first.
    """
    sent: list[Letter] = []
    if stops.why_not():
        return sent
    for draft in FollowUp.objects.filter(state=NoticeState.DRAFT).select_related("notice__case"):
        follow_ups.withdraw_moot(draft)
    waiting = {"state": NoticeState.APPROVED}
    # Further letters first: a retraction is among them.
    for follow_up in FollowUp.objects.filter(**waiting).select_related("notice__case").order_by("approved_at"):
        if not follow_ups.withdraw_moot(follow_up):
            with suppress(guards.NotYet):
                sent += _try(follow_up)
    full: set[object] = set()
    for notice in Notice.objects.filter(**waiting).select_related("case").order_by("approved_at"):
        if notice.operator_id not in full:
            try:
                sent += _try(notice)
            except guards.NotYet:
                full.add(notice.operator_id)
    return sent


def take_sheet(letter: _L, staff: User, *, over: bool = False) -> _L:
    """A person is about to put an approved letter into the operator's form, and nobody else does meanwhile.

    With `over` the sheet is taken from a colleague, who has been asked and has not sent the form.

    Raises:
        NotAllowed: not a member of staff, not a letter for a form, it may not be sent, or a colleague has its sheet.
    """
    require_staff(staff)
    with transaction.atomic():
        letter = _checked(letter, None)
        _require_form(letter)
        if letter.taken_by_id == staff.pk:
            return letter
        if letter.taken_by is not None and not over:
            raise NotAllowed(f"{casefile.person(letter.taken_by)} has the sheet of this letter.")
        before = letter.taken_by
        _hold(letter, staff)
        if before is None:
            _record(letter, "taken", staff)
        else:
            _record(letter, "taken_over", staff, colleague=casefile.person(before))
    return letter


def put_back(letter: _L, staff: User) -> _L:
    """Whoever took the sheet has not sent the form, and somebody else may. Raises NotAllowed."""
    with transaction.atomic():
        letter = _locked(letter)
        if letter.state != NoticeState.APPROVED or letter.taken_by_id != staff.pk:
            raise NotAllowed("Only a sheet that you have, and have not sent, is put back.")
        _hold(letter, None)
        _record(letter, "put_back", staff)
    return letter


def record_pasted(letter: _L, staff: User, confirmation: str = "") -> _L:
    """Whoever took the sheet has put it into the form, once. `confirmation` is what the form answered.

    Everything that holds for sending is looked at before it is taken down as sent.

    Raises:
        NotAllowed: not a letter for a form, not whoever took its sheet, or it may not be sent (any more).
    """
    require_staff(staff)
    if len(confirmation) > _LONGEST_CONFIRMATION:
        raise NotAllowed(f"Please keep the confirmation under {_LONGEST_CONFIRMATION} characters.")
    with transaction.atomic():
        letter = _checked(letter, None)
        _require_form(letter)
        if letter.taken_by_id != staff.pk:
            raise NotAllowed("Take the sheet first, so that nobody else puts it into the form meanwhile.")
        text = sheets.as_text(sheets.fields(letter))
        if confirmation.strip():
            text += f"\nWhat the form answered:\n{confirmation.strip()}\n"
        _change(letter, NoticeState.SENDING, sending_at=timezone.now())
        _record(letter, "sending", staff)
        return _record_sent(letter, staff, text)


def sweep_stuck_sends(older_than: timedelta = STUCK_AFTER) -> int:
    """Put every send that died half-way on a person's desk, once. Returns how many are new there."""
    begun = {"state": NoticeState.SENDING, "sending_at__lte": timezone.now() - older_than}
    found: list[Letter] = [*Notice.objects.filter(**begun), *FollowUp.objects.filter(**begun)]
    return sum(_ask_about(letter, STUCK, _UNCLEAR) for letter in found)


def settle(letter: _L, staff: User, *, left: bool) -> _L:
    """A person has found out what became of a send that died half-way: the letter left, or it did not.

    One that did not is withdrawn, so that another can be written. Raises NotAllowed.
    """
    require_staff(staff)
    if left:
        return _record_sent(letter, staff)
    with transaction.atomic():
        letter = _locked(letter)
        if letter.state != NoticeState.SENDING:
            raise NotAllowed("Only a letter whose sending is unclear is settled.")
        _change(letter, NoticeState.WITHDRAWN)
        _record(letter, "withdrawn", staff, reason="it never left")
        _finish(letter, staff)
        settle_turn(locked(_case_of(letter)))
    return letter


def record_left(letter: Letter) -> None:
    """Somebody answers a letter whose sending is unclear, by its Message-ID: so it has left."""
    if letter.state == NoticeState.SENDING:
        _record_sent(letter)  # type: ignore[type-var]


_UNCLEAR = (
    "A send died half-way. The letter may or may not have left: look for its Message-ID in the mail "
    "server's log, then say whether it did. It is never sent again by itself."
)
_REFUSED = "The mail server did not take the letter, so it has not left."
_PASTE = (
    "This operator takes notices by a form only. Take the letter's sheet, paste its fields into the form, "
    "send the form once, and say here what it answered."
)


# --- The steps of a send -----------------------------------------------------------------------------------


def _checked(letter: _L, despite_stop: User | None) -> _L:
    """The letter, locked, if it may leave now. Call it in a transaction. Raises NotAllowed."""
    _require_not_stopped(letter, despite_stop)
    letter = _locked(letter)
    if letter.state != NoticeState.APPROVED:
        raise NotAllowed("Only an approved letter can be sent, and only once.")
    if letter.body_sha256 != notices.body_hash(letter):
        raise NotAllowed("The letter is not the one that was approved.")
    if isinstance(letter, Notice):
        notices.require_sendable(letter)
        guards.require_allowed(letter)
    else:
        follow_ups.require_sendable(letter)
    return letter


def _require_form(letter: Letter) -> None:
    if letter.recipient:
        raise NotAllowed("This letter is sent by e-mail.")


def _hold(letter: Letter, staff: User | None) -> None:
    letter.taken_by, letter.taken_at = staff, timezone.now() if staff else None
    letter.save(update_fields=["taken_by", "taken_at"])


def _require_not_stopped(letter: Letter, despite_stop: User | None) -> None:
    why = stops.why_not()
    if not why:
        return
    is_retraction = isinstance(letter, FollowUp) and letter.kind == FollowUp.Kind.RETRACTION
    senior = despite_stop is not None and despite_stop.is_senior_staff
    if why == stops.OFF or not (is_retraction and senior):
        raise NotAllowed(why)


def _claim(letter: _L, despite_stop: User | None, printed: bytes) -> _L:
    """Check everything once more and mark the letter as being sent, committed before anything is tried."""
    # Durable: inside a caller's transaction the claim could be rolled back after the letter has left.
    with transaction.atomic(durable=True):
        letter = _checked(letter, despite_stop)
        domain = settings.NOTICES_EMAIL.rpartition("@")[2]
        message_id = make_msgid(_case_of(letter).reference, domain=domain)
        _change(letter, NoticeState.SENDING, message_id=message_id, sending_at=timezone.now())
        data = {"annex_sha256": hashlib.sha256(printed).hexdigest()} if printed else {}
        if despite_stop is not None and stops.why_not():
            data["despite_stop"] = "yes"
        _record(letter, "sending", despite_stop, **data)
    return letter


def _message(letter: Letter, printed: bytes) -> EmailMessage:
    """Text first. What comes back goes to the case's own address: it is the envelope's sender, too."""
    case = _case_of(letter)
    own_address = reply_address(case)
    sender = formataddr((settings.AGENT_NAME, settings.NOTICES_EMAIL))
    message = PlainMail(
        subject=letter.title,
        body=letter.body,
        from_email=own_address,
        to=[letter.recipient],
        reply_to=[own_address],
        headers={"From": sender, "Message-ID": letter.message_id, **_thread(letter)},
    )
    if printed:
        message.attach(f"{case.reference}.pdf", printed, "application/pdf")
    return message


def _thread(letter: Letter) -> dict[str, str]:
    """A further letter stands under the notice that it is about (RFC 5322, 3.6.4)."""
    if isinstance(letter, Notice) or not letter.notice.message_id:
        return {}
    first = letter.notice.message_id
    earlier = letter.notice.follow_ups.filter(sent_at__isnull=False).exclude(pk=letter.pk).order_by("sent_at")
    ids = list(earlier.exclude(message_id="").values_list("message_id", flat=True))
    return {"In-Reply-To": first, "References": " ".join([first, *ids[-_MOST_REFERENCES:]])}


def _record_sent(letter: _L, actor: User | None = None, pasted: str = "") -> _L:
    """The letter left: it is on record, sealed, and what follows from it begins."""
    with transaction.atomic():
        letter = _locked(letter)
        case = locked(_case_of(letter))
        if letter.state != NoticeState.SENDING:
            raise NotAllowed("Somebody else was first: this letter has moved on.")
        sent_at = letter.sending_at or timezone.now()
        if isinstance(letter, Notice):
            letter.case = case
            due = _due_at(letter)
            _change(letter, NoticeState.SENT, sent_at=sent_at, due_at=due)
            _record(letter, "sent", actor, due_on=due.date().isoformat())
            day = timedelta(seconds=settings.VERIFICATION_INTERVAL_SECONDS)
            first_check = deadlines.next_check(sent_at, sent_at, day)
            letter.urls.filter(next_check_at=None).update(next_check_at=first_check)
        else:
            _change(letter, NoticeState.SENT, sent_at=sent_at)
            _record(letter, "sent", actor)
            follow_ups.after_sending(letter, actor)
        _keep_copy(letter, case, pasted)
        _finish(letter, actor)
        # What followed from a further letter may have moved the case on already.
        case.refresh_from_db(fields=["state"])
        settle_turn(case)
    logger.info("letter %s sent", letter.pk)
    return letter


def _due_at(notice: Notice) -> datetime:
    sent_at = notice.sending_at or timezone.now()
    free = holidays_from(notice.operator.country, sent_at)
    return deadlines.due_at(notice.ground, sent_at, intimate=notice.case.intimate, holidays=free)


def _keep_copy(letter: Letter, case: Case, pasted: str) -> None:
    notice = _notice_of(letter)
    Communication.objects.create(
        case=case,
        notice=notice,
        direction=Communication.Direction.OUT,
        kind=Communication.Kind.LETTER,
        sender=settings.NOTICES_EMAIL,
        recipient=(letter.recipient or notice.contact.form_url)[:_LONGEST_ADDRESS],
        title=letter.title,
        sealed_body=keys.seal(case.subject.user, "communication", (pasted or letter.body).encode()),
        message_id=letter.message_id,
        at=letter.sent_at or timezone.now(),
    )


def _give_up(letter: Letter, error: Exception) -> None:
    logger.warning("sending letter %s ended with %s", letter.pk, type(error).__name__)
    if isinstance(error, smtplib.SMTPRecipientsRefused) and _is_permanent(error):
        contact = AbuseContact.objects.filter(pk=_notice_of(letter).contact_id, email=letter.recipient)
        contact.update(bounced_at=timezone.now())
    _ask_about(letter, STUCK, _explain(error))


def _explain(error: Exception) -> str:
    return f"{_REFUSED} ({type(error).__name__})" if isinstance(error, _NEVER_LEFT) else _UNCLEAR


def _is_permanent(error: smtplib.SMTPRecipientsRefused) -> bool:
    return all(500 <= code < 600 for code, _ in error.recipients.values())


# --- Small steps -------------------------------------------------------------------------------------------


def _try(letter: _L) -> list[_L]:
    """Send a letter; what cannot be sent is on a person's desk. Raises guards.NotYet: only its time has not come."""
    if not letter.recipient:
        _ask_about(letter, PASTE, _PASTE)
        return []
    try:
        return [send(letter)]
    except guards.NotYet:
        raise
    except NotAllowed as refusal:
        _ask_about_blocked(letter, refusal)
    except NotSent:
        logger.warning("letter %s was not sent", letter.pk)
    return []


def _ask_about_blocked(letter: Letter, refusal: NotAllowed) -> None:
    if not type(letter).objects.filter(pk=letter.pk, state=NoticeState.APPROVED).exists():
        return  # another worker was first
    if not stops.why_not():
        _ask_about(letter, BLOCKED, f"The letter is approved and cannot be sent: {refusal}")


def _ask_about(letter: Letter, kind: str, text: str) -> bool:
    with transaction.atomic():
        case = locked(_case_of(letter))
        item = ask_person(case, kind, letter.pk, text)
        if item is None:
            return False
        if kind == STUCK:
            _record(letter, "stuck")
        settle_turn(case)
    return True


def _finish(letter: Letter, staff: User | None) -> None:
    about = _case_of(letter).work_items.filter(kind__in=(STUCK, BLOCKED, PASTE), about=str(letter.pk))
    finish_items(about, staff)


def _locked(letter: _L) -> _L:
    return notices.locked_notice(letter) if isinstance(letter, Notice) else follow_ups.locked_follow_up(letter)


def _case_of(letter: Letter) -> Case:
    return _notice_of(letter).case


def _notice_of(letter: Letter) -> Notice:
    return letter if isinstance(letter, Notice) else letter.notice


def _record(letter: Letter, what: str, actor: User | None = None, **data: str) -> None:
    if isinstance(letter, Notice):
        notices.record_event(letter, f"notice.{what}", actor, **data)
    else:
        follow_ups.record_event(letter, f"follow_up.{what}", actor, **data)


def _change(letter: Letter, state: NoticeState, **also: object) -> None:
    try:
        change_state(letter, NOTICE if isinstance(letter, Notice) else FOLLOW_UP, state, **also)
    except (IllegalTransition, StaleState) as error:
        raise NotAllowed("Somebody else was first: this letter has moved on.") from error
