"""Ingest: from fetched pictures to faces in the gallery.

Each picture is analysed in a process of its own limits, opted-out faces are dropped, and the rest is written with
the place where the picture was seen; then the bytes are deleted. Every step may be killed and called again: a
picture's rows and its mark of being processed are one transaction.

In `GALLERY_MODE=watch` faces are compared before anything is written, and what is no match leaves no row behind:
not the face, not the picture, not the place.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from crawler import spool
from crawler.models import FetchedImage, url_digest
from search import face_rows, faces, gallery, matching, optout, previews, volume
from search.engine import Analysis, DetectedFace, PictureRefused
from search.models import Face, Image, Sighting
from search.probes import Probes
from search.states import MatchState

logger = logging.getLogger(__name__)

_BATCH = 64
INGESTED = "ingested"


@dataclass
class Report:
    """What one call did. `images` and `faces` count new ones; `refused` counts pictures by reason."""

    images: int = 0
    sightings: int = 0
    faces: int = 0
    opted_out: int = 0
    matches: int = 0
    refused: dict[str, int] = field(default_factory=dict)


def ingest_waiting() -> Report:
    """Ingest everything that waits, batch by batch, comparing the new faces with the enrolled ones."""
    report, probes = Report(), Probes()
    while hashes := _next_hashes():
        _ingest_batch(hashes, probes, report)
    # Faces that an earlier, interrupted call wrote but did not compare.
    report.matches += matching.forward()
    gallery.tidy()
    previews.fill_missing()
    return report


def _next_hashes() -> list[str]:
    waiting = FetchedImage.objects.filter(processed_at=None).order_by("pk").values_list("sha256", flat=True)
    return list(dict.fromkeys(waiting[: _BATCH * 4]))[:_BATCH]


def _ingest_batch(hashes: Sequence[str], probes: Probes, report: Report) -> None:
    known = set() if _watching() else set(_known(hashes).values_list("sha256", flat=True))
    new = [sha256 for sha256 in hashes if sha256 not in known]
    for sha256 in known:
        with transaction.atomic():
            _see(Image.objects.get(sha256=sha256), report)
    analysed: Iterable[tuple[str, Analysis]] = _analysed(new, report)
    judge = None
    if _watching():
        # Judged before anything is written; and the threshold depends on how much the whole batch holds.
        analysed = list(analysed)
        judge = matching.scorer(probes.now())
    shown: dict[UUID, matching.Shown] = {}
    for sha256, found in analysed:
        image = _write(sha256, found, judge, report)
        if image is not None:
            shown[image.pk] = matching.Shown(partial(spool.get, sha256), [face.box for face in found.faces])
    report.matches += matching.forward(shown, judge or matching.scorer(probes.now()))
    for sha256 in hashes:
        _discard(sha256)


def _watching() -> bool:
    return bool(settings.GALLERY_MODE == "watch")


def _known(hashes: Iterable[str]) -> QuerySet[Image]:
    """Pictures whose faces the configured model has measured before."""
    return Image.objects.filter(sha256__in=list(hashes), model_id=faces.model().model_id)


def _analysed(hashes: Sequence[str], report: Report) -> Iterator[tuple[str, Analysis]]:
    """Analyse pictures, in order; a bad one is marked with its reason and the others are unharmed."""
    missing: set[str] = set()
    results = faces.analyse_all(_from_spool(hashes, missing))
    for sha256, result in zip(hashes, results, strict=True):
        if sha256 in missing:
            _refuse(sha256, "bytes_missing", report)
        elif isinstance(result, PictureRefused):
            _refuse(sha256, result.reason.value, report)
        else:
            volume.count(pictures=1, faces=len(result.faces))
            yield sha256, result


def _from_spool(hashes: Iterable[str], missing: set[str]) -> Iterator[bytes]:
    for sha256 in hashes:
        try:
            yield spool.get(sha256)
        except spool.NotInSpool:
            missing.add(sha256)
            yield b""


def _refuse(sha256: str, reason: str, report: Report) -> None:
    report.refused[reason] = report.refused.get(reason, 0) + 1
    _mark(sha256, reason)
    logger.info("picture %s refused: %s", sha256[:12], reason)


def _mark(sha256: str, outcome: str) -> None:
    FetchedImage.objects.filter(sha256=sha256, processed_at=None).update(processed_at=timezone.now(), outcome=outcome)


def _write(sha256: str, found: Analysis, judge: matching.Scorer | None, report: Report) -> Image | None:
    """A picture's rows, its sightings and the mark that it is done, in one transaction.

    With a judge only what is a match is written; None where that is nothing.
    """
    shown = _not_opted_out(sha256, found.faces)
    news = _news(sha256, shown, judge) if judge else shown
    with transaction.atomic():
        if news is None:
            # Watch mode: a picture that shows nobody who is looked for was never here.
            FetchedImage.objects.filter(sha256=sha256, processed_at=None).delete()
            image = None
        else:
            image = _write_image(sha256, found, news, report)
            _see(image, report)
    report.opted_out += len(found.faces) - len(shown)
    return image


def _not_opted_out(sha256: str, found: Sequence[DetectedFace]) -> list[DetectedFace]:
    hidden = optout.hidden_in(partial(spool.get, sha256), found)
    return [face for face, hide in zip(found, hidden, strict=True) if not hide]


def _news(sha256: str, found: Sequence[DetectedFace], judge: matching.Scorer) -> list[DetectedFace] | None:
    """The faces that are a match which nobody has been told of; None where no subject wants to hear of the picture."""
    if not found:
        return None
    hits = judge.hits(np.stack([face.embedding for face in found]), [face.quality.length for face in found])
    told = matching.told(sha256)
    rows = {hit.row for hit in hits if hit.probe.subject_id not in told}
    if not rows and all(told.get(hit.probe.subject_id) in {None, MatchState.DISMISSED} for hit in hits):
        return None
    return [found[row] for row in sorted(rows)]


def _write_image(sha256: str, found: Analysis, kept: Sequence[DetectedFace], report: Report) -> Image:
    model_id = faces.model().model_id
    image, created = Image.objects.get_or_create(
        sha256=sha256,
        defaults={"width": found.width, "height": found.height, "model_id": model_id, "pdq": found.pdq[0]},
    )
    report.images += created
    if image.model_id != model_id:  # measured before with another model
        report.faces += len(face_rows.replace(image, kept, model_id))
        return image
    # Another ingest may have been first, and in watch mode a picture is compared at every visit.
    boxes = [tuple(box) for box in image.faces.values_list("box", flat=True)]
    new = [face for face in (face_rows.row(image, one) for one in kept) if tuple(face.box) not in boxes]
    Face.objects.bulk_create(new)
    report.faces += len(new)
    return image


def _see(image: Image, report: Report) -> None:
    """Write where a picture that waits was seen, and mark it as done."""
    for row in FetchedImage.objects.filter(sha256=image.sha256, processed_at=None).order_by("pk"):
        report.sightings += _write_sighting(image, row)
    _mark(image.sha256, INGESTED)


def _write_sighting(image: Image, row: FetchedImage) -> bool:
    sighting, created = Sighting.objects.get_or_create(
        image=image,
        digest=url_digest(row.page_url, row.image_url),
        defaults={
            "page_url": row.page_url,
            "page_title": row.page_title,
            "image_url": row.image_url,
            "first_seen": row.fetched_at,
            "last_seen": row.fetched_at,
        },
    )
    if not created and sighting.last_seen < row.fetched_at:
        Sighting.objects.filter(pk=sighting.pk).update(last_seen=row.fetched_at)
    if image.last_seen < row.fetched_at:
        Image.objects.filter(pk=image.pk).update(last_seen=row.fetched_at)
    return created


def _discard(sha256: str) -> None:
    if not FetchedImage.objects.filter(sha256=sha256, processed_at=None).exists():
        spool.discard(sha256)
