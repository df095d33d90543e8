"""Telling people: what is told, how they want to hear of it, and every attempt to deliver it."""

from alerts.models.channels import FeedToken, PushBrowser, WebhookDelivery, WebhookEndpoint
from alerts.models.telling import (
    AddressHealth,
    Alert,
    AlertRule,
    Cadence,
    DeliveryAttempt,
    Digest,
    Kind,
)

__all__ = [
    "AddressHealth",
    "Alert",
    "AlertRule",
    "Cadence",
    "DeliveryAttempt",
    "Digest",
    "FeedToken",
    "Kind",
    "PushBrowser",
    "WebhookDelivery",
    "WebhookEndpoint",
]
