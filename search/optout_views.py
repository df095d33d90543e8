"""Opt-outs: for everybody, free, without an account. Whoever holds the link in our mail acts for the opt-out."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import public
from accounts.limits import client, limited
from search import enrolment, optout
from search.models import OptOut
from search.optout_forms import OptOutForm, OptOutPhotosForm
from search.optouts import selftest
from search.pages import CANNOT_MEASURE, DAY, HOUR, TRY_LATER, form_status, go, steps
from search.states import OptOutState

logger = logging.getLogger(__name__)

STEPS = ("You ask and confirm", "You look into the camera", "You get a receipt")
_STEPS_WITHOUT_CAMERA = (STEPS[0], "A person decides", STEPS[2])
# By state: the page behind the link of its owner.
_PAGES = {
    OptOutState.ASSISTED: "waiting",
    OptOutState.ACTIVE: "receipt",
    OptOutState.CONTESTED: "receipt",  # nobody is told that a person looks at it
    OptOutState.REFUSED: "refused",
    OptOutState.WITHDRAWN: "withdrawn",
}
View = Callable[..., HttpResponse]


def of_token(action: str) -> Callable[[View], View]:
    """Give the view the opt-out that the token in the address names; a page that says so where it names none."""

    def decorate(view: View) -> View:
        @wraps(view)
        def opened(request: HttpRequest, token: str, *args: Any) -> HttpResponse:
            try:
                response = view(request, optout.find(action, token), token, *args)
            except optout.OptOutRefused as error:
                response = render(request, "search/optout_link.html", {"reason": str(error)}, status=404)
            add_never_cache_headers(response)
            return response

        return opened

    return decorate


# --- Asking ------------------------------------------------------------------------------------------------


@public
@require_http_methods(["GET", "POST"])
def optout_request(request: HttpRequest) -> HttpResponse:
    """Step one: an e-mail address. Says nothing about whether the face was ever seen."""
    form = OptOutForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        if limited(f"opt-out:{client(request)}", 10, HOUR):
            form.add_error(None, TRY_LATER)
            status = 429
        elif form.is_valid() and _request_optout(form):
            return go(request, "search:optout_sent")
        else:
            status = 422
    context = {"form": form, "steps": steps(STEPS, 0)}
    return render(request, "search/optout.html", context, status=form_status(request, status))


def _request_optout(form: OptOutForm) -> bool:
    email = form.cleaned_data["email"]
    # Nobody's mailbox is to be filled from here.
    if limited(f"opt-out-mail:{email.lower()}", 10, DAY):
        form.add_error("email", "We have written to this address several times today. Please look in your mail.")
        return False
    try:
        optout.request(email)
    except OSError:
        form.add_error(None, "We could not send the message just now. Please try again later.")
        return False
    return True


@public
@require_GET
def optout_sent(request: HttpRequest) -> HttpResponse:
    """Look in your mail."""
    return render(request, "search/optout_sent.html", {"steps": steps(STEPS, 0)})


@public
@of_token("confirm")
@require_http_methods(["GET", "POST"])
def optout_confirm(request: HttpRequest, found: OptOut, token: str) -> HttpResponse:
    """Opening the link does nothing yet, as mail scanners open links; the button does."""
    if request.method == "POST":
        found = optout.confirm(token)
    if found.state != OptOutState.PENDING:
        return redirect("search:optout_yours", optout.yours(found))
    return render(request, "search/optout_confirm.html", {"optout": found, "steps": steps(STEPS, 0)})


# --- The face ------------------------------------------------------------------------------------------------


@public
@of_token("yours")
@require_GET
def optout_yours(request: HttpRequest, found: OptOut, token: str) -> HttpResponse:
    """The page of one opt-out: its next step, or its receipt. A contested one reads like any other."""
    if found.state not in _PAGES:
        return redirect("search:optout_check", token)
    answers = selftest.last(found)
    context = {
        "optout": found,
        "token": token,
        "withdraw_token": optout.end_token(found),
        "steps": steps(_STEPS_WITHOUT_CAMERA, 1) if found.state == OptOutState.ASSISTED else steps(STEPS, len(STEPS)),
        "of_earlier_model": optout.of_earlier_model(found),
        "answers": answers,
        "tested_at": parse_datetime(answers.at) if answers else None,
    }
    return render(request, f"search/optout_{_PAGES[OptOutState(found.state)]}.html", context)


@public
@of_token("yours")
@require_http_methods(["GET", "POST"])
def optout_assisted(request: HttpRequest, found: OptOut, token: str) -> HttpResponse:
    """The way for people without a camera: photos, and a person who decides without seeing them."""
    if not optout.may_ask_person(found):
        return redirect("search:optout_yours", token)
    form = OptOutPhotosForm(
        request if request.method == "POST" else None,
        most=optout.MAX_PHOTOS,
        label="One to three photos of your face",
        hint="Only you in them, the face clear and from the front. We measure them and do not keep them.",
    )
    if request.method == "POST" and _with_photos(request, found, form, lambda photos: optout.ask_person(found, photos)):
        return go(request, "search:optout_yours", token)
    context = {"optout": found, "token": token, "form": form, "steps": steps(_STEPS_WITHOUT_CAMERA, 1)}
    return _form_page(request, "search/optout_assisted.html", context)


# --- The receipt: a test, and the end --------------------------------------------------------------------------


@public
@of_token("yours")
@require_http_methods(["GET", "POST"])
def optout_test(request: HttpRequest, found: OptOut, token: str) -> HttpResponse:
    """Does it work? With the camera or a photo, compared with this one opt-out only."""
    if not selftest.may_test(found):
        return redirect("search:optout_yours", token)
    form = OptOutPhotosForm(
        request if request.method == "POST" else None,
        most=1,
        label="A photo of you",
        hint="Another one than before shows most. We measure it and do not keep it.",
    )
    if request.method == "POST" and _with_photos(
        request, found, form, lambda photos: selftest.with_photo(found, photos[0])
    ):
        return go(request, "search:optout_yours", token)
    return _form_page(request, "search/optout_test.html", {"optout": found, "token": token, "form": form})


@public
@of_token("withdraw")
@require_http_methods(["GET", "POST"])
def optout_withdraw(request: HttpRequest, found: OptOut, token: str) -> HttpResponse:
    """The way out of the list, from the link in the receipt."""
    if request.method == "POST":
        optout.withdraw(token)
        return redirect("search:optout_withdraw", token)
    page = "withdrawn" if found.state in {OptOutState.WITHDRAWN, OptOutState.REFUSED} else "withdraw"
    return render(request, f"search/optout_{page}.html", {"optout": found})


def _with_photos(
    request: HttpRequest, found: OptOut, form: OptOutPhotosForm, act: Callable[[list[bytes]], object]
) -> bool:
    """Whether the photos were taken; what is wrong goes to the form."""
    if limited(f"opt-out-photos:{found.pk}", 10, HOUR) or limited(f"opt-out-photos:{client(request)}", 20, HOUR):
        form.add_error(None, TRY_LATER)
        return False
    if not form.is_valid():
        return False
    try:
        act([photo.read() for photo in form.chosen_photos()])
    except optout.OptOutRefused as error:
        form.add_error("photos", str(error))
        return False
    except enrolment.Unavailable:
        logger.exception("photos cannot be measured")
        form.add_error(None, CANNOT_MEASURE)
        return False
    return True


def _form_page(request: HttpRequest, page: str, context: dict[str, Any]) -> HttpResponse:
    wrong = context["form"].is_bound
    return render(request, page, context, status=form_status(request, 422 if wrong else 200))
