"""`manage.py dkim_dns`"""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from accounts import dkim
from config.commands import OperatorCommand


class Command(OperatorCommand):
    help = "Print the DNS record by which mail servers check our signatures."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DKIM_KEY:
            raise CommandError("DKIM_KEY is not set, so mails are not signed here.")
        try:
            name, text = dkim.dns_record()
        except dkim.BadKey as error:
            raise CommandError(str(error)) from error
        self.emit({"name": name, "type": "TXT", "text": text}, ["name", "type", "text"], [[name, "TXT", text]])
