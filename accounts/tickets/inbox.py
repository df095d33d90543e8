"""Mails of people become requests, or messages of the request that they belong to.

A mail belongs to a request if it names its reference or answers one of its mails, and came from the address that the
request has. From another address it opens a request of its own: a reference is no proof of who writes. As a sender can
be invented, a mail is never linked to an account, and answers go to the request's own address only.
"""

import logging
import re
from collections import Counter
from email.utils import parseaddr

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError

from accounts.limits import limited
from accounts.models import DataRequest, RequestMessage
from accounts.tickets import mail_text, mailboxes, tickets
from accounts.tickets.mail_text import Mail, Unreadable

logger = logging.getLogger(__name__)

_REFERENCE = re.compile(r"\bRQ-[2-9B-DF-HJ-NP-TV-Z]{8}\b")
_PER_SENDER, _DAY = 20, 24 * 3600
# What becomes of a mail. The first three were taken over; the others are left where they are, for a person.
OPENED, ADDED, DUPLICATE = "opened", "added", "duplicate"
AUTOMATIC, NO_SENDER, LIMITED, UNREADABLE = "automatic", "no_sender", "limited", "unreadable"
_TAKEN = frozenset({OPENED, ADDED, DUPLICATE})


def read_inbox() -> Counter[str]:
    """Take over what waits in the mailbox. How many mails became what. Raises `MailboxTrouble`."""
    return mailboxes.take_over(settings.PRIVACY_INBOX_URL, "PRIVACY_INBOX_URL", take, _TAKEN)


def take(raw: bytes) -> str:
    """Take over one mail, and say what became of it."""
    try:
        mail = mail_text.read(raw)
    except Unreadable as error:
        logger.warning("A mail could not be read: %s", error)
        return UNREADABLE
    if mail.automatic or mail.sender in _own_addresses():
        return AUTOMATIC
    try:
        validate_email(mail.sender)
    except ValidationError:
        return NO_SENDER
    if RequestMessage.objects.filter(message_id=mail.message_id).exists():
        return DUPLICATE
    if limited(f"inbox:{mail.sender}", _PER_SENDER, _DAY):
        return LIMITED
    try:
        return _keep(mail)
    except IntegrityError:
        return DUPLICATE  # another process was reading, too


def _keep(mail: Mail) -> str:
    found = _request_of(mail)
    if found is not None:
        tickets.take_message(found, _words(mail), message_id=mail.message_id)
        return ADDED
    tickets.open_ticket(
        DataRequest.Kind.QUESTION,
        email=mail.sender,
        body=f"{mail.subject}\n\n{_words(mail)}".strip(),
        channel=DataRequest.Channel.EMAIL,
        message_id=mail.message_id,
    )
    return OPENED


def _request_of(mail: Mail) -> DataRequest | None:
    named = _REFERENCE.findall(mail.subject.upper())
    found = list(DataRequest.objects.filter(reference__in=named))
    found += DataRequest.objects.filter(messages__message_id__in=mail.answers).distinct()
    return next((request for request in found if tickets.address_of(request).lower() == mail.sender), None)


def _words(mail: Mail) -> str:
    text = mail.text or "(There was no text in this mail.)"
    if not mail.attachments:
        return text
    were = "1 attachment was" if mail.attachments == 1 else f"{mail.attachments} attachments were"
    return f"{text}\n\n({were} not kept.)"


def _own_addresses() -> set[str]:
    """From which only we write: an alarm that comes back to the mailbox is no request."""
    named = (settings.PRIVACY_EMAIL, settings.DEFAULT_FROM_EMAIL, settings.NOTICES_EMAIL, settings.SERVER_EMAIL)
    return {parseaddr(address)[1].lower() for address in named}
