"""The live check in the browser: its page, and the frames that come from the camera.

`page`, `begin` and `frame` serve every purpose. A page of another purpose includes `search/partials/live.html` with
`page(...)` as `live`, and has two addresses of its own that call the other two.
"""

import logging
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from accounts import consent
from accounts.access import signed_in, subscribers
from accounts.limits import client
from accounts.models import User
from search import ages, enrolment, live, presence, recapture
from search.live import Outcome, Owner, Purpose
from search.live_forms import LiveFrameForm
from search.liveness import Progress
from search.models import LiveSession, OptOut
from search.pages import steps

logger = logging.getLogger(__name__)

# In the browser's session: the check under way there, and why the last one failed.
_NONCE, _FAILURE = "live_check", "live_failure"
LOOK_BY_A_PERSON = (
    "A person has to look at this enrolment before it can go on. "
    f"Please write to {settings.CONTACT_EMAIL}. Nothing was stored."
)
# Told apart, these would say to anybody with a photo whose face we know.
HIDDEN = {"opted_out", "already_enrolled"}
ENROL_STEPS = ("What you agree to", "Live check", "Photos", "We look for you")


# --- For every purpose -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LivePage:
    """What `search/partials/live.html` needs."""

    begin_url: str
    frame_url: str
    assisted_url: str = ""
    """Where to go without a camera; empty where there is no such way."""
    failure: str = ""
    """Why the last check in this browser failed."""


def page(request: HttpRequest, begin_url: str, frame_url: str, assisted_url: str = "") -> LivePage:
    """The part of a page on which the check takes place."""
    return LivePage(begin_url, frame_url, assisted_url, request.session.pop(_FAILURE, ""))


def begin(request: HttpRequest, purpose: LiveSession.Purpose, owner: Owner) -> JsonResponse:
    """A new check, which only this browser can go on with."""
    try:
        if isinstance(owner, OptOut):
            session = live.begin(purpose, optout=owner, client=client(request))
        else:
            session = live.begin(purpose, user=owner, client=client(request))
    except live.LiveRefused as refusal:
        return _refused(refusal)
    request.session[_NONCE] = str(session.pk)
    first = live.first_progress(session)
    seconds = round(live.LIFETIME.total_seconds())
    return JsonResponse({"session": str(session.pk), "seconds": seconds, "of": first.of, **_told(live.State(first))})


def frame(
    request: HttpRequest, purpose: LiveSession.Purpose, owner: Owner, outcome: Outcome, failed_url: str
) -> JsonResponse:
    """The next frame. With the last one the page goes to the address that `outcome` gives, or to `failed_url`."""
    form = LiveFrameForm(request)
    if not form.is_valid() or request.session.get(_NONCE) != str(form.cleaned_data["session"]):
        return _refused(live.LiveRefused("over", "This check is over. Please begin again."))
    session, number = form.cleaned_data["session"], form.cleaned_data["number"]
    try:
        state = live.add_frame(session, purpose, owner, number, _bytes(form), outcome)
    except live.LiveRefused as refusal:
        return _refused(refusal)
    except enrolment.Unavailable:
        logger.exception("what follows live check %s cannot be done", session)
        state = live.State(Progress(0, 0, "failed"), failure=live.sentence("unavailable"))
    if not (state.verdict or state.failure):
        return JsonResponse(_told(state))
    del request.session[_NONCE]
    if state.failure:
        request.session[_FAILURE] = state.failure
    return JsonResponse({**_told(state), "go": failed_url if state.failure else state.next_url})


def _bytes(form: LiveFrameForm) -> bytes:
    # No further than it takes to know that it is too large.
    return bytes(form.picture().read(live.MAX_FRAME_BYTES + 1))


def _told(state: live.State) -> dict[str, object]:
    return {"step": state.progress.step, "of": state.progress.of, "hint": state.progress.hint, "words": state.words}


def _refused(refusal: live.LiveRefused) -> JsonResponse:
    status = 429 if refusal.code == "too_many" else 409
    return JsonResponse({"stop": str(refusal), "code": refusal.code}, status=status)


# --- Enrolment, and "is it still you?" -------------------------------------------------------------------------


@subscribers
@require_GET
def live_check(request: HttpRequest) -> HttpResponse:
    """The page with the camera, on the way to an enrolment or on the way back to `next`."""
    user, purpose = signed_in(request), _purpose(request)
    if purpose is None:
        return redirect("search:enrol")
    query = f"?for={purpose.value}"
    if purpose == Purpose.PRESENCE:
        request.session["live_next"] = _safe_next(request)
    enrolling = purpose == Purpose.ENROL
    context = {
        "live": page(
            request,
            reverse("search:live_begin") + query,
            reverse("search:live_frame") + query,
            reverse("search:assisted") if enrolling else "",
        ),
        "enrolling": enrolling,
        "steps": steps(ENROL_STEPS, 1) if enrolling else None,
        "again": recapture.needed(enrolment.current(user)) if enrolling else False,
        "trace_days": live.TRACES_KEPT.days,
        "minutes": round(live.LIFETIME.total_seconds() / 60),
    }
    return render(request, "search/live.html", context)


@subscribers
@require_POST
def live_begin(request: HttpRequest) -> HttpResponse:
    """Begin a check of one's own."""
    purpose = _purpose(request)
    if purpose is None:
        return _refused(live.LiveRefused("not_now", "There is nothing to check now."))
    return begin(request, purpose, signed_in(request))


@subscribers
@require_POST
def live_frame(request: HttpRequest) -> HttpResponse:
    """A frame of one's own check."""
    user, purpose = signed_in(request), _purpose(request)
    if purpose is None:
        return _refused(live.LiveRefused("not_now", "There is nothing to check now."))
    if purpose == Purpose.ENROL:
        outcome: Outcome = partial(_enrolled, user)
    else:
        outcome = partial(_present, user, request.session.get("live_next") or reverse("portal:dashboard"))
    return frame(request, purpose, user, outcome, f"{reverse('search:live')}?for={purpose.value}")


def _purpose(request: HttpRequest) -> LiveSession.Purpose | None:
    """What the check is for, if it is of use to this person now."""
    user = signed_in(request)
    current = enrolment.current(user)
    if current is None or not consent.given(user) >= consent.REQUIRED:
        return None
    active = enrolment.stage(current) == enrolment.Stage.ACTIVE and not recapture.needed(current)
    if request.GET.get("for") == Purpose.PRESENCE:
        return Purpose.PRESENCE if active else None
    return None if active else Purpose.ENROL


def _safe_next(request: HttpRequest) -> str:
    url = request.GET.get("next") or str(request.session.get("live_next", ""))
    safe = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return url if safe else reverse("portal:dashboard")


def _enrolled(user: User, passed: live.Passed) -> str:
    try:
        enrolment.live_passed(user, passed)
    except enrolment.EnrolmentRefused as refusal:
        raise live.NotTaken(LOOK_BY_A_PERSON if refusal.code in HIDDEN else str(refusal)) from refusal
    except ages.ApparentMinor:
        return reverse("search:enrol")
    return reverse("search:enrol")


def _present(user: User, next_url: str, passed: live.Passed) -> str:
    presence.live_passed(user, passed)
    return next_url
