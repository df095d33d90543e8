"""`manage.py reembed [--limit N] [--forget]`: after a change of `FACE_MODEL`."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import CommandError

from config.commands import OperatorCommand
from search.engine import EngineUnavailable
from search.reembed import AlreadyReembedding, reembed


class Command(OperatorCommand):
    help = (
        "After a change of FACE_MODEL: fetch known pictures again and measure them with the new model, "
        "and ask enrolled people for new photos. Can be stopped and called again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=_count, metavar="N", help="look at no more than N pictures in this call")
        parser.add_argument(
            "--forget",
            action="store_true",
            help="delete the old model's faces of pictures that are gone, changed or refused",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = reembed(limit=options["limit"], forget=options["forget"], say=self.say)
        except (AlreadyReembedding, EngineUnavailable) as error:
            raise CommandError(str(error)) from error
        document = report.document()
        images = [(f"pictures {name}", count) for name, count in document["images"].items()]
        rows = [(name.replace("_", " "), value) for name, value in document.items() if name != "images"]
        self.emit(document, ("what", "count"), [*images, *rows])


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError("give a whole number, 0 or more")
    return int(text)
