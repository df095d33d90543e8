"""After a change of the face model: ask the owners of opt-outs, once, to do the check again.

Until they have, the opt-out holds with the earlier engine's help (see `listed`).
"""

from django.db.models import QuerySet
from django.utils import timezone

from search import faces
from search.models import OptOut
from search.optouts import mails
from search.states import OptOutState

_KEPT = (OptOutState.ACTIVE, OptOutState.CONTESTED)


def ask() -> int:
    """Write to every owner who was not asked yet. Returns how many were asked now."""
    model_id = faces.model().model_id
    kept = OptOut.objects.filter(state__in=_KEPT)
    # Whose templates can be used again was asked about a change that was undone.
    kept.filter(model_id=model_id, recapture_asked_at__isnull=False).update(recapture_asked_at=None)
    return sum(map(_ask, _unasked(kept.exclude(model_id=model_id))))


def _unasked(rows: QuerySet[OptOut]) -> QuerySet[OptOut]:
    return rows.filter(recapture_asked_at=None).order_by("created_at")


def _ask(optout: OptOut) -> bool:
    row = OptOut.objects.filter(pk=optout.pk)
    # A claim: whoever sets the mark first writes the mail.
    if not row.filter(recapture_asked_at=None).update(recapture_asked_at=timezone.now()):
        return False
    sent = False
    try:
        sent = mails.try_to_send("recapture", optout)
    finally:
        if not sent:
            row.update(recapture_asked_at=None)
    return sent
