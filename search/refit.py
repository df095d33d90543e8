"""Impostor statistics out of a gallery, where nobody knows who is who. Knows nothing of Django.

Two faces from different pictures are nearly always of different people, but not always, and the scores of one person
lie far above the rest. So the fit uses the median and the spread of the middle of the distribution, which a few
per cent of such pairs hardly move, and where they do, they make it stricter.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.calibration import FULL_SLACK, NO_SLACK, Calibration

MIN_IMAGES = 200
MANY_IMAGES = 2_000
"""With fewer pictures a fit may only make thresholds stricter."""

PAIRS = 200_000
_WITHIN_ONE_DEVIATION = (0.158655, 0.5, 0.841345)
_PLAUSIBLE_MEANS, _PLAUSIBLE_DEVIATIONS = (-0.05, 0.30), (0.04, 0.16)


class CannotFit(Exception):
    """Why no calibration comes out of these faces, in one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What was found, and what of it may be used."""

    found: Calibration
    used: Calibration
    images: int
    faces: int
    pairs: int
    tail: tuple[tuple[float, float, float], ...]
    """Score, share of pairs that reach it, share that `found` expects. More than expected means genuine pairs, or a
    tail heavier than normal: there is no telling which without labels."""


def fit(vectors: NDArray[np.float32], images: NDArray[np.int64], shipped: Calibration, seed: int = 0) -> Fit:
    """From unit vectors, (n, dimension), and the picture that each was found in. Raises CannotFit."""
    several = len(np.unique(images))
    if several < MIN_IMAGES:
        raise CannotFit(
            f"There are good faces of this model from {several} pictures only; "
            f"{MIN_IMAGES} are needed before anything can be said about strangers."
        )
    scores = sampled_scores(vectors, images, seed)
    found = robust(scores)
    if not _is_plausible(found):
        raise CannotFit(
            f"These faces give a mean of {found.mean:.3f} and a deviation of {found.deviation:.3f}, which no set of "
            "different people does; perhaps most of them are of one person, or of no person at all."
        )
    used = found.bounded(shipped, FULL_SLACK if several >= MANY_IMAGES else NO_SLACK)
    lines = [shipped.threshold_at(rate) for rate in (1e-2, 1e-3, 1e-4)]
    tail = tuple((line, float(np.mean(scores >= line)), found.fmr(line)) for line in lines)
    return Fit(found, used, several, len(vectors), scores.size, tail)


def sampled_scores(vectors: NDArray[np.float32], images: NDArray[np.int64], seed: int = 0) -> NDArray[np.float32]:
    """Cosines of at most PAIRS random pairs of faces from different pictures."""
    draw = np.random.default_rng(seed)
    one, other = draw.integers(len(vectors), size=(2, PAIRS))
    apart = images[one] != images[other]
    return np.asarray(np.einsum("ij,ij->i", vectors[one[apart]], vectors[other[apart]]), dtype=np.float32)


def robust(scores: NDArray[np.floating]) -> Calibration:
    """The median, and the wider one of the two halves of the middle 68 %."""
    low, middle, high = (float(each) for each in np.quantile(scores, _WITHIN_ONE_DEVIATION))
    return Calibration(middle, max(middle - low, high - middle))


def _is_plausible(found: Calibration) -> bool:
    (lowest, highest), (narrowest, widest) = _PLAUSIBLE_MEANS, _PLAUSIBLE_DEVIATIONS
    return lowest <= found.mean <= highest and narrowest <= found.deviation <= widest
