"""`manage.py hashlist import|export|list|remove|check`: lists of known pictures that must not be kept."""

import re
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db.models import Count, Q

from config.commands import OperatorCommand
from crawler.blocklists import blocklist, hash_files, hash_lists
from crawler.blocklists.near_hashes import turned
from crawler.models import HashList, ImageBlock

_MAX_BYTES = 64 * 1024**2
_HEX = re.compile(r"[0-9a-f]{32,}")


class Command(OperatorCommand):
    help = "Lists of known pictures, as hash-sharing programmes give them out: what is on one is never kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        taken = actions.add_parser("import", help="read a file into a list: all of it or nothing")
        taken.add_argument("name", help="of the list; made where it is new")
        taken.add_argument("file", help="CSV, JSON, XML or lines; - for standard input")
        taken.add_argument("--kind", choices=sorted(hash_files.DIGITS), default="", help="of hashes that do not say")
        taken.add_argument("--note", default="", help="who gave it to us, and under what terms")
        taken.add_argument("--replace", action="store_true", help="drop what is not in the file")
        given = actions.add_parser("export", help="print a list that was made here")
        given.add_argument("name")
        given.add_argument("--terms-allow", action="store_true", help="its terms allow it to be passed on")
        actions.add_parser("list", help="every list and what is on it")
        actions.add_parser("remove", help="delete a list and its entries").add_argument("name")
        check = actions.add_parser("check", help="is this on a list?")
        check.add_argument("items", nargs="+", metavar="HASH|FILE", help="SHA-256, MD5 or PDQ, or a file")
        for action in actions.choices.values():
            # Also behind the action, where people write it.
            action.add_argument("--json", action="store_true", help="print one JSON document and nothing else")

    def handle(self, *_args: Any, **options: Any) -> None:
        actions = {
            "import": self._import,
            "export": self._export,
            "list": self._list,
            "remove": self._remove,
            "check": self._check,
        }
        try:
            actions[options["action"]](options)
        except (hash_files.BadFile, hash_lists.ListRefused) as refusal:
            raise CommandError(str(refusal)) from refusal
        except OSError as error:
            raise CommandError(f"{error.strerror or type(error).__name__}: {error.filename}.") from error

    def _import(self, options: dict[str, Any]) -> None:
        kind, note, replace = options["kind"], options["note"], options["replace"]
        if options["file"] == "-":
            done = hash_lists.take_in(sys.stdin.buffer, options["name"], kind=kind, note=note, replace=replace)
        else:
            with Path(options["file"]).open("rb") as stream:
                done = hash_lists.take_in(stream, options["name"], kind=kind, note=note, replace=replace)
        rows = [("new", done.new), ("known already", done.known), ("removed", done.removed)]
        rows += [(f"not used: {reason.replace('_', ' ')}", count) for reason, count in done.skipped.items()]
        self.emit(asdict(done), ("hashes", "count"), rows)
        self.say("Pictures that we know already are compared with the lists by the next `manage.py ingest`.")

    def _export(self, options: dict[str, Any]) -> None:
        lines = hash_lists.give_out(options["name"], allowed=options["terms_allow"])
        if self.as_json:
            self.emit({"name": options["name"], "entries": list(lines)}, (), ())
            return
        for line in lines:
            self.stdout.write(line)

    def _list(self, _options: dict[str, Any]) -> None:
        counts = {kind: Count("entries", filter=Q(entries__kind=kind)) for kind in ImageBlock.Kind.values}
        lists = [
            {
                "name": one.name,
                **{kind: getattr(one, kind) for kind in counts},
                "updated_at": one.updated_at.isoformat(timespec="seconds"),
                "note": one.note,
            }
            for one in HashList.objects.annotate(**counts).order_by("name")
        ]
        self.emit({"lists": lists}, ("list", *counts, "changed", "note"), [list(one.values()) for one in lists])

    def _remove(self, options: dict[str, Any]) -> None:
        count = hash_lists.remove(options["name"])
        self.emit({"removed": count}, ("hashes", "count"), [("removed", count)])

    def _check(self, options: dict[str, Any]) -> None:
        found = {item: _lookup(item) for item in options["items"]}
        rows = [(item, name or "on no list") for item, name in found.items()]
        self.emit({"found": found}, ("what", "list"), rows)


def _lookup(item: str) -> str:
    """The list on which a hash or a file's bytes are, or an empty string. A file is not looked at as a picture."""
    value = item.lower()
    entries = [hash_files.judge(kind, value) for kind in hash_files.DIGITS]
    kinds = {entry.kind for entry in entries if isinstance(entry, hash_files.Entry)}
    if not kinds and _HEX.fullmatch(value) and not Path(item).exists():
        return ""  # of a kind that no list here has
    if not kinds:
        with Path(item).open("rb") as file:
            return blocklist.known(file.read(_MAX_BYTES))
    exact = ImageBlock.objects.filter(kind__in=kinds, value=value).values_list("hash_list__name", flat=True).first()
    return exact or (blocklist.pdq_lists(turned(value)) if "pdq" in kinds else "")
