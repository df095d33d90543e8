"""After a removal: is the picture anywhere else, above all where the same operator could put it?

The places that were removed are looked at by `verification`. Here are the pictures that crawls see: what was sighted
on a host of an operator that took the picture down, and is the same by perceptual hash, becomes a variant of the
match, also where no face in it could be recognised. `relapse` then opens the case. By faces a picture is known again
through the subject's matches, which come from their own enrolment: nothing else is compared with the gallery.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import transaction
from django.db.models import Q, TextChoices
from django.utils import timezone

from search import looks, pictures
from search.models import Match, Sighting, Subject
from takedowns import contacts
from takedowns.cases import host_name
from takedowns.models import Case, Operator
from takedowns.states import CaseState, Outcome

# A year, as the looks at the places themselves.
WATCHED_FOR = timedelta(days=365)
_MARK = "takedowns.watch.seen_until"
# Without a mark, and always by so much before it: what was being written just then.
_FIRST_LOOK, _OVERLAP = timedelta(days=2), timedelta(minutes=15)
# Whose hosts are one place to put pictures at: a network before many sites has everybody's.
_OWN_HOSTS = (Operator.Kind.OWNER, Operator.Kind.PLATFORM, Operator.Kind.HOST)


class Where(TextChoices):
    """Where a removed picture came back, in words that follow "found"."""

    SAME_PLACE = "same_place", "at the place that it was removed from"
    SAME_OPERATOR = "same_operator", "at another place of an operator that had removed it"
    ELSEWHERE = "elsewhere", "elsewhere"


@dataclass(frozen=True)
class _Watched:
    """A picture that was removed, and since when it is watched."""

    match: Match
    since: datetime


def where(old: Case, seen: Iterable[Sighting]) -> Where:
    """Where the nearest of the sightings is, as seen from the case that removed the picture."""
    sightings = list(seen)
    if old.urls.filter(page_url__in=[sighting.page_url for sighting in sightings]).exists():
        return Where.SAME_PLACE
    own = hosts_of(old)
    if any({host_name(one.page_url), host_name(one.image_url)} & own for one in sightings):
        return Where.SAME_OPERATOR
    return Where.ELSEWHERE


def hosts_of(case: Case, known: dict[Operator, list[str]] | None = None) -> set[str]:
    """The hosts of a case's places, and all others known of the operators that were written to, in their clusters.

    `known` remembers the operators' hosts between calls.
    """
    known = {} if known is None else known
    own = {host_name(address) for url in case.urls.all() for address in (url.page_url, url.image_url)}
    for notice in case.notices.all():
        if notice.operator.kind in _OWN_HOSTS:
            if notice.operator not in known:
                known[notice.operator] = contacts.other_hosts(notice.operator)
            own.update(known[notice.operator])
    return own - {""}


def look_around() -> int:
    """Compare what was newly sighted on the operators' hosts with what they removed. Returns the variants found.

    Twice finds nothing twice; a run that dies is made up for by the next.
    """
    began = timezone.now()
    watched = _watched(began)
    since = cache.get(_MARK) or began - _FIRST_LOOK
    near = _near(watched, since - _OVERLAP) if watched else []
    found = sum(_take(one, sighting) for one, sighting in near)
    cache.set(_MARK, began, timeout=None)
    return found


def _watched(now: datetime) -> dict[str, list[_Watched]]:
    """What is watched, by host: for a year, and while the subject's plan goes on looking."""
    removed = Case.objects.filter(state=CaseState.CLOSED, outcome=Outcome.REMOVED, closed_at__gt=now - WATCHED_FOR)
    known: dict[Operator, list[str]] = {}
    related = removed.select_related("match__image").prefetch_related("urls", "notices__operator")
    cases = list(related.filter(match__image__withdrawn_at=None))
    going_on = looks.watched(case.subject_id for case in cases)
    watched: dict[str, list[_Watched]] = {}
    for case in cases:
        if case.subject_id in going_on and case.closed_at:
            for host in hosts_of(case, known):
                watched.setdefault(host, []).append(_Watched(case.match, case.closed_at))
    return watched


def _near(watched: dict[str, list[_Watched]], since: datetime) -> list[tuple[_Watched, Sighting]]:
    """What was sighted on a watched host since then and looks like what was removed from it."""
    new = Sighting.objects.filter(first_seen__gt=since, image__withdrawn_at=None).exclude(image__pdq="")
    found: list[tuple[_Watched, Sighting]] = []
    for sighting in new.select_related("image").order_by("first_seen").iterator():
        hosts = {host_name(sighting.page_url), host_name(sighting.image_url)}
        here = {one.match.pk: one for host in hosts for one in watched.get(host, ())}
        found += [(one, sighting) for one in here.values() if _is_back(one, sighting)]
    return found


def _is_back(watched: _Watched, sighting: Sighting) -> bool:
    if sighting.first_seen <= watched.since or sighting.image_id == watched.match.image_id:
        return False
    return pictures.near(watched.match.image.pdq, sighting.image.pdq)


def _take(watched: _Watched, sighting: Sighting) -> bool:
    """Make a sighted picture a variant of the match, unless it is a match of its own."""
    match, image = watched.match, sighting.image
    with transaction.atomic():
        Subject.objects.select_for_update().get(pk=match.subject_id)
        if Match.objects.filter(Q(image=image) | Q(variants=image), subject=match.subject_id).exists():
            return False
        match.variants.add(image)
    return True
