"""Telling people: rules, alerts and the attempts to deliver them."""

import uuid

from django.db import models
from django.utils import timezone

from accounts.models import User
from search.models import Match


class AlertRule(models.Model):
    """When a subscriber wants to hear of a match. Everybody has one from their enrolment on."""

    user = models.OneToOneField(User, models.CASCADE, related_name="alert_rule")
    # The weakest band worth a mail; weaker matches wait in the portal.
    minimum_band = models.CharField(max_length=20, default="likely")
    active = models.BooleanField(default=True)


class DeliveryAttempt(models.Model):
    """One e-mail, recorded before it is tried. A retry keeps the Message-ID, so that mail clients fold it."""

    class Outcome(models.TextChoices):
        PENDING = "pending", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="delivery_attempts")
    message_id = models.CharField(max_length=200, unique=True)
    outcome = models.CharField(max_length=20, choices=Outcome, default=Outcome.PENDING)
    tries = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    next_try_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)


class Alert(models.Model):
    """One new thing worth telling a subscriber."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    rule = models.ForeignKey(AlertRule, models.CASCADE, related_name="alerts")
    match = models.ForeignKey(Match, models.CASCADE, related_name="alerts")
    attempt = models.ForeignKey(DeliveryAttempt, models.RESTRICT, null=True, related_name="alerts")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "match"], name="alert_once_per_match")]
        indexes = [models.Index(fields=["id"], condition=models.Q(attempt=None), name="alert_waiting")]
