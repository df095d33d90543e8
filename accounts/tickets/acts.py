"""What the console's pages about requests and registers share: an act with a form, done or refused in words."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.tickets.refusal import Refused
from accounts.transitions import IllegalTransition, StaleState

_FASTER = "Somebody else was faster. Here it is as it is now."


def carry_out(
    request: HttpRequest,
    form: forms.Form,
    act: Callable[[], object],
    done: str,
    back: Callable[[], HttpResponse],
    again: Callable[[], HttpResponse],
) -> HttpResponse:
    """Run `act` for a valid form, say `done` and go `back`; else show the page `again`, with the form's errors."""
    if not form.is_valid():
        return again()
    try:
        act()
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return again()
    except (IllegalTransition, StaleState):
        messages.warning(request, _FASTER)
        return back()
    messages.success(request, done)
    return back()


def to(name: str, *args: object) -> Callable[[], HttpResponse]:
    """Where an act leads."""
    return lambda: redirect(name, *args)
