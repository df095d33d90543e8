"""Web push (RFC 8030): a browser is woken up when there is something that should not wait for long.

Nothing is told, not even encrypted: a push has no body, and the browser shows one neutral sentence (`push-worker.js`).
Off until somebody switches it on in a browser. The same ceiling and quiet hours as for mail hold for each browser.
"""

import hashlib
import logging
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import AccountLock, User
from alerts import rules, side_by_side, timing, vapid
from alerts.kinds import URGENT
from alerts.models import Alert, Cadence, PushBrowser
from alerts.timing import Wishes
from crawler.defaults import web_policy
from crawler.fetch import fetch
from crawler.policy import FetchError, FetchRefused

logger = logging.getLogger(__name__)

MOST = 10
"""So many browsers can one person have."""
PATIENCE = timedelta(hours=72)
"""A browser whose service takes nothing for so long is forgotten."""
_GONE = (404, 410)
RUN_SECONDS = 45.0
_LIFE, _STEP = timedelta(hours=12), timedelta(minutes=15)
_FIRST_RETRY, _LONGEST_RETRY = timedelta(minutes=1), timedelta(hours=6)
_LEASE = timedelta(minutes=5)
_TIMEOUT_SECONDS, _MAX_ANSWER_BYTES = 10.0, 16 * 1024
# So often are more looked for, where many have to be put off.
_BATCHES = 30
_KNOWN = {
    "fcm.googleapis.com": "Chrome, or a browser like it",
    "android.googleapis.com": "Chrome, or a browser like it",
    "mozilla.com": "Firefox",
    "apple.com": "Safari",
    "windows.com": "Edge",
}


@dataclass(frozen=True)
class _Push:
    """One that is on its way; `told_until`: the newest alert that it stands for."""

    browser: PushBrowser
    wishes: Wishes
    told_until: datetime


class NotTaken(Exception):
    """An address that is not taken; the sentence is for whoever is at the browser."""


def checked(endpoint: str) -> str:
    """The address where a browser's service takes pushes, if it may be called. Raises NotTaken."""
    try:
        parsed = web_policy().check_url(endpoint)
    except FetchRefused:
        raise NotTaken("Your browser named an address that we cannot call.") from None
    if parsed.scheme != "https" and not settings.FETCH_ALLOW_PRIVATE:
        raise NotTaken("Your browser named an address that we cannot call.")
    return endpoint


def add(user: User, endpoint: str) -> PushBrowser:
    """Wake this browser up from now on. One that somebody else used is theirs no more. Raises NotTaken."""
    sha256 = digest(checked(endpoint))
    now = timezone.now()
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if PushBrowser.objects.filter(user=user).exclude(endpoint_sha256=sha256).count() >= MOST:
            raise NotTaken(f"You have switched it on in {MOST} browsers, which is as many as there can be.")
        PushBrowser.objects.filter(endpoint_sha256=sha256).exclude(user=user).delete()
        fresh = {"endpoint": endpoint, "told_until": now}
        return PushBrowser.objects.get_or_create(user=user, endpoint_sha256=sha256, defaults=fresh)[0]


def digest(endpoint: str) -> str:
    """By which a browser is known again."""
    return hashlib.sha256(endpoint.encode()).hexdigest()


def name(browser: PushBrowser) -> str:
    """What a list calls it: all that we know is whose service it uses."""
    host = urlsplit(browser.endpoint).hostname or ""
    found = (text for domain, text in _KNOWN.items() if host == domain or host.endswith(f".{domain}"))
    return next(found, "A browser")


def push_due(seconds: float = RUN_SECONDS) -> int:
    """Wake up the browsers of those for whom there is something. Returns how many services took it."""
    return side_by_side.run(_claimed, _settle, seconds=seconds)


def _claimed(under_way: list[_Push]) -> Iterator[tuple[_Push, Callable[[], int | None]]]:
    """Browsers for the free places; whose moment has not come is put off until then."""
    room = side_by_side.AT_ONCE - len(under_way)
    for _ in range(_BATCHES):
        for browser in _due([one.browser for one in under_way])[: max(room, 0)]:
            push = _claim(browser)
            if push is not None:
                room -= 1
                yield push, _call(push)


