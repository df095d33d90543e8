"""A movement that was seen before is known again; another one of the same steps is not."""

from dataclasses import replace
from functools import cache

import pytest

from search.liveness import Frame, Step, is_replay, trace
from search.liveness.traces import repeats_itself
from tests import faces_in_motion as motion

STEPS = (Step.LEFT, Step.CLOSER, Step.RIGHT, Step.LEFT)


@cache
def one() -> tuple[Frame, ...]:
    return tuple(motion.frames(STEPS, seed=1))


def test_the_same_film_taken_at_other_times_and_of_another_size_is_a_replay() -> None:
    again = motion.frames(STEPS, seed=1, fps=4, delay=0.07, scale=0.8, noise_seed=9)
    assert is_replay(trace(again), [trace(one())])


def test_half_of_a_film_is_still_a_replay() -> None:
    half = [frame for frame in one() if frame.at < one()[-1].at * 0.6]
    assert is_replay(trace(half), [trace(one())])


@pytest.mark.parametrize("seed", range(2, 8))
def test_the_same_steps_done_anew_are_no_replay(seed: int) -> None:
    assert not is_replay(trace(motion.frames(STEPS, seed=seed)), [trace(one())])


def test_a_loop_repeats_itself_and_a_person_does_not() -> None:
    end = one()[-1].at + 0.2
    loop = [*one(), *(replace(frame, at=frame.at + end) for frame in one())]
    assert repeats_itself(trace(loop))
    assert not repeats_itself(trace(one()))


def test_a_trace_is_small_and_holds_no_embedding() -> None:
    made = trace(one())
    assert len(made) < 30 * len(one())
    assert all(frame.face.embedding.tobytes() not in made for frame in one() if frame.face)


@pytest.mark.parametrize("made", [b"", b"t1", b"x" * 50, trace([]) + b"1"])
def test_what_is_no_trace_is_refused(made: bytes) -> None:
    with pytest.raises(ValueError, match="trace"):
        is_replay(made, [trace(one())])


def test_too_little_movement_says_nothing() -> None:
    still = [replace(frame, face=one()[0].face) for frame in one()]
    assert not is_replay(trace(still), [trace(still)])
    assert not is_replay(trace([]), [trace([])])
