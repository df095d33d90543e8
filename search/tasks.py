"""Work that goes on by itself."""

from celery import shared_task

from search import ingest, matching

# Below the time after which a worker kills its task; the next minute goes on.
_SECONDS = 600


@shared_task(name="search.ingest")
def ingest_waiting() -> None:
    """Ingest whatever was fetched."""
    ingest.ingest_waiting(seconds=_SECONDS)


@shared_task(name="search.look")
def look() -> None:
    """Look for whoever is owed a look: after an upgrade, or when there was nothing to look through before."""
    matching.catch_up()
