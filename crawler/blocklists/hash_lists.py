"""Hash lists put in and taken out as wholes, each with a line in the audit trail."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO

from django.db import transaction
from django.utils import timezone

from accounts import audit
from crawler.blocklists import hash_files
from crawler.blocklists.blocklist import WITHDRAWN
from crawler.blocklists.hash_files import BadFile, Entry
from crawler.models import HashList, ImageBlock

_BATCH = 2_000
_DELETE_BATCH = 500

Key = tuple[str, str]
"""A kind of hash and its value."""


class ListRefused(Exception):
    """Why nothing was done, in one sentence."""


@dataclass
class Imported:
    """What an import did: entries that are new, that were there, that went; and what was not used, by reason."""

    name: str
    new: int = 0
    known: int = 0
    removed: int = 0
    skipped: dict[str, int] = field(default_factory=dict)


def take_in(stream: BinaryIO, name: str, *, kind: str = "", note: str = "", replace: bool = False) -> Imported:
    """Read a file into a list, which is made where it is new: all of it or nothing. Doing it twice changes nothing.

    Hashes that the programme takes back leave the list. With `replace` so does everything that is not in the file.

    Raises:
        ListRefused: the name is not one for an imported list.
        hash_files.BadFile: the file is not sound, or has nothing that can be used.
    """
    name = _sound_name(name)
    wanted, withdrawn, skipped = _read(stream, kind)
    if not wanted and (replace or not withdrawn):
        counts = ", ".join(f"{count} {reason}" for reason, count in sorted(skipped.items())) or "nothing at all"
        raise BadFile(f"There is no hash in the file that can be used ({counts}). Nothing was changed.")
    with transaction.atomic():
        hash_list, _ = HashList.objects.get_or_create(name=name)
        HashList.objects.select_for_update().get(pk=hash_list.pk)
        held: set[Key] = set(hash_list.entries.values_list("kind", "value").iterator())
        gone = held - wanted if replace else held & (withdrawn - wanted)
        report = Imported(name, len(wanted - held), len(wanted & held), len(gone), dict(sorted(skipped.items())))
        _delete(hash_list, gone)
        _add(hash_list, wanted - held)
        HashList.objects.filter(pk=hash_list.pk).update(updated_at=timezone.now(), note=note or hash_list.note)
        audit.record(
            "hash_list.imported",
            hash_list,
            new=report.new,
            known=report.known,
            removed=report.removed,
            skipped=sum(skipped.values()),
            replaced=replace,
        )
    return report


def remove(name: str) -> int:
    """Delete a list with all its entries; returns how many there were. Raises ListRefused."""
    hash_list = find(name)
    if hash_list.name == WITHDRAWN:
        raise ListRefused(f"“{WITHDRAWN}” keeps withdrawn pictures from coming back, and stays.")
    with transaction.atomic():
        count = hash_list.entries.count()
        audit.record("hash_list.removed", hash_list, entries=count)
        hash_list.delete()
    return count


def give_out(name: str, *, allowed: bool = False) -> Iterator[str]:
    """A list as lines of `kind hash`, which `take_in` and python-threatexchange read.

    Programmes forbid as a rule that their lists are passed on, so a list that was not made here is given out only
    where the caller says that its terms allow it. Raises ListRefused.
    """
    hash_list = find(name)
    if hash_list.name != WITHDRAWN and not allowed:
        raise ListRefused("This list was given to us. Where its terms allow to pass it on, say so with --terms-allow.")
    audit.record("hash_list.exported", hash_list, entries=hash_list.entries.count())
    rows = hash_list.entries.order_by("kind", "value").values_list("kind", "value")
    return (f"{kind} {value}" for kind, value in rows.iterator())


def find(name: str) -> HashList:
    """The list of this name. Raises ListRefused."""
    found = HashList.objects.filter(name=name.strip()).first()
    if found is None:
        raise ListRefused(f"There is no list “{name.strip()[:100]}”.")
    return found


def _sound_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 100 or not name.isprintable():
        raise ListRefused("A list's name has between 1 and 100 characters.")
    if name == WITHDRAWN:
        raise ListRefused(f"“{WITHDRAWN}” is the list that this installation makes itself.")
    return name


def _read(stream: BinaryIO, kind: str) -> tuple[set[Key], set[Key], Counter[str]]:
    """Entries to hold, entries to give up, and what cannot be used. The whole file, before anything is written."""
    wanted: set[Key] = set()
    withdrawn: set[Key] = set()
    skipped: Counter[str] = Counter()
    for found in hash_files.read(stream, kind=kind):
        if isinstance(found, Entry):
            (withdrawn if found.withdrawn else wanted).add((found.kind, found.value))
        else:
            skipped[found.reason] += 1
    return wanted, withdrawn, skipped


def _add(hash_list: HashList, keys: Iterable[Key]) -> None:
    rows = (ImageBlock(hash_list=hash_list, kind=kind, value=value) for kind, value in keys)
    while batch := list(islice(rows, _BATCH)):
        ImageBlock.objects.bulk_create(batch, ignore_conflicts=True)


def _delete(hash_list: HashList, keys: Iterable[Key]) -> None:
    for kind in ImageBlock.Kind.values:
        values = iter([value for one, value in keys if one == kind])
        while batch := list(islice(values, _DELETE_BATCH)):
            hash_list.entries.filter(kind=kind, value__in=batch).delete()
