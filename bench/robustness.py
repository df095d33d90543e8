"""Re-uploads: is a face still found and named after what happens to pictures on the web?

Rank-1 as the product would have it: everybody is represented by the normalised mean of their untouched photos, the
photo that the probe was made from left out (where there is another), and the largest face of the altered picture is
compared with all of them.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bench import metrics
from bench.peers import Found, Subject
from bench.photos import LabelledPhotos
from bench.tables import Table, Target, at_least, percent
from bench.transformations import TRANSFORMATIONS, Transformation, jpeg
from search.calibration import Band, Calibration

GALLERY = 10_000
"""Faces in the gallery for which bands are given."""
ROTATIONS = ("rotate_15", "rotate_30", "rotate_45", "rotate_90", "rotate_135", "rotate_180", "rotate_270")
HARD = (
    "jpeg_10",
    "face_24_px",
    "face_16_px",
    "darker",
    "blur_mild",
    "blur_strong",
    "crop_side",
    "caption",
    "watermark",
    "eye_bar",
    "covered_mouth",
)
"""Those that take information away, for open-set searches."""


@dataclass(frozen=True, eq=False)
class References:
    """What the gallery holds in one fold."""

    vectors: list[NDArray[np.float32]]
    """Per person: (photos, dimension)."""
    lengths: list[NDArray[np.float64]]

    @cached_property
    def means(self) -> NDArray[np.float32]:
        """(people, dimension), unit length."""
        return unit(np.stack([rows.mean(axis=0) for rows in self.vectors]))


@dataclass(eq=False)
class Sweep:
    """One subject's view of every photo under every transformation."""

    photos: LabelledPhotos
    originals: list[Found | None]
    probes: dict[str, list[Found | None]]
    seconds: float
    """For the probes, decoding included."""

    @cached_property
    def references(self) -> list[References]:
        """One for each fold: everybody without that photo of theirs."""
        return [self._without(fold) for fold in range(int(self.photos.folds.max()) + 1)]

    @cached_property
    def everything(self) -> References:
        """All untouched photos of everybody."""
        return self._without(-1)

    def _without(self, fold: int) -> References:
        vectors, lengths = [], []
        for person in range(len(self.photos.people)):
            own = [row for row in np.flatnonzero(self.photos.columns == person) if self.originals[row]]
            kept = [row for row in own if self.photos.folds[row] != fold] or own
            # Somebody in none of whose photos a face was found is like nobody.
            vectors.append(np.stack([self.originals[row].vector for row in kept] or [np.zeros(128, np.float32)]))
            lengths.append(np.array([self.originals[row].length for row in kept] or [0.0]))
        return References(vectors, lengths)

    def scores(self, name: str) -> NDArray[np.float64]:
        """(singles, people): the probe of each single against everybody's mean; NaN where no face was found."""
        rows = np.full((len(self.photos.singles), len(self.photos.people)), np.nan)
        for row, found in enumerate(self.probes[name]):
            if found is not None:
                rows[row] = self.references[self.photos.folds[row]].means @ found.vector
        return rows

    def right(self, name: str) -> NDArray[np.bool_]:
        return metrics.rank_one(self.scores(name), self.photos.columns)

    def own(self, name: str) -> NDArray[np.float64]:
        """Each probe's score with the right person."""
        return self.scores(name)[np.arange(len(self.photos.singles)), self.photos.columns]

    @property
    def mean_rank_one(self) -> float:
        return float(np.mean([self.right(name).mean() for name in self.probes]))

    def interval(self) -> tuple[float, float]:
        """Of the mean rank-1, by drawing people."""
        per_photo = np.mean([self.right(name) for name in self.probes], axis=0)
        return metrics.resampled_mean(per_photo, self.photos.names)


