"""`manage.py inbox`"""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from accounts.tickets.inbox import read_inbox
from accounts.tickets.mailboxes import MailboxTrouble
from config.commands import OperatorCommand


class Command(OperatorCommand):
    help = "Read the mailbox of PRIVACY_INBOX_URL: mails of people become requests. Runs by itself, too."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.PRIVACY_INBOX_URL:
            raise CommandError("No mailbox is set: PRIVACY_INBOX_URL.")
        try:
            counts = read_inbox()
        except MailboxTrouble as trouble:
            raise CommandError(f"{trouble}.") from trouble
        self.emit(dict(counts), ["outcome", "mails"], sorted(counts.items()))
