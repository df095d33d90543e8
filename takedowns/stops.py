"""The kill switch: while it is on, nothing leaves. Reading, writing and approving go on.

There are two of them. Senior staff stop and start sending here, at once and with a reason; whoever runs the
installation sets NOTICES_ENABLED. Either is enough to hold everything back.

One letter passes the first of them: a retraction that a senior colleague sends by hand, because taking back a mistake
may be why sending was stopped at all. Nothing passes the second.
"""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import User
from takedowns.cases import NotAllowed
from takedowns.models import SendingStop

_LONGEST_REASON = 400
OFF = "Sending notices is switched off."


def in_force() -> SendingStop | None:
    """The stop that holds now, the first where there are several."""
    return SendingStop.objects.filter(lifted_at=None).select_related("by").order_by("since").first()


def why_not() -> str:
    """Why nothing leaves now, in a sentence; empty where letters do."""
    if not settings.NOTICES_ENABLED:
        return OFF
    stop_now = in_force()
    if stop_now is None:
        return ""
    return f"Sending was stopped by a senior colleague on {stop_now.since:%d %B %Y, %H:%M} UTC."


def stop(staff: User, reason: str) -> SendingStop:
    """Stop all sending, from the next letter on. While it is stopped, another stop adds its reason.

    Raises:
        NotAllowed: not a senior colleague, or no reason.
    """
    _require_senior(staff)
    words = " ".join(reason.split())
    if not words or len(words) > _LONGEST_REASON:
        raise NotAllowed(f"Please say why, in at most {_LONGEST_REASON} characters.")
    with transaction.atomic():
        row = SendingStop.objects.create(by=staff, reason=words)
        audit.record("sending.stopped", row, actor=staff)
    return row


def lift(staff: User) -> int:
    """Let letters leave again: every stop ends. Returns how many there were. Raises NotAllowed."""
    _require_senior(staff)
    now = timezone.now()
    with transaction.atomic():
        stops_now = list(SendingStop.objects.select_for_update().filter(lifted_at=None))
        for row in stops_now:
            row.lifted_at, row.lifted_by = now, staff
            row.save(update_fields=["lifted_at", "lifted_by"])
            audit.record("sending.lifted", row, actor=staff)
    return len(stops_now)


def _require_senior(staff: User) -> None:
    if not staff.is_senior_staff:
        raise NotAllowed("Only senior staff stop and start sending.")
