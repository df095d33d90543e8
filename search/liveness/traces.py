"""How a face moved during a check, so that the same movements are known again: nobody moves twice in the same way.

What is compared are stretches of some seconds in which the face moved. A recording that is played again, cut, made
smaller or compressed anew moves as it did before, and keeps its pace; a person who does the same steps does not.
"""

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from search.liveness.frames import Frame

_HEAD = struct.Struct("<2sH")
_MAGIC = b"t1"
_ROW = np.dtype([("at", "<u2"), ("points", "<i2", (10,))])
_PER_SECOND, _PER_EYES = 100, 1000
_MOST = 2000

_TICK = 0.1
_HOLE = 0.7
"""Seconds without a face that cannot be filled in."""
_STRETCH, _STRIDE = 40, 5
"""Ticks of a stretch, and between the beginnings of two."""
_MOVES = 0.08
"""Eye distances that landmarks move in a stretch at least, for it to tell anything."""
_ALIKE = 0.28
"""What is left of the movement, as a share, when another one is taken from it. Replays left up to 0.17, also when made
smaller and compressed anew; the same person doing the same steps again 0.41 and more."""
_SAME_LAG = 3
"""Ticks."""
_SHARE, _FEWEST = 0.4, 3
"""Of stretches that have been seen before at the same pace, for it to be a replay."""

Track = NDArray[np.float32]
"""(ticks, 10), with NaN where the face was not seen."""


def trace(frames: Sequence[Frame]) -> bytes:
    """Where the landmarks were at what time. Says nothing about who it was."""
    seen = [(frame.at, frame.face.landmarks) for frame in frames if frame.face][:_MOST]
    rows = np.zeros(len(seen), dtype=_ROW)
    if seen:
        points = np.stack([landmarks for _, landmarks in seen]).astype(np.float64)
        eyes = max(float(np.median(np.linalg.norm(points[:, 1] - points[:, 0], axis=1))), 1e-6)
        centre = np.median(points.reshape(-1, 2), axis=0)
        moved = (points - centre).reshape(-1, 10) / eyes
        rows["at"] = np.clip([at * _PER_SECOND for at, _ in seen], 0, 65535)
        rows["points"] = np.clip(np.round(moved * _PER_EYES), -32767, 32767)
    return _HEAD.pack(_MAGIC, len(rows)) + rows.tobytes()


def is_replay(made: bytes, earlier: Sequence[bytes]) -> bool:
    """Has this movement, or much of it, been seen before? Raises ValueError for what is no trace."""
    track = _track(made)
    return any(_alike(track, _track(other), least_lag=None) for other in earlier)


def repeats_itself(made: bytes) -> bool:
    """Does the same movement come twice, as in a film that is played in a loop? Raises ValueError."""
    track = _track(made)
    return _alike(track, track, least_lag=_STRETCH)


def _track(made: bytes) -> Track:
    """At equal times. Raises ValueError."""
    if len(made) < _HEAD.size:
        raise ValueError("This is no trace.")
    magic, count = _HEAD.unpack_from(made)
    if magic != _MAGIC or count > _MOST or len(made) != _HEAD.size + count * _ROW.itemsize:
        raise ValueError("This is no trace.")
    rows = np.frombuffer(made, dtype=_ROW, offset=_HEAD.size)
    if count < 2:
        return np.empty((0, 10), dtype=np.float32)
    times = rows["at"].astype(np.float64) / _PER_SECOND
    times, first = np.unique(times, return_index=True)
    points = rows["points"][first].astype(np.float64) / _PER_EYES
    ticks = np.arange(times[0], times[-1], _TICK)
    track = np.stack([np.interp(ticks, times, column) for column in points.T], axis=1)
    after = np.clip(np.searchsorted(times, ticks, side="right"), 1, len(times) - 1)
    track[times[after] - times[after - 1] > _HOLE] = np.nan
    return track.astype(np.float32)


def _stretches(track: Track, stride: int) -> tuple[Track, NDArray[np.int_]]:
    """Those without holes, each around its mean, (n, ticks * 10), and where each begins."""
    if len(track) < _STRETCH:
        return np.empty((0, _STRETCH * 10), dtype=np.float32), np.empty(0, dtype=np.int_)
    windows = np.lib.stride_tricks.sliding_window_view(track, _STRETCH, axis=0)[::stride]  # (n, 10, ticks)
    starts = np.arange(len(windows)) * stride
    means = windows.mean(axis=2)
    whole = ~np.isnan(means).any(axis=1)
    made = windows[whole] - means[whole, :, None]
    return made.reshape(len(made), -1), starts[whole]


def _alike(track: Track, other: Track, least_lag: int | None) -> bool:
    """Enough stretches that move as some in the other, all by the same lag."""
    own, begins = _stretches(track, _STRIDE)
    known, known_begins = _stretches(other, 1)
    sizes = (own**2).sum(axis=1)
    moving = sizes > _MOVES**2 * own.shape[1]
    own, begins, sizes = own[moving], begins[moving], sizes[moving]
    if len(own) < _FEWEST or not len(known):
        return False
    left = np.maximum(sizes[:, None] + (known**2).sum(axis=1)[None] - 2 * own @ known.T, 0)
    lags = known_begins[None] - begins[:, None]
    same = left / sizes[:, None] < _ALIKE**2
    if least_lag is not None:
        same &= lags >= least_lag
    # By stretch and lag, then with the neighbouring lags: how many stretches have the same one?
    by_lag = np.zeros((len(own), int(np.ptp(lags)) + 1 + 2 * _SAME_LAG), dtype=bool)
    for row, column in zip(*np.nonzero(same), strict=True):
        place = int(lags[row, column] - lags.min())
        by_lag[row, place : place + 2 * _SAME_LAG + 1] = True
    return int(by_lag.sum(axis=0).max()) >= max(_FEWEST, _SHARE * len(own))
