"""Ingest: from fetched pictures to faces in the gallery.

Each picture is decoded, its faces measured, opted-out faces dropped, and the rest written with the place where
the picture was seen; then the bytes are deleted. Every step may be killed and called again: a picture's rows and
its mark of being processed are one transaction.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from crawler import spool
from crawler.models import FetchedImage, url_digest
from search import faces, gallery, matching, optout, pictures, previews
from search.engine import DetectedFace, PictureRefused, decode
from search.engine.base import Rgb
from search.models import Face, Image, Sighting

logger = logging.getLogger(__name__)

_BATCH = 16
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


@dataclass
class _Measured:
    pixels: Rgb
    found: list[DetectedFace]


def ingest_waiting() -> Report:
    """Ingest everything that waits, batch by batch, then compare the new faces with the enrolled ones."""
    report = Report()
    while hashes := _next_hashes():
        _ingest_batch(hashes, report)
    # Faces that an earlier, interrupted call wrote but did not compare.
    report.matches += matching.forward()
    gallery.sync()
    previews.fill_missing()
    return report


def _next_hashes() -> list[str]:
    waiting = FetchedImage.objects.filter(processed_at=None).order_by("pk").values_list("sha256", flat=True)
    return list(dict.fromkeys(waiting[: _BATCH * 4]))[:_BATCH]


def _ingest_batch(hashes: Sequence[str], report: Report) -> None:
    known = set(_known(hashes).values_list("sha256", flat=True))
    measured = _measure([sha256 for sha256 in hashes if sha256 not in known], report)
    pixels_by_image: dict[object, Rgb] = {}
    for sha256 in hashes:
        if sha256 not in known and sha256 not in measured:
            continue
        image = _write(sha256, measured.get(sha256), report)
        if sha256 in measured:
            pixels_by_image[image.pk] = measured[sha256].pixels
    report.matches += matching.forward(pixels_by_image)
    for sha256 in hashes:
        _discard(sha256)


def _known(hashes: Iterable[str]) -> QuerySet[Image]:
    """Pictures whose faces the configured model has measured before."""
    return Image.objects.filter(sha256__in=list(hashes), model_id=faces.engine().model_id)


def _measure(hashes: Sequence[str], report: Report) -> dict[str, _Measured]:
    """Decode and analyse; a bad picture is marked with its reason and the others are unharmed."""
    pixels: dict[str, Rgb] = {}
    for sha256 in hashes:
        try:
            pixels[sha256] = decode(spool.get(sha256)).rgb
        except PictureRefused as refusal:
            _refuse(sha256, refusal.reason.value, report)
        except spool.NotInSpool:
            _refuse(sha256, "bytes_missing", report)
    found = faces.engine().analyse(list(pixels.values()))
    return {
        sha256: _Measured(pixels[sha256], [face for face in faces_ if np.isfinite(face.embedding).all()])
        for sha256, faces_ in zip(pixels, found, strict=True)
    }


def _refuse(sha256: str, reason: str, report: Report) -> None:
    report.refused[reason] = report.refused.get(reason, 0) + 1
    _mark(sha256, reason)
    logger.info("picture %s refused: %s", sha256[:12], reason)


def _mark(sha256: str, outcome: str) -> None:
    FetchedImage.objects.filter(sha256=sha256, processed_at=None).update(processed_at=timezone.now(), outcome=outcome)


def _write(sha256: str, measured: _Measured | None, report: Report) -> Image:
    """A picture's rows, its sightings and the mark that it is done, in one transaction."""
    with transaction.atomic():
        image = _write_image(sha256, measured, report) if measured else Image.objects.get(sha256=sha256)
        seen = FetchedImage.objects.filter(sha256=sha256, processed_at=None).order_by("pk")
        for row in seen:
            report.sightings += _write_sighting(image, row)
        _mark(sha256, INGESTED)
    return image


def _write_image(sha256: str, measured: _Measured, report: Report) -> Image:
    height, width = measured.pixels.shape[:2]
    model_id = faces.engine().model_id
    image, created = Image.objects.get_or_create(
        sha256=sha256,
        defaults={"width": width, "height": height, "model_id": model_id, "pdq": pictures.pdq(measured.pixels)},
    )
    if not created and image.model_id == model_id:
        return image  # another ingest was first
    if not created:
        image.faces.all().delete()
        Image.objects.filter(pk=image.pk).update(model_id=model_id)
    kept = _not_opted_out(measured.found)
    Face.objects.bulk_create(_face(image, face) for face in kept)
    report.images += created
    report.faces += len(kept)
    report.opted_out += len(measured.found) - len(kept)
    return image


def _not_opted_out(found: Sequence[DetectedFace]) -> list[DetectedFace]:
    if not found:
        return []
    hidden = optout.hidden(np.stack([face.embedding for face in found]))
    return [face for face, hide in zip(found, hidden, strict=True) if not hide]


def _face(image: Image, face: DetectedFace) -> Face:
    return Face(
        image=image,
        box=[round(float(value), 1) for value in face.box],
        score=face.score,
        quality_length=face.quality.length,
        embedding=faces.to_bytes(face.embedding),
        model_id=face.model_id,
    )


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
