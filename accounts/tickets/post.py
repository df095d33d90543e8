"""Mails of requests and registers: to the person, and to the people here who answer for data."""

import logging
from email.utils import make_msgid
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from accounts import mailing
from accounts.models import User

logger = logging.getLogger(__name__)
# So that neither an absence notice nor our own inbox answers.
_AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}


def office_address() -> str:
    return str(settings.PRIVACY_EMAIL)


def new_message_id(reference: str) -> str:
    return make_msgid(reference, domain=office_address().rpartition("@")[2] or "localhost")


def to_person(
    address: str, template: str, context: dict[str, Any], *, user: User | None, message_id: str, automatic: bool
) -> bool:
    """Send `tickets/email/<template>.txt`, whose first line is the subject. Whether it went out.

    The subject ends with the reference, by which an answer finds its way, also where `user` asked for neutral subjects.
    """
    headers = {"Message-ID": message_id, "Reply-To": office_address()} | (_AUTOMATIC if automatic else {})
    return _send(address, template, context, headers, user)


def to_office(template: str, context: dict[str, Any]) -> bool:
    """Tell the people here; ids, kinds and dates only."""
    return _send(office_address(), template, context, dict(_AUTOMATIC))


def compose(
    address: str, template: str, context: dict[str, Any], headers: dict[str, str], user: User | None = None
) -> mailing.Mail:
    """The mail of `tickets/email/<template>.txt`, not sent yet."""
    shown = {"agent": settings.AGENT_NAME, "privacy_email": office_address(), "portal": settings.PORTAL_URL, **context}
    first, _, body = render_to_string(f"tickets/email/{template}.txt", shown).strip().partition("\n")
    words, bracket, named = first.strip().partition(" [")
    subject = mailing.subject(user, words) + bracket + named
    return mailing.Mail(subject=subject, body=body.strip() + "\n", to=[address], headers=headers).laid_out()


def _send(
    address: str, template: str, context: dict[str, Any], headers: dict[str, str], user: User | None = None
) -> bool:
    try:
        compose(address, template, context, headers, user).send()
    except OSError as error:
        # smtplib's errors are among them. The address stays out of the log.
        logger.error("A mail (%s) could not be sent: %s", template, type(error).__name__)
        return False
    return True
