"""Whose face is compared with what, as far as plans decide it: one look for everybody, going on for who has `WATCH`.

A look is a search through all that is kept. Where nothing is kept (`GALLERY_MODE=watch`) it is a month of crawling.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.billing import plans
from accounts.billing.plans import Feature
from search.models import Enrolment, Subject
from search.states import EnrolmentState

# About as long as it takes until each page that we know was visited again.
LOOK_LASTS = timedelta(days=30)
# Longer than faces are on their way from being compared to being written.
_IN_FLIGHT = timedelta(minutes=15)


def may_look(subject: Subject) -> bool:
    """Whether the gallery may be searched for them now: for the first time, or as often as they wish."""
    return subject.looked_at is None or plans.allows(subject.user, Feature.WATCH)


def looked(subject: Subject, at: datetime) -> None:
    """They had a look that began then; or the month that stands for it begins, which it does once only."""
    rows = Subject.objects.filter(pk=subject.pk)
    if settings.GALLERY_MODE == "watch" and not plans.allows(subject.user, Feature.WATCH):
        rows = rows.filter(looked_at=None)
    rows.update(looked_at=at)


def watched(subjects: Iterable[UUID]) -> set[UUID]:
    """Those of them with whom new faces are compared."""
    asked = set(subjects)
    if not asked or plans.everybody_has(Feature.WATCH):
        return asked
    going_on = plans.with_feature(Feature.WATCH, "user")
    if settings.GALLERY_MODE == "watch":
        going_on |= Q(looked_at__gt=timezone.now() - LOOK_LASTS)
    return asked & set(Subject.objects.filter(going_on).values_list("pk", flat=True))


def owed() -> QuerySet[Enrolment]:
    """The enrolments that wait for a look: their first, or one for what was found before their plan went on looking.

    That one comes twice: at once, and when what was being ingested just then is written.
    """
    settled = timezone.now() - _IN_FLIGHT
    active = Enrolment.objects.filter(state=EnrolmentState.ACTIVE).annotate(
        since=F("subject__user__subscription__watched_since")
    )
    missed = Q(subject__looked_at__lt=F("since")) | Q(subject__looked_at__lt=F("since") + _IN_FLIGHT, since__lt=settled)
    going_on = plans.with_feature(Feature.WATCH, "subject__user")
    waiting = active.filter(Q(subject__looked_at=None) | missed & going_on)
    return waiting.select_related("subject__user").order_by("activated_at", "pk")
