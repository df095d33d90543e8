"""Demands of courts and authorities for somebody's data: two people decide, and the person is told.

The person is told at once and again when it is decided, unless a court forbids it; then when that time is over. While
it is forbidden, nothing in the audit trail is about the person, who can read what is about them.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import audit
from accounts.models import LegalRequest, LegalReview, User
from accounts.references import reference
from accounts.states import LEGAL_REQUEST, LegalRequestState
from accounts.tickets import post
from accounts.tickets.refusal import Refused
from accounts.transitions import change_state

REVIEWERS = 2
Verdict = LegalReview.Verdict


def record(
    user: User,
    *,
    authority: str,
    country: str,
    legal_basis: str,
    scope: str,
    person: User | None = None,
    gag_until: datetime | None = None,
) -> LegalRequest:
    """Write down a demand, and tell the person at once where that is not forbidden."""
    with transaction.atomic():
        found = LegalRequest.objects.create(
            reference=reference("LR"),
            authority=authority,
            country=country,
            legal_basis=legal_basis,
            scope=scope,
            user=person,
            recorded_by=user,
            gag_until=gag_until,
        )
        _audit("legal_request.recorded", found, user)
    tell_person(found)
    return found


def review(found: LegalRequest, user: User, verdict: str, reason: str) -> None:
    """One person's verdict. One "not valid" refuses; two different people have to find it valid. Raises `Refused`."""
    if found.reviews.filter(reviewer=user).exists():
        raise Refused("You have given your verdict. Somebody else has to look at it, too.")
    if found.state != LegalRequestState.UNDER_REVIEW:
        raise Refused("This demand has been decided.")
    with transaction.atomic():
        # One verdict after the other: each of two at the same moment would be the first.
        LegalRequest.objects.select_for_update().get(pk=found.pk)
        LegalReview.objects.create(request=found, reviewer=user, verdict=Verdict(verdict), reason=reason.strip())
        _audit("legal_request.reviewed", found, user, verdict=verdict)
        if verdict == Verdict.INVALID:
            change_state(found, LEGAL_REQUEST, LegalRequestState.REJECTED)
        elif found.reviews.filter(verdict=Verdict.VALID).count() >= REVIEWERS:
            change_state(found, LEGAL_REQUEST, LegalRequestState.ACCEPTED)
    if found.state != LegalRequestState.UNDER_REVIEW:
        _tell_outcome(found)


def disclose(found: LegalRequest, user: User, what: str) -> None:
    """Write down what was handed over. Only what two people found valid, and only after the person was told.

    Raises `Refused`.
    """
    valid = found.reviews.filter(verdict=Verdict.VALID).values("reviewer").distinct().count()
    if found.state != LegalRequestState.ACCEPTED or valid < REVIEWERS:
        raise Refused("Two different people have to find this demand valid first.")
    if found.user and not found.person_told_at and not _gagged(found):
        raise Refused("The person has not been told yet. That comes first.")
    with transaction.atomic():
        now = timezone.now()
        change_state(found, LEGAL_REQUEST, LegalRequestState.DISCLOSED, disclosed_at=now, disclosed=what.strip())
        _audit("legal_request.disclosed", found, user)
    _tell_outcome(found)


def refuse(found: LegalRequest, user: User, reason: str) -> None:
    """A demand that was found valid was challenged, or withdrawn: nothing is handed over. Raises `Refused`."""
    if found.state != LegalRequestState.ACCEPTED:
        raise Refused("Only a demand that was found valid, and not yet obeyed, can be refused here.")
    with transaction.atomic():
        change_state(found, LEGAL_REQUEST, LegalRequestState.REJECTED, disclosed=f"Nothing. {reason.strip()}")
        _audit("legal_request.refused", found, user)
    _tell_outcome(found)


def tell_person(found: LegalRequest) -> bool:
    """Tell the person of a demand, once, where it is allowed. Whether they were told now."""
    if found.user is None or found.person_told_at or _gagged(found):
        return False
    now = timezone.now()
    rows = LegalRequest.objects.filter(pk=found.pk, person_told_at=None)
    if not rows.update(person_told_at=now):
        return False
    if not _mail(found, "legal_received"):
        LegalRequest.objects.filter(pk=found.pk).update(person_told_at=None)
        return False
    found.person_told_at = now
    _audit("legal_request.person_told", found, None)
    return True


def tell_all() -> int:
    """Tell everybody who may be told by now and was not. How many."""
    due = LegalRequest.objects.exclude(user=None).filter(
        Q(gag_until=None) | Q(gag_until__lte=timezone.now()), person_told_at=None
    )
    return sum(tell_person(found) for found in due.select_related("user"))


def _tell_outcome(found: LegalRequest) -> None:
    """How it was decided. Who may not be told yet hears all of it later, in one mail."""
    if found.user and found.person_told_at and not _gagged(found):
        _mail(found, "legal_decided")


def _gagged(found: LegalRequest) -> bool:
    return found.gag_until is not None and found.gag_until > timezone.now()


def _mail(found: LegalRequest, template: str) -> bool:
    if found.user is None:
        return False
    message_id = post.new_message_id(found.reference)
    context = {"found": found}
    return post.to_person(found.user.email, template, context, user=found.user, message_id=message_id, automatic=False)


def _audit(action: str, found: LegalRequest, actor: User | None, **detail: str) -> None:
    audit.record(action, found, actor=actor, about=None if _gagged(found) else found.user, **detail)
