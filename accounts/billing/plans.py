"""What each plan has, and who has which. Nothing else decides that.

Hiding, opting out, saying that it is somebody else, and reports about a minor are in no plan: they cost nothing.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounts.models import Plan, Subscription, User
from accounts.states import SubscriptionState

# Word of a renewal may come late; until then nobody loses a plan that goes on by itself.
RENEWAL_SLACK = timedelta(days=3)


class Feature(StrEnum):
    """What a plan may have."""

    LOOK = "look"
    WATCH = "watch"
    TAKEDOWNS = "takedowns"


@dataclass(frozen=True)
class Offer:
    """A plan as the price page describes it. `has` is what it adds to the plan before it."""

    plan: Plan
    sentence: str
    has: tuple[str, ...]


class NotInPlan(Exception):
    """The person's plan does not have this; the sentence says so, and which plan does."""


_FEATURES: dict[Plan, frozenset[Feature]] = {
    Plan.FREE: frozenset({Feature.LOOK}),
    Plan.WATCH: frozenset({Feature.LOOK, Feature.WATCH}),
    Plan.PROTECT: frozenset(Feature),
}
# From the least to the most.
_RANK = {plan: len(features) for plan, features in _FEATURES.items()}

_SENTENCES = {
    Feature.LOOK: "Looking for your face",
    Feature.WATCH: "Going on to look for new pictures",
    Feature.TAKEDOWNS: "Asking sites to remove a picture for you",
}

OFFERS: tuple[Offer, ...] = (
    Offer(
        Plan.FREE,
        "See what is there, and deal with it yourself.",
        (
            "One look through what we keep when you are enrolled",
            "Say of each picture whether it is you, and whether it may stay",
            "How to ask for a removal yourself",
        ),
    ),
    Offer(
        Plan.WATCH,
        "Know when something new appears.",
        (
            "We compare you with every picture that we find from then on",
            "An e-mail when one may show you, without a picture or an address in it",
        ),
    ),
    Offer(
        Plan.PROTECT,
        "We ask for the removal, and stay with it.",
        (
            "We find out who can remove a picture, and write to them for you",
            "We look whether it is gone, and again later whether it has come back",
        ),
    ),
)


def plan_of(user: User) -> Plan:
    """The plan that a person has now: the better one of what they were sold or granted and what everybody has."""
    own = Subscription.objects.filter(in_force(), user=user).values_list("plan", flat=True).first()
    default = default_plan()
    return default if own is None else better(Plan(own), default)


def allows(user: User, feature: Feature) -> bool:
    """Whether the person's plan has this now."""
    return feature in _FEATURES[plan_of(user)]


def require(user: User, feature: Feature) -> None:
    """Raises `NotInPlan` with a sentence for the person."""
    if not allows(user, feature):
        has = lowest_with(feature).label
        raise NotInPlan(f"{_SENTENCES[feature]} is part of the plan {has}. Yours is {plan_of(user).label}.")


def everybody_has(feature: Feature) -> bool:
    """Whether it is in what everybody has here, whatever they pay."""
    return feature in _FEATURES[default_plan()]


def with_feature(feature: Feature, path: str = "pk") -> Q:
    """Those whose plan has this now, for a query in which `path` leads to an account."""
    if everybody_has(feature):
        return Q()
    having = [plan for plan, features in _FEATURES.items() if feature in features]
    return Q(**{f"{path}__in": Subscription.objects.filter(in_force(), plan__in=having).values("user")})


def in_force() -> Q:
    """The subscriptions that hold now."""
    now = timezone.now()
    going_on = Q(provider=Subscription.Provider.STRIPE, state=SubscriptionState.ACTIVE, cancels_at=None)
    in_time = Q(ends_at=None) | Q(ends_at__gt=now) | going_on & Q(ends_at__gt=now - RENEWAL_SLACK)
    return Q(state__in=[SubscriptionState.ACTIVE, SubscriptionState.PAST_DUE]) & in_time


def default_plan() -> Plan:
    """What an account has that nobody sold or granted anything. A system check sees to the setting."""
    return Plan(settings.DEFAULT_PLAN)


def better(one: Plan, other: Plan) -> Plan:
    """The one of the two that has more."""
    return max(one, other, key=rank)


def rank(plan: Plan) -> int:
    """Its place among the plans, from the least to the most."""
    return _RANK[plan]


def lowest_with(feature: Feature) -> Plan:
    """The least plan that has this."""
    return min((plan for plan, features in _FEATURES.items() if feature in features), key=rank)
