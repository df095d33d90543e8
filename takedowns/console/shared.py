"""What the console's acts share: how a refusal is told, and where a person goes back to."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.transitions import IllegalTransition, StaleState
from takedowns.cases import NotAllowed
from takedowns.delivery import NotSent
from takedowns.filters import Choice

_FASTER = "Somebody else was faster. Here is the case as it is now."


@contextmanager
def calmly(request: HttpRequest) -> Iterator[None]:
    """Say in a toast why an act was refused, and that nothing happened."""
    try:
        yield
    except (IllegalTransition, StaleState):
        messages.warning(request, _FASTER)
    except (NotAllowed, NotSent) as refusal:
        messages.error(request, str(refusal))


def back(request: HttpRequest, case_id: UUID, part: str = "") -> HttpResponse:
    """To the case, as it was opened from the queue."""
    path = reverse("takedowns:console_case", args=[case_id])
    came_from = urlsplit(request.headers.get("Referer", ""))
    kept = _view_of(came_from.query) if came_from.path == path else ""
    return redirect(f"{path}{'?' + kept if kept else ''}{'#' + part if part else ''}")


def _view_of(query: str) -> str:
    """The view of the queue in a case's address, and the case's place in it; nothing else."""
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    if not asked.get("at", "").isdecimal():
        return ""
    view = Choice.read(asked)
    return "&".join(filter(None, (view.query(), urlencode({"at": asked["at"]}))))


def came_from(request: HttpRequest) -> str:
    """The page of ours that a form names to go back to, or an empty string."""
    path = request.POST.get("next", "")
    allowed = path and url_has_allowed_host_and_scheme(path, {request.get_host()}, request.is_secure())
    return path if allowed else ""


def valid(form: forms.Form) -> forms.Form:
    """The form, if it is filled in as it should be. Raises NotAllowed with its first error."""
    if not form.is_valid():
        raise NotAllowed(next(str(error) for errors in form.errors.values() for error in errors))
    return form
