"""What a person is asked to do in front of the camera."""

import random
import secrets
from enum import StrEnum
from itertools import pairwise


class Step(StrEnum):
    LEFT = "left"
    """Towards the person's own left, which is the right edge of a picture that is not mirrored."""
    RIGHT = "right"
    UP = "up"
    CLOSER = "closer"


STEPS = 5
_ALWAYS = {Step.LEFT, Step.RIGHT, Step.CLOSER}
_ALL = tuple(Step)


def challenge(rng: random.Random | secrets.SystemRandom) -> tuple[Step, ...]:
    """Steps in an order that nobody could know before. None comes twice in a row; left, right and closer are in it."""
    while True:
        steps = tuple(rng.choice(_ALL) for _ in range(STEPS))
        if set(steps) >= _ALWAYS and all(first != second for first, second in pairwise(steps)):
            return steps
