"""Live checks as people pass them, and without anybody in front of a camera."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import Any

import time_machine

from accounts import consent
from accounts.models import Purpose, User
from search import enrolment, live
from search.models import Enrolment, LiveSession
from search.reference import single_face
from tests import photos
from tests.known_steps import STEPS
from tests.moving_face import Film, head, perform


def passed(*pictures: bytes, under_18: float = 0.0) -> live.Passed:
    """What a live check hands over that was passed with these faces."""
    return live.Passed(tuple(single_face(picture) for picture in pictures), (under_18,) * len(pictures))


def enrolled_with_camera(user: User, photo: photos.Rgb) -> Enrolment:
    """Consent, a live check that was passed, and two photos: active at once."""
    consent.give(user, Purpose)
    enrolment.begin(user, adult=True)
    enrolment.live_passed(user, passed(photos.jpeg(photo)))
    return enrolment.add_photos(user, photos.pair(photo))


@cache
def film() -> Film:
    """The astronaut, doing STEPS."""
    return perform(head(photos.astronaut()), STEPS, 1).shots


@contextmanager
def clock(session: LiveSession) -> Iterator[Any]:
    """The server's clock, which stands still where the session began until it is moved."""
    with time_machine.travel(session.created_at, tick=False) as coordinates:
        yield coordinates


def send(session: LiveSession, shots: Film, outcome: live.Outcome, first: int = 0) -> live.State:
    """Send a film's frames at its pace, until the check is decided."""
    owner = session.user or session.optout
    assert owner
    with clock(session) as now:
        for number, shot in enumerate(shots, first):
            now.move_to(session.created_at + timedelta(seconds=shot.at))
            state = live.add_frame(session.pk, live.Purpose(session.purpose), owner, number, shot.data, outcome)
            if state.verdict:
                break
    return state
