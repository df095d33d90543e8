"""The engines that `FACE_MODEL` named before, for as long as what they measured has to be honoured."""

from collections.abc import Callable, Sequence
from functools import partial

from django.conf import settings

from search import faces
from search.engine import DetectedFace, PictureRefused

Look = Callable[[bytes], Sequence[DetectedFace]]
"""Every face that an engine finds in one encoded picture; none where it cannot read it."""


def engines() -> dict[str, Look]:
    """The engines that `FACE_MODEL_BEFORE` names, with commas between, by model. Raises `EngineUnavailable`."""
    specs = [spec.strip() for spec in settings.FACE_MODEL_BEFORE.split(",") if spec.strip()]
    return {faces.model(spec).model_id: partial(_look, spec) for spec in specs}


def _look(spec: str, picture: bytes) -> Sequence[DetectedFace]:
    try:
        return faces.analyse(picture, spec).faces
    except PictureRefused:
        return ()
