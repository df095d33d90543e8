"""Is it really gone? Only what is seen here moves a place between online, not reachable and removed.

A place is removed when its page or file is gone or replaced, no picture now on the page is the same one,
and a second look after `VERIFICATION_INTERVAL_SECONDS` agrees. A place that cannot be reached is not a
success.
"""

import logging
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.transitions import change_state
from crawler.inside import is_inside
from takedowns import deadlines, events, relapse, sights
from takedowns.cases import WITH_OPERATOR, end, locked, settle_turn
from takedowns.models import Case, InfringingUrl, Notice, Verification
from takedowns.sights import Look, Sight
from takedowns.states import INFRINGING_URL, NOTICE, CaseState, NoticeState, Outcome, UrlState

logger = logging.getLogger(__name__)


class Found(StrEnum):
    """What a check found. Only `removed_source` counts towards a removal."""

    REMOVED_SOURCE = "removed_source"
    REMOVED_PAGE_ONLY = "removed_page_only"
    SOFT_404 = "soft_404"
    MOVED = "moved"
    GEO_BLOCKED = "geo_blocked"
    LOGIN_WALLED = "login_walled"
    UNREACHABLE = "unreachable"
    INCOMPLETE = "incomplete"
    STILL_LIVE = "still_live"


FINAL = frozenset({Found.REMOVED_SOURCE})
# The picture itself was seen.
SHOWN = frozenset({Found.STILL_LIVE, Found.MOVED, Found.SOFT_404, Found.REMOVED_PAGE_ONLY})


def judge(page: Look, image: Look) -> Found:
    """What the looks at a page and at a picture's own file come to."""
    if page.sight == Sight.SHOWS:
        return Found.MOVED if page.elsewhere else Found.STILL_LIVE
    if image.sight == Sight.SHOWS:
        if page.sight == Sight.WITHOUT and page.says_gone:
            return Found.SOFT_404
        return Found.REMOVED_PAGE_ONLY if page.sight in {Sight.GONE, Sight.WITHOUT} else Found.STILL_LIVE
    sights = {page.sight, image.sight}
    for sight, found in (
        (Sight.BLOCKED, Found.GEO_BLOCKED),
        (Sight.DOWN, Found.UNREACHABLE),
        (Sight.WALLED, Found.LOGIN_WALLED),
        (Sight.UNSEEN, Found.INCOMPLETE),
    ):
        if sight in sights:
            return found
    return Found.REMOVED_SOURCE


def verify(url: InfringingUrl) -> Verification:
    """Look at a place now, record it, and draw the consequences. Never call it in a transaction."""
    match = url.case.match
    page = sights.at_page(url.page_url, match)
    # A picture inside of the page is there as long as the page shows it.
    image = page if is_inside(url.image_url) else sights.at_image(url.image_url, match)
    found = judge(page, image)
    detail = {"page": _detail(page), "image": _detail(image)}
    with transaction.atomic():
        case = locked(url.case)
        url = InfringingUrl.objects.select_for_update().get(pk=url.pk)
        url.case = case
        check = Verification.objects.create(
            url=url, outcome=found, page_status=page.status, image_status=image.status, detail=detail
        )
        _draw_consequences(url, check)
    logger.info("place %s: %s", url.pk, found)
    return check


def verify_due(limit: int = 50) -> list[Verification]:
    """Look at every place whose time has come, each claimed first, so that no two workers look at one."""
    checks = []
    due = InfringingUrl.objects.filter(next_check_at__lte=timezone.now(), case__match__image__withdrawn_at=None)
    for url in due.select_related("case__match__image", "case__match__face").order_by("next_check_at")[:limit]:
        claim = InfringingUrl.objects.filter(pk=url.pk, next_check_at=url.next_check_at)
        if claim.update(next_check_at=timezone.now() + _unit()):
            checks.append(verify(url))
    return checks


def _detail(look: Look) -> dict[str, Any]:
    return {
        "sight": look.sight.value,
        "elsewhere": look.elsewhere,
        "says_gone": look.says_gone,
        **look.detail,
    }


# --- What follows ------------------------------------------------------------------------------------------


def _draw_consequences(url: InfringingUrl, check: Verification) -> None:
    """Move the place, its notices and its case, and set the next look."""
    found = Found(check.outcome)
    if url.state == UrlState.REMOVED:
        _watch(url, found, check.checked_at)
    elif found in FINAL:
        _gone(url, check)
    else:
        _not_gone(url, found, check)


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


def _not_gone(url: InfringingUrl, found: Found, check: Verification) -> None:
    previous = url.verifications.exclude(pk=check.pk).order_by("-checked_at", "-pk").first()
    if previous and previous.outcome in FINAL:
        events.record(url.case, "url.still_there", url=str(url.pk), host=url.host, outcome=found.value)
    if found == Found.UNREACHABLE and url.state != UrlState.UNREACHABLE:
        change_state(url, INFRINGING_URL, UrlState.UNREACHABLE)
        events.record(url.case, "url.unreachable", url=str(url.pk))
    elif found != Found.UNREACHABLE and url.state == UrlState.UNREACHABLE:
        change_state(url, INFRINGING_URL, UrlState.LIVE)
        events.record(url.case, "url.reachable", url=str(url.pk))
    sent_at = url.notices.exclude(sent_at=None).order_by("sent_at").values_list("sent_at", flat=True).first()
    if url.case.state == CaseState.CLOSED or sent_at is None:
        _schedule(url, None)
    else:
        _schedule(url, deadlines.next_check(sent_at, check.checked_at, _unit()))


def _watch(url: InfringingUrl, found: Found, now: datetime) -> None:
    """A place that was removed, looked at again."""
    if found in SHOWN:
        relapse.reopen(url)
        return
    removed_at = _first_of_run(url).checked_at if found in FINAL else now
    _schedule(url, deadlines.next_watch(removed_at, now, _unit()))


def _first_of_run(url: InfringingUrl) -> Verification:
    """The first of the unbroken run of final checks that the newest check belongs to."""
    checks = list(url.verifications.order_by("-checked_at", "-pk"))
    first = checks[0]
    for check in checks:
        if check.outcome not in FINAL:
            break
        first = check
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
    if case.urls.exclude(state=UrlState.REMOVED).exists():
        settle_turn(case)
    else:
        end(case, Outcome.REMOVED, "everything is removed")


def _schedule(url: InfringingUrl, at: datetime | None) -> None:
    InfringingUrl.objects.filter(pk=url.pk).update(next_check_at=at)
    url.next_check_at = at


def _unit() -> timedelta:
    """The schedule's day: how far apart two agreeing checks must be."""
    return timedelta(seconds=settings.VERIFICATION_INTERVAL_SECONDS)
