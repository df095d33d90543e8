"""The one way in which something becomes an alert. Call it in the transaction in which the thing happens."""

from collections.abc import Collection
from uuid import UUID

from accounts.models import User
from alerts import webhooks
from alerts.models import Alert, Kind
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
    """They have seen to it in the portal before a mail told them: nobody asks again. Returns how many alerts went."""
    rows = Alert.objects.filter(user=user, kind__in=kinds, case=case, digest=None)
    count = rows.count()
    rows.delete()
    return count
