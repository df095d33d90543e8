"""The kill switch in the console: all staff see whether letters leave, senior staff stop and start them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.access import senior_staff, signed_in, staff
from takedowns import casefile, stops
from takedowns.cases import NotAllowed
from takedowns.forms import ReasonForm
from takedowns.models import FollowUp, Notice, SendingStop
from takedowns.states import NoticeState

_LAST = 20


@staff
@require_GET
def sending(request: HttpRequest) -> HttpResponse:
    """Whether letters leave, how many wait, and when they did not leave before."""
    return _page(request, ReasonForm())


@senior_staff
@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """Stop all sending, at once."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    try:
        stops.stop(signed_in(request), form.cleaned_data["reason"])
        messages.success(request, "Stopped. No letter leaves until somebody senior starts it again.")
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    return redirect("takedowns:sending")


@senior_staff
@require_POST
def lift(request: HttpRequest) -> HttpResponse:
    """Let letters leave again."""
    stops.lift(signed_in(request))
    messages.success(request, "Letters leave again, with the next run.")
    return redirect("takedowns:sending")


def _page(request: HttpRequest, form: ReasonForm) -> HttpResponse:
    before = SendingStop.objects.select_related("by", "lifted_by").order_by("-since")[:_LAST]
    approved = NoticeState.APPROVED
    context = {
        "why_not": stops.why_not(),
        "stopped": stops.in_force(),
        "waiting": Notice.objects.filter(state=approved).count() + FollowUp.objects.filter(state=approved).count(),
        "form": form,
        "before": [
            {"stop": one, "by": casefile.person(one.by), "lifted_by": casefile.person(one.lifted_by or one.by)}
            for one in before
        ],
        "senior": signed_in(request).is_senior_staff,
    }
    return render(request, "takedowns/sending.html", context, status=422 if form.errors else 200)
