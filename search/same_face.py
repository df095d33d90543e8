"""Whose face is it? The same as before, nobody's who opted out, and nobody's who has another account."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search import earlier, face_rows, faces, optout, probes
from search.engine import DetectedFace
from search.engine.base import Vector
from search.faces import fused
from search.models import FaceTemplate, Subject
from search.reference import SAME_PERSON, one_person, same_person_threshold
from search.states import OPEN


class EnrolmentRefused(Exception):
    """Why nobody was enrolled, in one clear sentence; nothing was stored."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True)
class Measured:
    """One reference photo, in memory."""

    fingerprint: str
    photo: bytes
    face: DetectedFace
    name: str
    """As the person is told which one it is: "Photo 2"."""


def check_like_before(known: Sequence[Vector], new: Sequence[Measured], *, checked_again: bool) -> None:
    """Photos added to an active enrolment must be clearly the face that was checked.

    Straight after another live check they may differ as any two photos of one person do.
    """
    threshold = SAME_PERSON if checked_again else same_person_threshold(1)
    if any(float(item.face.embedding @ fused(known)) < threshold for item in new):
        if checked_again:
            raise EnrolmentRefused("different_people", "The photos seem to show somebody else.")
        raise EnrolmentRefused(
            "needs_new_check", "This photo differs a lot from those you were checked with, so it needs a new check."
        )


def check_is_live_face(live: Vector, photos: Sequence[tuple[str, Vector]]) -> None:
    """Each named photo must show the person of the live check, and all of them together clearly."""
    for name, embedding in photos:
        if float(embedding @ live) < SAME_PERSON:
            raise EnrolmentRefused(
                "not_the_live_face", f"{name}: this does not look like the person of the live check."
            )
    if photos and float(fused([embedding for _, embedding in photos]) @ live) < same_person_threshold(1):
        raise EnrolmentRefused(
            "not_the_live_face", "These photos do not look enough like the person of the live check."
        )


def check_one_person(embeddings: Sequence[Vector]) -> None:
    """All of these are one person."""
    if not one_person(embeddings):
        raise EnrolmentRefused("different_people", "The photos seem to show different people.")


def check_free(embeddings: Sequence[Vector], new: Sequence[Measured], subject: Subject) -> None:
    """The face is nobody's who opted out, and nobody's who has another account.

    `new` are the photos at hand, which engines of earlier models can look at too.
    """
    face = fused(embeddings)
    hidden = any(optout.hidden_in(item.photo, [item.face]).any() for item in new)
    if hidden or optout.bars_enrolment(embeddings):
        raise EnrolmentRefused(
            "opted_out",
            "This face is on the opt-out list, so it cannot be enrolled. If it is yours, please write to us.",
        )
    if _is_of_another(face, new, subject):
        raise EnrolmentRefused(
            "already_enrolled", "This face is too close to one that another account protects. Please write to us."
        )


def _is_of_another(face: Vector, new: Sequence[Measured], subject: Subject) -> bool:
    """Whether another account protects this face, as far as an engine at hand can tell."""
    others, present = _faces_of_others(subject), faces.model().model_id
    if _is_among(others.pop(present, []), face, present):
        return True
    looks = earlier.engines() if others else {}
    return any(
        face_rows.at_one_place(seen.box, [item.face.box]) and _is_among(others[model_id], seen.embedding, model_id)
        for model_id in others.keys() & looks.keys()
        for item in new
        for seen in looks[model_id](item.photo)
    )


def _is_among(others: Sequence[Vector], face: Vector, model_id: str) -> bool:
    """Whether a face is one of these; all are of one model."""
    threshold = same_person_threshold(len(others), model_id)
    return bool(others) and float((np.stack(others) @ face).max()) >= threshold


def _faces_of_others(subject: Subject) -> dict[str, list[Vector]]:
    """By model, as faces of different models say nothing of each other."""
    rows = FaceTemplate.objects.filter(enrolment__state__in=OPEN).exclude(enrolment__subject=subject)
    by_enrolment: dict[tuple[str, object], list[Vector]] = {}
    for row in rows.select_related("enrolment__subject__user"):
        by_enrolment.setdefault((row.model_id, row.enrolment_id), []).append(probes.unsealed(row))
    by_model: dict[str, list[Vector]] = {}
    for (model_id, _), vectors in by_enrolment.items():
        by_model.setdefault(model_id, []).append(fused(vectors))
    return by_model
