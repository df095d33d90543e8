"""Is a picture that was removed back? New matches and new places are compared with the cases that removed it.

A relapse opens a case linked to the old one, and waits for the subject to say that it shall go again. Then `reissue`
writes the old case's letters once more, about the new places.
"""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.transitions import change_state
from alerts.models import Kind
from search import pictures
from search.models import Match, Sighting, Subject, seen_at
from search.states import Decision, MatchState
from takedowns import events, notices, preparing, watch
from takedowns.cases import NotAllowed, add_places, ask_person, end, locked, require_staff, settle_turn
from takedowns.grounds import GROUNDS, Addressee
from takedowns.ladder import Step
from takedowns.mail import disputes
from takedowns.models import Case, InfringingUrl, Notice
from takedowns.states import INFRINGING_URL, CaseState, NoticeState, Outcome, UrlState

_BATCH = 200
# Letters of the old case that left and were not taken back.
_WERE_SENT = frozenset(NoticeState) - {
    *(NoticeState.DRAFT, NoticeState.APPROVED, NoticeState.SENDING, NoticeState.WITHDRAWN, NoticeState.RETRACTED),
}


def screen_new_matches() -> list[Case]:
    """Compare what is new with what was removed. Returns the relapse cases opened; twice opens none twice.

    New are the matches that nobody has screened, the new places of pictures that have a case, and new places of
    altered copies that were screened when nothing was removed yet.
    """
    settle_dismissed()
    opened = [_screen(match) for match in _unscreened()]
    opened += [_screen_again(case) for case in _removed_cases_seen_again()]
    opened += [_screen_copy(match) for match in _screened_seen_again()]
    for case in _open_cases_with_new_places():
        _join(case)
    return [case for case in opened if case is not None]


def settle_dismissed() -> int:
    """End the relapse cases about which the subject said "not me", or that they leave it. Returns how many."""
    answered = Q(match__state=MatchState.DISMISSED) | (
        Q(match__state=MatchState.CONFIRMED) & ~Q(match__decision=Decision.ACT)
    )
    waiting = Case.objects.filter(answered, state=CaseState.AWAITING_SUBJECT, ground_decision=None)
    settled = 0
    for found in waiting.exclude(relapse_of=None)[:_BATCH]:
        with transaction.atomic():
            case = locked(found)
            if case.state != CaseState.AWAITING_SUBJECT:
                continue
            # Theirs, as they said so in their list: it is no news to them.
            subject = case.subject.user
            events.record(case, "relapse.not_me", actor=subject)
            left = case.match.state != MatchState.DISMISSED
            outcome = Outcome.WITHDRAWN if left else Outcome.NOT_ACTIONABLE
            end(case, outcome, "The subject leaves it." if left else "The subject says that it is not them.", subject)
            settled += 1
    return settled


def reissue(case: Case, staff: User) -> list[Notice]:
    """Write the letters of the case that was removed before once more, and approve those that this colleague may.

    Same grounds and addressees, the operators' contacts of today, the places of this case. What is approved leaves
    with the next run. Why a letter was not written or not approved stands in the case's history, letter by letter.
    Returns what was written or approved now; asks the network, so never call it in a transaction.

    Raises:
        NotAllowed: this is no relapse, the subject has not said that it shall go again, or authority is missing.
    """
    require_staff(staff)
    _require_wish(case)
    notices.require_authority(case)
    old = _letters_before(case)
    if not old:
        raise NotAllowed("No letter of the earlier case was sent.")
    if not case.notices.exists():
        preparing.prepare(case)
    done = []
    for ground, addressee in dict.fromkeys((notice.ground, notice.addressee) for notice in old):
        done += _write_again(case, Step(Addressee(addressee), ground, "It was asked before."), staff)
    with transaction.atomic():
        case = locked(case)
        if done and case.relapse_of is not None:
            reference = case.relapse_of.reference
            events.record(case, "relapse.reissued", actor=staff, letters=len(done), reference=reference)
        settle_turn(case)
    return done


def reopen(url: InfringingUrl, *, other_picture: bool = False) -> Case:
    """A place that was removed shows the picture again: mark it, and open a case linked to the old one.

    `other_picture`: only the person was recognised, and the subject is asked about that. Call it inside the
    transaction that found out.
    """
    old = url.case
    if disputes.in_dispute(old):
        # Put back because somebody disputed the notice: that is no relapse, and the dispute is a person's to end.
        _mark_back(url)
        return old
    case, is_new = _open(old.match, old)
    if is_new:
        events.record(case, "relapse.found", where=watch.Where.SAME_PLACE.label)
    if is_new and other_picture:
        events.record(case, "relapse.other_picture")
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


def _screened_seen_again() -> list[Match]:
    """Altered copies that were seen at a new place after what they are copies of was removed.

    They were matches before, so their first screening said nothing. One that has a case, or about which the subject
    has answered, is left out.
    """
    removed = _removed().filter(subject=OuterRef("subject"), closed_at__gt=timezone.now() - watch.WATCHED_FOR)
    matches = Match.objects.filter(Exists(removed), state=MatchState.CANDIDATE, cases=None, screened_at__isnull=False)
    new = Sighting.objects.filter(seen_at(OuterRef("pk"), OuterRef("image")), first_seen__gt=OuterRef("screened_at"))
    found = matches.filter(Exists(new)).select_related("image", "face", "subject")
    return list(found.order_by("screened_at", "pk")[:_BATCH])


