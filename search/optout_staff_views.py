"""The staff's opt-outs: where there is no camera, and where one would hide somebody who is enrolled."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import signed_in, staff
from search import optout
from search.optout_forms import DecideForm

# Within two working days we write to them: said on their page and in their mail.
_PROMISED = timedelta(days=2)


@staff
@require_GET
def optouts(request: HttpRequest) -> HttpResponse:
    """Who waits for a person. Neither an address nor a photo is shown."""
    page = Paginator(optout.for_person(signed_in(request)), 50).get_page(request.GET.get("page"))
    context = {"page": page, "late_before": timezone.now() - _PROMISED}
    return render(request, "search/console/optouts.html", context)


@staff
@require_http_methods(["GET", "POST"])
def optout_decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One that waits: whom to write to, and what was found. That it was opened is recorded."""
    person = signed_in(request)
    found = get_object_or_404(optout.for_person(person), pk=pk)
    form = DecideForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        decided = optout.approve if form.cleaned_data["verdict"] == form.APPROVE else optout.refuse
        try:
            decided(found, person, form.cleaned_data["reason"])
        except optout.OptOutRefused as error:
            messages.warning(request, str(error))
        except OSError:
            messages.warning(request, "The message to them could not be sent, so nothing was decided. Try again later.")
        else:
            messages.success(request, f"Recorded for {found.reference}: {found.get_state_display().lower()}.")
        return redirect("search:optouts")
    context = {
        "optout": found,
        "form": form,
        "email": optout.address(found, person),
        "of_earlier_model": optout.of_earlier_model(found),
    }
    return render(request, "search/console/optout.html", context, status=422 if form.is_bound else 200)
