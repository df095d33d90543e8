"""The live check of an opt-out: to bring it into effect, and to test that it works."""

from functools import partial

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.access import public
from search import live, live_views, optout
from search.live import Purpose
from search.models import LiveSession, OptOut
from search.optout_views import STEPS, of_token
from search.optouts import selftest
from search.pages import steps


@public
@of_token("yours")
@require_GET
def optout_check(request: HttpRequest, found: OptOut, token: str) -> HttpResponse:
    """Step two: a live face, so that nobody can opt out somebody else's."""
    if not optout.may_check(found):
        return redirect("search:optout_yours", token)
    context = {
        "optout": found,
        "live": live_views.page(request, *_addresses(token, "check"), _no_camera(found, token)),
        "again": optout.of_earlier_model(found),
        "steps": steps(STEPS, 1),
        **_periods(),
    }
    return render(request, "search/optout_check.html", context)


@public
@of_token("yours")
@require_GET
def optout_test_live(request: HttpRequest, found: OptOut, token: str) -> HttpResponse:
    """The self-test with the camera."""
    if not selftest.may_test(found):
        return redirect("search:optout_yours", token)
    context = {
        "optout": found,
        "token": token,
        "live": live_views.page(request, *_addresses(token, "test")),
        **_periods(),
    }
    return render(request, "search/optout_test_live.html", context)


@public
@of_token("yours")
@require_POST
def optout_live_begin(request: HttpRequest, found: OptOut, token: str) -> HttpResponse:
    """Begin a check, if one would do something."""
    purpose = _purpose(request, found)
    return live_views.begin(request, purpose, found) if purpose else _not_now()


@public
@of_token("yours")
@require_POST
def optout_live_frame(request: HttpRequest, found: OptOut, token: str) -> HttpResponse:
    """A frame of the check under way in this browser."""
    purpose = _purpose(request, found)
    if purpose is None:
        return _not_now()
    testing = purpose == Purpose.OPT_OUT_TEST
    failed_url = reverse("search:optout_test_live" if testing else "search:optout_check", args=[token])
    return live_views.frame(request, purpose, found, partial(_passed, found, token, testing), failed_url)


def _passed(found: OptOut, token: str, testing: bool, passed: live.Passed) -> str:
    try:
        selftest.with_live(found, passed) if testing else optout.live_passed(found, passed)
    except optout.OptOutRefused as refusal:
        raise live.NotTaken(str(refusal)) from refusal
    return reverse("search:optout_yours", args=[token])


def _purpose(request: HttpRequest, found: OptOut) -> LiveSession.Purpose | None:
    if request.GET.get("for") == "test":
        return Purpose.OPT_OUT_TEST if selftest.may_test(found) else None
    return Purpose.OPT_OUT if optout.may_check(found) else None


def _not_now() -> JsonResponse:
    return JsonResponse({"stop": "There is nothing to check now.", "code": "not_now"}, status=409)


def _addresses(token: str, purpose: str) -> tuple[str, str]:
    pages = ("search:optout_live_begin", "search:optout_live_frame")
    begin, frame = (f"{reverse(page, args=[token])}?for={purpose}" for page in pages)
    return begin, frame


def _no_camera(found: OptOut, token: str) -> str:
    return reverse("search:optout_assisted", args=[token]) if optout.may_ask_person(found) else ""


def _periods() -> dict[str, int]:
    return {"trace_days": live.TRACES_KEPT.days, "minutes": round(live.LIFETIME.total_seconds() / 60)}
