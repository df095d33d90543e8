"""Is the evidence what it was when it was captured? Files, records, rows and audit trail against one another."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings

from accounts import audit
from accounts.models import AuditEvent
from crawler import archive, evidence
from crawler.evidence import EvidenceDamaged
from crawler.models import Evidence

# A file is written before its row: younger ones may belong to a capture that is still going on.
YOUNG_SECONDS = 600.0
_CHUNK = 200
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that is wrong, about a capture (its id), a file of the store, or the audit trail."""

    what: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.what}: {self.sentence}"


def check(
    ids: Iterable[UUID] | None = None, *, progress: Progress = lambda _done, _of: None
) -> tuple[int, list[Damage]]:
    """How many captures were looked at, and what is wrong with them.

    Without `ids` all of them, the files that belong to none, and the whole audit trail as well. `progress` is told
    how many of how many are done.
    """
    wanted = None if ids is None else list(ids)
    rows = Evidence.objects.order_by("captured_at", "pk")
    if wanted is not None:
        rows = rows.filter(pk__in=wanted)
    total, found = rows.count(), []
    for done, row in enumerate(rows.iterator(chunk_size=_CHUNK), 1):
        found += [Damage(str(row.pk), sentence) for sentence in _wrong_with(row)]
        progress(done, total)
    if wanted is None:
        found += [*_orphans(), *_broken_trail()]
    else:
        known = set(rows.values_list("pk", flat=True))
        found += [Damage(str(pk), "there is no such capture") for pk in wanted if pk not in known]
    return total, found


def _wrong_with(row: Evidence) -> Iterator[str]:
    try:
        wrong = archive.damage(evidence.read_warc(row))
        if wrong:
            yield f"the archive is damaged: {wrong}"
    except EvidenceDamaged as damage:
        yield f"the archive: {_without_id(damage, row)}"
    try:
        if row.screenshot_name and not evidence.read_screenshot(row).startswith(b"\xff\xd8\xff"):
            yield "the screenshot is not a picture"
    except EvidenceDamaged as damage:
        yield f"the screenshot: {_without_id(damage, row)}"
    yield from _against_trail(row)


def _without_id(damage: EvidenceDamaged, row: Evidence) -> str:
    return str(damage).removeprefix(f"{row.pk}: ")


def _against_trail(row: Evidence) -> Iterator[str]:
    """The trail has one entry about it, made at the capture, and it says the same as the row."""
    entries = list(
        AuditEvent.objects.filter(
            action=evidence.CAPTURED, object_type=row._meta.label, object_id=str(row.pk)
        ).values_list("detail", flat=True)[:2]
    )
    if not entries:
        yield "the audit trail does not know it"
    elif len(entries) > 1:
        yield "the audit trail has more than one entry about it"
    elif entries[0].get("capture") != evidence.fingerprint(row):
        yield "the row is not what the audit trail says was captured"


def _orphans() -> Iterator[Damage]:
    """Files that no row speaks of: a capture whose row is gone, or one that died half-way."""
    root = Path(settings.EVIDENCE_DIR)
    before = time.time() - YOUNG_SECONDS
    for path in sorted(root.rglob("*")):
        if not path.is_file() or path.stat().st_mtime > before:
            continue
        name = path.relative_to(root).as_posix()
        rows = Evidence.objects.filter(warc_name=name) | Evidence.objects.filter(screenshot_name=name)
        if not rows.exists():
            yield Damage(name, "this file belongs to no capture")


def _broken_trail() -> Iterator[Damage]:
    event = audit.first_broken()
    if event is not None:
        yield Damage("audit trail", f"the chain is broken at entry {event.pk}, of {event.at:%Y-%m-%d %H:%M}")
