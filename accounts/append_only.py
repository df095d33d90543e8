"""Database triggers that refuse to change or delete a row, on SQLite and PostgreSQL alike."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_SQLITE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION {table}_append_only() RETURNS trigger AS $$
BEGIN RAISE EXCEPTION '{table} is append-only'; END $$ LANGUAGE plpgsql
"""
_POSTGRES_TRIGGER = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
FOR EACH ROW EXECUTE FUNCTION {table}_append_only()
"""


def append_only(table: str, *, erasable: bool = False) -> migrations.RunPython:
    """A migration step after which rows of `table` (a name from our own code) never change.

    An `erasable` row may still be deleted: it goes with the person it is about, or at the end of its time. May be
    repeated: SQLite loses a table's triggers when another step makes the table anew to change a column.
    """
    verbs = ("UPDATE",) if erasable else ("UPDATE", "DELETE")

    def add(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
        postgres = editor.connection.vendor == "postgresql"
        if postgres:
            editor.execute(_POSTGRES_FUNCTION.format(table=table))
        for verb in verbs:
            editor.execute(_drop(table, verb, postgres))
            editor.execute((_POSTGRES_TRIGGER if postgres else _SQLITE).format(table=table, verb=verb))

    def drop(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
        postgres = editor.connection.vendor == "postgresql"
        for verb in verbs:
            editor.execute(_drop(table, verb, postgres))
        if postgres:
            editor.execute(f"DROP FUNCTION IF EXISTS {table}_append_only()")

    return migrations.RunPython(add, drop)


def _drop(table: str, verb: str, postgres: bool) -> str:
    return f"DROP TRIGGER IF EXISTS {table}_no_{verb}" + (f" ON {table}" if postgres else "")
