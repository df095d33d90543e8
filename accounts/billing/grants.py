"""The local provider: a member of staff gives somebody a plan, for a reason, until a day or without an end."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.billing.changes import noting
from accounts.billing.plans import in_force
from accounts.models import Plan, Subscription, User
from accounts.states import SUBSCRIPTION, SubscriptionState
from accounts.transitions import change_state


class NotGranted(Exception):
    """Why a plan was not given or ended, in one sentence."""


def of(user: User) -> Subscription | None:
    """What somebody was sold or granted, if anything; it may have ended."""
    return Subscription.objects.select_related("granted_by").filter(user=user).first()


def grant(user: User, plan: Plan, staff: User, reason: str, ends_at: datetime | None = None) -> Subscription:
    """Give a plan, or put another one, or another end, in the place of a granted one.

    Raises:
        NotGranted: with the reason.
    """
    _check(user, plan, staff, reason, ends_at)
    with transaction.atomic(), noting(user):
        # The account's row serialises what is done to its plan.
        User.objects.select_for_update().get(pk=user.pk)
        row = Subscription.objects.filter(user=user).first()
        if row is None:
            row = Subscription(user=user, provider=Subscription.Provider.LOCAL, plan=plan)
            row.save(force_insert=True)
        elif _is_paid(row):
            raise NotGranted("They pay for a plan through Stripe. It has to end before you can give them one.")
        elif row.state != SubscriptionState.ACTIVE:
            change_state(row, SUBSCRIPTION, SubscriptionState.ACTIVE)
        row.provider, row.plan, row.ends_at, row.cancels_at = Subscription.Provider.LOCAL, plan, ends_at, None
        row.granted_by, row.reason = staff, " ".join(reason.split())
        row.save(update_fields=["provider", "plan", "ends_at", "cancels_at", "granted_by", "reason"])
        until = ends_at.date().isoformat() if ends_at else ""
        audit.record("plan.granted", row, actor=staff, about=user, plan=plan.value, until=until)
    return row


def end(user: User, staff: User, reason: str) -> None:
    """End a granted plan now. Raises `NotGranted` with the reason."""
    if not staff.is_staff_member:
        raise NotGranted("Only a member of staff can do this.")
    if not reason.strip():
        raise NotGranted("Please say why.")
    with transaction.atomic(), noting(user):
        row = Subscription.objects.select_for_update().filter(user=user).first()
        if row is None or row.state == SubscriptionState.ENDED:
            raise NotGranted("They have no plan that could end.")
        if row.provider == Subscription.Provider.STRIPE:
            raise NotGranted("They pay for it through Stripe. They can end it themselves, and you can in Stripe.")
        words = " ".join(reason.split())
        change_state(row, SUBSCRIPTION, SubscriptionState.ENDED, ends_at=timezone.now(), reason=words)
        audit.record("plan.ended", row, actor=staff, about=user, plan=row.plan)


def lapse() -> int:
    """Mark as ended what has ended by its date. Nobody's plan changes by it: it was over already."""
    known = Subscription.Provider.LOCAL
    over = Subscription.objects.filter(provider=known, state=SubscriptionState.ACTIVE).exclude(in_force())
    ended = 0
    for row in over.select_related("user"):
        with transaction.atomic():
            # A claim, so that an extension at the same moment is not undone.
            due = Subscription.objects.select_for_update().filter(pk=row.pk, ends_at=row.ends_at).first()
            if due is None or due.state != SubscriptionState.ACTIVE:
                continue
            change_state(due, SUBSCRIPTION, SubscriptionState.ENDED)
            audit.record("plan.ended", due, about=row.user, plan=due.plan)
            ended += 1
    return ended


def _check(user: User, plan: Plan, staff: User, reason: str, ends_at: datetime | None) -> None:
    if not staff.is_staff_member:
        raise NotGranted("Only a member of staff can do this.")
    if not user.is_subscriber:
        raise NotGranted("Members of staff have no plan.")
    if plan == Plan.FREE:
        raise NotGranted("Free needs no grant. End the plan they have instead.")
    if not reason.strip():
        raise NotGranted("Please say why.")
    if ends_at is not None and ends_at <= timezone.now():
        raise NotGranted("The last day has to be in the future.")


def _is_paid(row: Subscription) -> bool:
    paid = row.provider == Subscription.Provider.STRIPE and row.state != SubscriptionState.ENDED
    return paid and Subscription.objects.filter(in_force(), pk=row.pk).exists()
