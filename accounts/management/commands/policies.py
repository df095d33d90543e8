"""`manage.py policies [--publish]`"""

from argparse import ArgumentParser
from typing import Any

from accounts.models import PolicyVersion
from accounts.policies import versions
from config.commands import OperatorCommand


class Command(OperatorCommand):
    help = "List the policies that were published here; --publish publishes those on file that were not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--publish", action="store_true", help="publish what is new; people are told by a worker")

    def handle(self, *args: Any, **options: Any) -> None:
        new = {row.pk for row in versions.publish()} if options["publish"] else set()
        listed = [
            {
                "kind": row.kind,
                "version": row.version,
                "material": row.material,
                "published_at": row.published_at.isoformat(),
                "new": row.pk in new,
            }
            for row in PolicyVersion.objects.all()
        ]
        shown = [[row["kind"], row["version"], row["material"], row["published_at"]] for row in listed]
        self.emit({"policies": listed}, ["policy", "version", "material", "published"], shown)
