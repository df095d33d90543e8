"""Frames of a live check without pictures: five points on a head that turns, for tests of what is made of numbers."""

import math
from collections.abc import Sequence
from dataclasses import astuple

import numpy as np

from search.engine import DetectedFace, Quality
from search.engine.geometry import pose as measured_pose
from search.liveness import Cues, Frame, Step
from tests.moving_face import FPS, HEIGHT, WIDTH, Points, Pose, poses

_EYES = 58.0
# The eyes, the nose and the corners of the mouth in front of the middle of the head, in eye distances.
_HEAD = np.array([[-0.5, -0.4, 0.8], [0.5, -0.4, 0.8], [0, 0.2, 1.28], [-0.38, 0.75, 0.8], [0.38, 0.75, 0.8]])


def landmarks(pose: Pose) -> Points:
    yaw, pitch, roll = (math.radians(angle) for angle in (pose.yaw, pose.pitch, pose.roll))
    x, y, z = _HEAD.T
    x, z = x * math.cos(yaw) + z * math.sin(yaw), z * math.cos(yaw) - x * math.sin(yaw)
    y = y * math.cos(pitch) - z * math.sin(pitch)
    x, y = x * math.cos(roll) - y * math.sin(roll), x * math.sin(roll) + y * math.cos(roll)
    points = np.stack([x, y], axis=1) * _EYES * pose.scale + (WIDTH / 2 + pose.x, HEIGHT / 2 + pose.y)
    return points.astype(np.float32)


def person(seed: int) -> Points:
    """Somebody's embedding."""
    vector = np.random.default_rng(seed).normal(size=128).astype(np.float32)
    return vector / np.float32(np.linalg.norm(vector))


def frame(number: int, at: float, points: Points, embedding: Points, *, moire: float = 1.5, faces: int = 1) -> Frame:
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    left, right = left - 0.5 * (right - left), right + 0.5 * (right - left)
    box = (float(left), float(top), float(right - left), float(bottom - top))
    quality = Quality(12.0, box[2], 300.0, *measured_pose(points), 0.5)
    face = DetectedFace(box, points, 0.95, quality, embedding, "sface")
    return Frame(number, at, (WIDTH, HEIGHT), faces, face, Cues(moire), 0.01)


def frames(
    steps: Sequence[Step],
    seed: int = 0,
    *,
    fps: float = FPS,
    delay: float = 0.0,
    scale: float = 1.0,
    noise_seed: int = 5,
    who: int = 1,
) -> list[Frame]:
    """A person who does these steps one after the other, measured with the noise of a real detector."""
    rng = np.random.default_rng(noise_seed)
    script = list(poses(steps, seed, FPS))
    times = [at for at, _ in script]
    made = []
    for number in range(int((times[-1] - delay) * fps)):
        at = number / fps
        values = [
            float(np.interp(at + delay, times, column))
            for column in zip(*(astuple(pose) for _, pose in script), strict=True)
        ]
        pose = Pose(*values)
        points = scale * landmarks(pose) + rng.normal(0, 0.6, (5, 2))
        made.append(frame(number, at, points.astype(np.float32), person(who)))
    return made