def _screen_copy(match: Match) -> Case | None:
    with transaction.atomic():
        Subject.objects.select_for_update().get(pk=match.subject_id)
        Match.objects.filter(pk=match.pk).update(screened_at=timezone.now())
        if match.cases.exists():
            return None
        old = _removed_before(match)
        if old is None or old.closed_at is None:
            return None
        new = Sighting.objects.filter(seen_at(match.pk, match.image_id), first_seen__gt=old.closed_at)
        return _relapse(match, old, new)


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
    found = _removed().filter(Exists(again), ~Exists(later))[:_BATCH]
    return [case for case in found if not disputes.in_dispute(case)]


def _removed() -> QuerySet[Case]:
    return Case.objects.filter(state=CaseState.CLOSED, outcome=Outcome.REMOVED)


def _join(case: Case) -> None:
    """Add new places to an open case. After its letters were written, a person decides what follows."""
    with transaction.atomic():
        case = locked(case)
        added = add_places(case, case.match.places())
        for url in added:
            events.record(case, "url.added", url=str(url.pk))
        if added and case.notices.exclude(sent_at=None).exists():
            # With the others of the case: what an operator removes is often more than it was asked for.
            now = timezone.now()
            InfringingUrl.objects.filter(pk__in=[url.pk for url in added]).update(next_check_at=now)
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
    case, is_new = _open(match, old)
    add_places(case, places)
    digests = [sighting.digest for sighting in places if old.closed_at and sighting.last_seen > old.closed_at]
    back = list(old.urls.filter(state=UrlState.REMOVED, digest__in=digests))
    if is_new:
        events.record(case, "relapse.found", where=watch.where(old, places).label)
    for url in back:
        _mark_back(url)
    return case


def _open(match: Match, old: Case) -> tuple[Case, bool]:
    """The open case of the match, or a new one that waits for the subject; and whether it is new."""
    case = match.cases.exclude(state=CaseState.CLOSED).first()
    if case is not None:
        return case, False
    case = Case.objects.create(
        subject=old.subject,
        match=match,
        state=CaseState.AWAITING_SUBJECT,
        relapse_of=old,
        intimate=old.intimate,
        assigned_to=old.assigned_to,
    )
    events.record(case, "case.relapse", reference=old.reference, old_case=str(old.pk))
    _told_as_relapse(match)
    return case, True


def _told_as_relapse(match: Match) -> None:
    """Its case tells of it: no alert is raised of it as something new, and one that no mail has told is taken back."""
    Match.objects.filter(pk=match.pk, alerted_at=None).update(alerted_at=timezone.now())
    for alert in match.alerts.filter(kind=Kind.MATCH, digest=None):
        alert.matches.remove(match)
        if not alert.matches.exists():
            alert.delete()


def _mark_back(url: InfringingUrl) -> None:
    change_state(url, INFRINGING_URL, UrlState.RELAPSED, next_check_at=None)
    events.record(url.case, "url.relapsed", url=str(url.pk))


# --- The same letters again --------------------------------------------------------------------------------


def _require_wish(case: Case) -> None:
    """There is no standing wish to have a picture removed whenever it returns: each time, the subject says so."""
    if case.relapse_of_id is None:
        raise NotAllowed("This case is no relapse: there are no letters to repeat.")
    if case.state == CaseState.CLOSED:
        raise NotAllowed("The case is closed.")
    decision = getattr(case, "ground_decision", None)
    if decision is None or case.match.decision != Decision.ACT:
        raise NotAllowed("The subject has not said yet that it shall go again.")


def _letters_before(case: Case) -> list[Notice]:
    """The letters that were sent in the case before; where that was a relapse without any, in the one before that."""
    seen: set[object] = {case.pk}
    old = case.relapse_of
    while old is not None and old.pk not in seen:
        seen.add(old.pk)
        if sent := list(old.notices.filter(state__in=_WERE_SENT).order_by("sent_at", "drafted_at")):
            return sent
        old = old.relapse_of
    return []


def _write_again(case: Case, step: Step, staff: User) -> list[Notice]:
    """One letter of the old case, to each operator that answers for a place now. Says why not where it is not."""
    decision = preparing.decided(case)
    if not decision.letters or step.ground not in decision.holding:
        return _not_again(case, step, "by the answers of today, this ground does not hold.")
    try:
        written = preparing.write(case, (step,), preparing.places_left(case))
    except NotAllowed as refusal:
        return _not_again(case, step, str(refusal))
    for reason in written.reasons:
        _not_again(case, step, reason)
    return [notice for draft in written.notices if (notice := _approved(case, step, draft, staff)) is not None]


def _approved(case: Case, step: Step, notice: Notice, staff: User) -> Notice | None:
    """The letter, approved where that may be; None where it went its way before."""
    if notice.state != NoticeState.DRAFT:
        return None
    try:
        return notices.approve(notice, staff)
    except NotAllowed as refusal:
        _not_again(case, step, f"it is a draft, but {str(refusal)[:1].lower()}{str(refusal)[1:]}")
    return notice


def _not_again(case: Case, step: Step, reason: str) -> list[Notice]:
    with transaction.atomic():
        events.record(case, "relapse.not_reissued", ground=GROUNDS[step.ground].name, reason=reason)
    return []
