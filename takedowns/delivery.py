"""Sending notices, at most once.

The attempt is committed, with its Message-ID, before the mail server is spoken to. Whatever happens then
short of a clear success leaves the notice in `sending`, where nothing picks it up again: a person finds out
what became of it. A process that dies half-way is noticed by `sweep_stuck_sends`.
"""

import logging
import smtplib
from datetime import timedelta
from email.utils import formataddr, make_msgid

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from accounts import keys
from accounts.models import User
from accounts.transitions import IllegalTransition, StaleState, change_state
from takedowns import deadlines
from takedowns.cases import NotAllowed, ask_person, locked, settle_turn
from takedowns.models import AbuseContact, Case, Communication, Notice
from takedowns.notices import body_hash, locked_notice, record_event, require_sendable
from takedowns.states import NOTICE, NoticeState

logger = logging.getLogger(__name__)

STUCK = "notice_stuck"
BLOCKED = "notice_blocked"
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


class NotSent(Exception):
    """The letter did not go out, or we cannot tell; the text says which, in one sentence for people."""


def send(notice: Notice) -> Notice:
    """Send an approved notice. Calling it twice, or from two processes at once, sends one letter.

    Raises:
        NotAllowed: it may not be sent (now); nothing was tried.
        NotSent: it was tried and is on a person's desk.
    """
    notice = _claim(notice)
    try:
        _message(notice).send()
    except Exception as error:
        # Whatever an e-mail backend raises: it is never tried again by itself, and a person is told.
        _give_up(notice, error)
        raise NotSent(_explain(error)) from error
    return _record_sent(notice)


def send_approved() -> list[Notice]:
    """Send everything approved. Returns what was sent; what cannot be is on a person's desk, once."""
    sent: list[Notice] = []
    if not settings.NOTICES_ENABLED:
        return sent
    for notice in Notice.objects.filter(state=NoticeState.APPROVED).order_by("approved_at"):
        try:
            sent.append(send(notice))
        except NotAllowed as refusal:
            if not Notice.objects.filter(pk=notice.pk, state=NoticeState.APPROVED).exists():
                continue  # another worker was first
            _ask_about(notice, BLOCKED, f"The notice is approved and cannot be sent: {refusal}")
        except NotSent:
            logger.warning("notice %s was not sent", notice.pk)
    return sent


def sweep_stuck_sends(older_than: timedelta = STUCK_AFTER) -> int:
    """Put every send that died half-way on a person's desk, once. Returns how many are new there."""
    stuck = Notice.objects.filter(state=NoticeState.SENDING, sending_at__lte=timezone.now() - older_than)
    return sum(_ask_about(notice, STUCK, _UNCLEAR) for notice in stuck)


def settle(notice: Notice, staff: User, *, left: bool) -> Notice:
    """A person has found out what became of a send that died half-way: the letter left, or it did not.

    One that did not is withdrawn, so that another can be written. Raises NotAllowed.
    """
    if not staff.is_staff_member:
        raise NotAllowed("Only a member of staff can do this.")
    if left:
        return _record_sent(notice, staff)
    with transaction.atomic():
        notice = locked_notice(notice)
        _change(notice, NoticeState.WITHDRAWN)
        reason = "it never left"
        record_event(notice, "notice.withdrawn", staff, reason=reason)
        _finish_items(notice, staff)
        settle_turn(locked(notice.case))
    return notice


def reply_address(case: Case) -> str:
    """The case's own address for answers: the reference behind a plus sign."""
    name, _, domain = settings.NOTICES_EMAIL.rpartition("@")
    return f"{name}+{case.reference}@{domain}"


_UNCLEAR = (
    "A send died half-way. The letter may or may not have left: look for its Message-ID in the mail "
    "server's log, then say whether it did. It is never sent again by itself."
)
_REFUSED = "The mail server did not take the letter, so it has not left."


