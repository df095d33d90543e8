"""Being stopped for one's age: the person's page, and the staff's, who decide without a picture."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import signed_in, staff, subscribers
from accounts.transitions import IllegalTransition, StaleState
from search import ages
from search.age_forms import AskForm, DecideForm
from search.models import AgeStop
from search.states import AgeStopState


@subscribers
@require_http_methods(["GET", "POST"])
def age(request: HttpRequest) -> HttpResponse:
    """Where somebody stands who was stopped, and how to ask a person."""
    stop = ages.latest(signed_in(request))
    if stop is None:
        return redirect("search:enrol")
    form = AskForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            ages.ask(signed_in(request), form.cleaned_data["statement"])
            messages.success(request, "Thank you. A person will decide, and write to you.")
        except (ages.NotPossible, StaleState):
            messages.warning(request, "There is nothing to ask at the moment.")
        return redirect("search:age")
    may_ask_from = ages.may_ask_from(stop)
    refused = stop.state == AgeStopState.REFUSED
    context = {
        "stop": stop,
        "form": form,
        "may_ask": stop.state == AgeStopState.STOPPED or (refused and may_ask_from <= timezone.now()),
        "may_ask_from": may_ask_from,
        "statement": ages.statement(stop),
    }
    return render(request, "search/age.html", context, status=422 if form.is_bound else 200)


@staff
@require_GET
def age_stops(request: HttpRequest) -> HttpResponse:
    """Who asks for a decision about their age, oldest first."""
    page = Paginator(ages.waiting(), 50).get_page(request.GET.get("page"))
    return render(request, "search/console/ages.html", {"page": page})


@staff
@require_http_methods(["GET", "POST"])
def age_stop(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the person wrote, and the decision. There is no picture to look at."""
    stop = get_object_or_404(AgeStop.objects.select_related("user"), pk=pk)
    if stop not in ages.waiting():
        messages.warning(request, "Somebody else decided this one first.")
        return redirect("search:age_stops")
    form = DecideForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        allowed = form.cleaned_data["verdict"] == form.ALLOW
        try:
            ages.decide(stop, signed_in(request), allowed=allowed, reason=form.cleaned_data["reason"])
            messages.success(request, f"Recorded. We have written to {stop.user.email}.")
        except (IllegalTransition, StaleState):
            messages.warning(request, "Somebody else decided this one first.")
        return redirect("search:age_stops")
    context = {"stop": stop, "form": form, "statement": ages.statement(stop)}
    return render(request, "search/console/age_stop.html", context, status=422 if form.is_bound else 200)
