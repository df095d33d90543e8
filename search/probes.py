"""Probes: the only faces that may ever be searched for.

`probe_of` is the one door. It opens for an enrolment that is active, of an adult, with a passed liveness check
and with both required consents in force at this moment, and for nothing else.
"""

import uuid
from dataclasses import dataclass

from accounts import consent, keys
from search import faces
from search.engine.base import Vector
from search.models import Enrolment, FaceTemplate
from search.states import EnrolmentState, LivenessState

_PURPOSE = "face-template"


class NotAProbe(Exception):
    """This face may not be searched for."""


@dataclass(frozen=True)
class Probe:
    """A subject's fused face template, unsealed for one search."""

    subject_id: uuid.UUID
    vector: Vector
    quality_length: float


def probe_of(enrolment: Enrolment) -> Probe:
    """Unseal an enrolment's templates for a search. Raises `NotAProbe` with the reason."""
    reason = _refusal(enrolment)
    if reason:
        raise NotAProbe(reason)
    rows = list(enrolment.templates.filter(model_id=faces.engine().model_id))
    if not rows:
        raise NotAProbe("it has no template of the model in use")
    return Probe(
        enrolment.subject_id,
        faces.fused([unsealed(row) for row in rows]),
        max(row.quality_length for row in rows),
    )


def _refusal(enrolment: Enrolment) -> str:
    # Read again: the object may be older than a withdrawal.
    state = Enrolment.objects.filter(pk=enrolment.pk).values_list("state", flat=True).first()
    user = enrolment.subject.user
    if state != EnrolmentState.ACTIVE:
        return f"the enrolment is {state or 'gone'}"
    if not user.is_active or not enrolment.adult_declared_at:
        return "it is not an adult's active account"
    if not enrolment.liveness_checks.filter(state=LivenessState.PASSED).exists():
        return "no liveness check was passed"
    if not consent.given(user) >= consent.REQUIRED:
        return "consent is not in force"
    return ""


def all_probes() -> list[Probe]:
    """Every probe there is now; an enrolment that may not be searched for is left out."""
    probes = []
    active = Enrolment.objects.filter(state=EnrolmentState.ACTIVE).select_related("subject__user")
    for enrolment in active.order_by("pk"):
        try:
            probes.append(probe_of(enrolment))
        except (NotAProbe, keys.Unreadable):
            continue
    return probes


def sealed(enrolment: Enrolment, embedding: Vector) -> bytes:
    """A face template sealed with the subject's key."""
    return keys.seal(enrolment.subject.user, _PURPOSE, faces.to_bytes(embedding))


def unsealed(template: FaceTemplate) -> Vector:
    """The inverse of `sealed`. Raises `keys.Unreadable`."""
    return faces.from_bytes(keys.unseal(template.enrolment.subject.user, _PURPOSE, template.sealed))
