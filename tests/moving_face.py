"""Films of a face in front of a camera, made of one still photo, and of what somebody may hold up instead.

The photo is put on a head-shaped surface through its five landmarks, and the head is turned in front of a camera: the
nose moves against the eyes, and the background stays. A film is a list of `Shot`s, each a picture and its time.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from search.engine import FaceEngine, decode, load_engine
from search.engine.cues import Cues, cues
from search.liveness import Frame, Step, measure, progress
from search.liveness.frames import widest
from tests.photos import Rgb, jpeg

WIDTH, HEIGHT = 640, 480
FPS = 5
"""At which a page sends frames."""
_EYES = 58.0
"""Distance of the eyes in the film, in pixels: the unit of all lengths below."""
_CAMERA = 9.0
"""Distance of the camera from the middle of the head."""
_HALF_WIDTH, _HALF_HEIGHT, _DEPTH = 1.4, 2.0, 1.15
_NOSE, _NOSE_SIZE = 0.3, 0.28
_GRID = 4
"""Displacements are computed for every so manieth pixel."""
_QUALITY = 88
_DRIFT = np.array([0.9, 0.7, 0.7, 0.004, 2.5, 1.8])
_MOST_PER_FRAME = np.array([9.0, 9.0, 5.0, 0.14, 20.0, 20.0])
"""Of yaw, pitch, roll, scale, x and y: how restless people are, and how fast they move."""

Points = NDArray[np.float32]
Still = Callable[["Pose"], Rgb]
"""What the camera sees of somebody or something in a pose."""


@dataclass(frozen=True)
class Pose:
    yaw: float = 0.0
    """Degrees, positive towards the right edge of the picture, which is the person's own left."""
    pitch: float = 0.0
    """Degrees, positive upwards."""
    roll: float = 0.0
    scale: float = 1.0
    x: float = 0.0
    """Of the head, in pixels from where it began, as is y."""
    y: float = 0.0


POSES = {
    Step.LEFT: Pose(yaw=26),
    Step.RIGHT: Pose(yaw=-26),
    Step.UP: Pose(pitch=24),
    Step.CLOSER: Pose(scale=1.6),
}


@dataclass(frozen=True, eq=False)
class Shot:
    at: float
    picture: Rgb

    @property
    def data(self) -> bytes:
        return jpeg(self.picture, _QUALITY)


Film = list[Shot]


@dataclass(frozen=True, eq=False)
class Take:
    """A film, and what was measured of it."""

    shots: Film
    frames: list[Frame]


_given: list[FaceEngine] = []


def look_with(engine: FaceEngine) -> None:
    """Where Django's settings do not say where models are kept."""
    _given[:] = [engine]


def _engine() -> FaceEngine:
    return _given[0] if _given else load_engine("sface", settings.MODEL_CACHE_DIR)


@cache
def _landmarks(data: bytes, shape: tuple[int, ...]) -> Points:
    pixels = np.frombuffer(data, np.uint8).reshape(shape)
    (found,) = _engine().analyse([pixels])
    return max(found, key=lambda face: face.box[2]).landmarks


@dataclass(frozen=True, eq=False)
class Canvas:
    """The photo as the camera sees it at first: the face in the middle, of the usual size."""

    picture: Rgb
    eyes: tuple[float, float]
    """The point between them."""
    nose: tuple[float, float]


def canvas(photo: Rgb, landmarks: Points | None = None) -> Canvas:
    points = _landmarks(photo.tobytes(), photo.shape) if landmarks is None else landmarks
    right, left = points[0].astype(float), points[1].astype(float)
    scale = _EYES / max(float(np.hypot(*(left - right))), 1.0)
    angle = math.degrees(math.atan2(left[1] - right[1], left[0] - right[0]))
    matrix = cv2.getRotationMatrix2D(tuple((left + right) / 2), angle, scale)
    middle = np.array([WIDTH / 2, HEIGHT * 0.44])
    matrix[:, 2] += middle - (left + right) / 2
    # What the photo does not show is made up of its edges, out of focus.
    wide = cv2.warpAffine(photo, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT_101)
    inside = cv2.warpAffine(np.full(photo.shape[:2], 255, np.uint8), matrix, (WIDTH, HEIGHT))
    inside = cv2.GaussianBlur(cv2.erode(inside, np.ones((9, 9), np.uint8)), (0, 0), 4)[..., None] / 255
    blurred = cv2.GaussianBlur(wide, (0, 0), 25)
    picture = (wide * inside + blurred * (1 - inside)).astype(np.uint8)
    nose = matrix[:, :2] @ points[2] + matrix[:, 2]
    return Canvas(picture, (float(middle[0]), float(middle[1])), (float(nose[0]), float(nose[1])))


