"""The audit trail: an append-only chain of hashes over who did what to which record."""

import hashlib
import json
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from accounts.models import AuditEvent, User

_CHAIN_LOCK = 0x46414345  # "FACE": the PostgreSQL advisory lock that serialises the chain
_GENESIS = "0" * 64


def record(
    action: str, obj: models.Model, *, actor: User | None = None, about: User | None = None, **detail: Any
) -> AuditEvent:
    """Append an event. `detail` takes ids, counts and state names only, never content.

    Runs inside the caller's transaction, so that the event stands or falls with what it describes.
    """
    with transaction.atomic():
        _serialise()
        last = AuditEvent.objects.order_by("-id").values_list("hash", flat=True).first()
        event = AuditEvent(
            at=timezone.now(),
            actor=actor.pk if actor else None,
            action=action,
            object_type=obj._meta.label,
            object_id=str(obj.pk),
            about=about.pk if about else None,
            detail=detail,
            previous_hash=last or _GENESIS,
        )
        event.hash = digest(event)
        event.save(force_insert=True)
    return event


def _serialise() -> None:
    """One writer at a time. SQLite's immediate transactions already see to it."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CHAIN_LOCK])


def digest(event: AuditEvent) -> str:
    """SHA-256 over the event's canonical JSON, the previous event's hash included."""
    content = {
        "at": event.at.isoformat(),
        "actor": str(event.actor),
        "action": event.action,
        "object": f"{event.object_type}:{event.object_id}",
        "about": str(event.about),
        "detail": event.detail,
        "previous": event.previous_hash,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def first_broken() -> AuditEvent | None:
    """The first event whose hash or link is wrong, or None where the whole chain holds."""
    previous = _GENESIS
    for event in AuditEvent.objects.order_by("id").iterator():
        if event.previous_hash != previous or event.hash != digest(event):
            return event
        previous = event.hash
    return None
