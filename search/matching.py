"""Matching: enrolled faces against crawled ones, with one scorer and one calibration for both directions.

*Forward* compares new faces with every probe; *backward* searches the gallery for one probe. Nothing else is
ever compared with the gallery: a probe comes from `search.probes` or not at all.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from numpy.typing import NDArray

from accounts import keys
from search import faces, gallery, leaving, looks, optout, pictures, previews, volume
from search.calibration import Band, Calibration, personal_shift
from search.engine.base import Box
from search.models import Enrolment, Face, Image, Match, Subject
from search.probes import NotAProbe, Probe, Probes, probe_of
from search.states import Decision, MatchState

_BATCH = 512


@dataclass(frozen=True)
class Shown:
    """A picture at hand: its bytes, and where all its faces are, for a preview without a second fetch."""

    data: Callable[[], bytes]
    boxes: Sequence[Box]


@dataclass(frozen=True, eq=False)
class Hit:
    """A face, by its row in what was asked, that one subject's probe reaches."""

    row: int
    probe: Probe
    score: float
    band: Band
    quality_length: float
    """Of the poorer one of the two faces."""


@dataclass(frozen=True)
class Scorer:
    """Probes, and what a score against them is worth at this moment."""

    probes: Sequence[Probe]
    population: int
    shifts: Mapping[uuid.UUID, float]
    calibration: Calibration

    def threshold(self, probe: Probe) -> float:
        """The lowest score that is a match for this subject."""
        lowest = self.calibration.band_threshold(Band.POSSIBLE, self.population)
        return lowest + self.shifts.get(probe.subject_id, 0.0)

    def hits(self, embeddings: NDArray[np.float32], lengths: Sequence[float]) -> list[Hit]:
        """Compare (n, dimension) faces of these quality lengths with every probe."""
        if not self.probes or not len(embeddings):
            return []
        scores = embeddings @ np.stack([probe.vector for probe in self.probes]).T
        reached = scores >= np.array([self.threshold(probe) for probe in self.probes])
        found = (
            self.hit(int(row), self.probes[column], float(scores[row, column]), lengths[row])
            for row, column in np.argwhere(reached)
        )
        return [hit for hit in found if hit is not None]

    def hit(self, row: int, probe: Probe, score: float, length: float) -> Hit | None:
        """The verdict on one score; `length` is the face's quality."""
        if score < self.threshold(probe):
            return None
        # A subscriber's own threshold moves the whole scale for them, so a band means to them what it says.
        shifted = score - self.shifts.get(probe.subject_id, 0.0)
        poorer = min(length, probe.quality_length)
        band = self.calibration.band(shifted, self.population, poorer)
        return None if band is None else Hit(row, probe, score, band, poorer)


def scorer(probes: Sequence[Probe]) -> Scorer:
    """The scorer of this moment for new faces: of these probes, those whose plan goes on looking for them."""
    watched = looks.watched(probe.subject_id for probe in probes)
    return _scorer([probe for probe in probes if probe.subject_id in watched])


def _scorer(probes: Sequence[Probe]) -> Scorer:
    """By the calibration, the volume and the subjects' own answers."""
    calibration, compared = faces.calibration(), population()
    threshold = calibration.band_threshold(Band.POSSIBLE, compared)
    answers = _answers([probe.subject_id for probe in probes])
    shifts = {subject: personal_shift(given, threshold) for subject, given in answers.items()}
    return Scorer(probes, compared, shifts, calibration)


def population() -> int:
    """How many faces a subject meets: in one search of the gallery, or in a month of crawling if that is more.

    With it the lowest band expects at most one look-alike per search and per month (safeguards, 23).
    """
    return max(gallery.size(), volume.faces_per_month())


def forward(shown: Mapping[uuid.UUID, Shown] | None = None, judge: Scorer | None = None) -> int:
    """Compare every face that waits with every probe. Returns the number of new matches.

    `shown` has pictures that are still at hand, by image id: with it their faces alone are compared, so that those
    of another process keep theirs. `judge` is the scorer that let these faces in, where one did.
    """
    found = 0
    faces_waiting = Face.objects.filter(processed_at=None, model_id=faces.model().model_id)
    if shown is not None:
        faces_waiting = faces_waiting.filter(image__in=list(shown))
    while waiting := list(faces_waiting.select_related("image").order_by("pk")[:_BATCH]):
        found += _compare_new(waiting, shown or {}, judge or scorer(Probes().now()))
    return found


def backward(enrolment: Enrolment) -> int:
    """Search the gallery for one enrolment. Returns the number of new matches; none where their plan's look is used.

    Where the gallery is only watched there is nothing to search: the next crawl looks for the new face. A gallery
    with nothing in it uses up nobody's look.

    Raises:
        NotAProbe: the enrolment may not be searched for.
    """
    probe = probe_of(enrolment)
    subject = Subject.objects.select_related("user").get(pk=enrolment.subject_id)
    if not looks.may_look(subject):
        return 0
    if settings.GALLERY_MODE == "watch":
        looks.looked(subject, timezone.now())
        return 0
    if not gallery.size():
        return 0
    began = timezone.now()
    found = _search(probe)
    looks.looked(subject, began)
    return found


def catch_up() -> int:
    """Search for everybody who is owed a look. Returns the number of new matches."""
    if settings.GALLERY_MODE != "watch" and not gallery.size():
        return 0
    found = 0
    for enrolment in looks.owed():
        try:
            found += backward(enrolment)
        except (NotAProbe, keys.Unreadable):
            continue
    return found


