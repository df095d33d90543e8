"""Legal holds: one item that must be kept although its time is over, placed and released by senior staff.

The person sees each hold, unless a court forbids that; then from the day on which it does not any more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import audit, retention
from accounts.models import LegalHold, User
from accounts.retention import Held


class HoldRefused(Exception):
    """Why nothing was placed or released, in one sentence for people."""


@dataclass(frozen=True)
class Order:
    """What somebody ordered to keep: a record of a holding by its id, or all of it where the id is empty."""

    holding: str
    object_id: str
    reason: str
    authority: str = ""
    hidden_until: datetime | None = None


def holdable() -> list[str]:
    """The names of the holdings that a hold may name."""
    return [holding.name for holding in retention.holdings() if holding.holdable]


def place(user: User, order: Order, staff: User) -> LegalHold:
    """Keep an item from now on. Raises HoldRefused."""
    _require_senior(staff)
    if order.holding not in holdable():
        raise HoldRefused("A hold cannot be placed on that.")
    if not order.reason.strip():
        raise HoldRefused("Please say why it must be kept.")
    with transaction.atomic():
        hold = LegalHold.objects.create(
            user=user,
            holding=order.holding,
            object_id=order.object_id.strip(),
            reason=order.reason.strip(),
            authority=order.authority.strip(),
            hidden_until=order.hidden_until,
            placed_by=staff,
        )
        # What is hidden from the person is not in their part of the trail either, until it may be.
        about = None if hidden(hold) else user
        audit.record("hold.placed", hold, actor=staff, about=about, holding=order.holding)
    return hold


def release(hold: LegalHold, staff: User) -> None:
    """Let an item go; what is past its time goes with the next sweep. Raises HoldRefused."""
    _require_senior(staff)
    with transaction.atomic():
        rows = LegalHold.objects.filter(pk=hold.pk, released_at=None)
        if not rows.update(released_at=timezone.now(), released_by=staff):
            raise HoldRefused("This hold was released before.")
        audit.record("hold.released", hold, actor=staff, about=None if hidden(hold) else hold.user)


def in_force() -> QuerySet[LegalHold]:
    """Every hold that is not released, the newest first."""
    return LegalHold.objects.filter(released_at=None).select_related("user", "placed_by").order_by("-placed_at", "pk")


def of(user: User) -> Held:
    """What holds keep of somebody now."""
    return collect(LegalHold.objects.filter(user=user, released_at=None).values_list("holding", "object_id"))


def collect(pairs: Iterable[tuple[str, str]]) -> Held:
    """Holdings and ids, by holding."""
    items: dict[str, frozenset[str]] = {}
    for holding, object_id in pairs:
        items[holding] = items.get(holding, frozenset()) | {object_id}
    return Held(items)


def shown_to(user: User) -> QuerySet[LegalHold]:
    """The holds that the person may know of, released ones as well."""
    may_know = Q(hidden_until=None) | Q(hidden_until__lte=timezone.now())
    return LegalHold.objects.filter(may_know, user=user).order_by("-placed_at", "pk")


def hidden(hold: LegalHold) -> bool:
    """Whether the person must not be told yet."""
    return hold.hidden_until is not None and hold.hidden_until > timezone.now()


def _require_senior(staff: User) -> None:
    if not staff.is_senior_staff:
        raise HoldRefused("Only senior staff can do this.")
