"""Work that goes on by itself."""

import logging

from celery import shared_task

from accounts.tickets.mailboxes import MailboxTrouble
from alerts import bounce_inbox, dispatch, push, raising, webhook_calls

logger = logging.getLogger(__name__)


@shared_task(name="alerts.raise")
def raise_matches() -> None:
    """Make alerts of new matches: feeds, webhooks and browsers need not wait for the mail."""
    raising.raise_matches()


@shared_task(name="alerts.deliver")
def deliver() -> None:
    """Tell people what is new."""
    dispatch.deliver()


@shared_task(name="alerts.call_webhooks")
def call_webhooks() -> None:
    """Make the calls of webhooks that are due."""
    webhook_calls.call_due()


@shared_task(name="alerts.push")
def push_browsers() -> None:
    """Wake up the browsers of those for whom there is something."""
    push.push_due()


@shared_task(name="alerts.read_bounces")
def read_bounces() -> None:
    """Hear of mails that came back, and of those that were not wanted."""
    try:
        bounce_inbox.read_mail()
    except MailboxTrouble as trouble:
        logger.error("%s", trouble)
