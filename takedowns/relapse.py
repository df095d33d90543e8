"""Is a picture that was removed back? New matches and new places are compared with the cases that removed it.

A relapse opens a case linked to the old one, and waits for the subject to say that it shall go again.
"""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.transitions import change_state
from search import pictures
from search.models import Match, Sighting, Subject, seen_at
from search.states import MatchState
from takedowns import events
from takedowns.cases import add_places, ask_person, locked, settle_turn
from takedowns.models import Case, InfringingUrl
from takedowns.states import INFRINGING_URL, CaseState, Outcome, UrlState

_BATCH = 200


def screen_new_matches() -> list[Case]:
    """Compare what is new with what was removed. Returns the relapse cases opened; twice opens none twice.

    New are the matches that nobody has screened, and the new places of pictures that have a case.
    """
    opened = [_screen(match) for match in _unscreened()]
    opened += [_screen_again(case) for case in _removed_cases_seen_again()]
    for case in _open_cases_with_new_places():
        _join(case)
    return [case for case in opened if case is not None]


def reopen(url: InfringingUrl) -> Case:
    """A place that was removed shows the picture again: mark it, and open a case linked to the old one.

    Call it inside the transaction that found out.
    """
    old = url.case
    case = _open(old.match, old)
    add_places(case, Sighting.objects.filter(seen_at(old.match_id, old.match.image_id), digest=url.digest))
    if not case.urls.filter(digest=url.digest).exists():
        InfringingUrl.objects.create(
            case=case, page_url=url.page_url, image_url=url.image_url, digest=url.digest, host=url.host
        )
    _mark_back(url)
    return case


def _unscreened() -> list[Match]:
    waiting = Match.objects.filter(screened_at=None).select_related("image", "face", "subject")
    return list(waiting.order_by("created_at", "pk")[:_BATCH])


def _screen(match: Match) -> Case | None:
    """One match, its verdict and the mark that it was screened in one transaction."""
    with transaction.atomic():
        # The subject's row serialises the screening of their matches on a database server.
        Subject.objects.select_for_update().get(pk=match.subject_id)
        if not Match.objects.filter(pk=match.pk, screened_at=None).update(screened_at=timezone.now()):
            return None
        if match.state == MatchState.DISMISSED or match.cases.exists():
            return None
        old = _removed_before(match)
        if old is None:
            return None
        return _relapse(match, old, match.places())


def _removed_before(match: Match) -> Case | None:
    """The newest case that removed this very picture before it was seen in the match's places."""
    removed = _removed().filter(subject=match.subject_id)
    seen_since = Sighting.objects.filter(seen_at(match.pk, match.image_id), first_seen__gt=OuterRef("closed_at"))
    candidates = removed.filter(Exists(seen_since)).select_related("match__image", "match__face")
    return next((case for case in candidates.order_by("-closed_at") if pictures.same_picture(match, case.match)), None)


def _open_cases_with_new_places() -> list[Case]:
    """Open cases whose picture was seen at a place they do not have.

    Cases without a ground are left out: for them no place may be stored.
    """
    known = InfringingUrl.objects.filter(case=OuterRef(OuterRef("pk")), digest=OuterRef("digest"))
    new = Sighting.objects.filter(~Exists(known), seen_at(OuterRef("match_id"), OuterRef("match__image_id")))
    cases = Case.objects.exclude(state=CaseState.CLOSED).filter(ground_decision__ground__gt="")
    return list(cases.filter(Exists(new))[:_BATCH])


def _removed_cases_seen_again() -> list[Case]:
    """Cases closed as removed whose very picture was seen afterwards.

    One that was followed by another case of the same match is left out: that case speaks for the match now.
    """
    picture = seen_at(OuterRef("match_id"), OuterRef("match__image_id"))
    again = Sighting.objects.filter(picture, last_seen__gt=OuterRef("closed_at"))
    later = Case.objects.filter(match=OuterRef("match_id"), created_at__gt=OuterRef("created_at"))
    return list(_removed().filter(Exists(again), ~Exists(later))[:_BATCH])


def _removed() -> QuerySet[Case]:
    return Case.objects.filter(state=CaseState.CLOSED, outcome=Outcome.REMOVED)


def _join(case: Case) -> None:
    """Add new places to an open case. After its letters were written, a person decides what follows."""
    with transaction.atomic():
        case = locked(case)
        added = add_places(case, case.match.places())
        for url in added:
            events.record(case, "url.added", url=str(url.pk))
        if added and case.notices.exists():
            text = "The picture was found at one more place after the notice was written. Decide what to do."
            ask_person(case, "new_place", added[0].pk, text)
            settle_turn(case)


def _screen_again(old: Case) -> Case | None:
    with transaction.atomic():
        Subject.objects.select_for_update().get(pk=old.subject_id)
        if Case.objects.filter(match=old.match_id, created_at__gt=old.created_at).exists():
            return None
        return _relapse(old.match, old, _seen_since(old))


def _seen_since(old: Case) -> QuerySet[Sighting]:
    return Sighting.objects.filter(seen_at(old.match_id, old.match.image_id), last_seen__gt=old.closed_at)


def _relapse(match: Match, old: Case, seen: Iterable[Sighting]) -> Case:
    places = list(seen)
    case = _open(match, old)
    add_places(case, places)
    digests = [sighting.digest for sighting in places if old.closed_at and sighting.last_seen > old.closed_at]
    for url in old.urls.filter(state=UrlState.REMOVED, digest__in=digests):
        _mark_back(url)
    return case


def _open(match: Match, old: Case) -> Case:
    """The open case of the match, or a new one that waits for the subject."""
    case = match.cases.exclude(state=CaseState.CLOSED).first()
    if case is None:
        case = Case.objects.create(
            subject=old.subject,
            match=match,
            state=CaseState.AWAITING_SUBJECT,
            relapse_of=old,
            intimate=old.intimate,
            assigned_to=old.assigned_to,
        )
        events.record(case, "case.relapse", reference=old.reference, old_case=str(old.pk))
    return case


def _mark_back(url: InfringingUrl) -> None:
    change_state(url, INFRINGING_URL, UrlState.RELAPSED, next_check_at=None)
    events.record(url.case, "url.relapsed", url=str(url.pk))
