"""`manage.py ingest`: everything waiting, or everything that comes."""

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError

from config.commands import OperatorCommand
from search import ingest
from search.engine import EngineUnavailable


class Command(OperatorCommand):
    help = "Measure the faces in every fetched picture that waits, and compare them with the enrolled people."

    def add_arguments(self, parser: ArgumentParser) -> None:
        help_text = "go on with what is fetched meanwhile; Ctrl-C ends it when nothing waits, SIGTERM at once"
        parser.add_argument("--follow", action="store_true", help=help_text)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = ingest.follow() if options["follow"] else ingest.ingest_waiting()
        except EngineUnavailable as error:
            raise CommandError(str(error)) from error
        document = asdict(report)
        refused = ", ".join(f"{count} {reason}" for reason, count in report.refused.items()) or "none"
        rows = [(name.replace("_", " "), value) for name, value in document.items() if name != "refused"]
        self.emit(document, ("what", "count"), [*rows, ("refused", refused)])
