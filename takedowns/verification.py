"""Is it really gone? Only what is seen here moves a place between online, not reachable and removed.

A place is removed when its page or file is gone or replaced, no picture now on the page is the same one or shows the
same person, a second way through the network (`second_path`) agrees where there is one, and a second look after
`VERIFICATION_INTERVAL_SECONDS` agrees. A place that cannot be reached is not a success.
"""

import logging
from datetime import datetime, timedelta
from itertools import takewhile

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from accounts.billing import plans
from accounts.billing.plans import Feature
from accounts.transitions import change_state
from crawler.models import url_digest
from search.engine import EngineUnavailable
from takedowns import deadlines, events, relapse, second_path
from takedowns.cases import WITH_OPERATOR, ask_person, end, finish_items, host_name, locked, settle_turn
from takedowns.judging import FINAL, SHOWN, UNDECIDED, Found, judge
from takedowns.mail import disputes
from takedowns.models import Case, CaseEvent, InfringingUrl, Notice, Verification
from takedowns.second_path import Seen
from takedowns.sights import Look
from takedowns.states import INFRINGING_URL, NOTICE, CaseState, NoticeState, Outcome, UrlState

logger = logging.getLogger(__name__)

# A look that was made in answer to something holds for so long: nobody is asked for a page every minute.
LOOK_GAP = timedelta(minutes=10)
# Places of one host in one run; the others wait for the next.
HOST_AT_ONCE = 5
# After so many looks of which the second way did not say anything, or which settled nothing, a person looks.
SECOND_PATH_TRIES = 3
UNDECIDED_TRIES = 5
# A site that leads on and on gives no more places than these.
MAX_MOVES = 5


def verify(url: InfringingUrl) -> Verification:
    """Look at a place now, record it, and draw the consequences. Never call it in a transaction."""
    seen = second_path.look(url)
    with transaction.atomic():
        case = locked(url.case)
        url = InfringingUrl.objects.select_for_update().get(pk=url.pk)
        url.case = case
        check = Verification.objects.create(
            url=url,
            outcome=seen.found,
            page_status=seen.page.status,
            image_status=seen.image.status,
            detail=seen.detail(),
            second_path_agrees=seen.agrees,
        )
        _draw_consequences(url, check, seen)
    logger.info("place %s: %s", url.pk, seen.found)
    return check


def verify_due(limit: int = 50) -> list[Verification]:
    """Look at every place whose time has come, oldest first, a few of each host.

    Each is claimed first, so that no two workers look at one; a worker that dies leaves it to be looked at later.
    """
    checks = []
    for url in _due()[:limit]:
        claim = InfringingUrl.objects.filter(pk=url.pk, next_check_at=url.next_check_at)
        if not claim.update(next_check_at=timezone.now() + _unit()):
            continue
        if url.state == UrlState.REMOVED and not plans.allows(url.case.subject.user, Feature.WATCH):
            _schedule_watch(url, timezone.now())
            continue
        try:
            checks.append(verify(url))
        except InfringingUrl.DoesNotExist:
            continue  # its case was stopped meanwhile
        except EngineUnavailable:
            _schedule(url, url.next_check_at)
            raise
    return checks


def seems_gone(url: InfringingUrl) -> bool:
    """Whether a look made now, or minutes ago, finds a place gone: then nobody is asked about it.

    A look by which the second way did not answer counts as gone until a person was asked to see to that. Asks the
    network; never call it in a transaction.
    """
    url = InfringingUrl.objects.select_related("case__match__image", "case__match__face").get(pk=url.pk)
    if url.state == UrlState.REMOVED:
        return True
    last = _newest(url).first()
    if last is None or timezone.now() - last.checked_at >= min(LOOK_GAP, _unit()):
        last = verify(url)
    return last.outcome in FINAL or 0 < _undecided_in_a_row(url) < SECOND_PATH_TRIES


def bring_forward(notice: Notice) -> int:
    """The operator says that it is done: look at the notice's places soon. Returns how many are looked at.

    One whose first check found it gone already waits for its second.
    """
    brought = 0
    with transaction.atomic():
        for url in notice.urls.select_for_update().exclude(state=UrlState.REMOVED):
            last, at = _newest(url).first(), timezone.now()
            if last is not None and last.outcome in FINAL:
                continue
            if last is not None:
                at = max(at, last.checked_at + min(LOOK_GAP, _unit()))
            if url.next_check_at is None or url.next_check_at > at:
                _schedule(url, at)
                brought += 1
    return brought


