"""Probes: the only faces that may ever be searched for.

`probe_of` is the one door. It opens for an enrolment that is active, of an adult, with a passed liveness check
and with both required consents in force at this moment, and for nothing else.
"""

import uuid
from dataclasses import dataclass, field

from django.core.cache import cache
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts import audit, consent, keys
from accounts.models import AccountLock, Purpose
from search import faces
from search.engine.base import Vector
from search.models import Enrolment, FaceTemplate, LivenessCheck
from search.states import EnrolmentState, LivenessState

_PURPOSE = "face-template"
_DAY = 24 * 3600


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
    # Read again: the object may be older than a withdrawal.
    row = _enrolments().filter(pk=enrolment.pk).first()
    if row is None:
        raise NotAProbe("the enrolment is gone")
    return _open(row, consent.in_force([row.subject.user_id]), {})


@dataclass
class Probes:
    """Every probe there is, asked for again and again by one process.

    Who may be searched for is read anew each time; only what was unsealed is remembered, for as long as it is
    needed and this object lives.
    """

    _unsealed: dict[int, Vector] = field(default_factory=dict)

    def now(self) -> list[Probe]:
        """The probes of this moment; an enrolment that may not be searched for is left out."""
        active = _enrolments().filter(state=EnrolmentState.ACTIVE).order_by("pk")
        consents = consent.in_force(active.order_by().values("subject__user"))
        probes, remembered = [], self._unsealed
        self._unsealed = {}
        for row in active:
            try:
                probes.append(_open(row, consents, remembered))
            except (NotAProbe, keys.Unreadable):
                continue
            used = (template.pk for template in row.templates.all() if template.pk in remembered)
            self._unsealed.update((pk, remembered[pk]) for pk in used)
        return probes


def all_probes() -> list[Probe]:
    """Every probe there is now."""
    return Probes().now()


def _enrolments() -> QuerySet[Enrolment]:
    """With all that the door looks at, in a fixed number of queries."""
    passed = LivenessCheck.objects.filter(enrolment=OuterRef("pk"), state=LivenessState.PASSED)
    locks = AccountLock.objects.filter(user=OuterRef("subject__user"), lifted_at=None)
    return (
        Enrolment.objects.annotate(liveness_passed=Exists(passed), locked=Exists(locks))
        .select_related("subject__user")
        .prefetch_related("templates")
    )


def _open(enrolment: Enrolment, consents: dict[uuid.UUID, set[Purpose]], unsealed_before: dict[int, Vector]) -> Probe:
    reason = _refusal(enrolment, consents)
    if reason:
        raise NotAProbe(reason)
    model_id = faces.model().model_id
    rows = [row for row in enrolment.templates.all() if row.model_id == model_id]
    if not rows:
        raise NotAProbe("it has no template of the model in use")
    for row in rows:
        if row.pk not in unsealed_before:
            unsealed_before[row.pk] = _unseal(enrolment, row)
    return Probe(
        enrolment.subject_id,
        faces.fused([unsealed_before[row.pk] for row in rows]),
        max(row.quality_length for row in rows),
    )


def _refusal(enrolment: Enrolment, consents: dict[uuid.UUID, set[Purpose]]) -> str:
    user = enrolment.subject.user
    if enrolment.state != EnrolmentState.ACTIVE:
        return f"the enrolment is {enrolment.state}"
    if not user.is_active or not enrolment.adult_declared_at:
        return "it is not an adult's active account"
    if getattr(enrolment, "locked", True):
        return "the account is locked"
    if not getattr(enrolment, "liveness_passed", False):
        return "no liveness check was passed"
    if not consents.get(user.pk, set()) >= consent.REQUIRED:
        return "consent is not in force"
    return ""


def sealed(enrolment: Enrolment, embedding: Vector) -> bytes:
    """A face template sealed with the subject's key."""
    return keys.seal(enrolment.subject.user, _PURPOSE, faces.to_bytes(embedding))


def unsealed(template: FaceTemplate) -> Vector:
    """The inverse of `sealed`. Raises `keys.Unreadable`."""
    return _unseal(template.enrolment, template)


def _unseal(enrolment: Enrolment, template: FaceTemplate) -> Vector:
    """Open a face template. The person sees in their audit trail on which days that was done."""
    if cache.add(f"template-read:{enrolment.pk}:{timezone.now().date()}", 1, _DAY):
        audit.record("templates.read", enrolment, about=enrolment.subject.user)
    return faces.from_bytes(keys.unseal(enrolment.subject.user, _PURPOSE, template.sealed))
