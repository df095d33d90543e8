"""A person's plan in words: what they have, until when, what it costs, and what they could have."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.billing import grants, payments
from accounts.billing.payments import Price
from accounts.billing.plans import OFFERS, Feature, Offer, default_plan, in_force, lowest_with, plan_of, rank
from accounts.models import Plan, Subscription, User
from accounts.states import SubscriptionState


@dataclass(frozen=True)
class Choice:
    """A plan on a page. `has` is what it adds; `after` is the plan whose things it has as well."""

    offer: Offer
    after: Plan | None
    price: Price | None
    sold: bool
    yours: bool

    @property
    def free(self) -> bool:
        return self.offer.plan == Plan.FREE


@dataclass(frozen=True)
class Standing:
    """What somebody has. `row` is what they were sold or granted, as long as it holds."""

    plan: Plan
    default: Plan
    row: Subscription | None
    ended: Subscription | None

    @property
    def paid(self) -> bool:
        return self.row is not None and self.row.provider == Subscription.Provider.STRIPE

    @property
    def late(self) -> bool:
        return self.row is not None and self.row.state == SubscriptionState.PAST_DUE

    @property
    def ends_at(self) -> datetime | None:
        """When it ends for good, if it does."""
        if self.row is None or (self.paid and not self.row.cancels_at and not self.late):
            return None
        return self.row.ends_at

    @property
    def last_day(self) -> datetime | None:
        """The last day on which they have it."""
        return self.ends_at - timedelta(seconds=1) if self.ends_at else None

    @property
    def renews_at(self) -> datetime | None:
        """When it is paid for again, if it is."""
        return None if self.row is None or not self.paid or self.ends_at else self.row.ends_at

    @property
    def losing(self) -> Sequence[str]:
        """What goes with the plan, when it ends."""
        return [
            line for offer in OFFERS if rank(self.default) < rank(offer.plan) <= rank(self.plan) for line in offer.has
        ]


def of(user: User) -> Standing:
    """Where somebody stands."""
    row = grants.of(user)
    holds = row is not None and Subscription.objects.filter(in_force(), pk=row.pk).exists()
    was_one = row is not None and row.plan != Plan.FREE
    return Standing(plan_of(user), default_plan(), row if holds else None, row if was_one and not holds else None)


def choices(mine: Plan | None = None) -> list[Choice]:
    """The plans, from the least to the most; `mine` is the reader's own."""
    before: list[Plan | None] = [None, *(offer.plan for offer in OFFERS)]
    return [
        Choice(offer, after, payments.price(offer.plan), payments.sells(offer.plan), offer.plan == mine)
        for offer, after in zip(OFFERS, before, strict=False)
    ]


def missing(user: User, feature: Feature) -> Plan | None:
    """The plan that would have this, where the person's own has not; None where it has."""
    needed = lowest_with(feature)
    return needed if rank(plan_of(user)) < rank(needed) else None
