"""Matching: enrolled faces against crawled ones, with one scorer and one calibration for both directions.

*Forward* compares new faces with every probe; *backward* searches the gallery for one probe. Nothing else is
ever compared with the gallery: a probe comes from `search.probes` or not at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from django.utils import timezone

from search import faces, gallery, optout, previews
from search.calibration import Band
from search.engine.base import Rgb
from search.models import Enrolment, Face, Match, Subject
from search.probes import NotAProbe, Probe, all_probes, probe_of
from search.states import MatchState

_BATCH = 512


@dataclass(frozen=True)
class _Score:
    probe: Probe
    face: Face
    value: float


def forward(pictures: Mapping[object, Rgb] | None = None) -> int:
    """Compare every face that waits with every probe. Returns the number of new matches.

    `pictures` has the pixels of images just ingested, by image id, so that previews need no second fetch.
    """
    found = 0
    while waiting := list(
        Face.objects.filter(processed_at=None, model_id=faces.engine().model_id)
        .select_related("image")
        .order_by("pk")[:_BATCH]
    ):
        found += _compare_new(waiting, pictures or {})
    return found


def backward(enrolment: Enrolment) -> int:
    """Search the gallery for one enrolment. Returns the number of new matches.

    Raises:
        NotAProbe: the enrolment may not be searched for.
    """
    probe = probe_of(enrolment)
    total = gallery.size()
    threshold = faces.calibration().band_threshold(Band.POSSIBLE, total)
    hits = {hit.id: hit.score for hit in gallery.search(probe.vector[np.newaxis], threshold)[0]}
    rows = list(Face.objects.filter(pk__in=hits).select_related("image")) if hits else []
    scores = [_Score(probe, face, hits[face.pk]) for face in _not_opted_out(rows)]
    return _write(scores, total, {})


def forget_candidates(subject: Subject) -> None:
    """Delete a subject's undecided matches, when their enrolment ends."""
    Match.objects.filter(subject=subject, state=MatchState.CANDIDATE).delete()


def _compare_new(waiting: Sequence[Face], pictures: Mapping[object, Rgb]) -> int:
    probes, total, found = all_probes(), gallery.size(), 0
    usable = _not_opted_out(waiting)
    if probes and usable:
        embeddings = faces.stack((face.embedding for face in usable), faces.engine().dimension)
        values = embeddings @ np.stack([probe.vector for probe in probes]).T
        threshold = faces.calibration().band_threshold(Band.POSSIBLE, total)
        scores = [
            _Score(probes[column], usable[row], float(values[row, column]))
            for row, column in np.argwhere(values >= threshold)
        ]
        found = _write(scores, total, pictures)
    Face.objects.filter(pk__in=[face.pk for face in waiting]).update(processed_at=timezone.now())
    return found


def _not_opted_out(rows: Sequence[Face]) -> list[Face]:
    embeddings = faces.stack((face.embedding for face in rows), faces.engine().dimension)
    return [face for face, hide in zip(rows, optout.hidden(embeddings), strict=True) if not hide]


def _write(scores: Sequence[_Score], total: int, pictures: Mapping[object, Rgb]) -> int:
    """One match per subject and picture, from its best face; a match that is there already stays as it is."""
    best: dict[tuple[object, object], _Score] = {}
    for score in scores:
        key = (score.probe.subject_id, score.face.image_id)
        if key not in best or score.value > best[key].value:
            best[key] = score
    return sum(_write_one(score, total, pictures.get(score.face.image_id)) for score in best.values())


def _write_one(score: _Score, total: int, pixels: Rgb | None) -> bool:
    face, probe = score.face, score.probe
    length = min(face.quality_length, probe.quality_length)
    band = faces.calibration().band(score.value, total, length)
    if band is None or Match.objects.filter(subject=probe.subject_id, image=face.image_id).exists():
        return False
    subject = Subject.objects.select_related("user").get(pk=probe.subject_id)
    with transaction.atomic():
        _, created = Match.objects.get_or_create(
            subject=subject,
            image=face.image,
            defaults={
                "face": face,
                "box": face.box,
                "score": score.value,
                "band": band.value,
                "gallery_size": total,
                "sealed_preview": previews.sealed(subject, face, pixels),
            },
        )
    return created


__all__ = ["NotAProbe", "backward", "forget_candidates", "forward"]
