"""The states of enrolments, liveness checks, matches and opt-outs, and the steps between them."""

from django.db.models import TextChoices

from accounts.transitions import Transitions


class EnrolmentState(TextChoices):
    """`awaiting_liveness → active → withdrawn`; a failed check or a person's decision refuses it.

    Back to `awaiting_liveness` when the face model changed and the templates say nothing any more: new photos
    need a new check.
    """

    AWAITING_LIVENESS = "awaiting_liveness", "Waiting for the identity check"
    ACTIVE = "active", "Active"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"


ENROLMENT: Transitions = {
    EnrolmentState.AWAITING_LIVENESS: frozenset(
        {EnrolmentState.ACTIVE, EnrolmentState.REFUSED, EnrolmentState.WITHDRAWN}
    ),
    EnrolmentState.ACTIVE: frozenset({EnrolmentState.AWAITING_LIVENESS, EnrolmentState.WITHDRAWN}),
}


class LivenessState(TextChoices):
    """`pending → passed | failed`, decided once."""

    PENDING = "pending", "Pending"
    PASSED = "passed", "Passed"
    FAILED = "failed", "Failed"


LIVENESS: Transitions = {LivenessState.PENDING: frozenset({LivenessState.PASSED, LivenessState.FAILED})}


class MatchState(TextChoices):
    """`candidate → confirmed | dismissed`; the subject may change their mind."""

    CANDIDATE = "candidate", "Is this you?"
    CONFIRMED = "confirmed", "You"
    DISMISSED = "dismissed", "Not you"


MATCH: Transitions = {
    MatchState.CANDIDATE: frozenset({MatchState.CONFIRMED, MatchState.DISMISSED}),
    MatchState.CONFIRMED: frozenset({MatchState.CANDIDATE}),
    MatchState.DISMISSED: frozenset({MatchState.CANDIDATE}),
}


class Decision(TextChoices):
    """What the subject wants done about a confirmed match."""

    NONE = "", "Not decided"
    ACT = "act", "Remove it"
    KEEP = "keep", "Leave it"


class OptOutState(TextChoices):
    """`pending → active → withdrawn`; one that would hide an enrolled person's face waits for a person."""

    PENDING = "pending", "Waiting for the e-mail to be confirmed"
    ACTIVE = "active", "In effect"
    CONTESTED = "contested", "Waiting for a person to look at it"
    WITHDRAWN = "withdrawn", "Withdrawn"


OPT_OUT: Transitions = {
    OptOutState.PENDING: frozenset({OptOutState.ACTIVE, OptOutState.CONTESTED, OptOutState.WITHDRAWN}),
    OptOutState.CONTESTED: frozenset({OptOutState.ACTIVE, OptOutState.WITHDRAWN}),
    OptOutState.ACTIVE: frozenset({OptOutState.WITHDRAWN}),
}
