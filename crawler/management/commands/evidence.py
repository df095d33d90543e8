"""`manage.py evidence verify|list|show`: what was captured, and whether it is still what it was."""

import sys
from argparse import SUPPRESS, ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError
from django.utils import timezone

from config.commands import OperatorCommand
from crawler import evidence, proof
from crawler.models import Evidence

_EVERY = 500
_NEWEST = 100


class Command(OperatorCommand):
    help = "Check the captures of pages and pictures that are kept as proof, or list them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True, metavar="verify|list|show")
        verify = acts.add_parser("verify", help="compare files, records, rows and audit trail; exits 1 on any damage")
        verify.add_argument("ids", nargs="*", type=UUID, metavar="ID", help="only these captures")
        listed = acts.add_parser("list", help="the newest captures")
        listed.add_argument("--limit", type=int, default=_NEWEST, help=f"how many ({_NEWEST})")
        show = acts.add_parser("show", help="one capture")
        show.add_argument("id", type=UUID, metavar="ID")
        for act in (verify, listed, show):
            # Here as well, so that it may stand behind the act; what was said before it is not taken back.
            act.add_argument("--json", action="store_true", default=SUPPRESS, help="print one JSON document")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["act"] == "verify":
            self._verify(options["ids"] or None)
        elif options["act"] == "list":
            rows = Evidence.objects.order_by("-captured_at", "pk")[: max(options["limit"], 0)]
            documents = [document(row) for row in rows]
            self.emit({"evidence": documents}, list(_COLUMNS), [_row(one) for one in documents])
        else:
            row = Evidence.objects.filter(pk=options["id"]).first()
            if row is None:
                raise CommandError(f"There is no capture {options['id']}.")
            shown = document(row)
            self.emit(shown, ["Field", "Value"], [(name, _plain(value)) for name, value in shown.items()])

    def _verify(self, ids: list[UUID] | None) -> None:
        count, damages = proof.check(ids, progress=self._progress)
        found = [{"what": damage.what, "problem": damage.sentence} for damage in damages]
        if self.as_json:
            self.emit({"checked": count, "at": timezone.now().isoformat(), "damages": found}, [], [])
        else:
            for damage in damages:
                self.stdout.write(str(damage))
            captures = f"{count} capture{'' if count == 1 else 's'}"
            self.stdout.write(f"{captures} checked, {len(damages) or 'no'} problem{'' if len(damages) == 1 else 's'}.")
        if damages:
            sys.exit(1)

    def _progress(self, done: int, of: int) -> None:
        if done % _EVERY == 0:
            self.say(f"{done} of {of} checked")


_COLUMNS = {
    "Capture": "id",
    "Captured": "captured_at",
    "Page": "page_url",
    "Status": "page_status",
    "Bytes": "size",
    "Screenshot": "screenshot_size",
}


def document(row: Evidence) -> dict[str, Any]:
    """A capture as programs read it."""
    return {
        "id": str(row.pk),
        "captured_at": row.captured_at.isoformat(),
        "page_url": row.page_url,
        "page_status": row.page_status,
        "image_url": row.image_url,
        "image_status": row.image_status,
        "warc": row.warc_name,
        "sha256": row.sha256,
        "size": row.size,
        "screenshot": row.screenshot_name,
        "screenshot_sha256": row.screenshot_sha256,
        "screenshot_size": row.screenshot_size,
        "fingerprint": evidence.fingerprint(row)["row"],
    }


def _row(shown: dict[str, Any]) -> list[str]:
    return [_plain(shown[name]) for name in _COLUMNS.values()]


def _plain(value: object) -> str:
    return "-" if value in (None, "") else str(value)
