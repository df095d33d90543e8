"""Reports about our alert mails: that one came back, or that somebody marked it as unwanted.

A report counts only if it knows what nobody can guess: the address that the mail came from, which is another one for
each mail, or the mail's own id. So whoever only knows somebody's e-mail address cannot stop their mail. The same report
again changes nothing.

What was understood is deleted from the mailbox, and so is what machines answer to such an address; the rest stays
there, marked, for a person to look at.
"""

import logging
import re
from collections import Counter
from collections.abc import Iterable
from email.utils import parseaddr

from django.conf import settings

from accounts import bounces, complaints
from accounts.bounces import Bounce, Weight
from accounts.tickets import mail_text, mailboxes
from accounts.tickets.mail_text import Mail, Unreadable
from alerts import addresses
from alerts.models import Digest

logger = logging.getLogger(__name__)

# What becomes of a report.
RETURNED, COMPLAINED, DELAYED, KNOWN = "returned", "complained", "delayed", "known"
# No report, but an answer by a machine; about no mail of ours; not readable.
AUTOMATIC, OTHER, UNREADABLE = "automatic", "other", "unreadable"
_TAKEN = frozenset({RETURNED, COMPLAINED, DELAYED, KNOWN, AUTOMATIC})


def read_mail() -> Counter[str]:
    """Take over what waits in the mailbox. How many mails became what. Raises `MailboxTrouble`."""
    return mailboxes.take_over(settings.BOUNCES_INBOX_URL, "BOUNCES_INBOX_URL", take, _TAKEN)


def take(raw: bytes) -> str:
    """Take over one mail, and say what became of it."""
    try:
        mail = mail_text.read(raw)
    except Unreadable as error:
        logger.warning("A report could not be read: %s", error)
        return UNREADABLE
    if complaint := complaints.read(raw):
        digest = _digest([*mail.recipients, *complaint.senders], complaint.about)
        return OTHER if digest is None else _outcome(addresses.complained(digest), COMPLAINED)
    bounce = bounces.read(raw)
    digest = _digest(mail.recipients, bounce.about if bounce else ())
    if digest is None:
        return OTHER
    return _came_back(digest, bounce) if bounce else _answered(mail)


def _came_back(digest: Digest, bounce: Bounce) -> str:
    if bounce.still_trying:
        return DELAYED  # it may arrive yet
    return _outcome(addresses.returned(digest, hard=_is_hard(digest, bounce)), RETURNED)


def _is_hard(digest: Digest, bounce: Bounce) -> bool:
    """Whether their own address is dead. One that their mail is passed on to may be mended without us."""
    failure = bounce.failure_of(digest.recipient)
    return failure is not None and failure.weight == Weight.HARD and bounces.is_dead(failure.status)


def _answered(mail: Mail) -> str:
    return AUTOMATIC if mail.automatic else OTHER


def _outcome(changed: bool, word: str) -> str:
    return word if changed else KNOWN


def _digest(named: Iterable[str], ids: Iterable[str]) -> Digest | None:
    """The mail that a report is about: by the address it came from, else by its id."""
    by_token = Digest.objects.filter(return_token__in=list(_tokens(named))).first()
    return by_token or Digest.objects.filter(message_id__in=list(ids)).first()


def _tokens(named: Iterable[str]) -> Iterable[str]:
    """The tokens in addresses below BOUNCES_EMAIL; servers may have changed their case."""
    local, _, domain = parseaddr(settings.BOUNCES_EMAIL)[1].lower().rpartition("@")
    if not local:
        return
    ours = re.compile(rf"{re.escape(local)}\+([a-z0-9_-]{{8,40}})@{re.escape(domain)}")
    for address in named:
        if found := ours.fullmatch(address.lower()):
            yield found[1]
