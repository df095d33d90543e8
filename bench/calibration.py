"""Strangers' scores: the statistics behind every threshold, and how far they can be trusted.

`python -m bench calibration` prints what the photos at hand give. It does not write `search/calibration.json`: what
ships is chosen by a person, and is the strictest of the well-founded measurements.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bench import metrics
from bench.accuracy import Figures, nearest
from bench.peers import Subject
from bench.photos import UNKNOWN, LabelledPhotos
from bench.robustness import HARD, Sweep, main_face
from bench.tables import Table, Target, percent
from bench.transformations import jpeg
from search.calibration import Band, Calibration

RATES = (1e-1, 1e-2, 1e-3, 1e-4)
_LENGTHS = (0.0, 7.0, 8.0, 9.0, 10.0, np.inf)


@dataclass(frozen=True, eq=False)
class Samples:
    """Untouched faces, each with its person; UNKNOWN ones are compared with named ones only."""

    vectors: NDArray[np.float32]
    people: NDArray[np.str_]
    sources: NDArray[np.str_]

    def impostors(self, one: Sequence[str], other: Sequence[str]) -> tuple[NDArray[np.float64], int]:
        """Scores of all pairs of different people with one face from each of these sources, and of how many people."""
        first, second = np.triu_indices(len(self.people), 1)
        within = (np.isin(self.sources[first], one) & np.isin(self.sources[second], other)) | (
            np.isin(self.sources[first], other) & np.isin(self.sources[second], one)
        )
        chosen = within & (self.people[first] != self.people[second])
        first, second = first[chosen], second[chosen]
        scores = np.einsum("ij,ij->i", self.vectors[first], self.vectors[second]).astype(np.float64)
        return scores, len({*self.people[first], *self.people[second]})


def samples(subject: Subject, ours: Sweep, packaged: LabelledPhotos) -> Samples:
    photos = ours.photos
    rows = [
        (face.vector, single.person, "singles")
        for face, single in zip(ours.originals, photos.singles, strict=True)
        if face
    ]
    for group in photos.groups:
        faces = subject.faces(group.data)
        found = [nearest(faces, box) for box in group.boxes]
        rows += [(face.vector, name, "groups") for face, name in zip(found, group.people, strict=True) if face]
    others = [(single, "distractors", UNKNOWN) for single in photos.distractors]
    if not photos.packaged:
        others += [(single, "packages", f"packages: {single.person}") for single in packaged.singles]
    for single, source, person in others:
        face = main_face(subject, jpeg(single.photo.pixels, 95))
        if face:
            rows.append((face.vector, person, source))
    vectors, people, sources = zip(*rows, strict=True)
    return Samples(np.stack(vectors), np.array(people), np.array(sources))


def impostors(found: Samples, ours: Sweep, shipped: Calibration) -> tuple[Table, NDArray[np.float64]]:
    """Statistics by kind of pair; and the scores of all pairs together."""
    every = ("singles", "groups", "distractors", "packages")
    kinds = {
        "single photos": (["singles"], ["singles"]),
        "faces of group photos": (["groups"], ["groups"]),
        "single photos against group photos": (["singles"], ["groups"]),
        "photos of packages": (["packages"], ["packages"]),
        "people outside the set against all others": (["distractors"], every),
        "**all**": (every, every),
    }
    made = Table(
        "Scores of strangers (untouched photos)",
        ["pairs of", "people", "pairs", "mean", "sd", "highest", "threshold, FMR 1e-4", "threshold, FMR 1e-6"],
    )
    scores = np.zeros(0)
    for name, (one, other) in kinds.items():
        scores, people = found.impostors(one, other)
        _add_pairs(made, name, people, scores)
    _add_pairs(made, "mean templates against single photos", len(ours.photos.people), template_scores(ours))
    made.add("*what ships*", "", "", *_statistics(shipped), "", *_thresholds(shipped))
    made.notes.append(
        "The thresholds are those of a normal distribution with that mean and deviation, far outside what so few pairs "
        "can show. All photos of people outside the set count as one person."
    )
    return made, scores


def _add_pairs(made: Table, name: str, people: int, scores: NDArray[np.float64]) -> None:
    if scores.size > 10:
        fitted = Calibration(float(scores.mean()), float(scores.std()))
        made.add(name, people, scores.size, *_statistics(fitted), f"{scores.max():.3f}", *_thresholds(fitted))


def template_scores(ours: Sweep) -> NDArray[np.float64]:
    """Every untouched single photo against the mean template of everybody else."""
    rows = [row for row, face in enumerate(ours.originals) if face]
    scores = np.stack([ours.originals[row].vector for row in rows]) @ ours.everything.means.T
    others = ours.photos.columns[rows][:, np.newaxis] != np.arange(len(ours.photos.people))
    return scores[others].astype(np.float64)


def _statistics(each: Calibration) -> tuple[str, str]:
    return f"{each.mean:.4f}", f"{each.deviation:.4f}"


def _thresholds(each: Calibration) -> tuple[str, str]:
    return f"{each.threshold_at(1e-4):.3f}", f"{each.threshold_at(1e-6):.3f}"


def tail(scores: NDArray[np.float64], shipped: Calibration) -> tuple[Table, Figures]:
    """Is the normal distribution right where it can be checked, and is what ships on the safe side?"""
    fitted = Calibration(float(scores.mean()), float(scores.std()))
    made = Table(
        f"The tail: share of {scores.size} impostor pairs at or above a threshold",
        ["FMR said", "threshold fitted here", "FMR found", "threshold shipped", "FMR found there"],
    )
    safe = True
    for rate in RATES:
        own, ours = fitted.threshold_at(rate), shipped.threshold_at(rate)
        there = metrics.fmr(scores, ours)
        safe = safe and there.interval[0] <= rate
        made.add(f"{rate:g}", f"{own:.3f}", metrics.fmr(scores, own), f"{ours:.3f}", there)
    target = Target("not more than said, as far as the pairs can tell", safe)
    return made, [("FMR at the shipped thresholds", "see the table", target)]


def by_quality(ours: Sweep) -> Table:
    """Strangers' scores of altered faces: do poor ones look more alike?"""
    made = Table(
        "Scores of strangers by quality of the altered face (hard transformations, against others' untouched photos)",
        ["length", "comparisons", "mean", "sd", "highest", "at 0.40 or above", "at 0.48 or above"],
    )
    rows = [row for row, face in enumerate(ours.originals) if face]
    vectors, names = np.stack([ours.originals[row].vector for row in rows]), ours.photos.names[rows]
    scores, lengths = [], []
    for name in HARD:
        for row, face in enumerate(ours.probes[name]):
            if face:
                scores.append((vectors @ face.vector)[names != ours.photos.names[row]])
                lengths.append(np.full(scores[-1].size, face.length))
    every, length = np.concatenate(scores), np.concatenate(lengths)
    for low, high in pairwise(_LENGTHS):
        chosen = every[(length >= low) & (length < high)]
        if chosen.size:
            shares = [percent(float(np.mean(chosen >= line)), 2) for line in (0.40, 0.48)]
            words = f"{low:g} and more" if high == np.inf else f"{low:g} to {high:g}"
            made.add(words, chosen.size, f"{chosen.mean():.3f}", f"{chosen.std():.3f}", f"{chosen.max():.3f}", *shares)
    return made


def bands(shipped: Calibration) -> Table:
    made = Table("Thresholds that follow from what ships", ["faces in the gallery", *(band.value for band in Band)])
    for size in (100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000):
        made.add(f"{size:,}", *(f"{shipped.band_threshold(band, size):.3f}" for band in Band))
    return made
