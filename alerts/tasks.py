"""Work that goes on by itself."""

from celery import shared_task

from alerts import dispatch


@shared_task(name="alerts.deliver")
def deliver() -> None:
    """Tell people what is new."""
    dispatch.deliver()
