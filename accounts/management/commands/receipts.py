"""`manage.py receipts verify FILE` and `manage.py receipts key`"""

from argparse import SUPPRESS, ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from accounts.rights import receipts, signing
from config.commands import OperatorCommand


class Command(OperatorCommand):
    help = "Check a deletion receipt, or print the public key that they are signed with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True, metavar="verify|key")
        verify = acts.add_parser("verify", help="is this receipt ours, and unchanged? Exits 1 if not")
        verify.add_argument("file", type=Path)
        key = acts.add_parser("key", help="the public key (Ed25519), to be published")
        for act in (verify, key):
            act.add_argument("--json", action="store_true", default=SUPPRESS, help="print one JSON document")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["act"] == "key":
            shown = {"key_id": signing.key_id(), "public_key": signing.public_key()}
            self.emit(shown, list(shown), [list(shown.values())])
            return
        try:
            text = options["file"].read_bytes()[: receipts.LONGEST + 1].decode("utf-8", "replace")
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error
        verdict = receipts.verify(text)
        if not verdict.holds or verdict.document is None:
            raise CommandError(verdict.sentence)
        document = dict(verdict.document)
        rows = [(name, value) for name, value in document.items() if isinstance(value, str)]
        self.emit(document, ["Field", "Value"], rows)
