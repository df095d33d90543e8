"""Other ways to hear of alerts, for who wants them: webhooks, a private feed, and the browser's own push."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from alerts.models.telling import Alert, Kind
from alerts.states import WebhookDeliveryState, WebhookState


class WebhookEndpoint(models.Model):
    """An address of the subscriber's that we call with each alert."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="webhooks")
    url = models.TextField()
    # What its calls are signed with, sealed with the subscriber's key.
    sealed_secret = models.BinaryField()
    state = models.CharField(max_length=20, choices=WebhookState, default=WebhookState.ON)
    created_at = models.DateTimeField(default=timezone.now)
    # Since when no call has succeeded; null while they do.
    failing_since = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(state__in=WebhookState.values), name="webhook_state_known")]


class WebhookDelivery(models.Model):
    """One alert on its way to one endpoint. Its id is the call's `webhook-id`, the same in every try."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, models.CASCADE, related_name="deliveries")
    # Null for a test call.
    alert = models.ForeignKey(Alert, models.CASCADE, null=True, related_name="webhook_deliveries")
    kind = models.CharField(max_length=20, choices=[*Kind.choices, ("test", "A test")])
    # The body as it is sent, the same bytes in every try.
    body = models.TextField()
    state = models.CharField(max_length=20, choices=WebhookDeliveryState, default=WebhookDeliveryState.WAITING)
    tries = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    # When the 72 hours began: at the first try, and anew when somebody asked for it to be sent again.
    first_try_at = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(default=timezone.now)
    last_try_at = models.DateTimeField(null=True)
    # What came back: an HTTP status, or a code of `crawler.policy.FetchError`.
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=40, blank=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "alert"], name="webhook_once_per_alert"),
            models.CheckConstraint(
                condition=Q(state__in=WebhookDeliveryState.values), name="webhook_delivery_state_known"
            ),
        ]
        indexes = [models.Index(fields=["next_try_at"], condition=Q(state="waiting"), name="webhook_due")]


class FeedToken(models.Model):
    """The secret part of the address of somebody's feed; only its SHA-256 is kept."""

    user = models.OneToOneField(User, models.CASCADE, related_name="feed_token")
    sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    read_on = models.DateField(null=True)


class PushBrowser(models.Model):
    """A browser that is woken up when there is something new. It is told nothing, so no keys of it are kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="push_browsers")
    endpoint = models.TextField()
    endpoint_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    # Alerts made until then were told, or were there before.
    told_until = models.DateTimeField(default=timezone.now)
    # When it was woken up within the last seven days, as ISO 8601: for the ceiling.
    told_at = models.JSONField(default=list)
    next_try_at = models.DateTimeField(default=timezone.now)
    failing_since = models.DateTimeField(null=True)
