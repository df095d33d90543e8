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
# Of which each person has one at most.
OPEN = (EnrolmentState.AWAITING_LIVENESS, EnrolmentState.ACTIVE)


class LivenessState(TextChoices):
    """`pending → passed | failed`, decided once."""

    PENDING = "pending", "Pending"
    PASSED = "passed", "Passed"
    FAILED = "failed", "Failed"


LIVENESS: Transitions = {LivenessState.PENDING: frozenset({LivenessState.PASSED, LivenessState.FAILED})}


class AgeStopState(TextChoices):
    """`stopped → appealed → allowed | refused`."""

    STOPPED = "stopped", "Stopped"
    APPEALED = "appealed", "Waiting for a person to look at it"
    ALLOWED = "allowed", "Allowed"
    REFUSED = "refused", "Refused"


AGE_STOP: Transitions = {
    AgeStopState.STOPPED: frozenset({AgeStopState.APPEALED}),
    AgeStopState.APPEALED: frozenset({AgeStopState.ALLOWED, AgeStopState.REFUSED}),
}


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
    """What the subject wants done about a confirmed match; or that they looked at a candidate and could not tell."""

    NONE = "", "Not decided"
    UNSURE = "unsure", "Not sure"
    ACT = "act", "Remove it"
    KEEP = "keep", "Leave it"


class OptOutState(TextChoices):
    """`pending → confirmed → active → withdrawn`. A person decides where there is no camera (`assisted`), and where
    it would hide the face of somebody who is enrolled (`contested`).
    """

    PENDING = "pending", "Waiting for the e-mail to be confirmed"
    CONFIRMED = "confirmed", "Waiting for the live check"
    ASSISTED = "assisted", "Waiting for a person, as there is no camera"
    CONTESTED = "contested", "Waiting for a person to look at it"
    ACTIVE = "active", "In effect"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"


OPT_OUT: Transitions = {
    OptOutState.PENDING: frozenset({OptOutState.CONFIRMED, OptOutState.WITHDRAWN}),
    OptOutState.CONFIRMED: frozenset(
        {OptOutState.ACTIVE, OptOutState.CONTESTED, OptOutState.ASSISTED, OptOutState.WITHDRAWN}
    ),
    OptOutState.ASSISTED: frozenset(
        {OptOutState.ACTIVE, OptOutState.CONTESTED, OptOutState.REFUSED, OptOutState.WITHDRAWN}
    ),
    OptOutState.CONTESTED: frozenset({OptOutState.ACTIVE, OptOutState.REFUSED, OptOutState.WITHDRAWN}),
    # To `contested` when its owner does the check again after a change of the face model.
    OptOutState.ACTIVE: frozenset({OptOutState.CONTESTED, OptOutState.WITHDRAWN}),
}
