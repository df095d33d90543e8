"""From new matches to alerts: one for each new thing, however many pictures and addresses it has.

A match whose `alerted_at` is null is the row that waits, written with the match. It is claimed and told in one
transaction, so a process that dies leaves it waiting or told, never between.
"""

import logging
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.billing import plans
from accounts.billing.plans import Feature
from accounts.models import User
from alerts import grouping, outbox, rules
from alerts.models import Alert, AlertRule, Kind
from search import leaving
from search.calibration import Band
from search.models import Match
from search.states import Decision, MatchState

logger = logging.getLogger(__name__)

# Screening says whether a match is a removed picture that is back, which is told as such. It takes a minute; where it
# is down, a match is told after this long without.
SCREENED_WITHIN = timedelta(minutes=10)
_AT_A_TIME = 200
_STRENGTH = {Band.POSSIBLE.value: 0, Band.LIKELY.value: 1, Band.CERTAIN.value: 2}


def waits() -> bool:
    """Whether there is anything to raise now."""
    return _waiting().exists()


def raise_matches() -> int:
    """Tell what is new to everybody who wants to hear of it. Returns how many alerts were made."""
    raised = 0
    for user, matches in _waiting_by_person():
        for first in range(0, len(matches), _AT_A_TIME):
            try:
                raised += _raise_for(user, matches[first : first + _AT_A_TIME])
            except Exception:
                # Theirs wait, and nobody else's with them.
                logger.exception("alerts of account %s could not be raised", user)
    return raised


def _waiting() -> QuerySet[Match]:
    late = timezone.now() - SCREENED_WITHIN
    return Match.objects.filter(Q(screened_at__isnull=False) | Q(created_at__lt=late), alerted_at=None)


def _waiting_by_person() -> Iterator[tuple[UUID, list[UUID]]]:
    found: dict[UUID, list[UUID]] = {}
    for user, match in _waiting().order_by("created_at", "pk").values_list("subject__user", "pk"):
        found.setdefault(user, []).append(match)
    yield from found.items()


def _raise_for(pk: UUID, matches: list[UUID]) -> int:
    """Some of one person's, in one transaction; one at a time for each person, or two would not find each other.

    The lock is one that lets rows about the person be written meanwhile, or writers would wait for each other.
    """
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).filter(pk=pk).first()
        if user is None:
            return 0
        rule, watched = rules.of(user), plans.allows(user, Feature.WATCH)
        known = grouping.Known(user)
        raised = 0
        for match in _claimed(matches):
            if watched and user.is_active and _wanted(match, rule):
                raised += _tell(user, match, known)
    return raised


def _claimed(matches: list[UUID]) -> Iterator[Match]:
    """Those of them that are ours: whoever sets the mark first raises the alert."""
    rows: QuerySet[Match] = Match.objects.select_related("image", "face").prefetch_related("variants")
    for match in rows.filter(pk__in=matches).order_by("created_at", "pk"):
        if Match.objects.filter(pk=match.pk, alerted_at=None).update(alerted_at=timezone.now()):
            yield match


def _wanted(match: Match, rule: AlertRule) -> bool:
    """Whether somebody wants to hear of it; what they do not waits in the portal."""
    unanswered = match.state == MatchState.CANDIDATE and match.decision == Decision.NONE
    strong = _STRENGTH[match.band] >= _STRENGTH[rule.minimum_band]
    return unanswered and strong and match.image.withdrawn_at is None and leaving.asked(match)


def _tell(user: User, match: Match, known: grouping.Known) -> bool:
    """Whether it became an alert of its own."""
    key = f"match:{match.pk}"
    before = Alert.objects.filter(Q(key=key) | Q(matches=match), user=user, kind=Kind.MATCH)
    if before.exists():
        if before.filter(digest=None).exists():
            return False
        # Told, left alone, and now seen elsewhere (`leaving.wake`): that is news again.
        key = f"{key}:{timezone.now():%Y-%m-%d}"
    elif (alert := known.alert_of(match)) is not None:
        alert.matches.add(match)
        known.learn(match, alert)
        return False
    alert = outbox.tell(user, Kind.MATCH, key, matches=[match])
    known.learn(match, alert)
    return True
