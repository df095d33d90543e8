"""Opt-outs: for everybody, free, without an account."""

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import public
from accounts.limits import client, limited
from search import enrolment, optout
from search.models import OptOut
from search.optout_forms import OptOutForm
from search.pages import CANNOT_MEASURE, DAY, HOUR, TRY_LATER, form_status, go, steps
from search.states import OptOutState

logger = logging.getLogger(__name__)


# --- Opt-out: without an account ------------------------------------------------------------------------


_OPTOUT_STEPS = ("You ask", "You confirm", "You get a receipt")


@public
@require_http_methods(["GET", "POST"])
def optout_request(request: HttpRequest) -> HttpResponse:
    """Step one: an e-mail address and a photo. Says nothing about whether the face was ever seen."""
    form = OptOutForm(request if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        if limited(f"opt-out:{client(request)}", 10, HOUR):
            form.add_error(None, TRY_LATER)
            status = 429
        elif form.is_valid() and _request_optout(form):
            return go(request, "search:optout_sent")
        else:
            status = 422
    context = {"form": form, "steps": steps(_OPTOUT_STEPS, 0)}
    return render(request, "search/optout.html", context, status=form_status(request, status))


def _request_optout(form: OptOutForm) -> bool:
    email = form.cleaned_data["email"]
    # Nobody's mailbox is to be filled from here.
    if limited(f"opt-out-mail:{email.lower()}", 10, DAY):
        form.add_error("email", "We have written to this address several times today. Please look in your mail.")
        return False
    try:
        optout.request(email, form.chosen_photo().read())
    except optout.OptOutRefused as error:
        form.add_error("photo", str(error))
        return False
    except enrolment.Unavailable:
        logger.exception("photos cannot be measured")
        form.add_error(None, CANNOT_MEASURE)
        return False
    except OSError:
        form.add_error(None, "We could not send the message just now. Please try again later.")
        return False
    return True


@public
@require_GET
def optout_sent(request: HttpRequest) -> HttpResponse:
    """Step two: look in your mail."""
    return render(request, "search/optout_sent.html", {"steps": steps(_OPTOUT_STEPS, 1)})


@public
@require_http_methods(["GET", "POST"])
def optout_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Step three. Opening the link does nothing yet, as mail scanners open links; the button does."""
    try:
        if request.method == "POST":
            optout.confirm(token)
            return redirect("search:optout_confirm", token)
        return _optout_page(request, optout.find("confirm", token), "confirm")
    except optout.OptOutRefused as error:
        return render(request, "search/optout_link.html", {"reason": str(error)}, status=404)


@public
@require_http_methods(["GET", "POST"])
def optout_withdraw(request: HttpRequest, token: str) -> HttpResponse:
    """The way out of the list, from the link in the receipt."""
    try:
        if request.method == "POST":
            optout.withdraw(token)
            return redirect("search:optout_withdraw", token)
        return _optout_page(request, optout.find("withdraw", token), "withdraw")
    except optout.OptOutRefused as error:
        return render(request, "search/optout_link.html", {"reason": str(error)}, status=404)


def _optout_page(request: HttpRequest, found: OptOut, action: str) -> HttpResponse:
    """The button, or what came of it. An opt-out that a person looks at first reads like any other."""
    if found.state == OptOutState.WITHDRAWN:
        page = "withdrawn"
    elif action == "confirm" and found.state != OptOutState.PENDING:
        page = "receipt"
    else:
        page = action
    shown_steps = steps(_OPTOUT_STEPS, 1 if page == "confirm" else len(_OPTOUT_STEPS))
    response = render(request, f"search/optout_{page}.html", {"optout": found, "steps": shown_steps})
    add_never_cache_headers(response)
    return response
