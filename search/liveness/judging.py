"""Was there a living person in front of the camera, who did what was asked?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.engine.base import Vector
from search.liveness.following import FIRST, Walk, walk
from search.liveness.frames import Frame
from search.liveness.steps import Step
from search.liveness.surface import is_screen
from search.liveness.traces import is_replay, repeats_itself, trace

FEWEST_FRAMES = 20
_BEST, _FEWEST_BEST, _APART = 5, 3, 0.9
_GOOD_LENGTH, _CLEAR_LENGTH = 9.0, 8.0

# Cosines to the first look. Strangers are below 0.36; the same camera and minute give 0.9 and more of a straight face.
_SAME_STRAIGHT, _SAME_ANY_STRAIGHT, _SAME_TURNED = 0.6, 0.42, 0.33

_SAME_PLACE = 0.02
"""Pixels by which landmarks move at least between two frames of a camera: its noise alone moves them more."""
_MOST_SAME = 0.1
_HARDLY = 0.02
"""Eye distances."""
_MOVED_SQUEEZE, _MOVED_NEARNESS, _TURNED_AT_ALL = 0.06, 0.15, 10.0


@dataclass(frozen=True, slots=True)
class Progress:
    step: int
    """How many steps are done."""
    of: int
    hint: str
    """What to do now: a code of HINTS. After "done" and "failed" no frame changes anything: judge."""


@dataclass(frozen=True, slots=True)
class Verdict:
    passed: bool
    failure: str = ""
    """A code of FAILURES, or nothing."""


def progress(steps: Sequence[Step], frames: Sequence[Frame]) -> Progress:
    made = walk(steps, frames)
    return Progress(made.done, len(steps), made.hint)


def judge(steps: Sequence[Step], frames: Sequence[Frame], earlier_traces: Sequence[bytes] = ()) -> Verdict:
    """Frames in the order of their numbers. A check that is not finished has failed."""
    failure = _failure(walk(steps, frames), frames, earlier_traces)
    return Verdict(not failure, failure)


def _failure(made: Walk, frames: Sequence[Frame], earlier_traces: Sequence[bytes]) -> str:
    if _is_still(frames):
        return "still"
    if made.failure and made.failure != "too_slow":
        return made.failure
    if not made.finished:
        return _why_unfinished(made, frames)
    if len(frames) < FEWEST_FRAMES:
        return "too_few_frames"
    if _face_changed(made):
        return "face_changed"
    if len(best_faces(frames)) < _FEWEST_BEST:
        return "poor"
    if is_screen([frame.cues for frame in made.straight]):
        return "screen"
    own = trace(frames)
    return "recording" if repeats_itself(own) or is_replay(own, earlier_traces) else ""


def _why_unfinished(made: Walk, frames: Sequence[Frame]) -> str:
    if sum(frame.face is not None for frame in frames) < FEWEST_FRAMES:
        return "too_few_frames"
    if made.first is None:
        return "poor"
    if _is_flat(made):
        return "flat"
    return "wrong_order" if made.out_of_turn else "too_slow"


def _is_still(frames: Sequence[Frame]) -> bool:
    """The same picture again and again, or one that only trembles."""
    faces = [frame.face for frame in frames if frame.face]
    if len(faces) < FEWEST_FRAMES:
        return False
    points = np.stack([face.landmarks for face in faces]).astype(np.float64)
    same = np.abs(np.diff(points, axis=0)).max(axis=(1, 2)) < _SAME_PLACE
    eyes = max(float(np.median(np.linalg.norm(points[:, 1] - points[:, 0], axis=1))), 1e-6)
    return float(same.mean()) > _MOST_SAME or float(points.std(axis=0).max()) / eyes < _HARDLY


def _is_flat(made: Walk) -> bool:
    """Something was moved or tilted, and nothing stood out of it."""
    turns = list(made.turns.values())
    if not turns or max(abs(turn.yaw) for turn in turns) > _TURNED_AT_ALL:
        return False
    squeezes, nearness = [turn.squeeze for turn in turns], [turn.nearness for turn in turns]
    return bool(np.ptp(squeezes) > _MOVED_SQUEEZE or np.ptp(nearness) > _MOVED_NEARNESS)


def _face_changed(made: Walk) -> bool:
    """Compared with the first look: all straight frames, and every pose that was held."""
    reference = np.sum([frame.face.embedding for frame in made.straight[:FIRST] if frame.face], axis=0)
    reference = reference / max(float(np.linalg.norm(reference)), 1e-6)
    straight = _cosines(made.straight, reference)
    if not len(straight) or np.median(straight) < _SAME_STRAIGHT or straight.min() < _SAME_ANY_STRAIGHT:
        return True
    return any(
        len(cosines) and float(np.median(cosines)) < _SAME_TURNED
        for cosines in (_cosines(seen, reference) for _, seen in made.visits)
    )


def _cosines(frames: Sequence[Frame], reference: Vector) -> Vector:
    """Of those clear enough to mean something."""
    faces = [frame.face for frame in frames if frame.face and frame.face.quality.length >= _CLEAR_LENGTH]
    return np.array([face.embedding @ reference for face in faces], dtype=np.float32)


def best_faces(frames: Sequence[Frame]) -> list[Frame]:
    """Up to five good straight frames, well apart, best first; a check that passed has at least three.

    Their `face` is never None.
    """
    made = walk((), frames)
    good = [frame for frame in made.straight if frame.face and frame.face.quality.length >= _GOOD_LENGTH]
    chosen: list[Frame] = []
    for frame in sorted(good, key=_length, reverse=True):
        if len(chosen) < _BEST and all(abs(frame.at - other.at) >= _APART for other in chosen):
            chosen.append(frame)
    return chosen


def _length(frame: Frame) -> float:
    return frame.face.quality.length if frame.face else 0.0
