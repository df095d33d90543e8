"""Is it really gone? Only what is seen here moves a place between online, not reachable and removed.

A place is removed when its page or file is gone or replaced, no picture now on the page is the same one,
and a second look after `VERIFICATION_INTERVAL_SECONDS` agrees. A place that cannot be reached is not a
success.
"""

import logging
import re
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.transitions import change_state
from crawler.defaults import web_policy
from crawler.extract import PageContent, extract
from crawler.fetch import Fetched, fetch
from crawler.policy import FetchError
from search import pictures
from search.models import Match
from takedowns import deadlines, events, relapse
from takedowns.cases import WITH_OPERATOR, end, locked, settle_turn
from takedowns.models import Case, InfringingUrl, Notice, Verification
from takedowns.states import INFRINGING_URL, NOTICE, CaseState, NoticeState, Outcome, UrlState

logger = logging.getLogger(__name__)

MAX_PICTURES = 60
PAGE_SECONDS = 90.0
GONE_STATUS = frozenset({404, 410, 451})
WALLED_STATUS = frozenset({401, 402, 403, 407})
_LOGIN = re.compile(r"/(?:log-?in|sign-?in|sign-?up|auth|account/login|session/new)\b", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"not available in your (?:country|region|location)|unavailable in your (?:country|region|location)",
    re.IGNORECASE,
)
_SAYS_GONE = re.compile(
    r"\b(?:page|photo|picture|image|content|file|post) (?:was |is |has been )?"
    r"(?:not found|removed|deleted|gone)\b"
    r"|\b(?:no longer (?:available|exists)|does not exist|could not be found)\b",
    re.IGNORECASE,
)


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


class Sight(StrEnum):
    """What one address gave: the picture, something without it, or nothing that could be judged."""

    SHOWS = "shows"
    WITHOUT = "without"
    GONE = "gone"
    WALLED = "walled"
    BLOCKED = "blocked"
    DOWN = "down"
    UNSEEN = "unseen"


@dataclass(frozen=True)
class Look:
    """One address as it was seen. `elsewhere` is where a redirect led to another page."""

    sight: Sight
    status: int | None = None
    elsewhere: str = ""
    says_gone: bool = False
    detail: dict[str, Any] = field(default_factory=dict)


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
    page = _look_at_page(url.page_url, match)
    image = _look_at_image(url.image_url, match)
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
    due = InfringingUrl.objects.filter(next_check_at__lte=timezone.now())
    for url in due.select_related("case__match__image", "case__match__face").order_by("next_check_at")[:limit]:
        claim = InfringingUrl.objects.filter(pk=url.pk, next_check_at=url.next_check_at)
        if claim.update(next_check_at=timezone.now() + _unit()):
            checks.append(verify(url))
    return checks


# --- Looking -----------------------------------------------------------------------------------------------


def _look_at_page(url: str, match: Match) -> Look:
    fetched = _fetch(url)
    if isinstance(fetched, Look):
        return fetched
    elsewhere = fetched.final_url if _is_elsewhere(fetched, url) else ""
    if _is_login(elsewhere):
        return Look(Sight.WALLED, fetched.status, elsewhere)
    if pictures.shows_again(match, fetched.body):
        return Look(Sight.SHOWS, fetched.status, elsewhere)
    # Robots' directives are about indexing and not about looking, so the header is not passed on.
    content = extract(fetched.body, fetched.final_url, fetched.headers.get("content-type", ""))
    sight, detail = _look_at_pictures(content, match)
    if sight != Sight.SHOWS and fetched.status in GONE_STATUS:
        sight = Sight.GONE
    return Look(sight, fetched.status, elsewhere, bool(_SAYS_GONE.search(_text(fetched))), detail)


def _look_at_pictures(content: PageContent, match: Match) -> tuple[Sight, dict[str, Any]]:
    """Fetch what is on the page now and compare it. A picture that does not load is not shown to anybody."""
    deadline = time.monotonic() + PAGE_SECONDS
    looked_at = not_loaded = 0
    for candidate in content.images[:MAX_PICTURES]:
        if time.monotonic() > deadline:
            break
        looked_at += 1
        look = _look_at_image(candidate.url, match)
        if look.sight == Sight.SHOWS:
            return Sight.SHOWS, {"looked_at": looked_at}
        not_loaded += look.sight in {Sight.DOWN, Sight.WALLED}
    detail = {"pictures": len(content.images), "looked_at": looked_at, "not_loaded": not_loaded}
    complete = looked_at == len(content.images) and not content.noimageindex
    return (Sight.WITHOUT if complete else Sight.UNSEEN), detail


def _look_at_image(url: str, match: Match) -> Look:
    """`GONE` where the file is gone or is not this picture any more."""
    fetched = _fetch(url)
    if isinstance(fetched, Look):
        return fetched
    if pictures.shows_again(match, fetched.body):
        return Look(Sight.SHOWS, fetched.status)
    if _is_login(fetched.final_url if fetched.redirects else ""):
        return Look(Sight.WALLED, fetched.status)
    return Look(Sight.GONE, fetched.status, detail={"replaced": fetched.status == 200})


def _fetch(url: str) -> Fetched | Look:
    """A response to look into, or what it is worth without. A "not found" page may still show things."""
    try:
        fetched = fetch(url, web_policy())
    except FetchError as error:
        return Look(Sight.DOWN, detail={"error": error.code})
    if _is_text(fetched) and _ELSEWHERE.search(_text(fetched)):
        return Look(Sight.BLOCKED, fetched.status)
    if fetched.status in WALLED_STATUS:
        return Look(Sight.WALLED, fetched.status)
    if fetched.status == 200 or fetched.status in GONE_STATUS:
        return fetched
    return Look(Sight.DOWN, fetched.status)


def _is_text(fetched: Fetched) -> bool:
    return str(fetched.headers.get("content-type", "text/")).startswith("text/")


def _text(fetched: Fetched) -> str:
    return fetched.body.decode("utf-8", "replace")


def _is_login(url: str) -> bool:
    return bool(url) and bool(_LOGIN.search(urlsplit(url).path))


def _is_elsewhere(fetched: Fetched, url: str) -> bool:
    """Whether a redirect led to another page, and not just to another spelling of the same."""
    old, new = urlsplit(url), urlsplit(fetched.final_url)
    return bool(fetched.redirects) and (old.path.rstrip("/"), old.query) != (new.path.rstrip("/"), new.query)


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
