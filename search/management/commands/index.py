"""`manage.py index stats|rebuild|verify`"""

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError

from config.commands import OperatorCommand
from search import gallery
from search.engine import EngineUnavailable
from search.index import IndexMissing, IndexUnusable


class Command(OperatorCommand):
    help = "Look at the face index, make it anew from the database, or compare the two."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=("stats", "rebuild", "verify"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            document = getattr(self, f"_{options['action']}")()
        except (EngineUnavailable, IndexUnusable) as error:
            raise CommandError(f"{error} `manage.py index rebuild` makes it anew.") from error
        self.emit(document, ("what", "value"), list(document.items()))
        if options["action"] == "verify" and not document["exact"]:
            raise CommandError("The index differs from the database; `manage.py index rebuild` makes it anew.")

    def _stats(self) -> dict[str, Any]:
        try:
            held = asdict(gallery.stats())
        except IndexMissing:
            held = {"count": 0}
        return {"rows": gallery.size(), **held}

    def _rebuild(self) -> dict[str, Any]:
        return asdict(gallery.rebuild())

    def _verify(self) -> dict[str, Any]:
        difference = gallery.verify()
        return {
            "exact": difference.exact,
            "missing": len(difference.missing),
            "surplus": len(difference.surplus),
            "rows": gallery.size(),
        }
