"""Mail for us becomes letters of cases; what belongs to none waits for a person.

What was taken over is deleted from the mailbox. What was left out (our own mail, and floods) stays there, marked.
"""

import logging
from collections import Counter
from email.utils import parseaddr

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts import bounces
from accounts.bounces import Bounce, Weight
from accounts.limits import limited
from accounts.tickets import mail_text, mailboxes
from accounts.tickets.mail_text import Mail, Unreadable
from accounts.transitions import allowed, change_state
from takedowns import delivery
from takedowns.contacts.choosing import mail_domain
from takedowns.mail import counter, effects, filing, matching, orphans
from takedowns.mail.matching import Found
from takedowns.models import Communication, FollowUp, Notice, OrphanMail
from takedowns.states import FOLLOW_UP, NoticeState

logger = logging.getLogger(__name__)

# What becomes of a mail. The first three were taken over.
FILED, ORPHAN, DUPLICATE = "filed", "orphan", "duplicate"
OURS, LIMITED = "ours", "limited"
_TAKEN = frozenset({FILED, ORPHAN, DUPLICATE})
_PER_CASE, _PER_SENDER, _DAY = 100, 50, 24 * 3600


def read_mail() -> Counter[str]:
    """Take over what waits in the mailbox. How many mails became what. Raises `MailboxTrouble`."""
    return mailboxes.take_over(settings.NOTICES_INBOX_URL, "NOTICES_INBOX_URL", take, _TAKEN)


def take(raw: bytes) -> str:
    """Take over one mail, and say what became of it. The same mail again changes nothing."""
    try:
        mail = mail_text.read(raw)
    except Unreadable as error:
        logger.warning("A mail could not be read: %s", error)
        return ORPHAN if orphans.keep_unreadable(raw[: mail_text.MAX_MAIL]) else DUPLICATE
    if _is_ours(mail):
        return OURS
    if _is_known(mail):
        return DUPLICATE
    bounce = bounces.read(raw)
    found = matching.find(mail, bounce.about if bounce else ())
    if _is_flood(mail, found):
        logger.warning("Too much mail at once: one is left in the mailbox")
        return LIMITED
    try:
        outcome = _keep(mail, bounce, found)
    except IntegrityError:
        if _is_known(mail):
            return DUPLICATE  # another process was reading, too
        raise
    counter.inform_due()
    return outcome


def _keep(mail: Mail, bounce: Bounce | None, found: Found | matching.Lost) -> str:
    with transaction.atomic():
        if isinstance(found, matching.Lost):
            orphans.keep(mail, found.why)
            return ORPHAN
        if found.by == matching.MESSAGE_ID and (answered := found.follow_up or found.notice):
            delivery.record_left(answered)
        letter, verdict = filing.file(mail, found, bounced=bounce is not None)
        weight = _weight(bounce, found.notice) if bounce else None
        until = verdict.until if bounce is None else None
        effects.apply(letter, until=until, weight=weight, received_on=verdict.provider_received_on)
        if weight == Weight.HARD and found.follow_up is not None:
            _came_back(found.follow_up)
    return FILED


def _weight(bounce: Bounce, notice: Notice | None) -> Weight | None:
    """What a report says about our letter; one mailbox behind the address that we wrote to counts for it, too."""
    if notice is None:
        return None
    weight = bounce.of(notice.recipient)
    if weight is None and len(bounce.failures) == 1:
        own, other = mail_domain(notice.recipient), mail_domain(bounce.failures[0].recipient)
        weight = bounce.failures[0].weight if own and own == other else None
    return weight


def _came_back(follow_up: FollowUp) -> None:
    follow_up.refresh_from_db(fields=["state"])
    if allowed(FOLLOW_UP, follow_up.state, NoticeState.BOUNCED):
        change_state(follow_up, FOLLOW_UP, NoticeState.BOUNCED)


def _is_known(mail: Mail) -> bool:
    received = Communication.objects.filter(direction=Communication.Direction.IN, message_id=mail.message_id)
    return received.exists() or OrphanMail.objects.filter(message_id=mail.message_id).exists()


def _is_ours(mail: Mail) -> bool:
    """What we wrote ourselves has come back to us by a loop, or by a copy."""
    if mail.sender in _own_addresses():
        return True
    sent = (Notice.objects, FollowUp.objects, Communication.objects.filter(direction=Communication.Direction.OUT))
    return any(rows.filter(message_id=mail.message_id).exists() for rows in sent)


def _own_addresses() -> set[str]:
    named = (settings.NOTICES_EMAIL, settings.DEFAULT_FROM_EMAIL, settings.PRIVACY_EMAIL, settings.SERVER_EMAIL)
    return {parseaddr(address)[1].lower() for address in named}


def _is_flood(mail: Mail, found: Found | matching.Lost) -> bool:
    """A case, and a sender whose mail belongs to none, can fill only so much of a day."""
    if isinstance(found, Found):
        return limited(f"case-mail:{found.case.pk}", _PER_CASE, _DAY)
    return limited(f"orphan-mail:{mail.sender}", _PER_SENDER, _DAY)
