"""Messages from Stripe. A message only says about whom to ask; see `sync`."""

import logging
from datetime import UTC, datetime, timedelta

import stripe
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts.billing.sync import sync
from accounts.models import BillingEvent, Subscription

logger = logging.getLogger(__name__)

# Longer than Stripe sends a message again (three days), and than its signature counts.
_KEPT = timedelta(days=30)
_ABOUT_A_PLAN = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "customer.deleted",
    "customer.subscription.",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.payment_action_required",
)


class NotFromStripe(Exception):
    """The signature is wrong or too old, or it is no message at all."""


def receive(request: HttpRequest) -> str:
    """Take in a message, once. Returns what came of it.

    Raises:
        NotFromStripe: and nothing was looked at.
        Unavailable: Stripe could not be asked back; it has to send the message again.
    """
    event = _verified(request)
    if BillingEvent.objects.filter(event_id=event.id).exists():
        return "seen"
    outcome = _act(event)
    made_at = datetime.fromtimestamp(event.created, UTC)
    BillingEvent.objects.get_or_create(
        event_id=event.id, defaults={"kind": event.type[:80], "made_at": made_at, "outcome": outcome}
    )
    logger.info("billing event %s %s: %s", event.id, event.type, outcome)
    return outcome


def sweep() -> int:
    """Forget which messages came, when none of them can come again."""
    return BillingEvent.objects.filter(received_at__lt=timezone.now() - _KEPT).delete()[0]


def _verified(request: HttpRequest) -> stripe.Event:
    header = request.headers.get("Stripe-Signature", "")
    try:
        event: stripe.Event = stripe.Webhook.construct_event(request.body, header, settings.STRIPE_WEBHOOK_SECRET)
    except (stripe.SignatureVerificationError, ValueError, AttributeError) as error:
        raise NotFromStripe(type(error).__name__) from None
    return event


def _act(event: stripe.Event) -> str:
    if not event.type.startswith(_ABOUT_A_PLAN):
        return "ignored"
    row = Subscription.objects.select_related("user").filter(customer_id=_customer(event)).first()
    if row is None or not row.customer_id:
        return "unknown"
    return "changed" if sync(row) else "unchanged"


def _customer(event: stripe.Event) -> str:
    """The id of the customer that a message is about; an empty string where there is none."""
    about = event.data.object.to_dict()
    who = about.get("id") if about.get("object") == "customer" else about.get("customer")
    return who if isinstance(who, str) else ""
