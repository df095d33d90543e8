"""Aligning a face to the 112 x 112 template, and what its landmarks and its crop say about quality."""

import math

import numpy as np
from numpy.typing import NDArray

from search.engine.base import Quality, Rgb
from search.engine.runtime import cv2

SIDE = 112

# Insightface's ArcFace template, which SFace was trained on as well. Same order as DetectedFace.landmarks.
LANDMARK_TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]],
    dtype=np.float64,
)

# Distances of a typical adult face, in units of the distance between the eyes.
_NOSE_DEPTH = 0.48
_EYES_TO_MOUTH = 1.155
_NOSE_HEIGHT = 0.56  # how far down from the eyes to the mouth the nose is: the median of 70 labelled faces


def similarity(
    landmarks: NDArray[np.float32], template: NDArray[np.float64] = LANDMARK_TEMPLATE
) -> NDArray[np.float64]:
    """The (2, 3) rotation, scale and shift that brings landmarks closest to the template (least squares).

    Raises ValueError when the landmarks lie in one point or are not finite.
    """
    points = landmarks.astype(np.float64)
    centre, target = points.mean(axis=0), template.mean(axis=0)
    offsets, wanted = points - centre, template - target
    spread = float((offsets**2).sum())
    if not math.isfinite(spread) or spread < 1e-6:
        raise ValueError("The landmarks of this face lie in one point.")
    cosine = float((offsets * wanted).sum()) / spread
    sine = float((offsets[:, 0] * wanted[:, 1] - offsets[:, 1] * wanted[:, 0]).sum()) / spread
    turn = np.array([[cosine, -sine], [sine, cosine]])
    return np.column_stack([turn, target - turn @ centre])


def align(image: Rgb, landmarks: NDArray[np.float32]) -> Rgb:
    """The face as a (112, 112, 3) crop. `image` must be the full picture: a reduced copy costs accuracy."""
    crop = cv2.warpAffine(image, similarity(landmarks), (SIDE, SIDE), flags=cv2.INTER_LINEAR)
    return np.asarray(crop, dtype=np.uint8)


def pose(landmarks: NDArray[np.float32]) -> tuple[float, float, float]:
    """Yaw, pitch, roll in degrees, from the nose's place between eyes and mouth. Coarse, not calibrated."""
    points = landmarks.astype(np.float64)
    across = points[1] - points[0]
    roll = math.atan2(across[1], across[0])
    cosine, sine = math.cos(-roll), math.sin(-roll)
    upright = points @ np.array([[cosine, sine], [-sine, cosine]])
    eyes, nose, mouth = upright[:2].mean(axis=0), upright[2], upright[3:].mean(axis=0)
    span = max(float(np.hypot(*across)), 1e-6)
    drop = float(mouth[1] - eyes[1])
    drop = math.copysign(max(abs(drop), 1e-6), drop)
    expected_x = eyes[0] + _NOSE_HEIGHT * (mouth[0] - eyes[0])
    yaw = math.atan((nose[0] - expected_x) / span / _NOSE_DEPTH)
    lift = _NOSE_HEIGHT - (nose[1] - eyes[1]) / drop
    pitch = math.atan(lift * _EYES_TO_MOUTH / _NOSE_DEPTH)
    return math.degrees(yaw), math.degrees(pitch), math.degrees(roll)


def measure(crop: Rgb, landmarks: NDArray[np.float32], *, size: float, length: float) -> Quality:
    """`crop` is the aligned face, `size` its width in the picture, `length` that of Quality."""
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    yaw, pitch, roll = pose(landmarks)
    return Quality(
        length=length,
        size=size,
        blur=float(cv2.Laplacian(grey, cv2.CV_64F).var()),
        yaw=yaw,
        pitch=pitch,
        roll=roll,
        exposure=float(grey.mean()) / 255,
    )
