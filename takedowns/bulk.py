"""Approving many letters at once. Above a number of letters or operators it takes two people.

What somebody approved in this way within the hour counts, too: many small stacks are one large one. Each letter goes
through every check of a single approval; those that fail are named with the reason, and the others are approved.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import User
from takedowns import guards, notices
from takedowns.cases import NotAllowed, require_staff
from takedowns.models import BulkApproval, CaseEvent, Notice

_COUNTED_FOR = timedelta(hours=1)
_LONGEST_REASON = 400
_MOST = 500


@dataclass(frozen=True, slots=True)
class Refused:
    """A letter that was not approved, and why, in a sentence."""

    notice: Notice
    why: str


class Approved(list[Notice]):
    """The letters that were approved. `refused` are the others."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: list[Refused] = []


def ask(chosen: Iterable[Notice], staff: User, reason: str) -> BulkApproval | Approved:
    """Approve these letters, or ask a second person to where they are many.

    Raises:
        NotAllowed: not a member of staff, nothing chosen, too much at once, or no reason.
    """
    require_staff(staff)
    found = list({notice.pk: notice for notice in chosen}.values())
    words = " ".join(reason.split())
    if not found or len(found) > _MOST:
        raise NotAllowed(f"Please choose between 1 and {_MOST} letters.")
    if not words or len(words) > _LONGEST_REASON:
        raise NotAllowed(f"Please say why, in at most {_LONGEST_REASON} characters.")
    with transaction.atomic():
        # One stack of somebody's at a time, so that two at once are counted together.
        User.objects.select_for_update().get(pk=staff.pk)
        if not _takes_two(found, staff):
            return _approve(found, staff)
        asked = BulkApproval.objects.create(asked_by=staff, reason=words)
        asked.notices.set(found)
        operators = len({notice.operator_id for notice in found})
        audit.record("bulk.asked", asked, actor=staff, letters=len(found), operators=operators)
    return asked


def confirm(asked: BulkApproval, staff: User) -> Approved:
    """The second person agrees: every letter that may be is approved, in that person's name.

    Raises:
        NotAllowed: the same person, not a member of staff, or it was decided already.
    """
    require_staff(staff)
    with transaction.atomic():
        asked = _undecided(asked)
        first = asked.asked_by
        if first.pk == staff.pk:
            raise NotAllowed("A second person has to confirm this: you asked for it.")
        if not (first.is_staff_member and first.is_active):
            raise NotAllowed("Whoever asked for this is not a member of staff any more.")
        asked.confirmed_by, asked.confirmed_at = staff, timezone.now()
        asked.save(update_fields=["confirmed_by", "confirmed_at"])
        result = _approve(list(asked.notices.select_related("operator").order_by("drafted_at")), staff, asked)
        audit.record("bulk.confirmed", asked, actor=staff, letters=len(result), refused=len(result.refused))
    return result


def refuse(asked: BulkApproval, staff: User) -> None:
    """Nothing of it is approved; whoever asked may take it back in this way, too. Raises NotAllowed."""
    require_staff(staff)
    with transaction.atomic():
        asked = _undecided(asked)
        asked.refused_at = timezone.now()
        asked.save(update_fields=["refused_at"])
        audit.record("bulk.refused", asked, actor=staff)


def _undecided(asked: BulkApproval) -> BulkApproval:
    asked = BulkApproval.objects.select_for_update(of=("self",)).select_related("asked_by").get(pk=asked.pk)
    if asked.confirmed_at is not None or asked.refused_at is not None:
        raise NotAllowed("This was decided already.")
    return asked


def _takes_two(found: Sequence[Notice], staff: User) -> bool:
    since = timezone.now() - _COUNTED_FOR
    before = CaseEvent.objects.filter(kind="notice.approved", actor=staff, data__bulk="alone", at__gt=since)
    earlier = set(before.values_list("data__notice", flat=True))
    operators = {
        *(notice.operator_id for notice in found),
        *Notice.objects.filter(pk__in=earlier).values_list("operator", flat=True),
    }
    letters = len(earlier | {str(notice.pk) for notice in found})
    return bool(letters > settings.BULK_LETTERS or len(operators) > settings.BULK_OPERATORS)


def _approve(found: Iterable[Notice], staff: User, asked: BulkApproval | None = None) -> Approved:
    result, found = Approved(), list(found)
    # All at once and in one order: two stacks that are approved at the same moment would block each other otherwise.
    list(Notice.objects.select_for_update().filter(pk__in=[one.pk for one in found]).order_by("pk"))
    guards.hold(notice.operator for notice in found)
    for notice in found:
        try:
            with transaction.atomic():
                if asked is not None:
                    _require_as_asked(notice, asked)
                result.append(notices.approve(notice, staff, bulk="together" if asked else "alone"))
        except NotAllowed as refusal:
            result.refused.append(Refused(notice, str(refusal)))
    return result


def _require_as_asked(notice: Notice, asked: BulkApproval) -> None:
    """Both people have seen the same text, and the first has written nothing of it either."""
    edits = CaseEvent.objects.filter(kind="notice.edited", case=notice.case_id, data__notice=str(notice.pk))
    if edits.filter(at__gte=asked.asked_at).exists():
        raise NotAllowed("It was changed after the first person had looked at it.")
    notices.require_second_person(notice, notice.case, asked.asked_by)
