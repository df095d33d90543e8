"""From new matches to e-mails: at least once, and visibly once.

A match becomes an alert in one transaction; alerts waiting for one person become one e-mail. The attempt is
recorded with its Message-ID before it is made, and a retry keeps that id, so that a mail sent twice because of a
crash is folded into one by the reader's mail program.
"""

import logging
import smtplib
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import mailing
from accounts.billing import plans
from accounts.billing.plans import Feature
from accounts.models import User
from alerts.models import Alert, AlertRule, DeliveryAttempt
from search.calibration import Band
from search.models import Match

logger = logging.getLogger(__name__)

_STRENGTH = {Band.POSSIBLE.value: 0, Band.LIKELY.value: 1, Band.CERTAIN.value: 2}
_FIRST_RETRY = timedelta(minutes=1)
_LONGEST_RETRY = timedelta(hours=6)
# How long a send may take before another process may take it for dead.
_LEASE = timedelta(minutes=5)


def deliver() -> int:
    """Turn new matches into alerts, alerts into mails, and send what is due. Returns how many mails went out."""
    raise_alerts()
    gather_mails()
    due = DeliveryAttempt.objects.exclude(outcome=DeliveryAttempt.Outcome.SENT).filter(next_try_at__lte=timezone.now())
    return sum(_send(attempt) for attempt in due.select_related("user").order_by("created_at"))


def raise_alerts() -> int:
    """One alert for each new match that its subject's rule asks for."""
    raised = 0
    for pk in list(Match.objects.filter(alerted_at=None).values_list("pk", flat=True)):
        with transaction.atomic():
            # A claim: whoever sets the mark first raises the alert.
            if not Match.objects.filter(pk=pk, alerted_at=None).update(alerted_at=timezone.now()):
                continue
            raised += _raise_one(Match.objects.select_related("subject__user").get(pk=pk))
    return raised


def _raise_one(match: Match) -> bool:
    user = match.subject.user
    rule, _ = AlertRule.objects.get_or_create(user=user)
    if not plans.allows(user, Feature.WATCH):
        return False  # it waits for them in the portal
    if not rule.active or _STRENGTH[match.band] < _STRENGTH[rule.minimum_band]:
        return False
    _, created = Alert.objects.get_or_create(rule=rule, match=match)
    return created


def gather_mails() -> int:
    """One mail for each person with alerts that no mail has told yet."""
    people = Alert.objects.filter(attempt=None).values_list("rule__user", flat=True).distinct()
    for user_id in list(people):
        with transaction.atomic():
            user = User.objects.select_for_update().get(pk=user_id)
            waiting = Alert.objects.filter(attempt=None, rule__user=user)
            if waiting.exists():
                attempt = DeliveryAttempt(user=user)
                attempt.message_id = f"<alert-{attempt.pk}@{urlsplit(settings.PORTAL_URL).hostname}>"
                attempt.save(force_insert=True)
                waiting.update(attempt=attempt)
    return len(people)


def _send(attempt: DeliveryAttempt) -> bool:
    if not _lease(attempt):
        return False
    try:
        _message(attempt).send()
    except (OSError, smtplib.SMTPException) as error:
        _retry_later(attempt, error)
        return False
    DeliveryAttempt.objects.filter(pk=attempt.pk).update(
        outcome=DeliveryAttempt.Outcome.SENT, sent_at=timezone.now(), error=""
    )
    return True


def _lease(attempt: DeliveryAttempt) -> bool:
    """Take the attempt for this process, by moving the time of the next try that it was loaded with."""
    mine = DeliveryAttempt.objects.filter(pk=attempt.pk, next_try_at=attempt.next_try_at)
    return bool(mine.update(next_try_at=timezone.now() + _LEASE, tries=attempt.tries + 1))


def _retry_later(attempt: DeliveryAttempt, error: Exception) -> None:
    wait = min(_FIRST_RETRY * 2**attempt.tries, _LONGEST_RETRY)
    DeliveryAttempt.objects.filter(pk=attempt.pk).update(
        outcome=DeliveryAttempt.Outcome.FAILED,
        next_try_at=timezone.now() + wait,
        error=type(error).__name__,
    )
    logger.warning("alert mail %s failed: %s", attempt.pk, type(error).__name__)


def _message(attempt: DeliveryAttempt) -> EmailMultiAlternatives:
    """A mail without picture, URL or site name in it: it may be read over a shoulder."""
    context = {
        "count": attempt.alerts.count(),
        "link": settings.PORTAL_URL + reverse("search:matches"),
        "contact_email": settings.CONTACT_EMAIL,
    }
    return mailing.message(
        "alerts/email/new_matches", context, to=attempt.user.email, user=attempt.user, message_id=attempt.message_id
    )
