"""Work that goes on by itself."""

from celery import shared_task

from portal import transparency


@shared_task(name="portal.publish_reports")
def publish_reports() -> None:
    """Publish the transparency report of a half-year that has ended."""
    transparency.publish_due()
