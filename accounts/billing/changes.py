"""Noting since when somebody's plan goes on looking, for `search`, which then looks through what it missed."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from accounts.billing.plans import Feature, allows
from accounts.models import Subscription, User


@contextmanager
def noting(user: User) -> Iterator[None]:
    """Around whatever may change a person's plan, inside its transaction."""
    before = allows(user, Feature.WATCH)
    yield
    if not before and allows(user, Feature.WATCH):
        Subscription.objects.filter(user=user).update(watched_since=timezone.now())
