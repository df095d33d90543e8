"""The gallery: faces that were crawled. Its rows are the truth; the index beside them is a cache.

What it keeps is `settings.GALLERY_MODE`: in `index` every face, for a time; in `watch` only those of matches.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from filelock import FileLock
from numpy.typing import NDArray

from search import faces
from search.index import FaceIndex, FlatIndex, Hit, IndexStats, IndexUnusable, erase_index
from search.models import Face, Image, Match
from search.states import MatchState

_CHUNK = 5_000
# How long somebody who said "not me" can still look at the picture again and undo it, in watch mode.
_SECOND_THOUGHTS = timedelta(days=1)
_LOCK, _LOCK_SECONDS = "lock", 300


@dataclass(frozen=True)
class Difference:
    """What an index lacks and what it holds too much, against the rows."""

    missing: NDArray[np.int64]
    surplus: NDArray[np.int64]

    @property
    def exact(self) -> bool:
        return not len(self.missing) and not len(self.surplus)


def size() -> int:
    """How many faces a search runs through: the N of every expected number of false matches."""
    return Face.objects.filter(model_id=faces.model().model_id).count()


def search(probes: NDArray[np.float32], threshold: float) -> list[list[Hit]]:
    """For each probe, (m, dimension), the faces that score `threshold` or more, from an index brought up to date."""
    return sync().search(probes, threshold=threshold)


def sync() -> FaceIndex:
    """The index, made to hold just the faces that the rows hold, and saved if it had to change."""
    with _locked():
        index = _load_or_empty()
        difference = _compare(index)
        if not difference.exact:
            index.remove(difference.surplus)
            _add(index, difference.missing)
            index.save(settings.INDEX_DIR)
        return index


def rebuild() -> IndexStats:
    """Make the index anew from the rows."""
    with _locked():
        index = _empty()
        _add(index, _row_ids())
        index.save(settings.INDEX_DIR)
        return index.stats()


def tidy() -> None:
    """After an ingest: the index holds what the rows hold, or, where nothing but matches is kept, only those are."""
    if settings.GALLERY_MODE == "watch":
        forget_all_but_matches()
    else:
        sync()


def expire(now: datetime) -> int:
    """Forget the faces that were not seen for `GALLERY_RETENTION_DAYS`, and the pictures and places with them.

    What belongs to somebody's match stays as long as the match. Returns how many faces went.
    """
    if settings.GALLERY_MODE == "watch":
        return forget_all_but_matches()
    cutoff = now - timedelta(days=settings.GALLERY_RETENTION_DAYS)
    return _forget(Image.objects.filter(last_seen__lt=cutoff))


def forget_all_but_matches() -> int:
    """Watch mode: nothing about a face that is no match is kept, nor any index. Returns how many faces went."""
    gone = _forget(Image.objects.all())
    yesterday = timezone.now() - _SECOND_THOUGHTS
    Match.objects.filter(state=MatchState.DISMISSED, decided_at__lt=yesterday).update(sealed_preview=None)
    with _locked():
        erase_index(settings.INDEX_DIR)
    return gone


def _forget(images: QuerySet[Image]) -> int:
    """Faces of these pictures that no match rests on; then the pictures that nobody has a match of."""
    # The face of a match that was answered "not me" is a stranger's.
    told = Match.objects.exclude(state=MatchState.DISMISSED).filter(face=OuterRef("pk"))
    kept = Match.objects.filter(Q(image=OuterRef("pk")) | Q(variants=OuterRef("pk")))
    with transaction.atomic():
        old = Face.objects.filter(~Exists(told), image__in=images).exclude(processed_at=None)
        gone = old.delete()[1].get("search.Face", 0)
        images.filter(~Exists(kept), faces=None).delete()
    if gone and settings.GALLERY_MODE != "watch":
        sync()
    return gone


def verify() -> Difference:
    """Compare the saved index with the rows. Raises `IndexUnusable` where it cannot be loaded."""
    with _locked():
        return _compare(_load())


def stats() -> IndexStats:
    """What the saved index holds. Raises `IndexUnusable` where there is none that can be used."""
    return _load().stats()


@contextmanager
def _locked() -> Iterator[None]:
    settings.INDEX_DIR.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.INDEX_DIR / _LOCK, timeout=_LOCK_SECONDS):
        yield


def _load() -> FaceIndex:
    model = faces.model()
    return FlatIndex.load(settings.INDEX_DIR, model.model_id, model.dimension)


def _empty() -> FaceIndex:
    model = faces.model()
    return FlatIndex(model.model_id, model.dimension)


def _load_or_empty() -> FaceIndex:
    try:
        return _load()
    except IndexUnusable:
        return _empty()


def _row_ids() -> NDArray[np.int64]:
    rows = Face.objects.filter(model_id=faces.model().model_id).order_by("pk").values_list("pk", flat=True)
    return np.fromiter(rows.iterator(), dtype=np.int64)


def _compare(index: FaceIndex) -> Difference:
    rows, held = _row_ids(), index.ids()
    return Difference(missing=np.setdiff1d(rows, held), surplus=np.setdiff1d(held, rows))


def _add(index: FaceIndex, ids: NDArray[np.int64]) -> None:
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK].tolist()
        wanted = set(chunk)
        rows = Face.objects.filter(pk__gte=chunk[0], pk__lte=chunk[-1]).values_list("pk", "embedding")
        found = {pk: embedding for pk, embedding in rows.iterator() if pk in wanted}
        if found:
            index.add(list(found), faces.stack(found.values(), index.dimension))
