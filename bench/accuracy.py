"""Untouched photos, groups, searches for people who are not there, and crowds."""

import time
from collections.abc import Callable, Sequence
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from bench import metrics
from bench.peers import Found, Ours, Subject
from bench.photos import UNKNOWN, Box, Group, LabelledPhotos
from bench.robustness import HARD, References, Sweep, main_face, unit
from bench.tables import Table, Target, at_least, at_most, percent
from bench.transformations import TRANSFORMATIONS, jpeg, scaled
from search.calibration import Band, Calibration
from search.engine import decode

DET_RATES = (0.1, 0.03, 0.01, 0.003, 0.001)
FPIR = 0.01
CROWD_SIZE = 450
"""Faces; less than an engine may give up at."""

Figures = list[tuple[str, str, Target | None]]
Fusion = Callable[[References, NDArray[np.float32]], NDArray[np.float64]]


def clean(ours: Sweep) -> tuple[Table, Figures]:
    """All pairs of untouched photos: DET points, and the figures about them."""
    rows = [row for row, face in enumerate(ours.originals) if face]
    names = ours.photos.names[rows]
    vectors = np.stack([ours.originals[row].vector for row in rows]).astype(np.float64)
    genuine, impostor = metrics.pairs(vectors, names)
    made = Table("DET points: all pairs of untouched photos", ["FMR asked", "threshold", "FMR", "FNMR"])
    for rate, point in zip(DET_RATES, metrics.det_points(genuine, impostor, DET_RATES), strict=True):
        made.add(percent(rate), f"{point.threshold:.3f}", point.fmr, point.fnmr)
    made.notes.append(
        f"{genuine.size} genuine and {impostor.size} impostor pairs of {len(ours.photos.people)} people. In brackets: "
        "count, trials, 95 % interval (Wilson), which takes pairs for independent; they share people, so that the "
        "true uncertainty is larger."
    )
    return made, _pair_figures(vectors, names, genuine, impostor)


def _pair_figures(
    vectors: NDArray[np.float64], names: NDArray[np.str_], genuine: NDArray[np.floating], impostor: NDArray[np.floating]
) -> Figures:
    equal, area = metrics.eer(genuine, impostor), metrics.auc(genuine, impostor)
    spans = [metrics.resampled_pairs(vectors, names, statistic) for statistic in (metrics.eer, metrics.auc)]
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -2)
    first = float(np.mean(names[scores.argmax(axis=1)] == names))
    return [
        (
            "EER",
            f"{percent(equal, 2)} ({percent(spans[0][0], 2)} to {percent(spans[0][1], 2)})",
            at_most(equal, 0.003, "≤ 0.3 %"),
        ),
        ("AUC", f"{area:.4f} ({spans[1][0]:.4f} to {spans[1][1]:.4f})", None),
        ("rank-1, nearest other photo", percent(first), at_least(first, 1, "100 %")),
        ("genuine scores: lowest, median", f"{genuine.min():.3f}, {np.median(genuine):.3f}", None),
        (
            "impostor scores: mean, sd, highest",
            f"{impostor.mean():.3f}, {impostor.std():.3f}, {impostor.max():.3f}",
            None,
        ),
    ]


def groups(subject: Subject, ours: Sweep, calibration: Calibration) -> Figures:
    """Faces of group pictures named by the mean templates of the single ones; bystanders must stay unmatched."""
    means = ours.everything.means
    line = calibration.band_threshold(Band.POSSIBLE, 1)
    named = known = unmatched = strangers = extra = 0
    for group in ours.photos.groups:
        faces = subject.faces(group.data)
        taken = [nearest(faces, box) for box in group.boxes]
        extra += len(faces) - sum(face is not None for face in taken)
        for face, person in zip(taken, group.people, strict=True):
            scores = means @ face.vector if face else np.full(len(means), -1.0)
            if person == UNKNOWN:
                strangers, unmatched = strangers + 1, unmatched + int(scores.max() < line)
            else:
                best = ours.photos.people[int(scores.argmax())]
                known, named = known + 1, named + int(face is not None and best == person)
    return [
        ("faces of groups named", f"{named} of {known}", Target("all", named == known)),
        ("bystanders left unmatched", f"{unmatched} of {strangers}", Target("all", unmatched == strangers)),
        ("finds in groups that are no labelled face", str(extra), None),
    ]


def nearest(faces: Sequence[Found], box: Box) -> Found | None:
    best = max(faces, key=lambda face: overlap(face.box, box), default=None)
    return best if best is not None and overlap(best.box, box) > 0.4 else None


def _mean(references: References, probe: NDArray[np.float32]) -> NDArray[np.float64]:
    return references.means @ probe


