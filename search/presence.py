"""Is it still the person who is enrolled? What a live check for that leads to."""

from accounts import audit
from accounts.limits import limited
from accounts.models import User
from accounts.security import locks, presence
from search import live, probes
from search.faces import fused
from search.models import FaceTemplate
from search.reference import same_person_threshold
from search.states import EnrolmentState

# In a day; with the next one a person has to look at the account.
_OTHER_FACES = 3
_DAY = 24 * 3600


def live_passed(user: User, passed: live.Passed) -> None:
    """The face before the camera has to be the one enrolled, as clearly as a search would know it.

    Not to be called within a transaction: a lock must stay when the check is refused.

    Raises:
        live.NotTaken: it is not, or nobody is enrolled here.
    """
    rows = FaceTemplate.objects.filter(
        enrolment__subject__user=user, enrolment__state=EnrolmentState.ACTIVE, model_id=passed.model_id
    )
    known = [probes.unsealed(row) for row in rows.select_related("enrolment__subject__user")]
    if not known:
        raise live.NotTaken("There is no enrolled face to compare with.")
    if float(fused(known) @ passed.vector) < same_person_threshold(1, passed.model_id):
        audit.record("presence.other_face", user, actor=user, about=user)
        if limited(f"other-face:{user.pk}", _OTHER_FACES - 1, _DAY):
            locks.lock(user, "different_faces")
        raise live.NotTaken("This does not look like the person who is enrolled. Nothing was changed.")
    presence.confirmed(user)