def _due(besides: list[PushBrowser]) -> QuerySet[PushBrowser]:
    """Browsers whose people have an urgent alert that came since the last push; those that fail come last."""
    news = Alert.objects.filter(_new(OuterRef("told_until")), user=OuterRef("user"))
    locked = AccountLock.objects.filter(lifted_at=None).values("user")
    waiting = PushBrowser.objects.filter(Exists(news), next_try_at__lte=timezone.now(), user__is_active=True)
    first = F("failing_since").asc(nulls_first=True)
    free = waiting.exclude(user__in=locked).exclude(pk__in=[one.pk for one in besides])
    return free.select_related("user").order_by(first, "next_try_at")


def _new(since: datetime | OuterRef) -> Q:
    return Q(kind__in=URGENT, created_at__gt=since, settled_at=None)


def _claim(browser: PushBrowser) -> _Push | None:
    """Take it for this process, by moving the time of the next try that it was loaded with."""
    now = timezone.now()
    alerts = Alert.objects.filter(_new(browser.told_until), user=browser.user).order_by("created_at")
    times = list(alerts.values_list("created_at", flat=True))
    if not times:
        return None
    wishes = replace(rules.wishes(rules.of(browser.user)), cadence=Cadence.AT_ONCE.value)
    at = _moment(browser, wishes, times[0], now)
    mine = PushBrowser.objects.filter(pk=browser.pk, next_try_at=browser.next_try_at)
    taken = mine.update(next_try_at=at if at > now else now + _LEASE)
    return _Push(browser, wishes, times[-1]) if taken and at <= now else None


def _moment(browser: PushBrowser, wishes: Wishes, first: datetime, now: datetime) -> datetime:
    """When the browser may be woken up: as a mail that is wanted as things happen."""
    return rules.next_mail_at(
        wishes,
        first_waiting=first,
        first_urgent=first,
        sent=[datetime.fromisoformat(text) for text in browser.told_at],
        not_before=now,
    )


def _call(push: _Push) -> Callable[[], int | None]:
    """The call, prepared."""
    now, endpoint = timezone.now(), push.browser.endpoint
    headers = {
        "TTL": str(int(_life(push.wishes, now).total_seconds())),
        "Urgency": "normal",
        # One that waits for a browser that is off gives way to the next.
        "Topic": "news",
        "Authorization": vapid.authorization(endpoint, now),
    }
    return partial(_post, endpoint, headers)


def _post(endpoint: str, headers: dict[str, str]) -> int | None:
    """The status of the push service; None where there was no answer."""
    limits = replace(web_policy(), timeout_seconds=_TIMEOUT_SECONDS, max_bytes=_MAX_ANSWER_BYTES)
    try:
        return fetch(checked(endpoint), limits, headers=headers, body=b"").status
    except (NotTaken, FetchError):
        return None


def _life(wishes: Wishes, now: datetime) -> timedelta:
    """How long the service keeps it for a browser that is off: not into the next quiet hours."""
    steps = (_STEP * number for number in range(1, _LIFE // _STEP + 1))
    quiet = next((step for step in steps if timing.is_quiet(now + step, wishes)), None)
    return _LIFE if quiet is None else quiet - _STEP


def _settle(push: _Push, status: int | None) -> bool:
    now, browser = timezone.now(), push.browser
    mine = PushBrowser.objects.filter(pk=browser.pk)
    if status is not None and 200 <= status < 300:
        week = now - timedelta(days=7)
        recent = [text for text in browser.told_at if datetime.fromisoformat(text) > week]
        told = {"told_until": push.told_until, "told_at": [*recent, now.isoformat()]}
        mine.update(next_try_at=now, failing_since=None, **told)
        return True
    since = browser.failing_since or now
    if status in _GONE or now - since >= PATIENCE:
        logger.info("browser %s takes no push any more: %s", browser.pk, status)
        mine.delete()
    else:
        mine.update(next_try_at=now + _pause(now - since), failing_since=since)
    return False


def _pause(failing_for: timedelta) -> timedelta:
    """As long again as it has failed for, and never the same for many."""
    longest: timedelta = min(max(failing_for, _FIRST_RETRY), _LONGEST_RETRY)
    return longest * random.uniform(0.5, 1.0)