def _search(probe: Probe) -> int:
    judge = _scorer([probe])
    near = {hit.id: hit.score for hit in gallery.search(probe.vector[np.newaxis], judge.threshold(probe))[0]}
    rows = list(Face.objects.filter(pk__in=near).select_related("image")) if near else []
    seen = not_opted_out(rows)
    hits = [judge.hit(row, probe, near[face.pk], face.quality_length) for row, face in enumerate(seen)]
    return _write(seen, [hit for hit in hits if hit is not None], judge.population, {})


def told(sha256: str) -> dict[uuid.UUID, str]:
    """The subjects who have a match of this very file, and in which state it is."""
    shows = Match.objects.filter(Q(image__sha256=sha256) | Q(variants__sha256=sha256))
    return dict(shows.values_list("subject", "state"))


def forget_candidates(subject: Subject) -> None:
    """Delete a subject's undecided matches, when their enrolment ends."""
    Match.objects.filter(subject=subject, state=MatchState.CANDIDATE).delete()


def _answers(subjects: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[tuple[float, bool]]]:
    """What each subject said about their own matches: the score, and whether it was them."""
    asked = Match.objects.filter(model_id=faces.model().model_id).exclude(state=MatchState.CANDIDATE)
    if len(subjects) == 1:
        asked = asked.filter(subject=subjects[0])
    answers: dict[uuid.UUID, list[tuple[float, bool]]] = {}
    for subject, score, state in asked.values_list("subject", "score", "state").iterator():
        answers.setdefault(subject, []).append((score, state == MatchState.CONFIRMED))
    return answers


def _compare_new(waiting: Sequence[Face], shown: Mapping[uuid.UUID, Shown], judge: Scorer) -> int:
    usable = not_opted_out(waiting)
    hits = judge.hits(_stacked(usable), [face.quality_length for face in usable])
    found = _write(usable, hits, judge.population, shown)
    Face.objects.filter(pk__in=[face.pk for face in waiting]).update(processed_at=timezone.now())
    return found


def not_opted_out(rows: Sequence[Face]) -> list[Face]:
    return [face for face, hide in zip(rows, optout.hidden(_stacked(rows)), strict=True) if not hide]


def _stacked(rows: Sequence[Face]) -> NDArray[np.float32]:
    return faces.stack((face.embedding for face in rows), faces.model().dimension)


def _write(rows: Sequence[Face], hits: Sequence[Hit], compared: int, shown: Mapping[uuid.UUID, Shown]) -> int:
    """One match per subject and picture, from its best face."""
    best: dict[tuple[uuid.UUID, uuid.UUID], Hit] = {}
    for hit in hits:
        key = (hit.probe.subject_id, rows[hit.row].image_id)
        if key not in best or hit.score > best[key].score:
            best[key] = hit
    return sum(_write_one(rows[hit.row], hit, compared, shown.get(image)) for (_, image), hit in best.items())


def _write_one(face: Face, hit: Hit, compared: int, shown: Shown | None) -> bool:
    """A new match; or, for a near-duplicate of a match's picture, one more variant of it. A match stays as it is."""
    subject = Subject.objects.select_related("user").get(pk=hit.probe.subject_id)
    if _known(subject, face.image):
        return False
    preview = previews.sealed(subject, face.box, shown.data(), shown.boxes) if shown else None
    with transaction.atomic():
        # The subject's row serialises what is written for them, so that twins arriving at once become one match.
        Subject.objects.select_for_update().get(pk=subject.pk)
        if _known(subject, face.image):
            return False
        twin = _near_duplicate(subject, face)
        if twin is not None:
            silent = not leaving.asked(twin)
            twin.variants.add(face.image)
            if silent:
                leaving.wake([twin.pk])
            return False
        Match.objects.create(
            subject=subject,
            image=face.image,
            face=face,
            box=face.box,
            score=hit.score,
            band=hit.band.value,
            gallery_size=compared,
            quality_length=hit.quality_length,
            model_id=face.model_id,
            sealed_preview=preview,
        )
    return True


def _known(subject: Subject, image: Image) -> bool:
    return Match.objects.filter(Q(image=image) | Q(variants=image), subject=subject).exists()


def _near_duplicate(subject: Subject, face: Face) -> Match | None:
    """The subject's match that shows this very picture: by perceptual hash, or by the very same face.

    One they want removed is left out: that it is there once more, altered, is news to them. By its face, which a crop
    or a screenshot keeps, a picture joins only those that they left or dismissed: about them they are never asked
    again, while two open questions are merely two.
    """
    mine = Match.objects.filter(subject=subject).exclude(decision=Decision.ACT).order_by("created_at")
    others = mine.values_list("pk", "image__pdq")
    twin = next((pk for pk, known in others.iterator() if pictures.near(known, face.image.pdq)), None)
    if twin is None:
        settled = mine.exclude(state=MatchState.CANDIDATE).filter(face__model_id=face.model_id)
        vector = faces.from_bytes(face.embedding)
        vectors = settled.values_list("pk", "face__embedding").iterator()
        twin = next((pk for pk, known in vectors if faces.from_bytes(known) @ vector >= pictures.FACE_SAME), None)
    return None if twin is None else Match.objects.get(pk=twin)


__all__ = [
    "Hit",
    "NotAProbe",
    "Scorer",
    "Shown",
    "backward",
    "catch_up",
    "forget_candidates",
    "forward",
    "scorer",
    "told",
]
