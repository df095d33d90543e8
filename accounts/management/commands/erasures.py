"""`manage.py erasures redo [--yes]`"""

from argparse import SUPPRESS, ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.models import DataKey
from accounts.rights import erasure
from config.commands import OperatorCommand

# More than this share of all keys without their halves is a folder that is not there, and no wave of erasures.
_MOST = 0.5


class Command(OperatorCommand):
    help = "After a backup was restored: erase again the accounts that were erased since it was made."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True, metavar="redo")
        redo = acts.add_parser("redo", help="list them, by number; erase them with --yes")
        redo.add_argument("--yes", action="store_true", help="erase them; this cannot be undone")
        redo.add_argument("--json", action="store_true", default=SUPPRESS, help="print one JSON document")

    def handle(self, *_args: Any, **options: Any) -> None:
        found, keys = erasure.erased_since(), DataKey.objects.count()
        if options["yes"] and len(found) > max(1, keys * _MOST):
            raise CommandError(f"{len(found)} of {keys} keys have lost their halves: is KEYS_DIR the right folder?")
        rows = [(str(user.pk), erasure.erase(user).reference if options["yes"] else "-") for user in found]
        document = {"accounts": [{"account": account, "receipt": receipt} for account, receipt in rows]}
        self.emit(document, ["Account", "Receipt"], rows)
