"""The live check: a person in front of a camera who does what they are asked to, and not a picture of one.

Pure: frames as numbers go in, a verdict comes out. What it stops and what it does not: `docs/liveness.md`.
"""

from search.engine.cues import Cues
from search.liveness.frames import Frame, measure
from search.liveness.judging import Progress, Verdict, best_faces, judge, progress
from search.liveness.packing import pack, unpack
from search.liveness.provider import Provider
from search.liveness.steps import Step, challenge
from search.liveness.traces import is_replay, trace
from search.liveness.words import FAILURES, HINTS

__all__ = [
    "FAILURES",
    "HINTS",
    "Cues",
    "Frame",
    "Progress",
    "Provider",
    "Step",
    "Verdict",
    "best_faces",
    "challenge",
    "is_replay",
    "judge",
    "measure",
    "pack",
    "progress",
    "trace",
    "unpack",
]
