"""The one way in which something becomes an alert. Call it in the transaction in which the thing happens."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from alerts import webhooks
from alerts.models import Alert, Kind
from alerts.states import DigestState
from search.models import Match


def tell(user: User, kind: Kind, key: str, *, case: UUID | None = None, matches: Collection[Match] = ()) -> Alert:
    """Record that something is worth telling, and queue it for their webhooks; a second time changes nothing.

    `key` says what exactly: one key is told once to one person. Mail, feed and push find the row by themselves.
    """
    alert, is_new = Alert.objects.get_or_create(user=user, key=key, defaults={"kind": kind, "case": case})
    if is_new:
        alert.matches.set(matches)
        webhooks.queue(alert)
    return alert


def settled(user: User, kinds: Collection[Kind], case: UUID) -> int:
    """They have seen to it in the portal before a mail told them: none asks again. Returns how many alerts."""
    untold = Q(digest=None) | Q(digest__state=DigestState.WAITING)
    rows = Alert.objects.filter(untold, user=user, kind__in=kinds, case=case, settled_at=None)
    return rows.update(settled_at=timezone.now())
