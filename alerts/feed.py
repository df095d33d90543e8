"""A private Atom feed (RFC 4287) of somebody's alerts, for a feed reader.

A feed reader signs in nowhere, so the address is the secret: 256 random bits, of which we keep the SHA-256. The feed
says no more than our mails do: what kind of thing happened, and when.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed

from accounts.models import User
from accounts.security import locks
from alerts import links, rules, words
from alerts.kinds import NATURE
from alerts.models import Alert, FeedToken, Kind

MOST = 50
_TOKEN_BYTES = 32
_PLAIN_TITLE = "Notes"


@dataclass(frozen=True)
class Feed:
    """A feed as it is sent; `updated`: when something was last added."""

    data: bytes
    updated: datetime


def renew(user: User) -> str:
    """Make somebody's feed, or give it a new address; the old one is worth nothing. Returns the token, only now."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    fresh = {"sha256": digest(token), "created_at": timezone.now(), "read_on": None}
    FeedToken.objects.update_or_create(user=user, defaults=fresh)
    return token


def address(token: str) -> str:
    """Where the feed is."""
    return f"{settings.PORTAL_URL}{reverse('alerts:atom', args=[token])}"


def digest(token: str) -> str:
    """What we keep of a token, and look for: a wrong one costs as much as a right one, and tells nothing."""
    return hashlib.sha256(token.encode()).hexdigest()


def find(token: str) -> FeedToken | None:
    """The feed of a token; None for a wrong one, and where the account is locked or closed."""
    found = FeedToken.objects.select_related("user").filter(sha256=digest(token), user__is_active=True).first()
    if found is None or locks.locked(found.user):
        return None
    today = timezone.now().date()
    if found.read_on != today:
        FeedToken.objects.filter(pk=found.pk).update(read_on=today)
    return found


def written(found: FeedToken, token: str) -> Feed:
    """The newest alerts, in one sentence each, in their language."""
    user = found.user
    told = Alert.objects.filter(user=user, settled_at=None).prefetch_related("matches")
    alerts = list(told.order_by("-created_at")[:MOST])
    updated = alerts[0].created_at if alerts else found.created_at
    language = words.language(rules.of(user).language)
    feed = _Atom(
        title=_PLAIN_TITLE if user.discreet else "Faceward",
        link=links.home(),
        description=None,
        language=language.code,
        author_name=_PLAIN_TITLE if user.discreet else "Faceward",
        feed_url=address(token),
        feed_guid=uuid5(NAMESPACE_URL, f"faceward:feed:{found.pk}").urn,
        updated=updated,
    )
    for alert in alerts:
        sentence = _sentence(alert, language)
        feed.add_item(
            # A reader shows titles in its list, where somebody may look over a shoulder; as with the subject of a mail.
            title=language.say("neutral") if user.discreet else sentence,
            link=links.link(alert),
            description=sentence if user.discreet else language.say(f"open_{NATURE[Kind(alert.kind)].part}"),
            unique_id=alert.pk.urn,
            pubdate=alert.created_at,
            updateddate=alert.created_at,
        )
    return Feed(feed.writeString("utf-8").encode(), updated)


def _sentence(alert: Alert, language: words.Language) -> str:
    pictures = len(alert.matches.all()) if alert.kind == Kind.MATCH else 1
    return language.count(alert.kind, max(pictures, 1))


class _Atom(Atom1Feed):
    """Says when it changed, also while it is empty: the same feed is the same bytes."""

    def latest_post_date(self) -> datetime:
        updated: datetime = self.feed["updated"]
        return updated
