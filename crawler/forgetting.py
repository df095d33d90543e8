"""Letting evidence go: the rows now, with an entry in the audit trail, and their files."""

from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from accounts import audit
from crawler.models import Evidence

ERASED = "evidence.erased"


def forget(captures: QuerySet[Evidence]) -> list[Path]:
    """Delete captures that no row points to any more. Returns their files, for `unlink` once nothing can fail."""
    root = Path(settings.EVIDENCE_DIR)
    files = []
    for capture in captures:
        audit.record(ERASED, capture)
        files += [root / name for name in (capture.warc_name, capture.screenshot_name) if name]
        capture.delete()
    return files


def unlink(files: list[Path]) -> None:
    """Delete files; one that is gone already is no error. Raises OSError."""
    for file in files:
        file.unlink(missing_ok=True)
