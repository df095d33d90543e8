"""What we ask of Stripe. It learns an e-mail address and an account's number, and never anything about a face."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import stripe
from django.conf import settings
from django.core.cache import cache as shared_cache
from django.urls import reverse

from accounts.models import Plan, User

_TIMEOUT_SECONDS = 10.0
_PRICE_KEPT_SECONDS = 3600
# https://docs.stripe.com/currencies#zero-decimal, reviewed 2026-11-22
_NO_DECIMALS = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"}
)
_THREE_DECIMALS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
_SELLING = (Plan.WATCH, Plan.PROTECT)

# How fast its answers come is not told to Stripe.
stripe.enable_telemetry = False


class Unavailable(Exception):
    """Stripe did not answer, or refused; nothing is known to have changed."""


class CustomerGone(Exception):
    """Stripe knows no such customer, or no such thing of theirs, any more."""


@dataclass(frozen=True)
class Paid:
    """One of a customer's subscriptions as Stripe has it. `plan` is None for a price that is not ours."""

    id: str
    item_id: str
    plan: Plan | None
    status: str
    began: datetime
    """The period that is paid for, or is to be."""
    until: datetime
    cancels_at: datetime | None
    created: int


@dataclass(frozen=True)
class Price:
    """What a plan costs. `every` is a word such as "month"."""

    amount: str
    every: str
    plus_tax: bool


def on_sale() -> bool:
    """Whether plans are sold here; otherwise staff grant them."""
    return bool(settings.STRIPE_SECRET_KEY and settings.STRIPE_WEBHOOK_SECRET and settings.STRIPE_PRICES)


def sells(plan: Plan) -> bool:
    """Whether this plan is sold here."""
    return on_sale() and plan in _SELLING and bool(settings.STRIPE_PRICES.get(plan.value))


def price(plan: Plan) -> Price | None:
    """What a plan costs, as Stripe says; None where it cannot be asked."""
    if not sells(plan):
        return None
    price_id = settings.STRIPE_PRICES[plan.value]
    name = f"stripe-price:{price_id}"
    known: Price | None = shared_cache.get(name)
    if known is None:
        try:
            with _asking() as client:
                known = _price(client.v1.prices.retrieve(price_id))
        except (Unavailable, CustomerGone):
            return None
        shared_cache.set(name, known, _PRICE_KEPT_SECONDS)
    return known


def create_customer(user: User) -> str:
    """A customer at Stripe for this account. Raises `Unavailable`."""
    with _asking() as client:
        return client.v1.customers.create({"email": user.email, "metadata": {"account": str(user.pk)}}).id


def delete_customer(customer_id: str) -> None:
    """Delete a customer, which ends their subscriptions at once. Twice is no error. Raises `Unavailable`."""
    try:
        with _asking() as client:
            client.v1.customers.delete(customer_id)
    except CustomerGone:
        return


def rename_customer(customer_id: str, email: str) -> None:
    """Tell Stripe of another e-mail address. Raises `Unavailable` or `CustomerGone`."""
    with _asking() as client:
        client.v1.customers.update(customer_id, {"email": email})


def checkout(user: User, customer_id: str, plan: Plan) -> str:
    """The address of a page at Stripe where this plan is bought. Raises `Unavailable` or `CustomerGone`."""
    with _asking() as client:
        session = client.v1.checkout.sessions.create(
            {
                "mode": "subscription",
                "customer": customer_id,
                "client_reference_id": str(user.pk),
                "line_items": [{"price": settings.STRIPE_PRICES[plan.value], "quantity": 1}],
                "success_url": _ours("billing:returned"),
                "cancel_url": _ours("billing:plan"),
            }
        )
    return _address(session.url)


def change(customer_id: str, paid: Paid, plan: Plan) -> str:
    """A page at Stripe that says what the change costs and asks. Raises `Unavailable` or `CustomerGone`."""
    items: Any = [{"id": paid.item_id, "price": settings.STRIPE_PRICES[plan.value], "quantity": 1}]
    with _asking() as client:
        session = client.v1.billing_portal.sessions.create(
            {
                "customer": customer_id,
                "return_url": _ours("billing:returned"),
                "flow_data": {
                    "type": "subscription_update_confirm",
                    "subscription_update_confirm": {"subscription": paid.id, "items": items},
                    "after_completion": {
                        "type": "redirect",
                        "redirect": {"return_url": _ours("billing:returned")},
                    },
                },
            }
        )
    return _address(session.url)


