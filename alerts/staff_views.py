"""Staff look at whether mail is flowing. Counts only: no page of the console shows whose mail it is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import staff
from alerts import delivery_health


@staff
@require_safe
def delivery(request: HttpRequest) -> HttpResponse:
    """Is mail flowing, and if not, since when and why?"""
    return render(request, "alerts/delivery.html", {"health": delivery_health.now()})