def sweep(
    subject: Subject, photos: LabelledPhotos, transformations: Iterable[Transformation] = TRANSFORMATIONS
) -> Sweep:
    """Untouched pictures are given as lossless as they are."""
    originals = [main_face(subject, jpeg(single.photo.pixels, 100, subsampling=0)) for single in photos.singles]
    probes: dict[str, list[Found | None]] = {}
    seconds = 0.0
    for transformation in transformations:
        probes[transformation.name] = []
        for single in photos.singles:
            data = transformation.apply(single.photo)
            start = time.process_time()
            probes[transformation.name].append(main_face(subject, data))
            seconds += time.process_time() - start
    return Sweep(photos, originals, probes, seconds)


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each row at length one; zeros stay zeros."""
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)


def main_face(subject: Subject, data: bytes) -> Found | None:
    return max(subject.faces(data), key=lambda face: face.box[2], default=None)


def table(sweeps: dict[str, Sweep], calibration: Calibration) -> Table:
    """The first sweep is ours: it gets the columns that need a calibration."""
    ours = next(iter(sweeps.values()))
    headers = ["transformation", "found", *(f"rank-1 {name}" for name in sweeps), "possible", "likely", "own score"]
    made = Table("Re-uploads: found, named, and shown as possible and as likely", headers)
    lines = [calibration.band_threshold(band, GALLERY) for band in (Band.POSSIBLE, Band.LIKELY)]
    for transformation in TRANSFORMATIONS:
        if transformation.name not in ours.probes:
            continue
        own = ours.own(transformation.name)
        made.add(
            transformation.words,
            percent(1 - np.isnan(own).mean(), 0),
            *(percent(each.right(transformation.name).mean()) for each in sweeps.values()),
            *(percent(np.mean(own >= line)) for line in lines),
            f"{np.nanmedian(own):.2f}" if not np.isnan(own).all() else "",
        )
    made.add("**mean**", "", *(f"**{percent(each.mean_rank_one)}**" for each in sweeps.values()), "", "", "")
    low, high = ours.interval()
    made.notes.append(
        f"On {ours.photos.words}. {len(ours.photos.singles)} photos per row; mean rank-1 of ours "
        f"{percent(ours.mean_rank_one)} ({percent(low)} to {percent(high)}, people drawn with replacement). Possible "
        f"and likely: share of probes that a gallery of {GALLERY:,} faces would show in that band or better, by score "
        "alone; own score: median."
    )
    return made


def targets(ours: Sweep) -> list[tuple[str, str, Target]]:
    """Figure, value, target."""
    turned = float(np.mean([ours.right(name).mean() for name in ROTATIONS]))
    small = {width: ours.right(f"face_{width}_px").mean() for width in (24, 16)}
    page = ours.right("page_4000").mean()
    return [
        (
            "mean rank-1 over the transformations",
            percent(ours.mean_rank_one),
            at_least(ours.mean_rank_one, 0.98, "≥ 98 %"),
        ),
        ("rank-1, rotations", percent(turned), at_least(turned, 1, "100 %")),
        ("rank-1, faces of 24 px", percent(small[24]), at_least(small[24], 1, "100 %")),
        ("rank-1, faces of 16 px", percent(small[16]), at_least(small[16], 0.92, "≥ 92 %")),
        ("rank-1, 40 px face on a 4000 x 3000 page", percent(page), at_least(page, 1, "100 %")),
    ]


def false_likely(ours: Sweep, calibration: Calibration) -> tuple[int, int, float]:
    """Comparisons of altered pictures with other people's means: how many would be shown as likely or better even
    in the smallest gallery; of how many; and the highest score among them."""
    shown, compared, highest = 0, 0, -1.0
    for name in ours.probes:
        for row, person, score, length in _impostors(ours, name):
            lengths = ours.references[ours.photos.folds[row]].lengths[person]
            band = calibration.band(score, 1, min(length, float(lengths.max())))
            shown += band in (Band.LIKELY, Band.CERTAIN)
            compared, highest = compared + 1, max(highest, score)
    return shown, compared, highest


def _impostors(ours: Sweep, name: str) -> Iterator[tuple[int, int, float, float]]:
    scores = ours.scores(name)
    for row, found in enumerate(ours.probes[name]):
        if found is None:
            continue
        for person in range(len(ours.photos.people)):
            if person != ours.photos.columns[row]:
                yield row, person, float(scores[row, person]), found.length


def quality_auc(ours: Sweep) -> dict[str, tuple[float, int, int]]:
    """How well the embedding's length and the detector's score tell wrong rank-1 answers from right ones, over all
    probes with a face: AUC, wrong, all. NaN when nothing was wrong."""
    found = [
        (face, right)
        for name in ours.probes
        for face, right in zip(ours.probes[name], ours.right(name), strict=True)
        if face
    ]
    right = np.array([each for _, each in found])
    measures = {
        "length of the embedding": [face.length for face, _ in found],
        "detector's score": [face.score for face, _ in found],
    }
    return {name: (_auc(np.array(values), right), int((~right).sum()), right.size) for name, values in measures.items()}


def _auc(values: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    return metrics.auc(values[right], values[~right]) if right.any() and not right.all() else float("nan")
