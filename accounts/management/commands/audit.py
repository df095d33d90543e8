"""`manage.py audit verify`"""

import sys
from argparse import SUPPRESS, ArgumentParser
from typing import Any

from accounts import audit
from accounts.models import AuditEvent
from config.commands import OperatorCommand


class Command(OperatorCommand):
    help = "Check that the audit trail is whole: every entry's hash, and the link to the one before."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True, metavar="verify")
        verify = acts.add_parser("verify", help="exits 1 at the first entry that was changed, added or taken away")
        verify.add_argument("--json", action="store_true", default=SUPPRESS, help="print one JSON document")

    def handle(self, *_args: Any, **_options: Any) -> None:
        broken, count = audit.first_broken(), AuditEvent.objects.count()
        last = AuditEvent.objects.order_by("-id").values_list("hash", flat=True).first()
        document = {"entries": count, "last_hash": last, "broken_at": broken.pk if broken else None}
        if self.as_json:
            self.emit(document, [], [])
        elif broken:
            self.stdout.write(f"The chain is broken at entry {broken.pk}, of {broken.at:%Y-%m-%d %H:%M}.")
        else:
            # What stands elsewhere on paper cannot be changed here: the last hash proves all that came before.
            self.stdout.write(f"{count} entries, no problems. The last hash is {last or 'none'}.")
        if broken:
            sys.exit(1)
