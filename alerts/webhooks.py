"""Webhooks: each alert is one signed call to every endpoint that its subscriber has switched on."""

from alerts.models import Alert


def queue(alert: Alert) -> int:
    """Put the alert on its way to its person's endpoints, in the caller's transaction. Returns to how many."""
    return 0
