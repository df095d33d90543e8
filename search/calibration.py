"""What a score is worth: from cosine to the rate of false matches, and to words that can be trusted.

The rates are those of strangers' scores (impostors), which are close to normal. Below one in a thousand they
are extrapolated, so an operator should refit them on their own gallery.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

_STANDARD = NormalDist()
_SURE_ENOUGH = 1_000_000
"""No claim goes beyond one in this many: the tail is extrapolated."""


class Band(StrEnum):
    """How a match is presented, best first."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


# Floor of the score, and how many false matches a search of the whole gallery may be expected to give.
_BANDS = ((Band.CERTAIN, 0.60, 0.01), (Band.LIKELY, 0.48, 0.1), (Band.POSSIBLE, 0.40, 1.0))

_CERTAIN_LENGTH, _TRUSTED_LENGTH, _ENROLMENT_LENGTH = 9.0, 8.0, 7.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """Impostor statistics of one model: the cosine between different people."""

    mean: float
    deviation: float

    def fmr(self, score: float) -> float:
        """False match rate: the share of strangers who score this high or higher, 0 to 1."""
        # erfc and not NormalDist.cdf, which rounds the far tail to nothing.
        return 0.5 * math.erfc((score - self.mean) / self.deviation / math.sqrt(2))

    def threshold_at(self, fmr: float) -> float:
        """The score that this share of strangers reaches; the inverse of `fmr`. -1 for 1 and more.

        Raises ValueError for a rate of zero or less.
        """
        if fmr <= 0:
            raise ValueError("No score has a false match rate of zero.")
        return -1.0 if fmr >= 1 else self.mean - self.deviation * _STANDARD.inv_cdf(fmr)

    def expected_false_matches(self, score: float, gallery_size: int) -> float:
        """How many strangers in a gallery of this size are expected to score this high or higher."""
        return self.fmr(score) * gallery_size

    def band_threshold(self, band: Band, gallery_size: int) -> float:
        """The lowest score of a band, for faces of good quality. Feed the index with that of POSSIBLE."""
        floor, allowed = next((floor, allowed) for name, floor, allowed in _BANDS if name is band)
        return max(floor, self.threshold_at(allowed / max(gallery_size, 1)))

    def band(self, score: float, gallery_size: int, quality_length: float) -> Band | None:
        """None when this is no match. `quality_length` is the lower one of the two faces' `Quality.length`.

        One band down for lengths under 8 (9 for certain); under 7 never better than possible.
        """
        names = [name for name, _, _ in _BANDS]
        reached = [name for name in names if score >= self.band_threshold(name, gallery_size)]
        if not reached:
            return None
        place = names.index(reached[0])
        if quality_length < (_CERTAIN_LENGTH if reached[0] is Band.CERTAIN else _TRUSTED_LENGTH):
            place += 1
        if quality_length < _ENROLMENT_LENGTH:
            place = max(place, names.index(Band.POSSIBLE))
        return names[place] if place < len(names) else None

    def words(self, score: float, gallery_size: int) -> str:
        """The chance of a look-alike, such as "about 1 in 40,000 chance that this is someone else"."""
        expected = self.expected_false_matches(score, max(gallery_size, 1))
        if expected >= 0.5:
            people = _round(max(expected, 1))
            return (
                "could well be someone else: among the pictures we searched, about "
                f"{people:,} {'stranger' if people == 1 else 'strangers'} would look this much alike"
            )
        if expected * _SURE_ENOUGH < 1:
            return f"less than 1 in {_SURE_ENOUGH:,} chance that this is someone else"
        return f"about 1 in {_round(1 / expected):,} chance that this is someone else"


def calibration_for(model_id: str) -> Calibration:
    """Measured for the embedded model, cautious for any other: no two models share a scale."""
    return _MEASURED.get(model_id, _CAUTIOUS)


def _round(number: float) -> int:
    """To two digits below a hundred and one above: more would pretend to know."""
    size = max(math.floor(math.log10(number)), 1)
    return int(round(number / 10**size) * 10**size) if number >= 100 else round(number)


# Colour press photos of different people: mean 0.128, deviation 0.090; the unrounded values here give the
# measured thresholds 0.404, 0.460, 0.509 and 0.553 for rates of 1e-3 to 1e-6.
_MEASURED = {"sface-2021dec-int8bq": Calibration(mean=0.1275, deviation=0.0895)}
_CAUTIOUS = Calibration(mean=0.15, deviation=0.10)
