"""A notice that has left, and what its operator writes back: without the web and without faces."""

from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

from django.utils import timezone

from accounts import consent, keys
from accounts.models import Purpose, User
from search.models import Subject
from takedowns import delivery, mandates
from takedowns.cases import add_places
from takedowns.mail import disputes
from takedowns.models import (
    AbuseContact,
    Case,
    Communication,
    CounterNotice,
    GroundDecision,
    Notice,
    Operator,
    OrphanMail,
)
from tests import cases
from tests.matches import make_match

ABUSE = "abuse@host.example"
DOMAIN = "host.example"
OUR_LETTER = "Dear Sir or Madam,\n\nThe picture has to be removed from your servers without delay.\n"
COUNTER = """We have received the following counter-notification from our customer:

The material was at https://shop.example/page/1 before it was removed.
I swear, under penalty of perjury, that I have a good faith belief that the material was removed as a result of
mistake or misidentification. I consent to the jurisdiction of the Federal District Court and accept service of process.
/s/ Mallory Uploader, 1 Other Road, Springfield, +1 217 555 0101
"""


def case_of(user: User) -> Case:
    """A case with one place, its questions answered, the authority signed."""
    consent.give(user, set(Purpose) - consent.given(user))
    subject, _ = Subject.objects.get_or_create(user=user)
    if mandates.in_force(subject) is None:
        mandates.sign(user, full_name="Alice Example", address="", signature="Alice Example")
    match = make_match(subject)
    case = Case.objects.create(subject=subject, match=match, state="awaiting_provider")
    GroundDecision.objects.create(
        case=case, answers=cases.ANSWERS, ground="dmca_512c", considered=[], rules_version="1"
    )
    add_places(case, match.places())
    return case


def sent_to(case: Case, email: str = ABUSE, *, ground: str = "dmca_512c", **fields: Any) -> Notice:
    """A notice that left two days ago and is due tomorrow, with its copy on record."""
    operator, _ = Operator.objects.get_or_create(
        key=f"domain:{email.rpartition('@')[2]}", defaults={"kind": "host", "name": "Example Hosting"}
    )
    contact, _ = AbuseContact.objects.get_or_create(
        operator=operator, email=email, defaults={"role": "abuse", "source": "rdap_ip", "confidence": 0.9}
    )
    now = timezone.now()
    at: datetime = fields.pop("sent_at", now - timedelta(days=2))
    notice = Notice.objects.create(
        case=case,
        operator=operator,
        contact=contact,
        ground=ground,
        recipient=email,
        title=f"Notice [{case.reference}]",
        body=OUR_LETTER,
        template_version="1",
        message_id=f"<{uuid4().hex}.{case.reference}@localhost>",
        **{"state": "sent", "sent_at": at, "due_at": now + timedelta(days=1), **fields},
    )
    notice.urls.set(case.urls.all())
    Communication.objects.create(
        case=case,
        notice=notice,
        direction="out",
        sender="notices@localhost",
        recipient=email,
        title=notice.title,
        sealed_body=keys.seal(case.subject.user, "communication", notice.body.encode()),
        message_id=notice.message_id,
    )
    return notice


def raw(text: str, *, sender: str = ABUSE, subject: str = "Re: your message", **headers: str) -> bytes:
    """A mail with nothing in it that would tell whose it is."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, headers.pop("to", "notices@localhost"), subject
    made["Message-ID"] = headers.pop("message_id", f"<{uuid4().hex}@{DOMAIN}>")
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made.as_bytes()


def answer(notice: Notice, text: str, **headers: str) -> bytes:
    """An answer that quotes our letter, as mail programs make it."""
    quoted = "\n".join(f"> {line}" for line in notice.body.splitlines())
    body = f"{text}\n\nOn Mon, 23 Nov 2026, Faceward wrote:\n{quoted}\n"
    return raw(body, to=delivery.reply_address(notice.case), In_Reply_To=notice.message_id, **headers)


def report(notice: Notice, *, status: str = "5.1.1", action: str = "failed", recipient: str = "") -> bytes:
    """The delivery report of a letter."""
    return f"""From: MAILER-DAEMON@mx.example
To: {delivery.reply_address(notice.case)}
Subject: Undelivered Mail Returned to Sender
Message-ID: <{uuid4().hex}@mx.example>
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {recipient or notice.recipient}
Action: {action}
Status: {status}

--b
Content-Type: text/rfc822-headers

Message-ID: {notice.message_id}
--b--
""".encode()


def letter_in(case: Case) -> Communication:
    """A letter that came in, for pages."""
    return Communication.objects.create(
        case=case,
        direction="in",
        kind="reply",
        sender=ABUSE,
        recipient="notices@localhost",
        title="An answer",
        sealed_body=keys.seal(case.subject.user, "communication", b"Words."),
        message_id=f"<{uuid4().hex}@{DOMAIN}>",
        matched_by="message_id",
    )


def orphan_mail(text: str = "Words without a case.") -> OrphanMail:
    """A mail that waits for a person, for pages."""
    return OrphanMail.objects.create(
        message_id=f"<{uuid4().hex}@{DOMAIN}>",
        sender=ABUSE,
        sealed_title=keys.seal_for_installation("orphan-mail", b"A mail"),
        sealed_body=keys.seal_for_installation("orphan-mail", text.encode()),
        why="no_reference",
    )


def counter_notice(case: Case) -> CounterNotice:
    """A counter-notice to the case's notice, for pages."""
    today = timezone.now().date()
    opens_on, ends_on = disputes.window(today)
    days = {"provider_received_on": today, "window_opens_on": opens_on, "window_ends_on": ends_on}
    found, _ = CounterNotice.objects.get_or_create(notice=case.notices.get(), defaults=days)
    return found
