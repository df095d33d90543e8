"""Live checks: a person shows their face to the camera, as our challenge asks for it.

Frames come one by one, each is measured in a confined process and forgotten; what was measured is sealed until the
verdict. The face that passed is handed, in memory, to whatever the check was for.
"""

import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts import audit, keys
from accounts.limits import limited
from accounts.models import User
from accounts.transitions import StaleState, change_state
from search import faces, liveness
from search.engine import DetectedFace, EngineUnavailable, PictureRefused
from search.engine.base import Vector
from search.models import LiveFrame, LiveSession, OptOut
from search.states import LIVENESS, LivenessState

logger = logging.getLogger(__name__)

Owner = User | OptOut
Purpose = LiveSession.Purpose

LIFETIME = timedelta(minutes=2)
TRACES_KEPT = timedelta(days=30)
MAX_FRAME_BYTES = 600_000
MAX_FRAMES = 500
# A camera that hangs for a moment sends the same picture again; a recording does nothing else.
_REPEATS = 3
# An opt-out's movements are compared with this many earlier checks.
_TRACES = 500
_SEALED_AS = "live-check"
_HOUR, _DAY = 3600, 24 * 3600
_OUR_FAILURES = {
    "expired": "The check was not finished in time. Please try again.",
    "begun_again": "You began the check again.",
    "unavailable": "We cannot measure your face just now. Please try again later.",
}


