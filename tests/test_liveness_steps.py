"""Following the steps of a live check: what counts, in which order, and what a person is told."""

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from search.liveness import FAILURES, HINTS, Frame, Step, challenge, judge, measure, pack, progress, unpack
from search.liveness.following import MOST_SECONDS
from search.liveness.judging import best_faces
from tests import faces_in_motion as motion
from tests.moving_face import Pose

STEPS = (Step.LEFT, Step.CLOSER, Step.RIGHT, Step.UP)


def hints(steps: Sequence[Step], frames: Sequence[Frame]) -> list[str]:
    """In the order in which they come, each once."""
    shown: list[str] = []
    for count in range(1, len(frames) + 1):
        hint = progress(steps, frames[:count]).hint
        if hint not in shown:
            shown.append(hint)
    return shown


def test_challenges_differ_and_always_ask_for_what_a_picture_cannot_do() -> None:
    made = {challenge(random.Random(seed)) for seed in range(200)}
    assert len(made) > 100
    for steps in made:
        assert len(steps) >= 4
        assert {Step.LEFT, Step.RIGHT, Step.CLOSER} <= set(steps)
        assert all(first != second for first, second in pairwise(steps))


def test_somebody_who_does_the_steps_passes() -> None:
    frames = motion.frames(STEPS, seed=3)
    assert progress(STEPS, frames).hint == "done"
    assert judge(STEPS, frames).passed


def test_the_person_is_led_through() -> None:
    shown = hints(STEPS, motion.frames(STEPS, seed=3))
    order = ["hold_still", "turn_left", "look_straight", "come_closer", "move_back", "turn_right", "look_up", "done"]
    assert [hint for hint in shown if hint in order] == order
    assert set(shown) <= set(HINTS)


@pytest.mark.parametrize("wrong", [(Step.RIGHT, Step.CLOSER, Step.LEFT), (Step.CLOSER, Step.LEFT, Step.RIGHT)])
def test_steps_in_another_order_do_not_pass(wrong: tuple[Step, ...]) -> None:
    asked = (Step.LEFT, Step.RIGHT, Step.CLOSER)
    assert judge(asked, motion.frames(wrong, seed=1)).failure == "wrong_order"


def test_a_pose_that_nobody_asked_for_is_waited_out() -> None:
    shown = (Step.RIGHT, Step.LEFT, Step.CLOSER, Step.LEFT, Step.RIGHT)
    assert judge((Step.LEFT, Step.CLOSER, Step.RIGHT), motion.frames(shown, seed=1)).passed


def test_a_film_of_all_poses_again_and_again_is_not_waited_for_without_end() -> None:
    shown = (Step.LEFT, Step.RIGHT) * 8
    assert judge((Step.CLOSER,), motion.frames(shown, seed=1)).failure == "wrong_order"


def test_a_pose_that_appears_at_once_was_not_turned_to() -> None:
    """Two photos shown one after the other."""
    rng = np.random.default_rng(1)
    shown = []
    for number in range(120):
        points = motion.landmarks(Pose(yaw=26 if number // 5 % 2 else 0)) + rng.normal(0, 0.6, (5, 2))
        shown.append(motion.frame(number, number / 5, points.astype(np.float32), motion.person(1)))
    now = progress((Step.LEFT,), shown)
    assert (now.step, now.hint) == (0, "failed")
    assert judge((Step.LEFT,), shown).failure == "cut"


def test_a_face_that_is_gone_for_a_while_has_to_begin_its_turn_again() -> None:
    frames = motion.frames((Step.LEFT,), seed=3)
    blind = [
        replace(frame, face=None, faces=0) if frame.face and 3 < frame.face.quality.yaw < 25 else frame
        for frame in frames
    ]
    assert progress((Step.LEFT,), blind).step == 0


@pytest.mark.parametrize(
    ("scale", "faces", "hint"), [(0.4, 1, "too_far"), (2.5, 1, "too_close"), (1.0, 2, "several_faces")]
)
def test_the_person_is_told_what_is_in_the_way(scale: float, faces: int, hint: str) -> None:
    seen = motion.frame(0, 0.0, motion.landmarks(Pose(scale=scale)), motion.person(1), faces=faces)
    assert progress(STEPS, [seen]).hint == hint


def test_nobody_in_the_picture() -> None:
    nobody = measure(0, 0.0, (640, 480), [], motion.Cues())
    assert progress(STEPS, [nobody]).hint == "no_face"
    assert judge(STEPS, [nobody] * 40).failure == "too_few_frames"


def test_a_check_that_takes_too_long_is_over() -> None:
    late = [replace(frame, at=frame.at + MOST_SECONDS) for frame in motion.frames(STEPS, seed=3)]
    assert progress(STEPS, late).hint == "failed"
    assert not judge(STEPS, late).passed


def test_somebody_else_half_way_fails() -> None:
    first, second = motion.frames(STEPS, seed=3, who=1), motion.frames(STEPS, seed=3, who=2)
    middle = len(first) // 2
    assert judge(STEPS, [*first[:middle], *second[middle:]]).failure == "face_changed"


def test_somebody_else_in_one_turn_only_fails() -> None:
    first, second = motion.frames(STEPS, seed=3, who=1), motion.frames(STEPS, seed=3, who=2)
    mixed = [
        other if frame.face and frame.face.quality.yaw > 12 else frame
        for frame, other in zip(first, second, strict=True)
    ]
    assert judge(STEPS, mixed).failure == "face_changed"


def test_a_pattern_as_of_a_screen_fails() -> None:
    frames = [replace(frame, cues=motion.Cues(4.0)) for frame in motion.frames(STEPS, seed=3)]
    assert judge(STEPS, frames).failure == "screen"


def test_the_same_picture_again_and_again_is_still() -> None:
    frames = motion.frames(STEPS, seed=3)
    frozen = [replace(frame, face=frames[0].face) for frame in frames]
    assert judge(STEPS, frozen).failure == "still"


def test_the_best_faces_are_straight_good_and_well_apart() -> None:
    best = best_faces(motion.frames(STEPS, seed=3))
    assert 3 <= len(best) <= 5
    assert all(frame.face and abs(frame.face.quality.yaw) < 12 for frame in best)
    times = sorted(frame.at for frame in best)
    assert min(second - first for first, second in pairwise(times)) > 0.8


def test_frames_come_back_as_they_were() -> None:
    frames = [*motion.frames(STEPS, seed=3), measure(999, 60.0, (640, 480), [], motion.Cues())]
    again = unpack(pack(frames))
    assert pack(again) == pack(frames)
    assert judge(STEPS, again) == judge(STEPS, frames)
    assert (again[-1].face, again[-1].number, again[0].under_18) == (None, 999, pytest.approx(0.01))
    assert unpack(b"") == []


@pytest.mark.parametrize("cut", [1, 9, 40, -1, -700])
def test_what_pack_did_not_make_is_refused(cut: int) -> None:
    with pytest.raises(ValueError, match="frames"):
        unpack(pack(motion.frames((Step.LEFT,), seed=1))[:cut])


def test_numbers_that_no_worker_measures_are_refused() -> None:
    frames = motion.frames((Step.LEFT,), seed=1)
    broken = replace(frames[3], cues=motion.Cues(float("nan")))
    with pytest.raises(ValueError, match="cannot be"):
        unpack(pack([*frames[:3], broken]))


def test_every_failure_has_a_calm_sentence() -> None:
    assert all(text.endswith(".") and "!" not in text for text in (*FAILURES.values(), *HINTS.values()))
