"""Mails leave at a bounded rate, however many processes send them."""

import time
from typing import Any

import pytest

from alerts import pace


class Clock:
    """A clock that goes on when somebody waits."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.slept = 0.0

    def sleep(self, seconds: float) -> None:
        # A real sleep may come back a little early or late.
        self.now += seconds + 1e-6
        self.slept += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for name in ("time", "monotonic"):
        monkeypatch.setattr(f"alerts.pace.time.{name}", lambda: made.now)
    monkeypatch.setattr("alerts.pace.time.sleep", made.sleep)
    return made


@pytest.mark.parametrize("rate", [1, 7, 60, 1200])
def test_no_more_than_the_rate_leaves_in_any_minute(settings: Any, clock: Clock, rate: int) -> None:
    settings.MAILS_A_MINUTE = rate
    left = []
    for _ in range(min(3 * rate, 300)):
        assert pace.take_turn(clock.now + 1_000)
        left.append(clock.now)
    most = max(sum(moment <= one < moment + 60 for one in left) for moment in left)
    # What is left of a stretch at either end counts once more.
    assert most <= rate + min(rate, 20)
    spent = left[-1] - left[0]
    assert len(left) <= rate * (spent / 60) + 2 * min(rate, 20)


def test_a_run_does_not_wait_past_its_end(settings: Any, clock: Clock) -> None:
    settings.MAILS_A_MINUTE = 1
    assert pace.take_turn(clock.now + 5)
    assert not pace.take_turn(clock.now + 5)
    assert clock.slept == 0


def test_no_rate_is_no_bound(settings: Any) -> None:
    settings.MAILS_A_MINUTE = 0
    assert all(pace.take_turn(time.monotonic()) for _ in range(100))