def _claim(notice: Notice) -> Notice:
    """Check everything once more and mark the notice as being sent, committed before anything is tried."""
    if not settings.NOTICES_ENABLED:
        raise NotAllowed("Sending notices is switched off.")
    # Durable: inside a caller's transaction the claim could be rolled back after the letter has left.
    with transaction.atomic(durable=True):
        notice = locked_notice(notice)
        if notice.state != NoticeState.APPROVED:
            raise NotAllowed("Only an approved notice can be sent, and only once.")
        if notice.body_sha256 != body_hash(notice):
            raise NotAllowed("The letter is not the one that was approved.")
        require_sendable(notice)
        domain = settings.NOTICES_EMAIL.rpartition("@")[2]
        message_id = make_msgid(notice.case.reference, domain=domain)
        _change(notice, NoticeState.SENDING, message_id=message_id, sending_at=timezone.now())
        record_event(notice, "notice.sending")
    return notice


def _message(notice: Notice) -> EmailMessage:
    return EmailMessage(
        subject=notice.title,
        body=notice.body,
        from_email=formataddr((settings.AGENT_NAME, settings.NOTICES_EMAIL)),
        to=[notice.recipient],
        reply_to=[reply_address(notice.case)],
        headers={"Message-ID": notice.message_id},
    )


def _record_sent(notice: Notice, actor: User | None = None) -> Notice:
    with transaction.atomic():
        notice, now = locked_notice(notice), timezone.now()
        case = notice.case = locked(notice.case)
        sent_at = notice.sending_at or now
        due = deadlines.due_at(notice.ground, sent_at, intimate=case.intimate)
        _change(notice, NoticeState.SENT, sent_at=sent_at, due_at=due)
        subject = case.subject.user
        Communication.objects.create(
            case=case,
            notice=notice,
            direction=Communication.Direction.OUT,
            sender=settings.NOTICES_EMAIL,
            recipient=notice.recipient,
            title=notice.title,
            sealed_body=keys.seal(subject, "communication", notice.body.encode()),
            message_id=notice.message_id,
            at=sent_at,
        )
        first_check = deadlines.next_check(sent_at, sent_at, timedelta(seconds=settings.VERIFICATION_INTERVAL_SECONDS))
        notice.urls.filter(next_check_at=None).update(next_check_at=first_check)
        record_event(notice, "notice.sent", actor, due_on=due.date().isoformat())
        _finish_items(notice, actor)
        settle_turn(case)
    logger.info("notice %s sent", notice.pk)
    return notice


def _give_up(notice: Notice, error: Exception) -> None:
    logger.warning("sending notice %s ended with %s", notice.pk, type(error).__name__)
    if isinstance(error, smtplib.SMTPRecipientsRefused) and _is_permanent(error):
        AbuseContact.objects.filter(pk=notice.contact_id).update(bounced_at=timezone.now())
    _ask_about(notice, STUCK, _explain(error))


def _explain(error: Exception) -> str:
    return f"{_REFUSED} ({type(error).__name__})" if isinstance(error, _NEVER_LEFT) else _UNCLEAR


def _is_permanent(error: smtplib.SMTPRecipientsRefused) -> bool:
    return all(500 <= code < 600 for code, _ in error.recipients.values())


def _ask_about(notice: Notice, kind: str, text: str) -> bool:
    with transaction.atomic():
        case = locked(notice.case)
        item = ask_person(case, kind, notice.pk, text)
        if item is None:
            return False
        if kind == STUCK:
            record_event(notice, "notice.stuck")
        settle_turn(case)
    return True


def _finish_items(notice: Notice, staff: User | None) -> None:
    open_items = notice.case.work_items.filter(kind__in=(STUCK, BLOCKED), about=str(notice.pk), done_at=None)
    open_items.update(done_at=timezone.now(), done_by=staff)


def _change(notice: Notice, state: NoticeState, **also: object) -> None:
    try:
        change_state(notice, NOTICE, state, **also)
    except (IllegalTransition, StaleState) as error:
        raise NotAllowed("Somebody else was first: this notice has moved on.") from error
