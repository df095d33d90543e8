"""Work that goes on by itself."""

from celery import current_app, shared_task
from django.conf import settings

from search import ingest, matching

# Below the time after which a worker kills its task; the next minute goes on.
_SECONDS = 600


@shared_task(name="search.ingest")
def ingest_waiting() -> None:
    """Ingest whatever was fetched. Who tells of new matches is woken up, and need not wait for its next minute."""
    if ingest.ingest_waiting(seconds=_SECONDS).matches:
        current_app.send_task(settings.AFTER_MATCHES)


@shared_task(name="search.look")
def look() -> None:
    """Look for whoever is owed a look: after an upgrade, or when there was nothing to look through before."""
    matching.catch_up()
