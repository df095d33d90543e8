"""Error rates of biometrics, named as in ISO/IEC 19795, with how sure a small test can be of them.

A comparison *matches* when its score reaches the threshold. Genuine: two samples of one person; impostor: of two.
FMR is the share of impostor comparisons that match, FNMR that of genuine ones that do not. In identification,
FPIR is the share of searches for somebody who is not in the gallery that return anybody, FNIR that of searches
for somebody who is that do not return them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.floating]
Statistic = Callable[[Scores, Scores], float]

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Rate:
    """A proportion and its 95 % confidence interval (Wilson), for trials that do not depend on one another."""

    count: int
    n: int

    @property
    def value(self) -> float:
        return self.count / self.n if self.n else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.count, self.n)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.2%} ({self.count} of {self.n}; {low:.2%} to {high:.2%})"


@dataclass(frozen=True, slots=True)
class DetPoint:
    """One point of the detection error trade-off curve."""

    threshold: float
    fmr: Rate
    fnmr: Rate


def wilson(count: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Score interval of a proportion; keeps inside 0..1 and is sound for none and all. (0, 1) for no trials."""
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, spread = count / n, z * z / n
    centre = (share + spread / 2) / (1 + spread)
    half = z * np.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return max(float(centre - half), 0.0), min(float(centre + half), 1.0)


def fmr(impostor: Scores, threshold: float) -> Rate:
    return Rate(int(np.count_nonzero(impostor >= threshold)), impostor.size)


def fnmr(genuine: Scores, threshold: float) -> Rate:
    return Rate(int(np.count_nonzero(genuine < threshold)), genuine.size)


def det_curve(genuine: Scores, impostor: Scores) -> tuple[Scores, Scores, Scores]:
    """Thresholds (every score that occurs, then one above all), FMR and FNMR at each."""
    thresholds = np.append(np.unique(np.concatenate([genuine, impostor])), np.inf)
    false_matches = (impostor.size - np.searchsorted(np.sort(impostor), thresholds, side="left")) / impostor.size
    false_non_matches = np.searchsorted(np.sort(genuine), thresholds, side="left") / genuine.size
    return thresholds, false_matches, false_non_matches


def det_points(genuine: Scores, impostor: Scores, rates: Sequence[float]) -> list[DetPoint]:
    """For each FMR asked for, the lowest threshold that keeps to it, and what it really gives."""
    thresholds, false_matches, _ = det_curve(genuine, impostor)
    chosen = [float(thresholds[np.argmax(false_matches <= rate)]) for rate in rates]
    return [DetPoint(threshold, fmr(impostor, threshold), fnmr(genuine, threshold)) for threshold in chosen]


def eer(genuine: Scores, impostor: Scores) -> float:
    """Where FMR and FNMR are equal, on a straight line between the two thresholds around it."""
    _, false_matches, false_non_matches = det_curve(genuine, impostor)
    after = int(np.argmax(false_non_matches >= false_matches))
    if after == 0 or false_non_matches[after] == false_matches[after]:
        return float((false_matches[after] + false_non_matches[after]) / 2)
    gap = false_matches - false_non_matches
    share = gap[after - 1] / (gap[after - 1] - gap[after])
    return float(false_matches[after - 1] + share * (false_matches[after] - false_matches[after - 1]))


def auc(genuine: Scores, impostor: Scores) -> float:
    """The chance that a genuine score is above an impostor's; equal ones count half."""
    ordered = np.sort(impostor)
    below = np.searchsorted(ordered, genuine, side="left").sum(dtype=np.float64)
    not_above = np.searchsorted(ordered, genuine, side="right").sum(dtype=np.float64)
    return float((below + not_above) / 2 / genuine.size / impostor.size)


def pairs(vectors: Scores, names: NDArray[np.str_]) -> tuple[Scores, Scores]:
    """Genuine and impostor scores among all pairs of unit vectors."""
    first, second = np.triu_indices(len(names), 1)
    scores = (vectors @ vectors.T)[first, second]
    same = names[first] == names[second]
    return scores[same], scores[~same]


def rank_one(scores: Scores, columns: NDArray[np.int_]) -> NDArray[np.bool_]:
    """Per probe (row): is the highest score that of its own column? Rows of NaN (no face found) are not."""
    found = ~np.isnan(scores).all(axis=1)
    right = np.zeros(len(scores), dtype=bool)
    right[found] = np.nanargmax(scores[found], axis=1) == columns[found]
    return right


def threshold_at_fpir(non_mated: Scores, rate: float) -> float:
    """The lowest threshold at which at most this share of searches for strangers return anybody.

    `non_mated` is (searches, gallery); searches in which no face was found hold NaN and return nobody.
    """
    top = np.sort(np.nan_to_num(non_mated.max(axis=1), nan=-np.inf))[::-1]
    allowed = int(rate * top.size)
    return float(np.nextafter(top[allowed], np.inf)) if allowed < top.size else -np.inf


def fpir(non_mated: Scores, threshold: float) -> Rate:
    """`non_mated` is (searches, gallery)."""
    return Rate(int(np.count_nonzero((non_mated >= threshold).any(axis=1))), len(non_mated))


def fnir(mated: Scores, columns: NDArray[np.int_], threshold: float) -> Rate:
    """Not found at rank one at or above the threshold. `mated` is (searches, gallery)."""
    own = mated[np.arange(len(mated)), columns]
    hit = rank_one(mated, columns) & (own >= threshold)
    return Rate(int(np.count_nonzero(~hit)), len(mated))


def resampled_pairs(
    vectors: Scores, names: NDArray[np.str_], statistic: Statistic, *, rounds: int = 500, seed: int = 1
) -> tuple[float, float]:
    """95 % interval of a statistic of all pairs, by drawing people with replacement.

    Pairs that share a person depend on one another, so that treating them as so many trials would claim too much.
    A pair counts as often as its people were drawn together; a person is never their own impostor.
    """
    first, second = np.triu_indices(len(names), 1)
    scores = (vectors @ vectors.T)[first, second]
    people, place = np.unique(names, return_inverse=True)
    one, other = place[first], place[second]
    same = one == other
    values, draw = [], np.random.default_rng(seed)
    for _ in range(rounds):
        drawn = np.bincount(draw.integers(len(people), size=len(people)), minlength=len(people))
        genuine = np.repeat(scores[same], drawn[one[same]])
        impostor = np.repeat(scores[~same], drawn[one[~same]] * drawn[other[~same]])
        if genuine.size and impostor.size:
            values.append(statistic(genuine, impostor))
    return _middle(values)


def resampled_mean(
    values: Scores, names: NDArray[np.str_], *, rounds: int = 1000, seed: int = 1
) -> tuple[float, float]:
    """95 % interval of the mean of `values`, one per sample, by drawing people with replacement."""
    people, place = np.unique(names, return_inverse=True)
    sums = np.bincount(place, weights=values.astype(np.float64))
    counts = np.bincount(place)
    drawn = np.random.default_rng(seed).integers(len(people), size=(rounds, len(people)))
    return _middle(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1))


def _middle(values: Scores | list[float]) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
