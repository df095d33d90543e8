"""Taking over what Stripe says: always all that a customer has now, asked anew, and never what a message claims.

So it does not matter in which order messages come, or how often. Each answer has the moment at which it was asked
for, and one that was asked for earlier than what is known changes nothing.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import audit
from accounts.billing import payments
from accounts.billing.changes import noting
from accounts.billing.payments import CustomerGone, Paid, Unavailable
from accounts.billing.plans import rank
from accounts.models import Plan, Subscription, User
from accounts.states import SUBSCRIPTION, SubscriptionState
from accounts.transitions import change_state

logger = logging.getLogger(__name__)

# How long a plan stays when a payment is late, from the day on which it was due.
LATE_PAYMENT_GRACE = timedelta(days=14)
_STATES = {
    "active": SubscriptionState.ACTIVE,
    "trialing": SubscriptionState.ACTIVE,
    "past_due": SubscriptionState.PAST_DUE,
}


def customer_of(user: User) -> str:
    """The account's customer id at Stripe, made on the first time. Raises `Unavailable`."""
    known = Subscription.objects.filter(user=user).exclude(customer_id="").values_list("customer_id", flat=True).first()
    if known:
        return known
    made = payments.create_customer(user)
    with transaction.atomic():
        nothing_yet = {
            "provider": Subscription.Provider.STRIPE,
            "plan": Plan.FREE,
            "state": SubscriptionState.ENDED,
            "customer_id": made,
        }
        row, _ = Subscription.objects.get_or_create(user=user, defaults=nothing_yet)
        Subscription.objects.filter(pk=row.pk, customer_id="").update(customer_id=made)
    return Subscription.objects.values_list("customer_id", flat=True).get(pk=row.pk)


def sync(row: Subscription) -> bool:
    """Take over what this customer has at Stripe. Whether that changed anything. Raises `Unavailable`."""
    asked_at = timezone.now()
    try:
        found = payments.subscriptions_of(row.customer_id)
    except CustomerGone:
        return _write(row, None, asked_at, gone=True)
    if sum(one.status in _STATES for one in found) > 1:
        logger.error("subscription %s: several are paid for at once; end all but one in Stripe", row.pk)
    return _write(row, _best(found), asked_at)


def sync_due() -> int:
    """Ask anew about every paid plan whose time is over: a message may have been lost. Returns how many were asked."""
    over = Q(ends_at__lt=timezone.now()) | Q(cancels_at__lt=timezone.now())
    due = Subscription.objects.filter(over, provider=Subscription.Provider.STRIPE).exclude(customer_id="")
    asked = 0
    for row in due.exclude(state=SubscriptionState.ENDED).select_related("user"):
        try:
            sync(row)
        except Unavailable as error:
            logger.warning("subscription %s could not be asked about: %s", row.pk, error)
            break
        asked += 1
    return asked


def _best(found: Sequence[Paid]) -> Paid | None:
    """Of several, the one that gives most; of several that give nothing, none."""
    paid = [one for one in found if one.status in _STATES]
    return max(paid, key=lambda one: (rank(one.plan) if one.plan else 0, one.created), default=None)


def _write(row: Subscription, paid: Paid | None, asked_at: datetime, *, gone: bool = False) -> bool:
    with transaction.atomic(), noting(row.user):
        User.objects.select_for_update().get(pk=row.user_id)
        known = Subscription.objects.get(pk=row.pk)
        if known.as_of and known.as_of >= asked_at:
            return False
        before = _shape(known)
        Subscription.objects.filter(pk=row.pk).update(as_of=asked_at, **({"customer_id": ""} if gone else {}))
        if paid is not None:
            _take_over(known, paid)
        elif known.provider == Subscription.Provider.STRIPE and known.state != SubscriptionState.ENDED:
            change_state(known, SUBSCRIPTION, SubscriptionState.ENDED, ends_at=asked_at, cancels_at=None)
        changed = _shape(known) != before
        if changed:
            audit.record("plan.changed", known, about=row.user, plan=known.plan, state=known.state)
    return changed


def _take_over(known: Subscription, paid: Paid) -> None:
    """A paid plan takes the place of a granted one, which is over then."""
    state = _STATES[paid.status]
    if known.state == SubscriptionState.ENDED and state == SubscriptionState.PAST_DUE:
        change_state(known, SUBSCRIPTION, SubscriptionState.ACTIVE)
    if known.state != state:
        change_state(known, SUBSCRIPTION, state)
    known.provider, known.granted_by, known.reason = Subscription.Provider.STRIPE, None, ""
    known.subscription_id, known.cancels_at = paid.id, paid.cancels_at
    if paid.plan is None:
        logger.error("subscription %s: its price is not one of ours; the plan stays as it was", known.pk)
    else:
        known.plan = paid.plan
    late = state == SubscriptionState.PAST_DUE
    known.ends_at = paid.began + LATE_PAYMENT_GRACE if late else paid.cancels_at or paid.until
    fields = ["provider", "granted_by", "reason", "subscription_id", "cancels_at", "plan", "ends_at"]
    known.save(update_fields=fields)


def _shape(row: Subscription) -> tuple[object, ...]:
    return row.provider, row.plan, row.state, row.ends_at, row.cancels_at, row.subscription_id
