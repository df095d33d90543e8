"""Webhooks: each alert is one signed call to every endpoint that its subscriber has switched on.

Here is what their owner does with them; `alerts.webhook_calls` makes the calls.
"""

import json
from contextlib import suppress
from datetime import datetime
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.transitions import StaleState, allowed, change_state
from alerts import links, signing
from alerts.models import Alert, WebhookDelivery, WebhookEndpoint
from alerts.states import WEBHOOK, WEBHOOK_DELIVERY, WebhookDeliveryState, WebhookState
from crawler.defaults import web_policy
from crawler.policy import FetchPolicy, FetchRefused, parse_url

MOST = 5
"""So many endpoints can one person have."""
TEST = "test"
SWITCHED_OFF = "switched_off"


class NotTaken(Exception):
    """An endpoint that is not taken; the sentence is for its owner."""


def queue(alert: Alert) -> int:
    """Put the alert on its way to its person's endpoints, in the caller's transaction. Returns to how many."""
    text = body(alert.kind, alert.pk, alert.created_at, links.link(alert))
    endpoints = WebhookEndpoint.objects.filter(user=alert.user_id, state=WebhookState.ON)
    rows = [WebhookDelivery(endpoint=one, alert=alert, kind=alert.kind, body=text) for one in endpoints]
    return len(WebhookDelivery.objects.bulk_create(rows, ignore_conflicts=True))


def body(kind: str, about: UUID, at: datetime, link: str) -> str:
    """All that a call says. Nothing of a picture, a site or a person may ever stand here."""
    return json.dumps({"type": str(kind), "id": str(about), "created_at": at.isoformat(), "link": link})


def checked(url: str) -> str:
    """The address in its one spelling, if it may be called. Raises NotTaken.

    Where its name leads is judged at every call, as that can change.
    """
    try:
        parsed = policy().check_url(url)
    except FetchRefused as refusal:
        raise NotTaken(_sentence(refusal)) from None
    if parsed.scheme != "https" and not settings.FETCH_ALLOW_PRIVATE:
        raise NotTaken("The address must begin with https://, so that nobody reads along.")
    return parsed.url


def policy() -> FetchPolicy:
    """What may be called."""
    return web_policy()


def add(user: User, url: str) -> WebhookEndpoint:
    """A new endpoint with a secret of its own, switched on. Raises NotTaken."""
    address = checked(url)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)  # two at once must not make one too many
        mine = WebhookEndpoint.objects.filter(user=user)
        if mine.filter(url=address).exists():
            raise NotTaken("You have this address already.")
        if mine.count() >= MOST:
            raise NotTaken(f"You have {MOST} webhooks, which is as many as there can be. Delete one first.")
        return WebhookEndpoint.objects.create(
            user=user, url=address, sealed_secret=signing.seal(user, signing.new_secret())
        )


def renew(endpoint: WebhookEndpoint) -> None:
    """A new secret, from the next call on. The old one is worth nothing."""
    sealed = signing.seal(endpoint.user, signing.new_secret())
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(sealed_secret=sealed)


def secret(endpoint: WebhookEndpoint) -> str:
    """Its secret as receivers are given it. Raises keys.Unreadable."""
    return signing.spelled(signing.unseal(endpoint.user, endpoint.sealed_secret))


def switch_on(endpoint: WebhookEndpoint) -> None:
    """From the next alert on; what came in between is not sent by itself. It is on already: nothing happens."""
    if allowed(WEBHOOK, endpoint.state, WebhookState.ON):
        change_state(endpoint, WEBHOOK, WebhookState.ON, changed_at=timezone.now(), failing_since=None)


def switch_off(endpoint: WebhookEndpoint, state: WebhookState = WebhookState.OFF) -> bool:
    """No more calls, those that wait included. False where it was off already."""
    if not allowed(WEBHOOK, endpoint.state, state):
        return False
    with transaction.atomic():
        change_state(endpoint, WEBHOOK, state, changed_at=timezone.now())
        for row in endpoint.deliveries.filter(state=WebhookDeliveryState.WAITING):
            with suppress(StaleState):  # it arrived at this very moment
                change_state(row, WEBHOOK_DELIVERY, WebhookDeliveryState.FAILED, error=SWITCHED_OFF)
    return True


def test(endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Put a test call on its way: one of the kind `test`, about nothing."""
    pk = uuid4()
    text = body(TEST, pk, timezone.now(), links.home())
    return WebhookDelivery.objects.create(pk=pk, endpoint=endpoint, kind=TEST, body=text)


def again(delivery: WebhookDelivery) -> bool:
    """Send it once more, with the same id: its time begins anew. False where it is on its way, or nobody is called."""
    if delivery.endpoint.state != WebhookState.ON:
        return False
    now = timezone.now()
    anew = {"first_try_at": None, "next_try_at": now, "delivered_at": None, "status": None, "error": ""}
    if not allowed(WEBHOOK_DELIVERY, delivery.state, WebhookDeliveryState.WAITING):
        return False
    try:
        change_state(delivery, WEBHOOK_DELIVERY, WebhookDeliveryState.WAITING, tries=0, **anew)
    except StaleState:
        return False
    return True


def host(endpoint: WebhookEndpoint) -> str:
    """What a list calls it."""
    return parse_url(endpoint.url).netloc


def _sentence(refusal: FetchRefused) -> str:
    """The policy's own sentence, in the words of somebody who types an address."""
    return {
        "url": "Write the whole address, as https://example.org/webhook.",
        "private_address": "That address is inside a private network, which we cannot call.",
        "forbidden_address": "That address is inside a private network, which we cannot call.",
        "port": "We call the ports 80, 443, 8080 and 8443 only.",
    }.get(refusal.code, refusal.sentence)
