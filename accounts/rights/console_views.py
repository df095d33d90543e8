"""Legal holds, for senior staff."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import senior_staff, signed_in
from accounts.models import LegalHold
from accounts.rights import holds
from accounts.rights.forms import HoldForm
from accounts.rights.holds import HoldRefused, Order


@senior_staff
@require_http_methods(["GET", "POST"])
def legal_holds(request: HttpRequest) -> HttpResponse:
    """What is kept by order, and a form to place a hold."""
    form = HoldForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        fields = {name: value for name, value in form.cleaned_data.items() if name != "email"}
        try:
            holds.place(form.cleaned_data["email"], Order(**fields), signed_in(request))
        except HoldRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "The hold is in force.")
            return redirect("rights:holds")
    context = {"form": form, "holds": [(hold, holds.hidden(hold)) for hold in holds.in_force()]}
    return render(request, "rights/console_holds.html", context, status=422 if form.errors else 200)


@senior_staff
@require_POST
def release_hold(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let an item go."""
    hold = get_object_or_404(LegalHold, pk=pk)
    try:
        holds.release(hold, signed_in(request))
        messages.success(request, "Released. What is past its time goes within minutes.")
    except HoldRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("rights:holds")
