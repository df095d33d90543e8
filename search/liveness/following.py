"""Following a face through the steps of a check, frame by frame.

A step counts when its pose is held for a moment, and only when the face came there from looking straight without a
jump: two photos shown one after the other do not turn. Poses nobody asked for are waited out, but not without end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from search.engine.base import DetectedFace, Grade
from search.liveness.frames import Frame
from search.liveness.steps import Step
from search.liveness.turning import FirstLook, Turn

MOST_SECONDS = 100.0
MOST_OUT_OF_TURN = 2
"""Poses that were not asked for. Few people need more; of films that show all poses in a loop 22 % get by with two."""
MOST_JUMPS = 8
MOST_WITH_OTHERS = 0.25
"""Share of frames in which there is somebody else."""
_NOT_YET = 12
"""Frames before that share means anything."""

HELD = 2
"""Frames in a row that make a pose."""
FIRST = 3
"""The same of the first look."""

TURNED, RAISED, NEAR = 12.0, 5.0, 1.3
"""Measured degrees to a side and upwards, and how many times as large, for a step. See `turning`: the true angles are
about half as large again to the sides, and three or four times as large upwards."""
_STRAIGHT_YAW, _STRAIGHT_PITCH, _AS_NEAR = 7.5, 4.2, 1.18
_JUMP, _LEAP, _GAP = 13.0, 1.3, 1.2
"""What lies between two frames in a row at most: degrees, times the size, seconds."""

_TOO_FAR, _TOO_CLOSE = 0.11, 0.36
"""Width of the face, of the picture's longer side, at the first look."""
_DARK = 0.16
_FACING_YAW, _FACING_ROLL = 14.0, 20.0

_ASK = {Step.LEFT: "turn_left", Step.RIGHT: "turn_right", Step.UP: "look_up", Step.CLOSER: "come_closer"}


@dataclass(eq=False)
class Walk:
    """How far somebody has come."""

    steps: Sequence[Step]
    done: int = 0
    hint: str = "look_straight"
    failure: str = ""
    first: FirstLook | None = None
    turns: dict[int, Turn] = field(default_factory=dict)
    """By frame number, of the frames since the first look with one face."""
    straight: list[Frame] = field(default_factory=list)
    visits: list[tuple[Step, list[Frame]]] = field(default_factory=list)
    """Every pose that was held, asked for or not, with its frames."""
    out_of_turn: int = 0
    jumps: int = 0
    finished: bool = False

    _began: list[Frame] = field(default_factory=list)
    _pose: Step | None = None
    _run: list[Frame] = field(default_factory=list)
    _home: bool = True
    _hasty: bool = False
    """Is the face straight, or on its way from there?"""
    _last: tuple[Frame, Turn] | None = None
    _alone: int = 0
    _crowded: int = 0

    @property
    def over(self) -> bool:
        return self.finished or bool(self.failure)

    def take(self, frame: Frame) -> None:
        if self.over:
            return
        if frame.at > MOST_SECONDS:
            self._fail("too_slow")
        elif self._is_sound(frame) and frame.face:
            if self.first is None:
                self._begin(frame, frame.face)
            else:
                self._follow(frame, frame.face, self.first)

    def _fail(self, code: str) -> None:
        self.failure, self.hint = code, "failed"

    def _is_sound(self, frame: Frame) -> bool:
        """One face, and light enough to see it by."""
        if frame.faces > 1:
            self._crowded += 1
            self._interrupt("several_faces")
            total = self._crowded + self._alone
            if self._crowded > _NOT_YET and self._crowded > MOST_WITH_OTHERS * total:
                self._fail("several_faces")
            return False
        self._alone += 1
        if frame.face is None:
            self._interrupt("no_face")
            return False
        if frame.face.quality.exposure < _DARK:
            self._interrupt("too_dark")
            return False
        return True

    def _interrupt(self, hint: str) -> None:
        self.hint = hint
        self._run, self._began = [], []

    def _begin(self, frame: Frame, face: DetectedFace) -> None:
        problem = _not_facing(frame, face)
        if problem:
            self._interrupt(problem)
            return
        self._began.append(frame)
        self.hint = "hold_still"
        if len(self._began) >= FIRST:
            self.first = FirstLook([seen.face.landmarks for seen in self._began if seen.face])
            self.straight = list(self._began)
            self._ask()

    def _follow(self, frame: Frame, face: DetectedFace, first: FirstLook) -> None:
        turn = first.turned(face.landmarks)
        self.turns[frame.number] = turn
        if self._last and _is_jump(*self._last, frame, turn):
            self.jumps += 1
            self._home, self._run, self._hasty = False, [], True
            if self.jumps > MOST_JUMPS:
                self._fail("cut")
                return
        self._last = frame, turn
        pose, straight = pose_of(turn), is_straight(turn)
        if pose is Step.UP and not self._is_asked(pose):
            pose = None  # too small a movement to be held against anybody
        if (pose, straight) != (self._pose, not self._pose) or not (pose or straight):
            self._run = []
        self._pose = pose
        self._run.append(frame)
        if straight:
            self.straight.append(frame)
            self._come_home()
        elif pose:
            self._arrive(pose)
        elif not self._home:
            self.hint = "slower" if self._hasty else _way_home(turn)

    def _come_home(self) -> None:
        if len(self._run) >= HELD:
            self._home, self._hasty = True, False
            if self.steps and self.done == len(self.steps):
                self.finished, self.hint = True, "done"
                return
        if self._home:
            self._ask()

    def _arrive(self, pose: Step) -> None:
        if self.visits and not self._home and self.visits[-1][0] == pose and self._run[0] in self.visits[-1][1]:
            self.visits[-1][1].append(self._run[-1])
        if not self._home:
            self.hint = "move_back" if pose is Step.CLOSER else "look_straight"
            return
        self.hint = "hold_still" if self._is_asked(pose) else self.hint
        if len(self._run) < HELD:
            return
        self._home = False
        self.visits.append((pose, list(self._run)))
        if self._is_asked(pose):
            self.done += 1
        else:
            self.out_of_turn += 1
            if self.steps and self.out_of_turn > MOST_OUT_OF_TURN:
                self._fail("wrong_order")
                return
        self.hint = "move_back" if pose is Step.CLOSER else "look_straight"

    def _is_asked(self, pose: Step) -> bool:
        return self.done < len(self.steps) and self.steps[self.done] is pose

    def _ask(self) -> None:
        self.hint = _ASK[self.steps[self.done]] if self.done < len(self.steps) else "look_straight"


