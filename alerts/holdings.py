"""What this app holds about people, and when it goes."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.retention import (
    NOBODY,
    Choice,
    Erasure,
    File,
    Holding,
    as_json,
    count_of,
    delete_of,
    oldest_of,
    register,
    register_choice,
    rows,
)
from alerts import rules
from alerts.models import (
    AddressHealth,
    Alert,
    AlertRule,
    DeliveryAttempt,
    Digest,
    FeedToken,
    Kind,
    PushBrowser,
    WebhookDelivery,
    WebhookEndpoint,
)
from alerts.states import DigestState, WebhookDeliveryState

# What the delivery of mails is judged by, and no more.
_TRIES_KEPT = timedelta(days=90)
# The ceiling counts the mails of a week.
_EMPTY_MAILS_KEPT = timedelta(days=30)
_RULE = (
    *("minimum_band", "mail_since", "cadence", "hour", "weekday", "quiet_from", "quiet_until"),
    *("time_zone", "language", "tell_removals", "tell_moves"),
)


# --- Alerts and their mails ------------------------------------------------------------------------------------


def _alerts(user: User) -> QuerySet[Alert]:
    return Alert.objects.filter(user=user).order_by("created_at")


def _export(user: User) -> list[File]:
    mails = Digest.objects.filter(user=user).order_by("created_at")
    health = AddressHealth.objects.filter(user=user)
    told = {
        "rules": rows(AlertRule.objects.filter(user=user), *_RULE),
        "alerts": rows(_alerts(user), "id", "kind", "case", "created_at", "digest"),
        "matches": rows(Alert.matches.through.objects.filter(alert__user=user), "alert", "match"),
        "mails": rows(mails, "id", "recipient", "state", "tries", "created_at", "sent_at"),
        "address": rows(health, "address", "state", "soft_bounces", "since", "changed_at"),
    }
    return [as_json("alerts.json", told)]


def _erase(user: User, _erasure: Erasure) -> int:
    """Alerts before the mails that told them, and then the rule."""
    count = _alerts(user).count()
    _alerts(user).delete()
    Digest.objects.filter(user=user).delete()
    AddressHealth.objects.filter(user=user).delete()
    AlertRule.objects.filter(user=user).delete()
    return count


def _pointless() -> QuerySet[Alert]:
    """Alerts of matches that are gone."""
    return Alert.objects.filter(kind=Kind.MATCH, matches=None)


def _sweep_alerts() -> int:
    """With the matches go the alerts that told of them, and then the mails that tell nothing any more."""
    count, _ = _pointless().delete()
    old = Digest.objects.filter(alerts=None, created_at__lt=timezone.now() - _EMPTY_MAILS_KEPT)
    old.exclude(state=DigestState.WAITING).delete()
    return count


def _tries() -> QuerySet[DeliveryAttempt]:
    return DeliveryAttempt.objects.all()


def _tries_for(user: User) -> QuerySet[DeliveryAttempt]:
    return DeliveryAttempt.objects.filter(digest__user=user).order_by("at")


def _sweep_tries() -> int:
    return _tries().filter(at__lt=timezone.now() - _TRIES_KEPT).delete()[0]


# --- Other ways to hear of them --------------------------------------------------------------------------------


def _endpoints(user: User) -> QuerySet[WebhookEndpoint]:
    return WebhookEndpoint.objects.filter(user=user).order_by("created_at")


def _export_ways(user: User) -> list[File]:
    """Without the keys: whoever has the archive could call in our name, or read the feed."""
    calls = WebhookDelivery.objects.filter(endpoint__user=user).order_by("created_at")
    told = {
        "webhooks": rows(_endpoints(user), "id", "url", "state", "created_at", "failing_since"),
        "calls": rows(calls, "id", "endpoint", "kind", "state", "tries", "status", "created_at", "delivered_at"),
        "feed": rows(FeedToken.objects.filter(user=user), "created_at", "read_on"),
        "browsers": rows(_browsers(user), "id", "endpoint", "created_at"),
    }
    return [as_json("alert-channels.json", told)]


def _browsers(user: User) -> QuerySet[PushBrowser]:
    return PushBrowser.objects.filter(user=user).order_by("created_at")


def _count_ways(user: User) -> int:
    return _endpoints(user).count() + _browsers(user).count() + FeedToken.objects.filter(user=user).count()


def _erase_ways(user: User, _erasure: Erasure) -> int:
    count = _count_ways(user)
    for owned in (_endpoints(user), _browsers(user), FeedToken.objects.filter(user=user)):
        owned.delete()
    return count


def _finished_calls() -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(~Q(state=WebhookDeliveryState.WAITING))


def _sweep_calls() -> int:
    return _finished_calls().filter(created_at__lt=timezone.now() - _TRIES_KEPT).delete()[0]


# --- A choice --------------------------------------------------------------------------------------------------


def _mails_wanted(user: User) -> bool:
    return rules.of(user).mail_since is not None


def _want_mails(user: User, wanted: bool) -> None:
    """What happens while they are off is not told later; on again from now, unless they never were off."""
    rule = rules.stored(user)
    since: datetime | None = (rule.mail_since or timezone.now()) if wanted else None
    AlertRule.objects.filter(pk=rule.pk).update(mail_since=since)


register(
    Holding(
        "Alerts",
        "What we told you of and when, so that we tell you once; how you want to hear of things, and whether your "
        "address takes our mail.",
        "as long as the match or the case",
        sweep=_sweep_alerts,
        passed_to="Whoever delivers our e-mail",
        models=("alerts.Alert", "alerts.AlertRule", "alerts.Digest", "alerts.AddressHealth"),
        count=count_of(_alerts),
        export=_export,
        erase=_erase,
    ),
    Holding(
        "Tries to deliver a mail",
        "When we tried to hand over a mail and what the mail server answered, so that we notice when mail does not "
        "arrive.",
        "90 days",
        sweep=_sweep_tries,
        seen_by=f"{NOBODY}; staff see numbers",
        models=("alerts.DeliveryAttempt",),
        count=count_of(_tries_for),
        export=lambda user: [as_json("mail-tries.json", rows(_tries_for(user), "digest", "at", "outcome", "code"))],
        erase=delete_of(_tries_for),
        oldest=oldest_of(_tries, "at"),
        limit=_TRIES_KEPT,
    ),
    Holding(
        "Webhooks, feed and browsers for alerts",
        "Where else you asked us to tell you that something is new. Nothing of what it is goes there.",
        "until you switch it off; calls that are over, 90 days",
        sweep=_sweep_calls,
        passed_to="The addresses you gave us, and the makers of the browsers you switched on",
        models=("alerts.WebhookEndpoint", "alerts.WebhookDelivery", "alerts.FeedToken", "alerts.PushBrowser"),
        count=_count_ways,
        export=_export_ways,
        erase=_erase_ways,
        oldest=oldest_of(_finished_calls, "created_at"),
        limit=_TRIES_KEPT,
    ),
)
register_choice(
    Choice(
        "E-mail about new matches",
        "We write to you when a new picture may show you, and when there is news of your cases. Without it, everything "
        "waits here until you look.",
        _mails_wanted,
        _want_mails,
    )
)
