"""A mail becomes a letter of its case: sorted, and sealed with the key of the case's subject."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from accounts import keys
from accounts.tickets.mail_text import Mail
from takedowns.mail.classify import Verdict, classify
from takedowns.mail.matching import Found
from takedowns.models import Case, Communication, FollowUp, Notice

_LONGEST, _LONGEST_TITLE = 100_000, 300
_MOST_OURS = 10
_NO_TITLE = "(no subject)"


def file(
    mail: Mail, found: Found, *, bounced: bool = False, at: datetime | None = None
) -> tuple[Communication, Verdict]:
    """Keep a mail with its case. Raises IntegrityError if it is there already."""
    at = at or timezone.now()
    verdict = classify(
        mail.subject,
        mail.text,
        today=at.date(),
        automatic=mail.automatic,
        attachments=mail.attachments,
        ours=_ours(found.case),
    )
    kind = Communication.Kind.BOUNCE if bounced else Communication.Kind(verdict.kind)
    text = mail.text[:_LONGEST].encode("utf-8", "replace")
    letter = Communication.objects.create(
        case=found.case,
        notice=found.notice,
        direction=Communication.Direction.IN,
        kind=kind,
        sender=mail.sender,
        # Not the address that it came to, which has the case's token in it.
        recipient=settings.NOTICES_EMAIL,
        title=mail.subject[:_LONGEST_TITLE] or _NO_TITLE,
        sealed_body=keys.seal(found.case.subject.user, "communication", text),
        message_id=mail.message_id,
        matched_by=found.by,
        attachments=min(mail.attachments, 999),
        at=at,
    )
    return letter, verdict


def words(mail: Mail) -> str:
    """The text, and how many attachments there were: they are never opened, and not kept."""
    if not mail.attachments:
        return mail.text
    were = "1 attachment was" if mail.attachments == 1 else f"{mail.attachments} attachments were"
    return f"{mail.text}\n\n({were} not kept.)"


def _ours(case: Case) -> Iterator[str]:
    """The texts of our own letters in this case, which an answer may quote."""
    sent = Notice.objects.filter(case=case, sent_at__isnull=False).order_by("-sent_at")
    further = FollowUp.objects.filter(notice__case=case, sent_at__isnull=False).order_by("-sent_at")
    yield from sent.values_list("body", flat=True)[:_MOST_OURS]
    yield from further.values_list("body", flat=True)[:_MOST_OURS]
