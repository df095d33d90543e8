"""`manage.py dmca_agents FILE`: import the directory of designated agents."""

from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from config.commands import OperatorCommand
from takedowns.contacts import directory

MAX_BYTES = 500 * 1024 * 1024


class Command(OperatorCommand):
    help = "Import designated agents (17 U.S.C. 512(c)(2)) from a CSV file whose first line names its columns."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="it is the whole directory: forget all other names")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            with options["file"].open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error
        if len(data) > MAX_BYTES:
            raise CommandError(f"{options['file']} is larger than {MAX_BYTES // 1024**2} MB.")
        try:
            imported = directory.load(data.decode("utf-8-sig", "replace"), replace=options["replace"])
        except directory.NotADirectory as error:
            raise CommandError(str(error)) from error
        document = asdict(imported)
        self.emit(document, ["Names", "Rows without a contact", "Names removed"], [list(document.values())])
