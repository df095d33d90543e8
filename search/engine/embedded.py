"""The embedded engine: YuNet finds the faces, SFace tells them apart. Works with no download."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from search.engine.base import DetectedFace, Rgb, Vector, clip_box
from search.engine.finder import Finder, FinderOptions
from search.engine.geometry import align, measure
from search.engine.sface import Backend, SFace
from search.engine.views import Copies
from search.engine.yunet import Detections, YuNet, suppress

__all__ = ["FinderOptions", "SFaceEngine"]

_GOOD_LENGTH, _USABLE_LENGTH = 10.0, 9.0
_CLEARLY_LONGER = 1.5
_SAME_PLACE, _NEAR_PLACE, _OTHER_PLACE = 0.1, 0.2, 0.4
"""Distances between the landmarks of two looks: nothing new, a correction, and quite another view."""
_MOST_VOTES = 8
"""In one picture, widest faces first."""
_LENGTH_OF_A_FACE, _LENGTH_OF_A_CLEAR_FIND, _CLEAR_FIND = 7.0, 5.0, 0.75
"""What embeds shorter than a face does (Grade.UNUSABLE) is one all the same if the detector is sure of it."""


@dataclass(slots=True, eq=False)
class _Find:
    """A find on its way to a face."""

    copies: Copies
    box: Vector
    """Left, top, right, bottom."""
    landmarks: Vector
    score: float
    crop: Rgb
    embedding: Vector = field(default_factory=lambda: np.zeros(SFaceEngine.dimension, dtype=np.float32))
    """Not normalised."""

    @property
    def width(self) -> float:
        return float(self.box[2] - self.box[0])

    @property
    def length(self) -> float:
        return float(np.linalg.norm(self.embedding))

    @property
    def is_doubtful(self) -> bool:
        """The landmarks may be wrong, as those of faces that stand on their head are."""
        return self.length < _GOOD_LENGTH

    def distance(self, landmarks: Vector) -> float:
        """How far the landmarks of two looks lie apart, of the width of the face."""
        return float(np.abs(landmarks - self.landmarks).max()) / max(self.width, 1e-6)

    def is_better_than(self, other: "_Find") -> bool:
        """A correction of the landmarks has to embed longer, quite other landmarks clearly so."""
        needed = _CLEARLY_LONGER if other.distance(self.landmarks) > _OTHER_PLACE else 0.0
        return self.length > other.length + needed

    def face(self) -> DetectedFace | None:
        """None for a false find: what is no face embeds short."""
        length = self.length
        if not length >= (_LENGTH_OF_A_CLEAR_FIND if self.score >= _CLEAR_FIND else _LENGTH_OF_A_FACE):
            return None  # also where it is not a number
        left, top, right, bottom = map(float, self.box)
        return DetectedFace(
            box=clip_box(left, top, right, bottom, self.copies.picture),
            landmarks=self.landmarks,
            score=self.score,
            quality=measure(self.crop, self.landmarks, size=right - left, length=length),
            embedding=self.embedding / np.float32(length),
            model_id=SFaceEngine.model_id,
        )


class SFaceEngine:
    model_id = "sface-2021dec-int8bq"
    dimension = 128

    def __init__(self, cache_dir: Path, options: FinderOptions | None = None, runtime: Backend = "onnxruntime") -> None:
        """Prepares the models in `cache_dir` at first use; `runtime` as in `SFace`. Raises EngineUnavailable."""
        self._options = options or FinderOptions()
        self._finder = Finder(YuNet(cache_dir), self._options)
        self._embedder = SFace(cache_dir, backend=runtime)

    def analyse(self, images: Sequence[Rgb]) -> list[list[DetectedFace]]:
        pictures = [self._finds(copies, self._finder.find(copies)) for copies in map(Copies, images)]
        self._embed([find for finds in pictures for find in finds])
        if self._options.rotation_vote:
            self._look_again(pictures)
        return [[face for find in finds if (face := find.face())] for finds in pictures]

    def _finds(self, copies: Copies, found: Detections) -> list[_Find]:
        if self._options.refined_landmarks:
            found = self._finder.refined(copies, found)
        return self._cut(copies, found)

    def _cut(self, copies: Copies, found: Detections) -> list[_Find]:
        """Without those that cannot be faces, because their landmarks lie in one point."""
        finds = []
        for box, landmarks, score in zip(found.boxes, found.landmarks, found.scores, strict=True):
            try:
                crop = align(copies.picture, landmarks)
            except ValueError:
                continue
            finds.append(_Find(copies, box, landmarks, float(score), crop))
        return finds

    def _embed(self, finds: list[_Find]) -> None:
        if not finds:
            return
        crops = np.stack([find.crop for find in finds])
        embeddings = self._embedder.embed(crops)
        if self._options.mirrored_embedding:
            embeddings = (embeddings + self._embedder.embed(crops[:, :, ::-1])) * np.float32(0.5)
        for find, embedding in zip(finds, embeddings, strict=True):
            find.embedding = embedding

    def _look_again(self, pictures: list[list[_Find]]) -> None:
        """Doubtful finds give way to what other looks show, where that embeds better."""
        places = [(finds, place) for finds in pictures for place in _doubtful(finds)]
        others = [self._again(finds[place]) for finds, place in places]
        self._embed([other for other in others if other])
        for (finds, place), other in zip(places, others, strict=True):
            if other and other.is_better_than(finds[place]):
                other.score = finds[place].score  # so that the order stays
                finds[place] = other
        for finds in pictures:
            finds[:] = _without_doubles(finds)  # two finds may have given way to the same face

    def _again(self, find: _Find) -> _Find | None:
        """The find as another direction shows it, or a poor one from nearer by. Each costs an embedding."""
        poor = find.length < _USABLE_LENGTH
        voted = self._finder.voted(find.copies, find.box, find.landmarks, thorough=poor)
        distance = find.distance(voted.landmarks[0]) if len(voted) else 0.0
        if distance > (_SAME_PLACE if poor else _NEAR_PLACE):
            others = self._finds(find.copies, voted)
        elif poor:
            others = self._cut(find.copies, self._finder.nearer(find.copies, find.box, find.landmarks))
        else:
            return None
        return next(iter(others), None)


def _without_doubles(finds: list[_Find]) -> list[_Find]:
    if not finds:
        return []
    boxes, scores = np.stack([find.box for find in finds]), np.array([find.score for find in finds], dtype=np.float32)
    return [finds[place] for place in suppress(boxes, scores)]


def _doubtful(finds: list[_Find]) -> Iterator[int]:
    """Places of the widest ones."""
    places = [place for place, find in enumerate(finds) if find.is_doubtful]
    yield from sorted(places, key=lambda place: -finds[place].width)[:_MOST_VOTES]
