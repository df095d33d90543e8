"""Enrolment, and the staff's list of identity checks."""

import logging
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Max, Min, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts import consent, retention
from accounts.access import signed_in, staff, subscribers
from accounts.limits import client, limited
from accounts.models import User
from accounts.transitions import IllegalTransition, StaleState
from search import enrolment, recapture, review
from search.forms import AttestForm, EnrolForm, Upload, WithdrawForm
from search.models import Enrolment, LivenessCheck
from search.pages import CANNOT_MEASURE, HOUR, TRY_LATER, form_status, go, steps
from search.states import EnrolmentState, LivenessState, MatchState

logger = logging.getLogger(__name__)

_LOOK_BY_A_PERSON = (
    "A person has to look at this enrolment before it can go on. "
    f"Please write to {settings.CONTACT_EMAIL}. Nothing was stored."
)


# --- Enrolment ---------------------------------------------------------------------------------------


@subscribers
@require_http_methods(["GET", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    """The way in, or, once somebody is enrolled, where they stand; and new photos where the old ones are of no use."""
    user = signed_in(request)
    current = enrolment.current(user)
    if current and not (recapture.needed(current) and consent.given(user) >= consent.REQUIRED):
        return _enrolled(request, current)
    form = EnrolForm(request if request.method == "POST" else None, with_consents=not current)
    if request.method == "GET":
        return _enrol_page(request, form)
    if limited(f"enrol:{user.pk}", 10, HOUR) or limited(f"enrol:{client(request)}", 30, HOUR):
        form.add_error(None, TRY_LATER)
        return _enrol_page(request, form, status=429)
    if form.is_valid() and _enrol(user, form):
        messages.success(request, "Your photos were measured and discarded.")
        return go(request, "search:enrol")
    return _enrol_page(request, form, status=422)


def _enrol_page(request: HttpRequest, form: EnrolForm, status: int = 200) -> HttpResponse:
    held = {holding.name: holding for holding in retention.holdings()}
    context = {
        "form": form,
        "last": Enrolment.objects.filter(subject__user=signed_in(request)).order_by("-created_at").first(),
        "face_model": settings.FACE_MODEL.rsplit("/", 1)[-1],  # of a folder its name
        "templates_until": held["Face templates"].until,
    }
    page = "search/enrol.html" if form.with_consents else "search/recapture.html"
    return render(request, page, context, status=form_status(request, status))


def _enrolled(request: HttpRequest, current: Enrolment) -> HttpResponse:
    if request.method == "POST":
        return go(request, "search:enrol")
    waiting = current.state == EnrolmentState.AWAITING_LIVENESS
    context = {
        "enrolment": current,
        "photos": current.templates.count(),
        "photos_at": current.templates.aggregate(at=Max("created_at"))["at"],
        "waiting": waiting,
        "paused": not consent.given(signed_in(request)) >= consent.REQUIRED,
        "steps": steps(["Consent", "Photos", "Identity check", "We look for you"], 2 if waiting else 3),
    }
    return render(request, "search/enrolled.html", context)


def _enrol(user: User, form: EnrolForm) -> bool:
    """Consent and photos stand or fall together; what is wrong goes to the form."""
    files = form.chosen_photos()
    try:
        with transaction.atomic():
            consent.give(user, form.purposes())
            enrolment.enrol(user, [file.read() for file in files], adult=form.cleaned_data["adult"])
    except enrolment.EnrolmentRefused as error:
        # Whether somebody's face is on the opt-out list or in another account is nobody else's to learn.
        hidden = error.code in {"opted_out", "already_enrolled"}
        form.add_error("photos", _LOOK_BY_A_PERSON if hidden else _named(str(error), files))
        return False
    except enrolment.Unavailable:
        logger.exception("photos cannot be measured")
        form.add_error(None, CANNOT_MEASURE)
        return False
    return True


def _named(sentence: str, files: list[Upload]) -> str:
    """The sentence with the file's own name in place of "Photo 2"."""
    for number, file in enumerate(files, start=1):
        sentence = sentence.replace(f"Photo {number}:", f"“{file.name}”:")
    return sentence


@subscribers
@require_http_methods(["GET", "POST"])
def withdraw_enrolment(request: HttpRequest) -> HttpResponse:
    """The way out: says what is lost and what is not, and asks for a typed word."""
    current = enrolment.current(signed_in(request))
    if current is None:
        return redirect("search:enrol")
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        enrolment.withdraw(current)
        messages.success(request, "Withdrawn. We no longer look for you, and your face templates are destroyed.")
        return redirect("portal:dashboard")
    undecided = review.visible_matches(signed_in(request)).filter(state=MatchState.CANDIDATE).count()
    context = {"form": form, "photos": current.templates.count(), "undecided": undecided}
    return render(request, "search/withdraw.html", context, status=422 if form.is_bound else 200)


# --- The staff's identity checks --------------------------------------------------------------------------


def _waiting() -> QuerySet[Enrolment]:
    rows = Enrolment.objects.filter(state=EnrolmentState.AWAITING_LIVENESS).select_related("subject__user")
    pending, passed = (Q(liveness_checks__state=state) for state in (LivenessState.PENDING, LivenessState.PASSED))
    rows = rows.annotate(photos=Count("templates", distinct=True))
    since, before = (
        Min("liveness_checks__created_at", filter=pending),
        Max("liveness_checks__decided_at", filter=passed),
    )
    return rows.annotate(since=since, confirmed_before=before).order_by("since")


@staff
@require_GET
def enrolments(request: HttpRequest) -> HttpResponse:
    """Who waits for an identity check. No photo is shown, as none is kept."""
    page = Paginator(_waiting(), 50).get_page(request.GET.get("page"))
    return render(request, "search/console/enrolments.html", {"page": page})


@staff
@require_http_methods(["GET", "POST"])
def attest(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A member of staff says how they confirmed the person, or that they could not."""
    waiting = get_object_or_404(_waiting(), pk=pk)
    form = AttestForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        decided = enrolment.attest if form.cleaned_data["verdict"] == form.ATTEST else enrolment.refuse
        try:
            decided(waiting, signed_in(request), form.cleaned_data["reason"])
            messages.success(request, f"Recorded for {waiting.subject.user.email}.")
        except (IllegalTransition, StaleState, LivenessCheck.DoesNotExist):
            messages.warning(request, "Somebody else decided this one first.")
        except enrolment.EnrolmentRefused as error:
            messages.warning(request, str(error))
        return redirect("search:enrolments")
    context = {"enrolment": waiting, "form": form}
    return render(request, "search/console/attest.html", context, status=422 if form.is_bound else 200)
