"""Crawled faces of apparent children: dropped before anything is compared or written.

The estimate errs, in ordinary pictures hardly ever, in tiny and blurred ones more often (docs/age.md). Some adults it
mistakes in every picture, and nothing that is found of them would ever reach them. They are known: it stopped them at
enrolment as well, and a person has allowed them. So a face that is clearly one of theirs goes on. It is compared in
memory, with such people alone, and what is none of theirs is dropped like every other.
"""

from collections.abc import Sequence

import numpy as np

from search import ages, matching
from search.calibration import Band
from search.engine import DetectedFace
from search.engine.age import APPARENT_MINOR
from search.probes import Probes

_CLEAR = (Band.CERTAIN, Band.LIKELY)


def is_apparent_minor(face: DetectedFace) -> bool:
    """Whether a face looks younger than 18."""
    return face.under_18 >= APPARENT_MINOR


def adults(found: Sequence[DetectedFace], probes: Probes) -> tuple[DetectedFace, ...]:
    """Of a picture's faces those that may be compared and kept."""
    young = [face for face in found if is_apparent_minor(face)]
    if not young:
        return tuple(found)
    spared = _of_known_adults(young, probes)
    return tuple(face for face in found if not is_apparent_minor(face) or face in spared)


def _of_known_adults(young: Sequence[DetectedFace], probes: Probes) -> list[DetectedFace]:
    known = ages.known_adults()
    mistaken = [probe for probe in probes.now() if probe.subject_id in known] if known else []
    if not mistaken:
        return []
    judge = matching.scorer(mistaken)
    hits = judge.hits(np.stack([face.embedding for face in young]), [face.quality.length for face in young])
    return [young[hit.row] for hit in hits if hit.band in _CLEAR]
