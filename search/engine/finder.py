"""How a picture is looked at, so that faces of any size and turn are found with few looks.

YuNet wants upright faces of 20 to 300 pixels. A picture is therefore never looked at in its own size: one look at
a small copy comes first, and what it shows decides about more. See `docs/accuracy.md` for what each measure is worth.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from search.engine.base import Vector
from search.engine.geometry import pose
from search.engine.views import Copies, View
from search.engine.yunet import MIN_SCORE, NOTHING, Detections, YuNet, merge

MAX_FACES = 500

_USUAL_SIDE, _LARGE_SIDE, _TURNED_SIDE = 640, 1280, 320
_SMALLER_SIDES = (320, 192)
_DIAGONAL = 256
"""Side of a square that holds most of a picture of the smallest side, however it is turned."""
_FIRST_SIDES = ((64, 192), (320, 320))
"""Longest side of a picture, and that of the copy to begin with."""
_WIDE_FACE = 300
"""In a look: landmarks of wider faces are inexact, and from 700 none is found."""
_SMALL_FACE = 24
"""In a look: of the narrower ones many are missed."""
_HINT_SCORE = 0.1
"""Too low for a face, but something may be there that is too small to be sure."""
_TRACE_SCORE = 0.01
"""Faces that a larger copy shows leave at least this in a look at a copy half as large."""
_WIDE_TRACE_SCORE = 0.05
"""The same of faces that are not small, but still unsure."""
_TRACED_SIDE = 960
"""Longest side of a picture whose small faces all leave a trace in the first look; of 1280 a third of the smallest do
not."""
_MOST_TRACES = 8
"""Where there are more, one look at a larger copy costs less than one at each."""
_TURNED_TRACE_SCORE, _MOST_TURNED_TRACES = 0.02, 12
"""The same of faces that lie on their side or stand on their head."""
_TRACE_PATCH = 64
"""Side of a view of what may be a turned face; many are looked at side by side, in rows of so many."""
_TRACE_ROW = 12
_WANTED_WIDTH = 40
"""Of the smallest face in the last look for small ones."""
_PAGE_FROM, _PAGE_SCALE = 2000, 1.25
"""Pictures with a longer side than this are looked at in tiles where nothing else was found."""
_TILE, _OVERLAP = 640, 96
_MOST_PIXELS, _MOST_TILES = 19_000_000, 64
"""Of one picture at one scale."""
_MOST_CONFIRMED = 20
_FLAT_RANGE = 24

_LIKELY_TURNS = (0.0, 45.0, -45.0, 180.0)
_ALL_TURNS = (*_LIKELY_TURNS, 90.0, -90.0, 135.0, -135.0)
_PATCH, _NEAR_PATCH = 160, 288
"""Side of a view of one face."""
_SHARE_OF_PATCH = 0.4
"""Width of the face in it."""
_SHARE_OF_REFINED = 0.7
"""Landmarks of both looks are averaged: either alone is less exact."""
_SHARE_OF_HEIGHT = 0.8
"""Typical width of a face, of its height."""


@dataclass(frozen=True, slots=True)
class FinderOptions:
    """Measures that can be switched off to see what each is worth. The default is what measured best."""

    small_faces: bool = True
    """Larger copies and tiles where the first look finds nothing or hints at small faces."""
    wide_faces: bool = True
    """A smaller copy where the first look finds nothing or a very wide face."""
    turned_pictures: bool = True
    """A picture without an upright face is looked at in seven other directions."""
    rotation_vote: bool = True
    """A face that embeds badly is looked at again in other directions."""
    refined_landmarks: bool = True
    """Landmarks are averaged with those of a second look at the upright face alone."""
    mirrored_embedding: bool = False
    """A face's embedding is the mean of its own and its mirror image's. To measure only: embeddings made so would need
    a model id of their own."""


class Finder:
    def __init__(self, detector: YuNet, options: FinderOptions) -> None:
        self._detector = detector
        self._options = options

    def find(self, copies: Copies) -> Detections:
        """Faces in pixels of the picture, best score first, at most MAX_FACES."""
        found, traces = self._upright(copies)
        if self._options.turned_pictures and not len(found):
            found = self._turned(copies, traces)
        return found.pick(np.arange(min(len(found), MAX_FACES)))

    def _upright(self, copies: Copies) -> tuple[Detections, Detections]:
        """Faces, and all that the first look shows, however faintly."""
        side = _first_side(copies.longest)
        scale = side / copies.longest
        first = self._look(copies.whole(scale), _TRACE_SCORE)
        parts = [_sure(first)]
        if self._options.wide_faces:
            parts += self._smaller(copies, side, parts[0])
        if self._options.small_faces:
            parts += self._closer(copies, scale, first, any(map(len, parts)))
        return merge(parts), first

    def _smaller(self, copies: Copies, side: int, found: Detections) -> Iterator[Detections]:
        """Smaller copies, as long as there is nothing or a very wide face."""
        for smaller in _SMALLER_SIDES:
            wide = float(found.widths.max(initial=0)) * side / copies.longest > _WIDE_FACE
            if smaller < side and (wide or not len(found)):
                side, found = smaller, self._look(copies.whole(smaller / copies.longest))
                yield found

    def _closer(self, copies: Copies, scale: float, seen: Detections, found: bool) -> Iterator[Detections]:
        """Larger copies, as long as they may show more."""
        small = _small(seen, scale)
        hints = small.pick(small.scores >= _HINT_SCORE)
        doubtful = hints if found else _traces(seen, scale)
        if _USUAL_SIDE < copies.longest <= _TRACED_SIDE and len(doubtful) <= _MOST_TRACES:
            confirmed = merge([NOTHING, *self._confirmed(copies, doubtful)])
            if not len(confirmed):
                return
            yield confirmed
        if len(hints) or (not found and scale < 1):
            scale = min(_LARGE_SIDE / copies.longest, 2.0 if len(hints) else 1.0)
            seen = self._look(copies.whole(scale), _HINT_SCORE)
            yield _sure(seen)
            hints, found = _small(seen, scale), found or len(_sure(seen)) > 0
        if not found and not len(hints) and copies.longest > _PAGE_FROM:
            scale = min((_MOST_PIXELS / copies.picture[..., 0].size) ** 0.5, _PAGE_SCALE)
            seen = merge([NOTHING, *self._scan(copies, scale, None)])
            yield _sure(seen)
            yield from self._confirmed(copies, seen.pick(seen.scores < MIN_SCORE))
        elif len(hints):
            scale = min(_WANTED_WIDTH / float(hints.widths.min()), 2.0)
            yield from map(_sure, self._scan(copies, scale, hints))

    def _confirmed(self, copies: Copies, hints: Detections) -> Iterator[Detections]:
        """Faces where the best hints are, from a look at each alone."""
        for box in hints.boxes[:_MOST_CONFIRMED]:
            yield self._look_around(copies, box, 0.0)

    def _scan(self, copies: Copies, scale: float, hints: Detections | None) -> Iterator[Detections]:
        """Hints in tiles of a large copy: in all of them, or in those around hints that there are already."""
        tiles = (tile for tile in _tiles(copies, scale) if hints is None or _holds_any(tile, hints))
        for tile in islice(tiles, _MOST_TILES):
            if not _is_flat(tile):
                yield self._look(tile, _HINT_SCORE)

    def _turned(self, copies: Copies, traces: Detections) -> Detections:
        """Turned by quarters, which costs nothing but the look; if that shows nothing, between them."""
        traces = traces.pick(traces.scores >= _TURNED_TRACE_SCORE)
        if copies.longest > _USUAL_SIDE and len(traces) <= _MOST_TURNED_TRACES:
            return self._turned_traces(copies, traces)
        view = copies.whole(_TURNED_SIDE / copies.longest)
        found = merge([self._look(view.turned(quarters)) for quarters in (1, 2, 3)])
        if len(found):
            return found
        height, width = copies.picture.shape[:2]
        middle, scale = np.array([width, height], dtype=np.float32) / 2, _SMALLER_SIDES[-1] / copies.longest
        return merge([self._look(copies.around(middle, scale, angle, _DIAGONAL)) for angle in (45, 135, 225, 315)])

    def _turned_traces(self, copies: Copies, traces: Detections) -> Detections:
        """Faces where the traces are, upright in some direction and again in a look at each alone."""
        scales = [_SHARE_OF_PATCH * _TRACE_PATCH / _wide(box) for box in traces.boxes]
        views = [
            copies.around((box[:2] + box[2:]) / 2, scale, angle, _TRACE_PATCH)
            for box, scale in zip(traces.boxes, scales, strict=True)
            for angle in _ALL_TURNS
        ]
        found = merge([NOTHING, *self._together(views)])
        rolls = [pose(points)[2] for points in found.landmarks]
        near = [self._look_around(copies, box, roll) for box, roll in zip(found.boxes, rolls, strict=True)]
        return merge([NOTHING, *near])

    def _together(self, views: Sequence[View]) -> Iterator[Detections]:
        """Faces in square views of one size, all looked at side by side in one look."""
        if not views:
            return
        side = len(views[0].pixels)
        columns = min(len(views), _TRACE_ROW)
        sheet = np.zeros((-(-len(views) // columns) * side, columns * side, 3), dtype=np.uint8)
        corners = [(place % columns * side, place // columns * side) for place in range(len(views))]
        for (left, top), view in zip(corners, views, strict=True):
            sheet[top : top + side, left : left + side] = view.pixels
        seen = self._detector.look(sheet)
        places = ((seen.boxes[:, :2] + seen.boxes[:, 2:]) / 2 // side).astype(int)
        for (left, top), view in zip(corners, views, strict=True):
            here = seen.pick(np.flatnonzero((places == (left // side, top // side)).all(axis=1)))
            yield view.to_picture(here.moved((1, 1), (-left, -top)))

    def refined(self, copies: Copies, found: Detections) -> Detections:
        """The same faces with better landmarks, by a look at each alone, upright and of the best size."""
        landmarks = found.landmarks.copy()
        for row, (box, points) in enumerate(zip(found.boxes, found.landmarks, strict=True)):
            near = self._look_around(copies, box, pose(points)[2])
            if len(near):
                landmarks[row] += _SHARE_OF_REFINED * (near.landmarks[0] - points)
        return Detections(found.boxes, landmarks, found.scores)

    def voted(self, copies: Copies, box: Vector, landmarks: Vector, *, thorough: bool) -> Detections:
        """The face in this box as it looks best in several directions, beginning with that of these landmarks.

        Eight directions when `thorough`, otherwise the likely ones. Nothing if it is seen in none of them.
        """
        roll = pose(landmarks)[2]
        turns = _ALL_TURNS if thorough else _LIKELY_TURNS
        looks = [self._look_around(copies, box, roll + turn) for turn in turns]
        return max(looks, key=lambda near: float(near.scores[0]) if len(near) else 0.0)

    def nearer(self, copies: Copies, box: Vector, landmarks: Vector) -> Detections:
        """The face in this box from a look at a larger copy of it; nothing if it is not seen there."""
        return self._look_around(copies, box, pose(landmarks)[2], _NEAR_PATCH)

    def _look_around(self, copies: Copies, box: Vector, angle: float, side: int = _PATCH) -> Detections:
        """The best face in the middle of the box, or none; `angle` is the roll at which it would be upright."""
        wanted = _SHARE_OF_PATCH * side
        view = copies.around((box[:2] + box[2:]) / 2, wanted / _wide(box), angle, side)
        seen = self._detector.look(view.pixels)
        away = np.abs((seen.boxes[:, :2] + seen.boxes[:, 2:]) / 2 - side / 2).max(axis=1)
        here = (away < wanted / 2) & (seen.widths > wanted * 0.4)
        return view.to_picture(seen.pick(np.flatnonzero(here)[:1]))

    def _look(self, view: View, min_score: float = MIN_SCORE) -> Detections:
        return view.to_picture(self._detector.look(view.pixels, min_score))


def _wide(box: Vector) -> float:
    """Width of the face in a box, at least 1."""
    return max(float(box[2] - box[0]), _SHARE_OF_HEIGHT * float(box[3] - box[1]), 1.0)


def _sure(seen: Detections) -> Detections:
    return seen.pick(seen.scores >= MIN_SCORE)


def _small(seen: Detections, scale: float) -> Detections:
    """What is, or may be, a face too narrow for a look at this scale."""
    return seen.pick(seen.widths * scale < _SMALL_FACE)


def _traces(seen: Detections, scale: float) -> Detections:
    """What may be a face."""
    small = seen.widths * scale < _SMALL_FACE
    return seen.pick(np.where(small, seen.scores >= _TRACE_SCORE, seen.scores >= _WIDE_TRACE_SCORE))


def _first_side(longest: int) -> int:
    """Of the copy to begin with. The faces in small pictures are large in them."""
    return next((side for most, side in _FIRST_SIDES if longest <= most), _USUAL_SIDE)


def _tiles(copies: Copies, scale: float) -> Iterator[View]:
    """Parts that overlap by more than the faces that are looked for."""
    height, width = copies.picture.shape[:2]
    side, overlap = _TILE / scale, _OVERLAP / scale
    for top in _starts(height, side, overlap):
        for left in _starts(width, side, overlap):
            yield copies.part(scale, left, top, min(side, width), min(side, height))


def _starts(length: int, side: float, overlap: float) -> list[float]:
    """Of as few tiles as cover the length and overlap, the first and the last at its ends."""
    count = max(math.ceil((length - overlap) / (side - overlap)), 1)
    return [float(start) for start in np.linspace(0, max(length - side, 0), count)]


def _is_flat(tile: View) -> bool:
    """Paper or sky and nothing else."""
    return int(np.ptp(tile.pixels[::4, ::4])) < _FLAT_RANGE


def _holds_any(tile: View, hints: Detections) -> bool:
    centres = hints.boxes.reshape(-1, 2, 2).mean(axis=1) @ tile.matrix[:, :2].T + tile.matrix[:, 2]
    height, width = tile.pixels.shape[:2]
    return bool(((centres >= 0) & (centres < (width, height))).all(axis=1).any())
