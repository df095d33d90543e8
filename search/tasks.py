"""Work that goes on by itself."""

from celery import shared_task

from search import ingest


@shared_task(name="search.ingest")
def ingest_waiting() -> None:
    """Ingest whatever was fetched."""
    ingest.ingest_waiting()
