"""Work that goes on by itself."""

from celery import shared_task

from accounts import retention


@shared_task(name="accounts.sweep")
def sweep() -> None:
    """Delete what is past its time."""
    retention.sweep()
