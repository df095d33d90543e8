"""Promise 1 of the live check with real pixels: a person passes, and what is held into the camera does not.

`python -m bench liveness` does the same with more people and more kinds of attack.
"""

from functools import cache

import pytest

from search.liveness import Frame, Step, judge, trace
from search.liveness.judging import best_faces
from tests import moving_face as moving
from tests import photos

STEPS = (Step.RIGHT, Step.CLOSER, Step.LEFT)
_SECONDS = 6.0


@cache
def grace() -> moving.Take:
    """Grace Hopper in front of a camera."""
    return moving.perform(moving.head(photos.hopper()), STEPS, seed=1)


def tried_with(seen: moving.Still, **how: bool) -> list[Frame]:
    return moving.perform(seen, STEPS, seed=1, most=_SECONDS, **how).frames


def test_a_person_passes_and_templates_can_be_made() -> None:
    frames = grace().frames
    assert judge(STEPS, frames).passed
    best = best_faces(frames)
    assert 3 <= len(best) <= 5
    assert all(frame.face and frame.face.quality.length > 9 for frame in best)


def test_safeguard_01_a_still_photo_fails() -> None:
    sheet = moving.canvas(photos.hopper()).picture
    assert judge(STEPS, tried_with(lambda pose: sheet)).failure in ("still", "too_slow")


@pytest.mark.parametrize(("size", "degrees", "bend"), [(1.4, 2.0, 0.0), (1.0, 1.8, 0.6)])
def test_safeguard_01_a_print_fails_however_it_is_turned(size: float, degrees: float, bend: float) -> None:
    sheet = moving.printed(moving.canvas(photos.hopper()).picture)
    verdict = judge(STEPS, tried_with(moving.plane(sheet, size=size, degrees=degrees, bend=bend)))
    assert not verdict.passed
    assert verdict.failure in ("flat", "too_slow", "wrong_order", "face_changed", "poor")


def test_safeguard_01_a_film_of_other_steps_fails() -> None:
    assert judge(STEPS[::-1][1:] + STEPS[:1], grace().frames).failure == "wrong_order"


def test_safeguard_01_another_person_half_way_fails() -> None:
    shots = grace().shots
    middle = shots[-1].at / 2
    eileen = [shot for shot in moving.genuine(photos.astronaut(), STEPS, seed=1) if shot.at >= middle]
    mixed = [frame for frame in grace().frames if frame.at < middle] + moving.measured(eileen)
    assert judge(STEPS, mixed).failure in ("face_changed", "wrong_order", "too_slow")


def test_safeguard_01_a_replay_of_an_earlier_session_fails() -> None:
    again = moving.measured(moving.recompressed(grace().shots))
    assert judge(STEPS, again, [trace(grace().frames)]).failure == "recording"


def test_safeguard_01_frozen_frames_fail() -> None:
    assert judge(STEPS, tried_with(moving.head(photos.hopper()), frozen=True)).failure == "still"


def test_safeguard_01_a_screen_whose_grid_is_seen_fails() -> None:
    """The film itself would pass: it is the person, doing the right steps."""
    shown = moving.perform(moving.screened(moving.head(photos.hopper())), STEPS, seed=1).frames
    assert judge(STEPS, shown).failure == "screen"
