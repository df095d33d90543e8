"""`manage.py notice_archive --from DAY [--to DAY] [--json] [FILE]`: sent notices for the public archive, redacted."""

import json
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from config.commands import OperatorCommand
from crawler.files import write_whole
from takedowns import archive


class Command(OperatorCommand):
    help = "Export sent notices in the shape of the public notice archive, without the people they were sent for."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True, metavar="DAY")
        parser.add_argument("--to", dest="last", type=date.fromisoformat, metavar="DAY", help="included (today)")
        parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="where the document is written")

    def handle(self, *_args: Any, **options: Any) -> None:
        first, last = options["first"], options["last"] or timezone.now().date()
        if last < first:
            raise CommandError("The last day is before the first one.")
        found = list(archive.export(archive.sent_between(first, last)))
        document = {"from": first.isoformat(), "to": last.isoformat(), "notices": found}
        headers = ["Sent", "Type", "Recipient", "Action taken"]
        rows = [(one["date_sent"], one["type"], _recipient(one), one["action_taken"]) for one in found]
        if options["file"] is None:
            self.emit(document, headers, rows)
            return
        try:
            write_whole(options["file"], json.dumps(document, ensure_ascii=False, indent=1).encode())
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be written: {error.strerror}.") from error
        self.emit({"file": str(options["file"]), "notices": len(found)}, headers, rows)


def _recipient(document: dict[str, Any]) -> str:
    roles = document["entity_notice_roles"]
    return next((str(role["entity"]["name"]) for role in roles if role["name"] == "recipient"), "")