def walk(steps: Sequence[Step], frames: Sequence[Frame]) -> Walk:
    made = Walk(steps)
    for frame in frames:
        made.take(frame)
    return made


def pose_of(turn: Turn) -> Step | None:
    if turn.yaw >= TURNED:
        return Step.LEFT
    if turn.yaw <= -TURNED:
        return Step.RIGHT
    if abs(turn.yaw) > _STRAIGHT_YAW + 2:
        return None
    if turn.nearness >= NEAR:
        return Step.CLOSER
    return Step.UP if turn.pitch >= RAISED else None


def is_straight(turn: Turn) -> bool:
    upright = abs(turn.yaw) <= _STRAIGHT_YAW and -2 * _STRAIGHT_PITCH <= turn.pitch <= _STRAIGHT_PITCH
    return upright and 1 / _AS_NEAR <= turn.nearness <= _AS_NEAR


def _not_facing(frame: Frame, face: DetectedFace) -> str:
    """The hint to whom is not yet seen well, or nothing."""
    share = face.box[2] / max(frame.size)
    if share < _TOO_FAR:
        return "too_far"
    if share > _TOO_CLOSE:
        return "too_close"
    if abs(face.quality.yaw) > _FACING_YAW or abs(face.quality.roll) > _FACING_ROLL:
        return "look_straight"
    return "hold_still" if face.quality.grade in (Grade.UNUSABLE, Grade.POOR) else ""


def _is_jump(before: Frame, was: Turn, frame: Frame, turn: Turn) -> bool:
    grown = turn.nearness / max(was.nearness, 1e-6)
    return (
        frame.at - before.at > _GAP
        or abs(turn.yaw - was.yaw) > _JUMP
        or abs(turn.pitch - was.pitch) > _JUMP
        or not 1 / _LEAP < grown < _LEAP
    )


def _way_home(turn: Turn) -> str:
    return "move_back" if turn.nearness > _AS_NEAR else "look_straight"