def portal(customer_id: str) -> str:
    """Stripe's own pages about cards and invoices. Raises `Unavailable` or `CustomerGone`."""
    with _asking() as client:
        session = client.v1.billing_portal.sessions.create(
            {"customer": customer_id, "return_url": _ours("billing:returned")}
        )
    return _address(session.url)


def renew(subscription_id: str, *, goes_on: bool) -> None:
    """Let a subscription end with the time that is paid for, or go on after all.

    Raises `Unavailable` or `CustomerGone`.
    """
    with _asking() as client:
        row = client.v1.subscriptions.retrieve(subscription_id)
        if goes_on and row.cancel_at and not row.cancel_at_period_end:
            # How Stripe's own pages may have ended it.
            client.v1.subscriptions.update(subscription_id, {"cancel_at": ""})
        else:
            client.v1.subscriptions.update(subscription_id, {"cancel_at_period_end": not goes_on})


def subscriptions_of(customer_id: str) -> list[Paid]:
    """All that a customer has or had, as it is now. Raises `Unavailable` or `CustomerGone`."""
    with _asking() as client:
        found = client.v1.subscriptions.list({"customer": customer_id, "status": "all", "limit": 100})
    return [_paid(row.to_dict()) for row in found.data]


@contextmanager
def _asking() -> Iterator[stripe.StripeClient]:
    try:
        yield _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_URL)
    except stripe.InvalidRequestError as refusal:
        if refusal.code == "resource_missing":
            raise CustomerGone from refusal
        raise Unavailable(refusal.code or type(refusal).__name__) from refusal
    except stripe.StripeError as error:
        raise Unavailable(error.code or type(error).__name__) from error


@cache
def _client(key: str, api_url: str) -> stripe.StripeClient:
    """One for the process, which keeps its connections."""
    elsewhere: Any = {"api": api_url} if api_url else {}
    return stripe.StripeClient(
        key,
        base_addresses=elsewhere,
        max_network_retries=1,
        http_client=stripe.RequestsClient(timeout=_TIMEOUT_SECONDS),
    )


def _address(url: str | None) -> str:
    if not url:
        raise Unavailable("no_address")
    return url


def _ours(name: str) -> str:
    return f"{settings.PORTAL_URL}{reverse(name)}"


def _price(found: stripe.Price) -> Price:
    units = found.unit_amount or 0
    decimals = 0 if found.currency in _NO_DECIMALS else 3 if found.currency in _THREE_DECIMALS else 2
    amount = f"{units / 10**decimals:,.{decimals}f} {found.currency.upper()}"
    recurring = found.recurring
    every = "" if recurring is None else _every(recurring.interval_count, recurring.interval)
    return Price(amount, every, found.tax_behavior == "exclusive")


def _every(count: int, interval: str) -> str:
    return interval if count == 1 else f"{count} {interval}s"


def _paid(row: dict[str, Any]) -> Paid:
    items = row["items"]["data"]
    item: dict[str, Any] = next((one for one in items if _plan(one["price"])), items[0] if items else {})
    until = _moment(item.get("current_period_end") or row.get("ended_at") or row["created"])
    cancels_at = row.get("cancel_at")
    return Paid(
        id=row["id"],
        item_id=item.get("id", ""),
        plan=_plan(item["price"]) if item else None,
        status=row["status"],
        began=_moment(item.get("current_period_start") or row["created"]),
        until=until,
        cancels_at=_moment(cancels_at) if cancels_at else until if row.get("cancel_at_period_end") else None,
        created=row["created"],
    )


def _plan(price: dict[str, Any]) -> Plan | None:
    """By the prices on sale; an older price says in its metadata (`plan`) what it was for."""
    for name, price_id in settings.STRIPE_PRICES.items():
        if price_id == price["id"] and name in _SELLING:
            return Plan(name)
    said = (price.get("metadata") or {}).get("plan", "")
    return Plan(said) if said in _SELLING else None


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