def head(photo: Rgb, landmarks: Points | None = None) -> Still:
    """A living person with the face of this photo."""
    scene = canvas(photo, landmarks)
    return lambda pose: _turned(scene, pose)


def _turned(scene: Canvas, pose: Pose) -> Rgb:
    """The head in this pose, in front of a background that stays where it is."""
    rows, columns = np.mgrid[0:HEIGHT:_GRID, 0:WIDTH:_GRID].astype(np.float32)
    centre = np.array([scene.eyes[0], scene.eyes[1] + 0.4 * _EYES])
    seen = (np.stack([columns, rows], axis=-1) - centre) / _EYES
    source = seen.copy()
    for _ in range(14):  # of each point of the film, the point of the photo that is to be seen there
        source = seen - _displacement(source, scene, pose, centre)
    where = cv2.resize((source * _EYES + centre).astype(np.float32), (WIDTH + _GRID, HEIGHT + _GRID))
    where = where[:HEIGHT, :WIDTH]
    turned = cv2.remap(scene.picture, where[..., 0], where[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    matrix = cv2.getRotationMatrix2D(tuple(centre), -pose.roll, pose.scale)
    matrix[:, 2] += pose.x, pose.y
    return cv2.warpAffine(turned, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def _displacement(points: Points, scene: Canvas, pose: Pose, centre: NDArray[np.float64]) -> Points:
    x, y = points[..., 0], points[..., 1]
    nose = (np.array(scene.nose) - centre) / _EYES
    radius = (x / _HALF_WIDTH) ** 2 + (y / _HALF_HEIGHT) ** 2
    depth = _DEPTH * np.clip(1 - radius, 0, None)
    depth = depth + _NOSE * np.exp(-((x - nose[0]) ** 2 + (y - nose[1]) ** 2) / (2 * _NOSE_SIZE**2))
    yaw, pitch = math.radians(pose.yaw), math.radians(pose.pitch)
    across, into = x * math.cos(yaw) + depth * math.sin(yaw), depth * math.cos(yaw) - x * math.sin(yaw)
    down, into = y * math.cos(pitch) - into * math.sin(pitch), into * math.cos(pitch) + y * math.sin(pitch)
    # Nearer to the camera, what is near grows more than what is far.
    distance = _CAMERA / pose.scale
    near, was_near = distance / (distance - into), _CAMERA / (_CAMERA - depth)
    moved = np.stack([across * near / was_near - x, down * near / was_near - y], axis=-1)
    share = np.clip((1.9 - radius) / 0.9, 0, 1)
    return (moved * (share * share * (3 - 2 * share))[..., None]).astype(np.float32)


def poses(
    steps: Sequence[Step], seed: int, fps: float = FPS, *, hold: float = 0.9, shown: dict[Step, Pose] = POSES
) -> Iterator[tuple[float, Pose]]:
    """A person who does these steps one after the other, back to the middle each time, and never keeps quite still."""
    rng = np.random.default_rng(seed)
    keys: list[tuple[float, Pose]] = [(0.0, Pose()), (1.6 + 0.4 * rng.random(), Pose())]
    for step in steps:
        target = shown[step]
        part = 0.92 + 0.16 * rng.random()
        target = replace(target, yaw=target.yaw * part, pitch=target.pitch * part, scale=1 + (target.scale - 1) * part)
        for pose in (target, Pose()):
            start = keys[-1][0] + 0.7 + 0.5 * rng.random()
            keys += [(start, pose), (start + hold * (0.8 + 0.6 * rng.random()), pose)]
    drift, speed = np.zeros(6), np.zeros(6)
    for number in range(int(keys[-1][0] * fps) + 1):
        at = number / fps
        speed = 0.6 * speed + rng.normal(size=6) * _DRIFT * 0.5
        drift = 0.85 * drift + speed
        yield at, _between(keys, at, drift)


def _between(keys: Sequence[tuple[float, Pose]], at: float, drift: NDArray[np.float64]) -> Pose:
    place = next((place for place, (time, _) in enumerate(keys) if time > at), len(keys) - 1)
    (start, first), (end, second) = keys[place - 1], keys[place]
    share = min(max((at - start) / max(end - start, 1e-6), 0.0), 1.0)
    share = share * share * (3 - 2 * share)
    values = [
        getattr(first, name) * (1 - share) + getattr(second, name) * share + float(drift[column])
        for column, name in enumerate(("yaw", "pitch", "roll", "scale", "x", "y"))
    ]
    return Pose(*values)


def film(seen: Still, script: Iterable[tuple[float, Pose]], seed: int, *, noise: float = 2.0) -> Film:
    """What a camera makes of it, with its noise and its restless exposure."""
    rng = np.random.default_rng(seed)
    return [Shot(at, noisy(seen(pose), rng, noise)) for at, pose in script]


@cache
def _grain() -> NDArray[np.float32]:
    """Noise to cut from: making it anew for every picture would take longer than all the rest."""
    return np.random.default_rng(0).normal(size=(4, HEIGHT + 32, WIDTH + 32, 3)).astype(np.float32)


def noisy(picture: Rgb, rng: np.random.Generator, noise: float) -> Rgb:
    fields = _grain()
    top, left = rng.integers(0, 32, 2)
    height, width = picture.shape[:2]
    grain = noise * fields[rng.integers(len(fields)), top : top + height, left : left + width]
    light = 1 + rng.normal(0, 0.008)
    return np.clip(picture * light + grain, 0, 255).astype(np.uint8)


def perform(
    seen: Still,
    steps: Sequence[Step],
    seed: int = 0,
    *,
    most: float = 60.0,
    noise: float = 2.0,
    at_once: bool = False,
    frozen: bool = False,
) -> Take:
    """Somebody in front of the camera, or with something in their hand, who does what the page tells them to.

    They need a moment to react, are not quite still, and go further while the page keeps asking. `at_once`: poses
    appear without a way to them. `frozen`: nothing moves between the poses, not even the camera's noise.
    """
    rng = np.random.default_rng(seed)
    shots, frames = Film(), list[Frame]()
    pose, target, hint, since = np.zeros(6), np.zeros(6), "", 0.0
    pose[3] = target[3] = 1.0
    drift, speed = np.zeros(6), np.zeros(6)
    effort = 0.9 + 0.2 * rng.random()
    while len(shots) / FPS < most:
        at = len(shots) / FPS
        now = progress(steps, frames)
        if now.hint == "failed" or (now.hint == "done" and at - frames[-1].at > 1):  # the camera goes on for a moment
            break
        if now.hint != hint:
            hint, since = now.hint, at
        if at - since >= 0.4 and hint != "hold_still":
            target = _asked(hint, effort * min(1 + 0.12 * max(at - since - 2, 0), 1.4))
        pose = target if at_once else pose + np.clip(0.45 * (target - pose), -_MOST_PER_FRAME, _MOST_PER_FRAME)
        speed = 0.6 * speed + rng.normal(size=6) * _DRIFT * 0.5
        drift = 0.85 * drift + speed
        picture = seen(Pose(*np.round(pose, 1))) if frozen else noisy(seen(Pose(*(pose + drift))), rng, noise)
        shots.append(Shot(at, picture))
        if now.hint != "done":
            frames.append(measured(shots[-1:], len(frames))[0])
    return Take(shots, frames)


def _asked(hint: str, effort: float) -> NDArray[np.float64]:
    step = {"turn_left": Step.LEFT, "turn_right": Step.RIGHT, "look_up": Step.UP, "come_closer": Step.CLOSER}.get(hint)
    asked = POSES[step] if step else Pose()
    return np.array([asked.yaw * effort, asked.pitch * effort, 0.0, 1 + (asked.scale - 1) * effort, 0.0, 0.0])


def genuine(photo: Rgb, steps: Sequence[Step], seed: int = 0, fps: float = FPS) -> Film:
    """A person who does these steps, whatever is asked."""
    return film(head(photo), poses(steps, seed, fps), seed)


def mjpeg(path: Path, photo: Rgb, steps: Sequence[Step], fps: int = 10, seed: int = 0) -> None:
    """A file for Chromium's --use-file-for-fake-video-capture, which plays it over and over.

    It shows the steps in this order, once. For a check whose steps are not known before, hand in many rounds of all
    steps (`rounds`): the check waits for the one it asked for.
    """
    with path.open("wb") as file:
        for shot in film(head(photo), poses(steps, seed, fps, hold=1.2), seed):
            file.write(shot.data)


def rounds(number: int, seed: int = 0) -> list[Step]:
    """All steps, each round in another order: whatever is asked for comes within seconds."""
    rng = np.random.default_rng(seed)
    made: list[Step] = []
    while len(made) < number * len(Step):
        order = [list(Step)[place] for place in rng.permutation(len(Step))]
        if not made or made[-1] != order[0]:
            made += order
    return made


def plane(scene: Rgb, *, degrees: float = 1.6, size: float = 1.0, bend: float = 0.0) -> Still:
    """A flat picture that is held up and turned, tilted and moved as a head would be, in front of a wall.

    `degrees` is how much further than a head it is turned, `size` how large it is held, `bend` how much it is bent
    around its upright axis, as a share of half a turn across its width.
    """
    return lambda pose: _held(scene, pose, degrees, size, bend)


def _held(scene: Rgb, pose: Pose, degrees: float, size: float, bend: float) -> Rgb:
    """In units of half of the sheet's width."""
    half = WIDTH / 2
    rows, columns = np.mgrid[0:HEIGHT:_GRID, 0:WIDTH:_GRID].astype(np.float32)
    seen = np.stack([(columns - half - pose.x) / half, (rows - HEIGHT / 2 - pose.y) / half], axis=-1)
    source = seen / (size * pose.scale)
    for _ in range(25):  # of each point of the film, the point of the sheet that is to be seen there
        source = source - 0.7 * (_on_sheet(source, pose, degrees, size, bend) - seen) / (size * pose.scale)
    where = cv2.resize((source * half + (half, HEIGHT / 2)).astype(np.float32), (WIDTH, HEIGHT))
    return cv2.remap(scene, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderValue=(150, 146, 140))


def _on_sheet(points: Points, pose: Pose, degrees: float, size: float, bend: float) -> Points:
    """Where a camera sees the points of a sheet."""
    yaw, pitch, roll = (math.radians(value) for value in (pose.yaw * degrees, pose.pitch * degrees, pose.roll))
    arc = max(bend * math.pi / 2, 1e-4)
    around, y = points[..., 0] * arc, points[..., 1]
    x, z = np.sin(around) / arc, (np.cos(around) - 1) / arc
    x, z = x * math.cos(yaw) + z * math.sin(yaw), z * math.cos(yaw) - x * math.sin(yaw)
    y, z = y * math.cos(pitch) - z * math.sin(pitch), z * math.cos(pitch) + y * math.sin(pitch)
    x, y = x * math.cos(roll) - y * math.sin(roll), x * math.sin(roll) + y * math.cos(roll)
    near = size * pose.scale / (1 - 0.3 * size * pose.scale * z)
    return np.stack([x * near, y * near], axis=-1)


def printed(scene: Rgb) -> Rgb:
    """As a desk printer and paper leave it: softer, paler, warmer."""
    soft = cv2.GaussianBlur(scene, (0, 0), 0.9).astype(np.float32) / 255
    return np.clip((0.1 + 0.8 * soft) * (255, 251, 240), 0, 255).astype(np.uint8)


def screened(seen: Still, *, pitch: float = 1.37, angle: float = 1.5, grid: bool = True) -> Still:
    """A film that is played on a screen, seen by another camera: the screen's grid, its gamma, its edge.

    `pitch` is the camera's pixels per pixel of the screen, `angle` the degrees between their grids; without `grid` the
    screen is too fine or out of focus.
    """
    stripes = _grid(pitch, angle) if grid else np.float32(1)

    def look(pose: Pose) -> Rgb:
        light = (seen(pose).astype(np.float32) / 255) ** 2.2 * stripes
        shown = np.clip(0.03 + 0.95 * light, 0, 1) ** (1 / 2.0) * 255
        shown[:18], shown[-18:], shown[:, :18], shown[:, -18:] = 12, 12, 12, 12
        return shown.astype(np.uint8)

    return look


def _grid(pitch: float, angle: float) -> NDArray[np.float32]:
    """What a camera's pixels gather of a screen's red, green and blue stripes, (height, width, 3)."""
    times = 4
    rows, columns = np.mgrid[0 : HEIGHT * times, 0 : WIDTH * times].astype(np.float32) / times
    turn = math.radians(angle)
    across = (columns * math.cos(turn) + rows * math.sin(turn)) / pitch
    down = (rows * math.cos(turn) - columns * math.sin(turn)) / pitch
    dark = (down % 1) < 0.15
    colours = []
    for colour in range(3):
        lit = (((across - colour / 3) % 1) < 0.3) & ~dark
        colours.append(cv2.resize(lit.astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))
    grid = np.stack(colours, axis=-1)
    return grid / grid.mean()


def spliced(first: Film, second: Film, at: float) -> Film:
    """One film until a time, and another one from there."""
    return [shot for shot in first if shot.at < at] + [shot for shot in second if shot.at >= at]


def recompressed(shots: Film, *, scale: float = 0.9, quality: int = 55, delay: float = 0.07, fps: float = FPS) -> Film:
    """The film played into a camera's place: other size, other compression, frames taken at other times."""
    made = []
    for number in range(int((shots[-1].at - delay) * fps)):
        at = number / fps
        picture = min(shots, key=lambda shot: abs(shot.at - at - delay)).picture
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        buffer = np.frombuffer(jpeg(small, quality), np.uint8)
        made.append(Shot(at, np.ascontiguousarray(cv2.imdecode(buffer, cv2.IMREAD_COLOR)[..., ::-1])))
    return made


def measured(shots: Film, first: int = 0) -> list[Frame]:
    """What a worker measures of these frames, measured in this process."""
    engine, frames = _engine(), []
    for number, shot in enumerate(shots, first):
        picture = decode(shot.data).rgb
        (found,) = engine.analyse([picture])
        main = widest(found)
        seen = cues(picture, main.landmarks) if main else Cues()
        frames.append(measure(number, shot.at, (picture.shape[1], picture.shape[0]), found, seen))
    return frames
