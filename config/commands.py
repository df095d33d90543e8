"""What every operator command shares: a table for people, one JSON document for programs."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from filelock import FileLock


def migrate_embedded_database() -> None:
    """Bring an embedded SQLite database up to date, so that a new data folder works at once.

    A database server is migrated by its operator, at a moment of their choosing.
    """
    if connection.vendor != "sqlite":
        return
    with FileLock(settings.DATA_DIR / "migrate.lock", timeout=300):
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=0)


class OperatorCommand(BaseCommand):
    """Base of the operator commands: adds `--json`, and exits 1 with one sentence on a `CommandError`."""

    requires_migrations_checks = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        migrate_embedded_database()
        self.as_json = bool(options.get("json"))
        return super().execute(*args, **options)

    def emit(self, document: dict[str, Any], headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print `document` as JSON, or `rows` as a table, as the caller asked."""
        if self.as_json:
            self.stdout.write(json.dumps(document, ensure_ascii=False))
        else:
            self.stdout.write(table(headers, rows))

    def say(self, text: str) -> None:
        """Progress for a person; on standard error, so that JSON output stays clean."""
        print(text, file=sys.stderr, flush=True)


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns padded to their widest cell."""
    cells = [[str(cell) for cell in row] for row in (headers, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headers))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)
