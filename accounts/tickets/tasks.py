"""What runs by itself for requests and registers. Each may run twice, or at the same time as another of its kind."""

import logging

from celery import shared_task

from accounts.tickets import clocks, legal
from accounts.tickets.inbox import read_inbox
from accounts.tickets.mailboxes import MailboxTrouble

logger = logging.getLogger(__name__)


@shared_task(name="accounts.deadlines")
def deadlines() -> None:
    """Remind of deadlines, raise the alarm after them, and tell people of what they may be told by now."""
    clocks.tell()
    legal.tell_all()


@shared_task(name="accounts.inbox")
def inbox() -> None:
    """Mails of people become requests."""
    try:
        read_inbox()
    except MailboxTrouble as trouble:
        logger.error("%s", trouble)
