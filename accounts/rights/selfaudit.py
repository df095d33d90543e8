"""The daily look at ourselves: is anything kept too long, and is the audit trail whole? (promise 29, safeguard 14)"""

import logging
import smtplib

from django.conf import settings
from django.utils import timezone

from accounts import audit
from accounts.mailing import PlainMail
from accounts.rights import proof

logger = logging.getLogger(__name__)


def problems() -> list[str]:
    """What is wrong, in sentences without anything about anybody; empty where all holds."""
    late = [line for line in proof.check(timezone.now()) if line.broken]
    found = [f"{line.name}: the oldest is {_hours(line)} hours over its time." for line in late]
    if broken := audit.first_broken():
        found.append(f"The audit trail is broken at entry {broken.pk}, of {broken.at:%Y-%m-%d %H:%M}.")
    return found


def run() -> int:
    """Write to whoever answers for the data, where something is wrong. Returns how many problems there are."""
    found = problems()
    if not found:
        logger.info("self-audit: no problems")
        return 0
    logger.error("self-audit: %d problems", len(found))
    text = "\n".join(["The daily self-audit found:", "", *(f"- {one}" for one in found), ""])
    text += "\nmanage.py retention and manage.py audit verify say more.\n"
    try:
        PlainMail("Self-audit: something is wrong", text, to=[settings.PRIVACY_EMAIL]).send()
    except (OSError, smtplib.SMTPException) as error:
        logger.warning("the self-audit was not mailed: %s", type(error).__name__)
    return len(found)


def _hours(line: proof.Line) -> int:
    return max(1, round(line.late.total_seconds() / 3600))
