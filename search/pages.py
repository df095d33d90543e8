"""What the pages about faces share: steps, the answer to a form with errors, and redirects that htmx follows."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

HOUR, DAY = 3600, 24 * 3600
TRY_LATER = "You have tried many times in a short while. Please try again in an hour. Nothing was stored."
CANNOT_MEASURE = "We cannot measure photos just now. Please try again later. Nothing was stored."


def steps(labels: Sequence[str], current: int) -> list[dict[str, str]]:
    """A stepper with the step at `current` under way; beyond the last one, all are done."""
    states = ["done" if place < current else "current" if place == current else "todo" for place in range(len(labels))]
    return [{"label": label, "state": state} for label, state in zip(labels, states, strict=True)]


def form_status(request: HttpRequest, status: int) -> int:
    """The status for a form with errors: htmx shows the body of a 422 only."""
    return 422 if status >= 400 and is_htmx(request) else status


def is_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def go(request: HttpRequest, name: str, *args: object) -> HttpResponse:
    """Redirect the whole page, also when htmx asked."""
    url = reverse(name, args=args)
    return HttpResponseClientRedirect(url) if is_htmx(request) else redirect(url)
