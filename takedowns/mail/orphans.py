"""Mail that belongs to no case that we know: never thrown away, always read by a person.

It is sealed for the installation, as it is nobody's. Put to a case, its text moves under the key of the case's subject,
so that what erases the one erases the other.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import audit, keys
from accounts.models import User
from accounts.tickets.mail_text import Mail
from takedowns import events
from takedowns.cases import NotAllowed, require_staff
from takedowns.mail import effects, filing, matching
from takedowns.models import Case, Communication, OrphanMail

UNREADABLE = "unreadable"
_PURPOSE = "orphan-mail"
_MOST_RAW = 64 * 1024
_LONGEST = 100_000
WHY = {
    matching.NO_REFERENCE: "Names no case",
    matching.UNKNOWN_REFERENCE: "Names a case that is not there",
    matching.SEVERAL: "Names several cases",
    UNREADABLE: "Cannot be read",
}


class Away(StrEnum):
    """Why a mail is put away."""

    SPAM = "spam"
    NOT_ABOUT_US = "not_about_us"
    ANSWERED = "answered"
    DUPLICATE = "duplicate"


AWAY_WORDS = {
    Away.SPAM: "Advertising or spam",
    Away.NOT_ABOUT_US: "It is about none of our cases",
    Away.ANSWERED: "It was dealt with in another way",
    Away.DUPLICATE: "The same mail is there already",
}


class AlreadyDone(NotAllowed):
    """Somebody else was faster."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What an orphan says."""

    title: str
    body: str


def keep(mail: Mail, why: str) -> OrphanMail:
    """Keep a mail for a person to look at. Raises IntegrityError if it is there already."""
    body = filing.words(mail)[:_LONGEST]
    return _keep(mail.message_id, mail.sender, mail.subject, body, why)


def keep_unreadable(raw: bytes) -> OrphanMail | None:
    """Keep bytes that are no mail, as text. None if they are there already."""
    message_id = f"<sha256-{hashlib.sha256(raw).hexdigest()}@unreadable>"
    if OrphanMail.objects.filter(message_id=message_id).exists():
        return None
    body = raw[:_MOST_RAW].decode("utf-8", "replace").replace("\0", "")
    return _keep(message_id, "", "", body, UNREADABLE)


def waiting() -> QuerySet[OrphanMail]:
    """What nobody has dealt with, oldest first."""
    return OrphanMail.objects.filter(done_at=None).order_by("received_at", "pk")


def read(orphan: OrphanMail) -> Opened:
    """What it says; empty once it was put to a case."""
    title, body = (
        keys.unseal_for_installation(_PURPOSE, sealed) for sealed in (orphan.sealed_title, orphan.sealed_body)
    )
    return Opened(title.decode("utf-8", "replace"), body.decode("utf-8", "replace"))


def put(orphan: OrphanMail, reference: str, staff: User) -> Case:
    """A person says to which case it belongs; it is sorted, and what follows from it is done. Raises NotAllowed."""
    require_staff(staff)
    case = matching.case_named(reference)
    if case is None:
        raise NotAllowed("There is no case with this reference.")
    with transaction.atomic():
        orphan = _locked(orphan)
        said = read(orphan)
        notice = matching.notice_of(case, orphan.sender)
        found = matching.Found(case, notice, matching.PERSON)
        mail = Mail(orphan.sender, said.title, said.body, orphan.message_id, (), False, 0)
        letter, verdict = filing.file(mail, found, at=orphan.received_at)
        empty = keys.seal_for_installation(_PURPOSE, b"")
        orphan.case, orphan.sealed_title, orphan.sealed_body = case, empty, empty
        _done(orphan, staff, "case", "sealed_title", "sealed_body")
        events.record(case, "mail.put", actor=staff, letter=str(letter.pk))
        audit.record("letter.put", letter, actor=staff, about=case.subject.user, orphan=str(orphan.pk))
        effects.apply(letter, until=verdict.until, received_on=verdict.provider_received_on)
    return case


def away(orphan: OrphanMail, reason: Away, staff: User) -> None:
    """A person says that it belongs to no case. It stays until its time is over. Raises NotAllowed."""
    require_staff(staff)
    with transaction.atomic():
        orphan = _locked(orphan)
        _done(orphan, staff)
        audit.record("orphan.away", orphan, actor=staff, reason=reason.value)


def closed_letters() -> QuerySet[Communication]:
    """Letters to cases that have ended, which nobody has read: no queue of cases shows them."""
    unread = Communication.objects.filter(direction=Communication.Direction.IN, read_at=None, case__state="closed")
    by_machines = (Communication.Kind.AUTO_REPLY, Communication.Kind.RECEIPT, Communication.Kind.BOUNCE)
    return unread.exclude(kind__in=by_machines).select_related("case").order_by("at", "pk")


def _keep(message_id: str, sender: str, title: str, body: str, why: str) -> OrphanMail:
    return OrphanMail.objects.create(
        message_id=message_id,
        sender=sender,
        sealed_title=keys.seal_for_installation(_PURPOSE, title.encode("utf-8", "replace")),
        sealed_body=keys.seal_for_installation(_PURPOSE, body.encode("utf-8", "replace")),
        why=why,
    )


def _locked(orphan: OrphanMail) -> OrphanMail:
    found = OrphanMail.objects.select_for_update().get(pk=orphan.pk)
    if found.done_at is not None:
        raise AlreadyDone("Somebody else was faster: this mail has been dealt with.")
    return found


def _done(orphan: OrphanMail, staff: User, *also: str) -> None:
    orphan.done_at, orphan.done_by = timezone.now(), staff
    orphan.save(update_fields=["done_at", "done_by", *also])
