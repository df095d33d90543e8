"""Where an operator plugs in a liveness check that a laboratory has certified."""

from collections.abc import Sequence
from typing import Protocol

from search.liveness.frames import Frame
from search.liveness.judging import Verdict
from search.liveness.steps import Step


class Provider(Protocol):
    """Takes the place of `judge`. LIVENESS_PROVIDER names a class that needs no arguments, as `package.module.Class`.

    It is given every frame's bytes as they come. What it keeps of them is the operator's responsibility, and it has to
    be named as a processor. Where it cannot decide it raises: the check has then failed, never passed.
    """

    def begin(self, session: str, steps: Sequence[Step]) -> None:
        """`session` is the check's id, a UUID."""
        ...

    def frame(self, session: str, number: int, data: bytes) -> None:
        """One JPEG from the camera, in order."""
        ...

    def judge(self, session: str, steps: Sequence[Step], frames: Sequence[Frame]) -> Verdict:
        """Called once, when all steps are done or no more frames are to be expected."""
        ...