class LiveRefused(Exception):
    """Why a check cannot begin, or a frame cannot be taken, in one clear sentence."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class NotTaken(Exception):
    """The check was passed, but what it was for cannot be had with this face; the sentence is for the person."""


@dataclass(frozen=True, eq=False)
class Passed:
    """The face that passed a check, in a few good frames, and how likely each took it to be under 18.

    Lives in memory only.
    """

    faces: tuple[DetectedFace, ...]
    under_18: tuple[float, ...] = ()

    @cached_property
    def vector(self) -> Vector:
        """One template of all frames together."""
        return faces.fused([face.embedding for face in self.faces])

    @property
    def quality_length(self) -> float:
        return max(face.quality.length for face in self.faces)

    @property
    def model_id(self) -> str:
        return self.faces[0].model_id


Outcome = Callable[[Passed], str]
"""What follows from a passed check: returns the address to go on at. Raises `NotTaken`."""


@dataclass(frozen=True)
class State:
    """Where a check stands after a frame."""

    progress: liveness.Progress
    verdict: liveness.Verdict | None = None
    next_url: str = ""
    # Why it did not work, in a sentence for the person.
    failure: str = ""

    @property
    def words(self) -> str:
        """What to do now."""
        return liveness.HINTS.get(self.progress.hint, "")


# --- Beginning ------------------------------------------------------------------------------------------------


def begin(
    purpose: LiveSession.Purpose, *, user: User | None = None, optout: OptOut | None = None, client: str
) -> LiveSession:
    """A new check for one of the two; the one that was under way ends. `client` is where the request comes from.

    Raises:
        LiveRefused: there were too many tries.
    """
    owner = user or optout
    if owner is None:
        raise ValueError("a live check is of somebody")
    if _tried_too_often(owner, client):
        audit.record("live.limited", owner, about=user, purpose=purpose.value)
        raise LiveRefused("too_many", "You have tried many times. Please wait an hour and try again.")
    now = timezone.now()
    with transaction.atomic():
        for row in _sessions(owner).filter(state=LivenessState.PENDING):
            _close(row, "begun_again")
        session = LiveSession.objects.create(
            purpose=purpose,
            user=user,
            optout=optout,
            steps=[step.value for step in liveness.challenge(secrets.SystemRandom())],
            created_at=now,
            expires_at=now + LIFETIME,
        )
        audit.record("live.begun", session, actor=user, about=user, purpose=purpose.value)
    if settings.LIVENESS_PROVIDER:
        _provider().begin(str(session.pk), _steps(session))
    return session


def _tried_too_often(owner: Owner, client: str) -> bool:
    return (
        limited(f"live:{owner.pk}", 8, _HOUR)
        or limited(f"live-day:{owner.pk}", 25, _DAY)
        or limited(f"live:{client}", 30, _HOUR)
    )


def first_progress(session: LiveSession) -> liveness.Progress:
    """What to do before there is any frame."""
    return liveness.progress(_steps(session), [])


# --- Frames ---------------------------------------------------------------------------------------------------


def add_frame(
    session_id: UUID, purpose: LiveSession.Purpose, owner: Owner, number: int, data: bytes, outcome: Outcome
) -> State:
    """Take the next frame of a check, a JPEG from the camera; with the last one needed, decide and call `outcome`.

    Not to be called within a transaction: what an outcome refuses must not take the verdict back.

    Raises:
        LiveRefused: the frame was not taken, and the check does not go on.
    """
    now = timezone.now()
    session = _sessions(owner).filter(pk=session_id, purpose=purpose, state=LivenessState.PENDING).first()
    if session is None:
        raise _over()
    if session.expires_at <= now:
        _close(session, "expired")
        raise LiveRefused("expired", _OUR_FAILURES["expired"])
    if not 0 < len(data) <= MAX_FRAME_BYTES:
        raise LiveRefused("size", "Your camera's picture is too large for us.")
    _claim(session, number)
    seen_before = _seen_before(session, data)
    if seen_before:
        frames, frame = _frames(session), None
    else:
        frame = _measured(session, number, (now - session.created_at).total_seconds(), data)
        frames = _append(session, frame)
    reached = liveness.progress(_steps(session), frames)
    if seen_before == "recording":
        return _finish(session, frames, reached, liveness.Verdict(False, "recording"), outcome)
    if reached.hint in {"done", "failed"}:
        return _finish(session, frames, reached, _verdict(session, frames), outcome)
    return State(reached)


def _over() -> LiveRefused:
    return LiveRefused("over", "This check is over. Please begin again.")


def _claim(session: LiveSession, number: int) -> None:
    """Each number once and in order, whoever else sends the same one."""
    row = LiveSession.objects.filter(pk=session.pk, state=LivenessState.PENDING, frames=number)
    if number >= MAX_FRAMES or not row.update(frames=number + 1):
        raise LiveRefused("out_of_order", "The pictures did not come in order. Please begin again.")


def _seen_before(session: LiveSession, data: bytes) -> Literal["", "repeat", "recording"]:
    """Note a frame's keyed hash: no camera makes the same bytes twice.

    One that hangs for a moment may send its last picture again, a few times; another check's pictures are a recording.
    """
    made = hmac.new(keys.derived_key("live-frame"), data, hashlib.sha256).hexdigest()
    try:
        with transaction.atomic():
            LiveFrame.objects.create(session=session, print=made)
    except IntegrityError:
        own = LiveFrame.objects.filter(session=session, print=made).exists()
        hangs = own and not limited(f"live-repeat:{session.pk}", _REPEATS, _HOUR)
        return "repeat" if hangs else "recording"
    return ""


def _measured(session: LiveSession, number: int, at: float, data: bytes) -> liveness.Frame:
    try:
        look = faces.look_live(data)
    except PictureRefused as error:
        raise LiveRefused("unreadable", "We could not read your camera's picture. Please begin again.") from error
    except EngineUnavailable as error:
        logger.exception("live check %s cannot be measured", session.pk)
        raise LiveRefused("unavailable", _OUR_FAILURES["unavailable"]) from error
    if settings.LIVENESS_PROVIDER:
        _provider().frame(str(session.pk), number, data)
    return liveness.measure(number, at, look.size, look.faces, look.cues, look.under_18)


def _append(session: LiveSession, frame: liveness.Frame) -> list[liveness.Frame]:
    with transaction.atomic():
        row = LiveSession.objects.select_for_update().filter(pk=session.pk, state=LivenessState.PENDING).first()
        if row is None:
            raise _over()
        frames = sorted([*_frames(row), frame], key=lambda one: one.number)
        row.sealed_frames = _seal(row, liveness.pack(frames))
        row.save(update_fields=["sealed_frames"])
    return frames


# --- The verdict ------------------------------------------------------------------------------------------------


def _verdict(session: LiveSession, frames: Sequence[liveness.Frame]) -> liveness.Verdict:
    if not settings.LIVENESS_PROVIDER:
        return liveness.judge(_steps(session), frames, _earlier_traces(session))
    try:
        return _provider().judge(str(session.pk), _steps(session), frames)
    except Exception:  # whatever a provider fails with, it has not passed anybody
        logger.exception("the liveness provider failed for check %s", session.pk)
        return liveness.Verdict(False, "unavailable")


def _provider() -> liveness.Provider:
    provider: liveness.Provider = import_string(settings.LIVENESS_PROVIDER)()
    return provider


def _finish(
    session: LiveSession,
    frames: Sequence[liveness.Frame],
    reached: liveness.Progress,
    verdict: liveness.Verdict,
    outcome: Outcome,
) -> State:
    best = liveness.best_faces(frames) if verdict.passed else []
    if verdict.passed and not best:
        verdict = liveness.Verdict(False, "poor")
    _record(session, frames, verdict)
    if not verdict.passed:
        return State(reached, verdict, failure=sentence(verdict.failure))
    taken = False
    try:
        next_url = outcome(_passed(best))
        taken = True
    except NotTaken as refusal:
        return State(reached, verdict, failure=str(refusal))
    finally:
        if not taken:
            LiveSession.objects.filter(pk=session.pk).update(failure="not_taken")
    return State(reached, verdict, next_url)


def _record(session: LiveSession, frames: Sequence[liveness.Frame], verdict: liveness.Verdict) -> None:
    """The frames go; how the face moved stays for a while, so that the same movements are known again."""
    state = LivenessState.PASSED if verdict.passed else LivenessState.FAILED
    moved = _seal(session, liveness.trace(frames)) if frames else b""
    try:
        with transaction.atomic():
            change_state(
                session,
                LIVENESS,
                state,
                decided_at=timezone.now(),
                failure=verdict.failure,
                sealed_frames=b"",
                sealed_trace=moved,
            )
            audit.record(
                f"live.{state.value}", session, actor=session.user, about=session.user, **_counts(session, len(frames))
            )
    except StaleState as error:
        raise _over() from error


def _counts(session: LiveSession, frames: int) -> dict[str, object]:
    return {"purpose": session.purpose, "failure": session.failure, "frames": frames}


def _passed(best: Sequence[liveness.Frame]) -> Passed:
    found = [(frame.face, frame.under_18) for frame in best if frame.face is not None]
    return Passed(
        tuple(face for face, _ in found),
        tuple(under_18 for _, under_18 in found if under_18 is not None),
    )


def _earlier_traces(session: LiveSession) -> list[bytes]:
    """How this person moved in their earlier checks; of opt-outs, which have no account, how anybody did."""
    rows = _sessions(session.user) if session.user else LiveSession.objects.exclude(optout=None)
    since = timezone.now() - TRACES_KEPT
    rows = rows.exclude(pk=session.pk).exclude(sealed_trace=b"").filter(created_at__gt=since).order_by("-created_at")
    return [_unseal(row, row.sealed_trace) for row in rows.select_related("user", "optout")[:_TRACES]]


def sentence(failure: str) -> str:
    """Why a check failed, for the person."""
    return _OUR_FAILURES.get(failure) or liveness.FAILURES.get(failure, liveness.FAILURES["poor"])


def passed_since(user: User, purpose: LiveSession.Purpose, since: datetime) -> bool:
    """Whether this person passed such a check since then, and with the face that it was for."""
    rows = LiveSession.objects.filter(user=user, purpose=purpose, state=LivenessState.PASSED, failure="")
    return rows.filter(decided_at__gte=since).exists()


# --- What is kept, and for how long ---------------------------------------------------------------------------


def sweep_live() -> int:
    """End checks that nobody finished, and forget how people moved after a month. Returns how many rows changed."""
    now = timezone.now()
    stale = LiveSession.objects.filter(state=LivenessState.PENDING, expires_at__lte=now).select_related("user")
    closed = sum(_close(session, "expired") for session in stale)
    old = LiveSession.objects.filter(created_at__lte=now - TRACES_KEPT)
    forgotten = old.count()
    old.delete()
    return closed + forgotten


def _close(session: LiveSession, why: str) -> bool:
    """End a check without a verdict; what was measured goes."""
    try:
        with transaction.atomic():
            change_state(
                session, LIVENESS, LivenessState.FAILED, decided_at=timezone.now(), failure=why, sealed_frames=b""
            )
            audit.record(
                "live.failed", session, actor=session.user, about=session.user, **_counts(session, session.frames)
            )
    except StaleState:
        return False
    return True


def _sessions(owner: Owner) -> QuerySet[LiveSession]:
    of = {"user": owner} if isinstance(owner, User) else {"optout": owner}
    return LiveSession.objects.filter(**of).select_related("user", "optout")


def _steps(session: LiveSession) -> tuple[liveness.Step, ...]:
    return tuple(liveness.Step(step) for step in session.steps)


def _frames(session: LiveSession) -> list[liveness.Frame]:
    return liveness.unpack(_unseal(session, session.sealed_frames)) if session.sealed_frames else []


def _seal(session: LiveSession, plain: bytes) -> bytes:
    if session.user:
        return keys.seal(session.user, _SEALED_AS, plain)
    return keys.seal_for_installation(f"{_SEALED_AS}:{session.optout_id}", plain)


def _unseal(session: LiveSession, sealed: bytes | memoryview) -> bytes:
    if session.user:
        return keys.unseal(session.user, _SEALED_AS, sealed)
    return keys.unseal_for_installation(f"{_SEALED_AS}:{session.optout_id}", sealed)
