"""What is one new thing to a person: the pictures of one page, and pictures with the very same face.

The same bytes and the same picture by perceptual hash are one match already. A crop or a screenshot of a picture, and
the other pictures of the page, join the alert that told of the first, as long as no mail has told that one; the same
page does so for another day, and then quietly: a crawl delivers a page in pieces, and the mail was about the page.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from alerts.models import Alert, Kind
from alerts.states import DigestState
from search import faces
from search.engine.base import Vector
from search.models import Match, Sighting
from search.pictures import FACE_SAME

# A mail told them of the page this recently: what else is on it is no news.
TOLD_WITHIN = timedelta(days=1)
# An alert that waits for longer is not about what is new now, as where somebody wants no mail.
WAITS_AT_MOST = timedelta(days=8)
# So many matches are compared with, the newest; one more alert than needed does little harm.
_MOST = 500


class Known:
    """The alerts of one person that a new match may join."""

    def __init__(self, user: User) -> None:
        self._of_page: dict[str, Alert] = {}
        self._faces: list[tuple[str, Vector, Alert]] = []
        rows = list(_recent(user).select_related("alert").order_by("-alert__created_at")[:_MOST])
        found = Match.objects.select_related("face").prefetch_related("variants")
        matches = {match.pk: match for match in found.filter(pk__in=[row.match_id for row in rows])}
        pages = _pages(matches.values())
        # The newest last, as it is the one to join.
        for row in reversed(rows):
            self._learn(matches[row.match_id], pages[row.match_id], row.alert)

    def alert_of(self, match: Match) -> Alert | None:
        """The alert that tells of the same thing, if there is one."""
        pages = _pages([match])[match.pk]
        alerts = (self._of_page[page] for page in pages if page in self._of_page)
        return next(alerts, None) or self._with_face(match)

    def learn(self, match: Match, alert: Alert) -> None:
        """From now on this alert tells of this match."""
        self._learn(match, _pages([match])[match.pk], alert)

    def _learn(self, match: Match, pages: Iterable[str], alert: Alert) -> None:
        self._of_page |= dict.fromkeys(pages, alert)
        face = match.face
        if face is not None and alert.digest_id is None:
            self._faces.append((face.model_id, faces.from_bytes(face.embedding), alert))

    def _with_face(self, match: Match) -> Alert | None:
        face = match.face
        same = [] if face is None else [row for row in self._faces if row[0] == face.model_id]
        if face is None or not same:
            return None
        scores = np.stack([vector for _, vector, _ in same]) @ faces.from_bytes(face.embedding)
        best = int(scores.argmax())
        return same[best][2] if scores[best] >= FACE_SAME else None


def _recent(user: User) -> QuerySet[Any]:
    """The rows that lead from alerts to their matches."""
    now = timezone.now()
    waiting = Q(alert__digest=None, alert__created_at__gt=now - WAITS_AT_MOST)
    told = Q(alert__digest__created_at__gt=now - TOLD_WITHIN) & ~Q(alert__digest__state=DigestState.DROPPED)
    rows: QuerySet[Any] = Alert.matches.through.objects.filter(alert__user=user, alert__kind=Kind.MATCH)
    return rows.filter(waiting | told)


def _pages(matches: Iterable[Match]) -> dict[UUID, set[str]]:
    """Where each of them was seen, in any variant."""
    images = {match.pk: [match.image_id, *(image.pk for image in match.variants.all())] for match in matches}
    seen: dict[UUID, set[str]] = {}
    places = Sighting.objects.filter(image__in={image for some in images.values() for image in some})
    for image, page in places.values_list("image", "page_url"):
        seen.setdefault(image, set()).add(page)
    return {match: set().union(*(seen.get(image, set()) for image in some)) for match, some in images.items()}
