"""One photo of one person, as enrolment and opt-out ask for it."""

from collections.abc import Sequence

from search import faces
from search.calibration import Band
from search.engine import DetectedFace, Grade
from search.engine.base import Vector

# A face this much narrower than the main one is somebody in the background, and is not measured.
_BACKGROUND = 0.25
# Two photos of one person may differ by years and light, so this is OpenCV's own verification threshold for
# SFace (FMR 0.4 %), not a band for searches.
SAME_PERSON = 0.363


class ReferenceRefused(Exception):
    """Why a photo cannot serve, in one clear sentence."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def single_face(photo: bytes) -> DetectedFace:
    """The one face in a photo, good enough to be recognised by.

    Raises:
        PictureRefused: the bytes are no usable picture.
        ReferenceRefused: no face, several faces, or a face too small or blurred to measure.
    """
    found = sorted(faces.faces_in(photo), key=lambda face: face.box[2], reverse=True)
    if not found:
        raise ReferenceRefused("no_face", "We could not find a face in this photo.")
    main, *others = found
    if any(face.box[2] > _BACKGROUND * main.box[2] for face in others):
        raise ReferenceRefused("several_faces", "There are several faces in this photo; please take one of you alone.")
    if main.quality.grade == Grade.UNUSABLE:
        raise ReferenceRefused("poor_face", "The face in this photo is too small, dark or blurred to be measured.")
    return main


def one_person(embeddings: Sequence[Vector]) -> bool:
    """Whether each of these photos is like all others together."""
    for place, embedding in enumerate(embeddings):
        others = [other for index, other in enumerate(embeddings) if index != place]
        if others and float(embedding @ faces.fused(others)) < SAME_PERSON:
            return False
    return True


def same_person_threshold(compared: int, model_id: str = "") -> float:
    """The score from which a face counts as one already known, among this many known ones.

    Of the configured model, unless another one is named.
    """
    return faces.calibration(model_id).band_threshold(Band.LIKELY, compared)
