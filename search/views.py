"""A person's consents."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import consent
from accounts.access import signed_in, subscribers
from accounts.models import Consent
from search.forms import ConsentsForm


@subscribers
@require_http_methods(["GET", "POST"])
def consents(request: HttpRequest) -> HttpResponse:
    """Each purpose with a switch; what is switched off ends at once."""
    user = signed_in(request)
    before = consent.given(user)
    form = ConsentsForm(request, before)
    if request.method == "POST" and form.is_valid():
        after = form.purposes()
        with transaction.atomic():
            consent.give(user, after - before)
            for purpose in before - after:
                consent.withdraw(user, purpose)
        messages.success(request, _consents_said(before >= consent.REQUIRED, after >= consent.REQUIRED))
        return redirect("search:consents")
    since = dict(Consent.objects.filter(user=user, withdrawn_at=None).values_list("purpose", "given_at"))
    context = {
        "required": [(field, since.get(purpose)) for purpose, field in form.required_consents()],
        "optional": [(field, since.get(purpose)) for purpose, field in form.optional_consents()],
        "matching": before >= consent.REQUIRED,
    }
    return render(request, "search/consents.html", context)


def _consents_said(before: bool, after: bool) -> str:
    if before and not after:
        return "Saved. We have stopped comparing your face."
    if after and not before:
        return "Saved. We compare your face again once you are enrolled."
    return "Saved."
