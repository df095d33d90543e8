"""When an account is erased, its customer at Stripe is deleted too, and with it every payment to come."""

import logging
from functools import partial

from celery import shared_task
from django.db import transaction

from accounts.billing import payments
from accounts.billing.payments import Unavailable
from accounts.models import Subscription, User

logger = logging.getLogger(__name__)

_AGAIN_SECONDS = 300


def forget(user: User) -> int:
    """End and delete what a person was sold or granted. Call it inside the transaction that erases them.

    Stripe is asked after it; where that fails, a worker goes on asking. Returns how many rows there were.
    """
    rows = Subscription.objects.filter(user=user)
    for customer_id in rows.exclude(customer_id="").values_list("customer_id", flat=True):
        transaction.on_commit(partial(_delete, customer_id), robust=True)
    return rows.delete()[0]


def _delete(customer_id: str) -> None:
    try:
        payments.delete_customer(customer_id)
    except Unavailable as error:
        logger.warning("a customer could not be deleted at Stripe, and will be: %s", error)
        forget_customer.apply_async([customer_id], countdown=_AGAIN_SECONDS)


@shared_task(name="accounts.forget_customer", autoretry_for=(Unavailable,), retry_backoff=60, max_retries=None)
def forget_customer(customer_id: str) -> None:
    """Delete a customer at Stripe, however long it takes until it answers."""
    payments.delete_customer(customer_id)
