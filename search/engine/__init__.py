"""Faces in pictures: decode, find, measure, embed. Knows nothing of Django, people or databases."""

from functools import cache
from pathlib import Path

from search.engine.base import DetectedFace, EngineUnavailable, FaceEngine, Grade, Quality
from search.engine.decode import Picture, PictureRefused, Refusal, decode
from search.engine.embedded import SFaceEngine
from search.engine.environment import check_environment
from search.engine.insightface_pack import InsightFaceEngine
from search.engine.pool import Limits, Pool
from search.engine.runtime import CV2_PROBLEM
from search.engine.sface import Backend
from search.engine.wire import Analysis, Model

__all__ = [
    "EMBEDDED",
    "Analysis",
    "DetectedFace",
    "EngineUnavailable",
    "FaceEngine",
    "Grade",
    "InsightFaceEngine",
    "Limits",
    "Model",
    "Picture",
    "PictureRefused",
    "Pool",
    "Quality",
    "Refusal",
    "SFaceEngine",
    "check_environment",
    "decode",
    "load_engine",
]

EMBEDDED: dict[str, Backend] = {"sface": "onnxruntime", "sface:openvino": "openvino"}
"""The embedded engine by its spec, and the runtime that embeds. Their embeddings are the same."""
_PACK_PREFIX = "insightface:"


@cache
def load_engine(spec: str, cache_dir: Path) -> FaceEngine:
    """The engine for one of EMBEDDED or `insightface:<pack name or folder>`, loaded once per process.

    `cache_dir` keeps prepared models between processes. Raises EngineUnavailable.
    """
    if CV2_PROBLEM:
        raise EngineUnavailable(f"OpenCV cannot be imported: {CV2_PROBLEM}.")
    if spec in EMBEDDED:
        return SFaceEngine(cache_dir, runtime=EMBEDDED[spec])
    if spec.startswith(_PACK_PREFIX):
        return InsightFaceEngine(spec.removeprefix(_PACK_PREFIX))
    raise EngineUnavailable(
        f"Unknown face engine {spec!r}: use {', '.join(EMBEDDED)} or {_PACK_PREFIX}<pack name or folder>."
    )