def _due() -> QuerySet[InfringingUrl]:
    """Places whose time has come. Those of withdrawn pictures are left out: nobody asks for them any more."""
    due = InfringingUrl.objects.filter(next_check_at__lte=timezone.now(), case__match__image__withdrawn_at=None)
    turn = Window(RowNumber(), partition_by="host", order_by=[F("next_check_at").asc(), F("pk").asc()])
    fair = due.annotate(turn=turn).filter(turn__lte=HOST_AT_ONCE)
    related = ("case__match__image", "case__match__face", "case__subject__user")
    return fair.select_related(*related).order_by("next_check_at", "pk")


# --- What follows ------------------------------------------------------------------------------------------


def _draw_consequences(url: InfringingUrl, check: Verification, seen: Seen) -> None:
    """Move the place, its notices and its case, and set the next look."""
    if seen.agrees is not None:
        finish_items(url.case.work_items.filter(kind="second_path"), None)
    if url.state == UrlState.REMOVED:
        _watch(url, check, seen)
    elif seen.found in FINAL:
        _gone(url, check)
    else:
        _not_gone(url, check, seen)


def _gone(url: InfringingUrl, check: Verification) -> None:
    first = _first_of_run(url)
    if first.pk == check.pk:
        events.record(url.case, "url.gone", url=str(url.pk), host=url.host)
    if first.pk == check.pk or check.checked_at - first.checked_at < _unit():
        _schedule(url, first.checked_at + _unit())
        return
    watch = deadlines.next_watch(check.checked_at, check.checked_at, _unit())
    change_state(url, INFRINGING_URL, UrlState.REMOVED, next_check_at=watch)
    events.record(url.case, "url.removed", url=str(url.pk), host=url.host)
    _settle_notices(url)
    _settle_case(url.case)


def _not_gone(url: InfringingUrl, check: Verification, seen: Seen) -> None:
    _record_what_changed(url, check, seen)
    if seen.found == Found.UNREACHABLE and url.state != UrlState.UNREACHABLE:
        change_state(url, INFRINGING_URL, UrlState.UNREACHABLE)
        events.record(url.case, "url.unreachable", url=str(url.pk))
    elif seen.found != Found.UNREACHABLE and url.state == UrlState.UNREACHABLE:
        change_state(url, INFRINGING_URL, UrlState.LIVE)
        events.record(url.case, "url.reachable", url=str(url.pk))
    if url.case.state == CaseState.CLOSED:
        _schedule(url, None)
        return
    # A place that no letter names yet is looked at with the others of its case.
    sent = url.case.notices.exclude(sent_at=None).order_by("sent_at").values_list("sent_at", flat=True)
    sent_at = sent.filter(urls=url).first() or sent.first()
    _schedule(url, deadlines.next_check(sent_at, check.checked_at, _unit()) if sent_at else None)
    if seen.found == Found.MOVED:
        _follow(url, url.case, seen.page)
    if seen.undecided:
        _second_path_silent(url, check.checked_at)
    elif seen.found in UNDECIDED:
        _nothing_settled(url, seen.found)


def _record_what_changed(url: InfringingUrl, check: Verification, seen: Seen) -> None:
    previous = _newest(url).exclude(pk=check.pk).first()
    before = previous.outcome if previous else ""
    if before in FINAL and is_shown(seen):
        events.record(url.case, "url.still_there", url=str(url.pk), host=url.host, outcome=seen.found.value)
    elif seen.found == Found.GEO_BLOCKED and before != Found.GEO_BLOCKED:
        events.record(url.case, "url.geo_blocked", url=str(url.pk), host=url.host)
    elif before in FINAL and not seen.undecided:
        events.record(url.case, "url.undecided", url=str(url.pk), outcome=seen.found.value)


def is_shown(seen: Seen) -> bool:
    """Whether the picture itself was seen, by either way."""
    return seen.found in SHOWN or (seen.second is not None and seen.second.found in SHOWN)


def _follow(url: InfringingUrl, case: Case, page: Look) -> None:
    """The page led on to another one that shows the picture: that is a place of the case, too."""
    image_url = page.picture or page.elsewhere
    digest = url_digest(page.elsewhere, image_url)
    moves = case.events.filter(kind="url.moved").count()
    if moves >= MAX_MOVES or case.urls.filter(digest=digest).exists():
        return
    new = InfringingUrl.objects.create(
        case=case,
        page_url=page.elsewhere,
        image_url=image_url,
        digest=digest,
        host=host_name(image_url),
        next_check_at=url.next_check_at,
    )
    events.record(case, "url.moved", url=str(new.pk), old_url=str(url.pk), host=new.host)
    text = "A page that was written about leads on to another one with the picture. Decide who is told of it."
    ask_person(case, "moved", new.pk, text)
    settle_turn(case)


