"""What Stripe has to hear of: another e-mail address, to which it sends invoices."""

from typing import Any
from uuid import UUID

from allauth.account.signals import email_changed
from celery import shared_task
from django.db import transaction
from django.dispatch import receiver

from accounts.billing import payments
from accounts.billing.payments import CustomerGone, Unavailable
from accounts.models import Subscription, User


@receiver(email_changed)
def pass_on_address(user: User, **_: Any) -> None:
    """In a worker, which goes on until Stripe answers."""
    if Subscription.objects.filter(user=user).exclude(customer_id="").exists():
        transaction.on_commit(lambda: rename_customer.delay(str(user.pk)), robust=True)


@shared_task(name="accounts.rename_customer", autoretry_for=(Unavailable,), retry_backoff=60, max_retries=None)
def rename_customer(user_id: str) -> None:
    """Tell Stripe the address that the account has by now."""
    row = Subscription.objects.select_related("user").filter(user=UUID(user_id)).exclude(customer_id="").first()
    if row is None:
        return
    try:
        payments.rename_customer(row.customer_id, row.user.email)
    except CustomerGone:
        return
