"""A live check on the server: whose it is, in which order, for how long, and what is left of it."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import AuditEvent, User
from search import live
from search.models import LiveFrame, LiveSession
from search.states import LivenessState
from tests import photos
from tests.known_steps import STEPS
from tests.live_checks import film, passed, send

FRAME = photos.jpeg(photos.resized(photos.astronaut(), 0.6))


@pytest.fixture(autouse=True)
def _known_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.liveness.challenge", lambda rng: STEPS)


def begun(user: User, client: str = "192.0.2.1") -> LiveSession:
    return live.begin(live.Purpose.ENROL, user=user, client=client)


def nothing_follows(passed: live.Passed) -> str:
    raise AssertionError("nothing was passed")


def add(session: LiveSession, user: User, number: int = 0, data: bytes = FRAME) -> live.State:
    return live.add_frame(session.pk, live.Purpose.ENROL, user, number, data, nothing_follows)


def refused(session: LiveSession, user: User, number: int = 0, data: bytes = FRAME) -> str:
    with pytest.raises(live.LiveRefused) as refusal:
        add(session, user, number, data)
    return refusal.value.code


def other(number: int) -> bytes:
    """The same picture in other bytes."""
    return photos.jpeg(photos.resized(photos.astronaut(), 0.6), 60 + number)


def test_safeguard_01_somebody_who_does_what_is_asked_passes_and_no_picture_is_kept(alice: User) -> None:
    session, taken = begun(alice), []

    def outcome(passed: live.Passed) -> str:
        taken.append(passed)
        return "/next/"

    state = send(session, film(), outcome)
    assert state.verdict
    assert (state.verdict.failure, state.next_url) == ("", "/next/")
    assert len(taken[0].faces) >= 3
    assert taken[0].vector @ passed(FRAME).vector > 0.6
    session.refresh_from_db()
    assert (session.state, bytes(session.sealed_frames)) == (LivenessState.PASSED, b"")
    assert session.sealed_trace
    assert AuditEvent.objects.filter(action="live.passed", about=alice.pk).count() == 1


def test_safeguard_01_the_same_recording_does_not_pass_again(alice: User, bob: User) -> None:
    send(begun(alice), film(), lambda passed: "/")
    for user in (alice, bob):
        state = send(begun(user), film(), nothing_follows)
        assert state.verdict
        assert state.verdict.failure == "recording"


def test_until_the_verdict_what_was_measured_is_sealed_and_moves_nowhere_else(alice: User) -> None:
    session = begun(alice)
    add(session, alice)
    session.refresh_from_db()
    sealed = bytes(session.sealed_frames)
    assert sealed
    assert passed(FRAME).vector.tobytes() not in sealed
    assert b"\xff\xd8\xff" not in sealed


def test_a_check_goes_on_only_for_whom_and_for_what_it_was_begun(alice: User, bob: User) -> None:
    session = begun(alice)
    assert refused(session, bob) == "over"
    with pytest.raises(live.LiveRefused):
        live.add_frame(session.pk, live.Purpose.PRESENCE, alice, 0, FRAME, nothing_follows)
    with pytest.raises(live.LiveRefused):
        live.add_frame(uuid.uuid4(), live.Purpose.ENROL, alice, 0, FRAME, nothing_follows)
    assert add(session, alice).verdict is None


def test_frames_are_taken_once_and_in_order(alice: User) -> None:
    session = begun(alice)
    assert refused(session, alice, 1) == "out_of_order"
    add(session, alice, 0)
    assert refused(session, alice, 0, other(1)) == "out_of_order"
    add(session, alice, 1, other(1))


def test_a_camera_that_hangs_is_borne_with_and_a_standing_picture_is_not(alice: User) -> None:
    session = begun(alice)
    verdicts = [add(session, alice, number).verdict for number in range(5)]
    assert verdicts[:4] == [None] * 4
    assert verdicts[4]
    assert verdicts[4].failure == "recording"


def test_after_two_minutes_a_check_is_over_and_nothing_of_it_is_readable(alice: User) -> None:
    session = begun(alice)
    add(session, alice)
    with time_machine.travel(session.expires_at + timedelta(seconds=1)):
        assert refused(session, alice, 1, other(1)) == "expired"
    session.refresh_from_db()
    assert (session.state, session.failure, bytes(session.sealed_frames)) == ("failed", "expired", b"")


def test_the_sweep_ends_what_nobody_finished_and_forgets_after_a_month(alice: User) -> None:
    session = begun(alice)
    add(session, alice)
    assert live.sweep_live() == 0
    with time_machine.travel(session.expires_at):
        assert live.sweep_live() == 1
    session.refresh_from_db()
    assert bytes(session.sealed_frames) == b""
    with time_machine.travel(session.created_at + live.TRACES_KEPT):
        live.sweep_live()
    assert not LiveSession.objects.exists()
    assert not LiveFrame.objects.exists()


def test_a_new_check_ends_the_one_before(alice: User) -> None:
    first, second = begun(alice), begun(alice)
    assert refused(first, alice) == "over"
    assert add(second, alice).verdict is None


@pytest.mark.parametrize(("data", "code"), [(b"", "size"), (b"x" * 600_001, "size"), (b"no picture", "unreadable")])
def test_what_is_no_camera_picture_is_refused(alice: User, data: bytes, code: str) -> None:
    assert refused(begun(alice), alice, 0, data) == code


def test_safeguard_11_tries_are_limited_by_account_and_by_place_and_written_down(alice: User, bob: User) -> None:
    for _ in range(8):
        begun(alice)
    with pytest.raises(live.LiveRefused) as refusal:
        begun(alice)
    assert refusal.value.code == "too_many"
    assert AuditEvent.objects.filter(action="live.begun", about=alice.pk).count() == 8
    assert AuditEvent.objects.filter(action="live.limited", about=alice.pk).count() == 1
    assert begun(bob)


def test_what_an_outcome_refuses_is_no_success(alice: User) -> None:
    def refuse(passed: live.Passed) -> str:
        raise live.NotTaken("Not this face.")

    session = begun(alice)
    state = send(session, film(), refuse)
    assert state.failure == "Not this face."
    assert not live.passed_since(alice, live.Purpose.ENROL, session.created_at)


# --- A provider in the place of our judge ------------------------------------------------------------------------


class Certified:
    """A provider that passes nobody with an odd id, and fails for everybody else."""

    seen: list[tuple[str, int]] = []

    def begin(self, session: str, steps: Any) -> None:
        self.seen.append((session, -1))

    def frame(self, session: str, number: int, data: bytes) -> None:
        self.seen.append((session, number))

    def judge(self, session: str, steps: Any, frames: Any) -> Any:
        raise RuntimeError("no connection")


def test_a_provider_that_fails_has_passed_nobody(alice: User, settings: Any) -> None:
    settings.LIVENESS_PROVIDER = "tests.test_live_sessions.Certified"
    session = begun(alice)
    state = send(session, film(), nothing_follows)
    assert state.verdict
    assert state.verdict.failure == "unavailable"
    assert [number for _, number in Certified.seen][:3] == [-1, 0, 1]