def _second_path_silent(url: InfringingUrl, now: datetime) -> None:
    """Gone here, and the second way could not say: soon again, and after some tries a person looks, once."""
    tries = _undecided_in_a_row(url)
    if tries < SECOND_PATH_TRIES:
        _schedule(url, now + _unit() / 24)
        return
    text = (
        "A place seems gone, but the second network path did not answer three times, so it does not count as removed. "
        "See whether the path works."
    )
    ask_person(url.case, "second_path", url.case_id, text)
    settle_turn(url.case)


def _nothing_settled(url: InfringingUrl, found: Found) -> None:
    """After some looks that neither saw the picture nor saw it gone, a person looks, once."""
    outcomes = list(_newest(url).values_list("outcome", flat=True)[:UNDECIDED_TRIES])
    if len(outcomes) < UNDECIDED_TRIES or not set(outcomes) <= set(UNDECIDED):
        return
    text = (
        f"{UNDECIDED_TRIES} looks in a row could not tell whether a place is gone (the last one: {_WORDS[found]}). "
        "Look yourself, from another country if you can, and decide how the case goes on."
    )
    if ask_person(url.case, "undecided", url.pk, text):
        settle_turn(url.case)


_WORDS = {
    Found.GEO_BLOCKED: "blocked, perhaps in some countries only",
    Found.LOGIN_WALLED: "behind a login, or forbidden",
    Found.UNREACHABLE: "not reachable",
    Found.INCOMPLETE: "not all of the page could be seen",
}


def _watch(url: InfringingUrl, check: Verification, seen: Seen) -> None:
    """A place that was removed, looked at again."""
    if not is_shown(seen):
        _schedule_watch(url, check.checked_at)
        return
    person = "person" in {seen.page.detail.get("alike"), seen.image.detail.get("alike")}
    case = relapse.reopen(url, other_picture=person)
    if seen.found == Found.MOVED:
        _follow(url, case, seen.page)


def _schedule_watch(url: InfringingUrl, now: datetime) -> None:
    """The next look at a removed place, counted from its removal."""
    removed = CaseEvent.objects.filter(case=url.case_id, kind="url.removed", data__url=str(url.pk)).order_by("-id")
    removed_at = removed.values_list("at", flat=True).first() or now
    _schedule(url, deadlines.next_watch(removed_at, now, _unit()))


def _newest(url: InfringingUrl) -> QuerySet[Verification]:
    return url.verifications.order_by("-checked_at", "-pk")


def _undecided_in_a_row(url: InfringingUrl) -> int:
    """How many of the newest looks found the place gone without an answer of the second way."""
    return len(list(takewhile(_is_undecided, _newest(url)[: SECOND_PATH_TRIES + 1])))


def _is_undecided(check: Verification) -> bool:
    return bool(check.detail.get("undecided"))


def _first_of_run(url: InfringingUrl) -> Verification:
    """The first of the unbroken run of final checks that the newest check belongs to.

    A look on which only the second way was silent neither counts nor breaks the run.
    """
    first, *older = _newest(url)
    for check in older:
        if check.outcome in FINAL:
            first = check
        elif not _is_undecided(check):
            break
    return first


def _settle_notices(url: InfringingUrl) -> None:
    """A notice all of whose places are removed was complied with."""
    for notice in Notice.objects.filter(urls=url, state__in=WITH_OPERATOR).select_related("operator"):
        if not notice.urls.exclude(state=UrlState.REMOVED).exists():
            change_state(notice, NOTICE, NoticeState.COMPLIED)
            events.record(url.case, "notice.complied", notice=str(notice.pk), operator=notice.operator.name)


def _settle_case(case: Case) -> None:
    if case.state == CaseState.CLOSED:
        return
    if case.urls.exclude(state=UrlState.REMOVED).exists() or disputes.is_open(case):
        # What somebody disputes may be put back within days: whoever says how that ended ends the case.
        settle_turn(case)
    else:
        end(case, Outcome.REMOVED, "everything is removed")


def _schedule(url: InfringingUrl, at: datetime | None) -> None:
    InfringingUrl.objects.filter(pk=url.pk).update(next_check_at=at)
    url.next_check_at = at


def _unit() -> timedelta:
    """The schedule's day: how far apart two agreeing checks must be."""
    return timedelta(seconds=settings.VERIFICATION_INTERVAL_SECONDS)


__all__ = [
    "FINAL",
    "SHOWN",
    "Found",
    "bring_forward",
    "is_shown",
    "judge",
    "seems_gone",
    "verify",
    "verify_due",
]
