"""Making the calls of webhooks: at least once, with the same id in every try, for 72 hours.

A call is claimed before it is made, by moving the time of its next try: one that is killed half-way is made again by
the next run. The calls of a run are made side by side, one at a time to each endpoint and few to each host, and
endpoints that answer come first, so that a slow one holds up nobody. Nothing that comes back is kept but its status.
"""

import logging
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import F, Min, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.keys import Unreadable
from accounts.models import AccountLock
from accounts.transitions import StaleState, change_state
from alerts import outbox, side_by_side, signing, webhooks
from alerts.models import Kind, WebhookDelivery, WebhookEndpoint
from alerts.states import WEBHOOK_DELIVERY, WebhookDeliveryState, WebhookState
from crawler.fetch import fetch
from crawler.policy import FetchError

logger = logging.getLogger(__name__)

PATIENCE = timedelta(hours=72)
"""So long is a call tried, and so long may an endpoint answer nothing before it is switched off."""
TIMEOUT_SECONDS = 10.0
MAX_ANSWER_BYTES = 64 * 1024
RUN_SECONDS = 45.0
_FIRST_RETRY, _LONGEST_RETRY = timedelta(seconds=30), timedelta(hours=6)
# How long a call may take before another process may take it for dead.
_LEASE = timedelta(minutes=2)
# Calls to one host at a time.
_A_HOST = 4
_GONE = 410


@dataclass(frozen=True)
class Answer:
    """What came of a try: a status, or the code of what went wrong."""

    status: int | None = None
    error: str = ""

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def call_due(seconds: float = RUN_SECONDS) -> int:
    """Make the calls that are due, for about so long. Returns how many arrived."""
    return side_by_side.run(_claimed, _settle, seconds=seconds)


def _claimed(under_way: list[WebhookDelivery]) -> Iterator[tuple[WebhookDelivery, Callable[[], Answer]]]:
    """Calls for the free places: the longest due of each endpoint that is not being called."""
    hosts = Counter(webhooks.host(one.endpoint) for one in under_way)
    for endpoint in _waiting(under_way):
        if hosts.total() >= side_by_side.AT_ONCE:
            return
        delivery = endpoint.deliveries.filter(_due()).select_related("endpoint__user").order_by("next_try_at").first()
        if delivery is not None and hosts[webhooks.host(endpoint)] < _A_HOST and _lease(delivery):
            hosts[webhooks.host(endpoint)] += 1
            yield delivery, _call(delivery)


def _waiting(under_way: list[WebhookDelivery]) -> list[WebhookEndpoint]:
    """Endpoints with something due: those that answer first, and then whoever waits longest."""
    locked = AccountLock.objects.filter(lifted_at=None).values("user")
    due = WebhookEndpoint.objects.filter(_due("deliveries__"), state=WebhookState.ON, user__is_active=True)
    free = due.exclude(pk__in=[one.endpoint_id for one in under_way]).exclude(user__in=locked)
    oldest = free.annotate(oldest=Min("deliveries__next_try_at"))
    return list(oldest.order_by(F("failing_since").asc(nulls_first=True), "oldest")[: side_by_side.AT_ONCE * 4])


def _due(path: str = "") -> Q:
    return Q(**{f"{path}state": WebhookDeliveryState.WAITING, f"{path}next_try_at__lte": timezone.now()})


def _lease(delivery: WebhookDelivery) -> bool:
    """Take the call for this process, by moving the time of the next try that it was loaded with."""
    now = timezone.now()
    mine = WebhookDelivery.objects.filter(_due(), pk=delivery.pk, next_try_at=delivery.next_try_at)
    taken = mine.update(
        next_try_at=now + _LEASE,
        tries=F("tries") + 1,
        first_try_at=Coalesce("first_try_at", now),
        last_try_at=now,
    )
    if taken:
        delivery.refresh_from_db(fields=["next_try_at", "tries", "first_try_at", "last_try_at"])
    return bool(taken)


def _call(delivery: WebhookDelivery) -> Callable[[], Answer]:
    """The call, prepared: all that the database knows is asked here."""
    endpoint, body = delivery.endpoint, delivery.body.encode()
    try:
        secret = signing.unseal(endpoint.user, endpoint.sealed_secret)
    except Unreadable:
        return lambda: Answer(error="secret")
    headers = {
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        **signing.headers(secret, str(delivery.pk), int(timezone.now().timestamp()), body),
    }
    return partial(_post, endpoint.url, headers, body)


def _post(url: str, headers: dict[str, str], body: bytes) -> Answer:
    limits = replace(webhooks.policy(), max_bytes=MAX_ANSWER_BYTES, timeout_seconds=TIMEOUT_SECONDS)
    try:
        return Answer(status=fetch(webhooks.checked(url), limits, headers=headers, body=body).status)
    except webhooks.NotTaken:
        return Answer(error="refused")
    except FetchError as error:
        return Answer(error=error.code)


def _settle(delivery: WebhookDelivery, answer: Answer) -> bool:
    """Write down what came of a try. Whatever its owner did meanwhile stands."""
    with transaction.atomic(), suppress(StaleState):
        # The endpoint first, as where it is switched off, so that two processes cannot wait for each other.
        endpoint = WebhookEndpoint.objects.select_for_update().filter(pk=delivery.endpoint_id).first()
        if endpoint is not None and answer.is_success:
            _arrived(delivery, endpoint, answer)
        elif endpoint is not None:
            _failed(delivery, endpoint, answer)
    return answer.is_success


def _arrived(delivery: WebhookDelivery, endpoint: WebhookEndpoint, answer: Answer) -> None:
    if endpoint.failing_since is not None:
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=None)
    result = {"status": answer.status, "error": "", "delivered_at": timezone.now()}
    change_state(delivery, WEBHOOK_DELIVERY, WebhookDeliveryState.DELIVERED, **result)


def _failed(delivery: WebhookDelivery, endpoint: WebhookEndpoint, answer: Answer) -> None:
    """Try again later, or give it up; and the endpoint too, where it fails for too long or says that it is gone."""
    now, result = timezone.now(), {"status": answer.status, "error": answer.error}
    began = delivery.first_try_at or now
    logger.info("webhook call %s failed at try %d: %s", delivery.pk, delivery.tries, answer.error or answer.status)
    if endpoint.failing_since is None:
        endpoint.failing_since = delivery.last_try_at or now
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=endpoint.failing_since)
    if now >= began + PATIENCE:
        change_state(delivery, WEBHOOK_DELIVERY, WebhookDeliveryState.FAILED, **result)
    else:
        waiting = WebhookDelivery.objects.filter(pk=delivery.pk, state=WebhookDeliveryState.WAITING)
        waiting.update(next_try_at=min(now + _pause(delivery.tries), began + PATIENCE), **result)
    if answer.status == _GONE or now - endpoint.failing_since >= PATIENCE:
        _give_up(endpoint, now)


def _give_up(endpoint: WebhookEndpoint, now: datetime) -> None:
    """Switch it off, and tell its owner."""
    if webhooks.switch_off(endpoint, WebhookState.DISABLED):
        outbox.tell(endpoint.user, Kind.WEBHOOK_OFF, f"webhook:{endpoint.pk}:{now:%Y-%m-%d}")
        logger.warning("webhook %s switched off", endpoint.pk)


def _pause(tries: int) -> timedelta:
    """Twice as long each time, and never the same for many: the second half of it is by chance."""
    doublings = min(tries - 1, 16)
    longest: timedelta = min(_FIRST_RETRY * (1 << doublings), _LONGEST_RETRY)
    return longest * random.uniform(0.5, 1.0)
