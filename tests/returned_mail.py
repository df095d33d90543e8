"""Alert mails that were sent, and what comes back of them."""

import itertools
import secrets
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from alerts.models import Alert, Digest, Kind
from alerts.states import DigestState

BOUNCES = "bounces@localhost"
_numbers = itertools.count(1)


def alert(user: User, **fields: Any) -> Alert:
    """Something worth telling, that no mail has told."""
    return Alert.objects.create(user=user, kind=Kind.REMOVED, key=f"event:{next(_numbers)}", **fields)


def digest(user: User, *, sent_at: datetime | None = None, **fields: Any) -> Digest:
    """A mail that was handed over, with one alert in it."""
    made = Digest(user=user, return_token=secrets.token_hex(16), recipient=user.email, state=DigestState.SENT)
    made.sent_at = sent_at or timezone.now()
    for name, value in fields.items():
        setattr(made, name, value)
    made.message_id = f"<alert.{made.pk}@localhost>"
    made.save(force_insert=True)
    alert(user, digest=made)
    return made


def own_address(digest: Digest) -> str:
    return f"bounces+{digest.return_token}@localhost"


def report(
    *,
    to: str,
    recipient: str = "alice@example.org",
    status: str = "5.1.1",
    action: str = "failed",
    returned: str = "<unknown@localhost>",
) -> bytes:
    """A delivery report (RFC 3464)."""
    return f"""From: MAILER-DAEMON@mx.example.org
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <{secrets.token_hex(8)}@mx.example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

The mail could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}

--b
Content-Type: text/rfc822-headers

Message-ID: {returned}
Subject: A message for you

--b--
""".encode()


def complaint(*, returned: str = "", mail_from: str = "", kind: str = "abuse", return_path: str = "") -> bytes:
    """A complaint (RFC 5965), as sent to whoever signed up for a provider's feedback."""
    original = f"Original-Mail-From: <{mail_from}>\n" if mail_from else ""
    top = f"Return-Path: <{return_path}>\n" if return_path else ""
    return f"""From: feedback@provider.example
To: complaints@localhost
Subject: FW: A message for you
Message-ID: <{secrets.token_hex(8)}@provider.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an e-mail abuse report.

--b
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: Provider/1.0
Version: 1
{original}
--b
Content-Type: message/rfc822

{top}From: hello@localhost
Message-ID: {returned}
Subject: A message for you

Text.
--b--
""".encode()