def _best(references: References, probe: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.array([(rows @ probe).max() for rows in references.vectors])


def _top_two(references: References, probe: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.array([np.sort(rows @ probe)[-2:].mean() for rows in references.vectors])


def _weighted(references: References, probe: NDArray[np.float32]) -> NDArray[np.float64]:
    pairs = zip(references.vectors, references.lengths, strict=True)
    return unit(np.stack([lengths @ rows for rows, lengths in pairs])) @ probe


def _single(references: References, probe: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.array([rows[0] @ probe for rows in references.vectors])


FUSIONS: dict[str, Fusion] = {
    "mean of all photos": _mean,
    "best single photo": _best,
    "mean of the best two": _top_two,
    "mean weighted by quality": _weighted,
    "one photo only": _single,
}


def open_set(ours: Sweep, distractors: Sequence[Found | None]) -> tuple[Table, Figures]:
    """Hard probes searched for in galleries that hold their person, and in galleries that do not."""
    made = Table(
        "Open-set identification on hard probes: how several reference photos are best used",
        ["template", "FNIR at FPIR 1 %", "threshold", "FNIR, threshold for FMR 1e-4"],
    )
    results = {}
    for name, fusion in FUSIONS.items():
        mated, columns, non_mated = _searches(ours, fusion, distractors)
        threshold = metrics.threshold_at_fpir(non_mated, FPIR)
        results[name] = metrics.fnir(mated, columns, threshold)
        made.add(name, results[name], f"{threshold:.3f}", metrics.fnir(mated, columns, 0.46))
    low, high = _fnir_interval(ours, distractors)
    made.notes.append(
        f"Gallery of {len(ours.photos.people)} people, up to {max(map(len, ours.references[0].vectors))} photos each. "
        f"{len(mated)} mated searches ({', '.join(HARD)}); {len(non_mated)} non-mated: the same probes with their own "
        f"person taken out of the gallery, and {len(distractors)} of people outside the set. With people drawn with "
        f"replacement, FNIR of the mean at its threshold is {percent(low)} to {percent(high)}."
    )
    used = results["mean of all photos"]
    return made, [("FNIR at FPIR 1 %, hard probes", str(used), at_most(used.value, 0.08, "≤ 8 %"))]


def _searches(
    ours: Sweep, fusion: Fusion, distractors: Sequence[Found | None]
) -> tuple[NDArray[np.float64], NDArray[np.int_], NDArray[np.float64]]:
    """Mated scores (searches, people), the right column of each, and non-mated scores."""
    mated, columns, non_mated = [], [], []
    people = len(ours.photos.people)
    for name in HARD:
        for row, found in enumerate(ours.probes[name]):
            references, own = ours.references[ours.photos.folds[row]], ours.photos.columns[row]
            scores = fusion(references, found.vector) if found else np.full(people, np.nan)
            mated.append(scores)
            columns.append(own)
            non_mated.append(np.where(np.arange(people) == own, -1.0, scores))
    non_mated += [fusion(ours.references[0], face.vector) if face else np.full(people, np.nan) for face in distractors]
    return np.array(mated), np.array(columns), np.array(non_mated)


def _fnir_interval(ours: Sweep, distractors: Sequence[Found | None]) -> tuple[float, float]:
    mated, columns, non_mated = _searches(ours, _mean, distractors)
    threshold = metrics.threshold_at_fpir(non_mated, FPIR)
    own = mated[np.arange(len(mated)), columns]
    missed = ~(metrics.rank_one(mated, columns) & (own >= threshold))
    return metrics.resampled_mean(missed, np.tile(ours.photos.names, len(HARD)))


def distractor_probes(subject: Subject, photos: LabelledPhotos) -> list[Found | None]:
    """The people outside the set, untouched and in every hard form."""
    hard = [each for each in TRANSFORMATIONS if each.name in HARD]
    files = [jpeg(single.photo.pixels) for single in photos.distractors]
    files += [each.apply(single.photo) for single in photos.distractors for each in hard]
    return [main_face(subject, data) for data in files]


def crowd(ours: Ours, groups: Sequence[Group], width: int = 16) -> Figures:
    """Hundreds of faces of about this width on one picture of 1920 x 1080: how many are found, how many finds are
    none?"""
    data, boxes = crowd_picture(groups, width)
    pixels = decode(data).rgb
    ours.find(pixels)
    start = time.process_time()
    ours.find(pixels)
    finding = time.process_time() - start
    start = time.process_time()
    found = ours.faces(data)
    whole = time.process_time() - start
    hit = sum(any(overlap(face.box, box) > 0.3 for face in found) for box in boxes)
    recall = metrics.Rate(hit, len(boxes))
    return [
        (f"crowd, {width} px faces: recall", str(recall), at_least(recall.value, 0.99, "≥ 99 %")),
        ("crowd: finds that are no labelled face", str(max(len(found) - hit, 0)), None),
        ("crowd: seconds to find all", f"{finding:.2f}", at_most(finding, 0.7, "< 0.7 s")),
        ("crowd: seconds to find and embed all", f"{whole:.1f}", None),
    ]


def crowd_picture(groups: Sequence[Group], width: int, most: int = CROWD_SIZE) -> tuple[bytes, list[Box]]:
    """Group photos, reduced until their faces are this wide on average, side by side in rows; where the named faces
    are."""
    canvas = np.full((1080, 1920, 3), 128, dtype=np.uint8)
    tiles = cycle([_reduced(group, width) for group in groups])
    boxes: list[Box] = []
    x = y = row = 0
    while len(boxes) < most:
        pixels, own = next(tiles)
        if x + pixels.shape[1] > canvas.shape[1]:
            x, y, row = 0, y + row, 0
        if y + pixels.shape[0] > canvas.shape[0]:
            break
        canvas[y : y + pixels.shape[0], x : x + pixels.shape[1]] = pixels
        boxes += [(x + left, y + top, wide, high) for left, top, wide, high in own]
        x, row = x + pixels.shape[1], max(row, pixels.shape[0])
    return jpeg(canvas, 92), boxes


def _reduced(group: Group, width: int) -> tuple[NDArray[np.uint8], list[Box]]:
    named = [box for box, person in zip(group.boxes, group.people, strict=True) if person != UNKNOWN]
    scale = width / float(np.mean([box[2] for box in named]))
    pixels = np.asarray(scaled(decode(group.data).rgb, scale))
    return pixels, [(x * scale, y * scale, wide * scale, high * scale) for x, y, wide, high in named]


def overlap(one: Box, other: Box) -> float:
    """Shared area over the area of both together."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(width, 0) * max(height, 0)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)
