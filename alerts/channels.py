"""The ways to hear of alerts besides e-mail, as a person has them: for the page of their alert settings."""

from dataclasses import dataclass

from django.db.models import Count, Q
from django.urls import reverse

from accounts.models import User
from alerts.models import FeedToken, PushBrowser, WebhookEndpoint
from alerts.states import WebhookState


@dataclass(frozen=True)
class Channel:
    """One way: what it is, how it stands (`tone` and `state` as on a badge), and its page."""

    name: str
    what: str
    state: str
    tone: str
    link: str


def summary(user: User) -> list[Channel]:
    """All of them, in the order in which they are shown; three queries."""
    return [_push(user), _feed(user), _webhooks(user)]


def _push(user: User) -> Channel:
    count = PushBrowser.objects.filter(user=user).count()
    state = {0: "Off", 1: "On in one browser"}.get(count, f"On in {count} browsers")
    what = "Your browser says that there is a message, and nothing more."
    return Channel("In your browser", what, state, _tone(count), reverse("alerts:push"))


def _feed(user: User) -> Channel:
    has_one = FeedToken.objects.filter(user=user).exists()
    what = "For a feed reader: what happened, in one line each."
    return Channel("A private feed", what, "On" if has_one else "Off", _tone(has_one), reverse("alerts:feed"))


def _webhooks(user: User) -> Channel:
    count = Count("pk", filter=Q(state=WebhookState.ON))
    disabled = Count("pk", filter=Q(state=WebhookState.DISABLED))
    found = WebhookEndpoint.objects.filter(user=user).aggregate(on=count, disabled=disabled)
    state, tone = ("Off", "") if not found["on"] else (f"{found['on']} on", "good")
    if found["disabled"]:
        state, tone = f"{found['disabled']} switched off by us", "needs"
    what = "For developers: we call an address of yours when something happens."
    return Channel("Webhooks", what, state, tone, reverse("alerts:webhooks"))


def _tone(is_on: object) -> str:
    return "good" if is_on else ""
