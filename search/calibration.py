"""What a score is worth: from cosine to the rate of false matches, and to words that can be trusted.

The rates are those of strangers' scores (impostors), which are close to normal. Below one in a thousand they are
extrapolated, so an operator should refit them on their own gallery (`manage.py calibrate`). What ships is in
`calibration.json`, with how it was measured.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from statistics import NormalDist
from typing import Any

FITTED_FILE = "calibration.json"
"""In the data folder: what the operator fitted."""

_STANDARD = NormalDist()
_SURE_ENOUGH = 1_000_000
"""No claim goes beyond one in this many: the tail is extrapolated."""


class Band(StrEnum):
    """How a match is presented, best first."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


FLOOR = 0.40
"""No score below this is ever a match, whatever the gallery and whoever asks."""

# Floor of the score, and how many false matches a search of the whole gallery may be expected to give.
_BANDS = ((Band.CERTAIN, 0.60, 0.01), (Band.LIKELY, 0.48, 0.1), (Band.POSSIBLE, FLOOR, 1.0))

_CERTAIN_LENGTH, CLEAR_LENGTH, _ENROLMENT_LENGTH = 9.0, 8.0, 7.0
"""Quality lengths from which a face may be called certain, has a score that means what the calibration says, and
serves as a reference."""


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

    def alert_threshold(self, faces_per_month: int, allowed_per_month: float = 1.0) -> float:
        """The lowest score to tell anybody about, so that a subscriber whom this many new faces are compared with
        each month is expected to get at most so many false alerts a month. Never below FLOOR."""
        return max(FLOOR, self.threshold_at(allowed_per_month / max(faces_per_month, 1)))

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
        if quality_length < (_CERTAIN_LENGTH if reached[0] is Band.CERTAIN else CLEAR_LENGTH):
            place += 1
        if quality_length < _ENROLMENT_LENGTH:
            place = max(place, names.index(Band.POSSIBLE))
        return names[place] if place < len(names) else None

    def words(self, score: float, gallery_size: int) -> str:
        """The chance of a look-alike, such as "about 1 in 40,000 chance that this is someone else, in a gallery of
        this size"."""
        expected = self.expected_false_matches(score, max(gallery_size, 1))
        if expected >= 0.5:
            people = _round(max(expected, 1))
            return (
                "could well be someone else: among the pictures we searched, about "
                f"{people:,} {'stranger' if people == 1 else 'strangers'} would look this much alike"
            )
        if expected * _SURE_ENOUGH < 1:
            chance = f"less than 1 in {_SURE_ENOUGH:,}"
        else:
            chance = f"about 1 in {_round(1 / expected):,}"
        return f"{chance} chance that this is someone else, in a gallery of this size"

    def bounded(self, shipped: "Calibration", slack: "Slack") -> "Calibration":
        """This one, but nowhere looser than what ships by more than the slack; as strict as it likes."""
        return Calibration(
            max(self.mean, shipped.mean - slack.mean), max(self.deviation, shipped.deviation - slack.deviation)
        )


@dataclass(frozen=True, slots=True)
class Slack:
    """By how much a refitted calibration may fall below the shipped one, in units of the score."""

    mean: float
    deviation: float


NO_SLACK = Slack(0.0, 0.0)
FULL_SLACK = Slack(0.02, 0.005)
"""The most that any evidence can loosen: the threshold for FMR 1e-6 falls by 0.044 at most."""


def calibration_for(model_id: str, fitted: Mapping[str, Calibration] | None = None) -> Calibration:
    """The operator's own fit where there is one, within bounds; else what ships for the model; else a cautious
    guess: no two models share a scale."""
    shipped = SHIPPED.get(model_id, _CAUTIOUS)
    own = (fitted or {}).get(model_id)
    return shipped if own is None else own.bounded(shipped, FULL_SLACK)


def read_fitted(path: Path) -> dict[str, Calibration]:
    """What `manage.py calibrate --save` wrote, by model id; nothing when it never did.

    Raises ValueError when the file is there and cannot be read: to go on with other thresholds than the operator
    believes in would be worse.
    """
    try:
        return _parsed(json.loads(path.read_text()))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{path} cannot be read; make it anew with `manage.py calibrate --save`.") from error


def _parsed(document: dict[str, Any]) -> dict[str, Calibration]:
    found = {name: Calibration(float(entry["mean"]), float(entry["deviation"])) for name, entry in document.items()}
    for name, each in found.items():
        if not (-1 < each.mean < 1 and 0 < each.deviation < 1):
            raise ValueError(f"The calibration of {name} is none.")
    return found


# Personal thresholds

MOST_RAISED, MOST_LOWERED = 0.10, 0.02
_RAISE_PER_ANSWER, _LOWER_PER_ANSWER = 0.02, 0.005
_ME_PER_NOT_ME = 4
_JUST_ABOVE = 0.001


def personal_shift(answers: Sequence[tuple[float, bool]], threshold: float) -> float:
    """What one subscriber's answers, (score, was it me), add to their own threshold; nobody else's moves.

    Only scores from the threshold up to MOST_RAISED above it count: others no shift can help. *Not me* raises it, to
    the lowest place above which *not me* is not the majority of the answers, and by at most 0.02 for each *not me*,
    so that one slip of the finger hides little. With no reason to raise it, *me* lowers it by 0.005 each, four of
    them for every *not me* that there is, by at most MOST_LOWERED and never under FLOOR.

    Another *not me* never lowers the result, another *me* never raises it, and the order plays no part.
    """
    near = [(score - threshold, me) for score, me in answers if 0 <= score - threshold < MOST_RAISED]
    wrong = sorted(distance for distance, me in near if not me)
    right = sorted(distance for distance, me in near if me)
    raised = _raised(wrong, right)
    if raised:
        return min(raised, _RAISE_PER_ANSWER * len(wrong), MOST_RAISED)
    lowered = _LOWER_PER_ANSWER * max(len(right) - _ME_PER_NOT_ME * len(wrong), 0)
    return -min(lowered, MOST_LOWERED, max(threshold - FLOOR, 0.0))


def _raised(wrong: Sequence[float], right: Sequence[float]) -> float:
    """The least distance above which `wrong` is not the majority."""
    if len(wrong) <= len(right):
        return 0.0
    return next(
        distance + _JUST_ABOVE
        for distance in wrong
        if sum(other > distance for other in wrong) <= sum(other > distance for other in right)
    )


def _round(number: float) -> int:
    """To two digits below a hundred and one above: more would pretend to know."""
    size = max(math.floor(math.log10(number)), 1)
    return int(round(number / 10**size) * 10**size) if number >= 100 else round(number)


_FILE = _parsed(json.loads(Path(__file__).with_suffix(".json").read_text()))
_CAUTIOUS = _FILE.pop("*")
SHIPPED: Mapping[str, Calibration] = _FILE
