"""Which waiting pictures this process works on: claimed for ten minutes, so that no two work on the same.

A process that is killed leaves claims that run out, and its pictures are somebody else's then.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from crawler.models import FetchedImage

LEASE = timedelta(minutes=10)
PICTURES = 64
# Rows that are looked at to find so many pictures: many pages may show one.
_ROWS = 4 * PICTURES


@dataclass
class Claim:
    """Rows that are this process's for now, by the SHA-256 of their pictures, in the order they came."""

    id: UUID
    rows: dict[str, list[FetchedImage]]
    _renewed: float = field(default_factory=time.monotonic)

    def renew(self) -> None:
        """Keep what is not done yet; asks the database only now and then."""
        if time.monotonic() - self._renewed > LEASE.total_seconds() / 3:
            self._renewed = time.monotonic()
            _of(self.id).update(claimed_until=timezone.now() + LEASE)

    def release(self) -> None:
        """Leave what is not done to others."""
        _of(self.id).update(claimed_by=None, claimed_until=None)

    def of(self, hashes: Iterable[str]) -> list[FetchedImage]:
        """The rows of these pictures."""
        return [row for sha256 in hashes for row in self.rows[sha256]]


def take() -> Claim | None:
    """Claim the next pictures that nobody else works on; None where nothing waits."""
    claim = uuid4()
    with transaction.atomic():
        now = timezone.now()
        free = Q(claimed_until=None) | Q(claimed_until__lt=now)
        taken = FetchedImage.objects.filter(sha256=OuterRef("sha256"), processed_at=None, claimed_until__gte=now)
        waiting = FetchedImage.objects.filter(free, ~Exists(taken), processed_at=None).order_by("pk")
        # On a database server rows that another one is about to claim are passed over; SQLite has one writer.
        rows = list(waiting.select_for_update(skip_locked=True, of=("self",)).values_list("pk", "sha256")[:_ROWS])
        hashes = set(list(dict.fromkeys(sha256 for _, sha256 in rows))[:PICTURES])
        chosen = FetchedImage.objects.filter(free, pk__in=[pk for pk, sha256 in rows if sha256 in hashes])
        if not chosen.filter(processed_at=None).update(claimed_by=claim, claimed_until=now + LEASE):
            return None
    found: dict[str, list[FetchedImage]] = {}
    for row in _of(claim).order_by("pk"):
        found.setdefault(row.sha256, []).append(row)
    return Claim(claim, found)


def anybody_at_work() -> bool:
    """Whether some process has pictures claimed at this moment."""
    return FetchedImage.objects.filter(processed_at=None, claimed_until__gte=timezone.now()).exists()


def _of(claim: UUID) -> QuerySet[FetchedImage]:
    return FetchedImage.objects.filter(claimed_by=claim, processed_at=None)
