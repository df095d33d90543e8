"""Enrolment: what a person agrees to, their photos, where they stand, and the way out; and the staff's checks."""

import logging
from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods

from accounts import consent, regions, retention
from accounts.access import signed_in, staff, subscribers
from accounts.limits import client, limited
from accounts.models import User
from accounts.policies.processors import processors
from accounts.transitions import IllegalTransition, StaleState
from search import ages, enrolment, recapture, review
from search.enrolment import MIN_PHOTOS, Stage
from search.forms import AttestForm, EnrolForm, PhotosForm, Upload, WithdrawForm
from search.live_views import ENROL_STEPS, HIDDEN, LOOK_BY_A_PERSON
from search.models import Enrolment, FaceTemplate, LivenessCheck
from search.pages import CANNOT_MEASURE, HOUR, TRY_LATER, form_status, go, steps
from search.states import EnrolmentState, LivenessState, MatchState

logger = logging.getLogger(__name__)

_ASSISTED_STEPS = ("What you agree to", "Photos", "Identity check", "We look for you")


# --- Where somebody stands ------------------------------------------------------------------------------------


@subscribers
@require_http_methods(["GET", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    """The way in for who is not enrolled, the next step for who is on the way, and else where they stand."""
    user = signed_in(request)
    if _stopped(user):
        return redirect("search:age")
    current = enrolment.current(user)
    if current is None:
        return _begin(request)
    if request.method == "POST":
        return go(request, "search:enrol")
    if not consent.given(user) >= consent.REQUIRED:
        return _standing(request, current)
    if recapture.needed(current):
        return render(request, "search/recapture.html", {"live_url": _live_url("enrol"), **_before_you_begin()})
    stage = enrolment.stage(current)
    if stage == Stage.LIVE_CHECK:
        return redirect(_live_url("enrol"))
    return redirect("search:photos") if stage == Stage.PHOTOS else _standing(request, current)


def _stopped(user: User) -> bool:
    try:
        ages.require_not_stopped(user)
    except ages.ApparentMinor:
        return True
    return False


def _live_url(purpose: str, **query: str) -> str:
    return f"{reverse('search:live')}?{urlencode({'for': purpose, **query})}"


def _before_you_begin() -> dict[str, object]:
    """What happens with a face and why, from what is really configured."""
    held = {holding.name: holding for holding in retention.holdings()}
    return {
        "face_model": settings.FACE_MODEL.rsplit("/", 1)[-1],  # of a folder its name
        "templates_until": held["Face templates"].until,
        "processors": processors(),
        "data_location": settings.DATA_LOCATION,
        "provider": settings.LIVENESS_PROVIDER,
        "privacy_email": settings.PRIVACY_EMAIL,
        "dpo_name": settings.DPO_NAME,
    }


def _begin(request: HttpRequest) -> HttpResponse:
    """Consent comes first, and before it what happens, why, for how long, and who sees it."""
    user, form = signed_in(request), EnrolForm(request)
    status = 200
    if request.method == "POST":
        status = 422
        if limited(f"enrol:{user.pk}", 10, HOUR) or limited(f"enrol:{client(request)}", 30, HOUR):
            form.add_error(None, TRY_LATER)
            status = 429
        elif form.is_valid() and _begun(user, form):
            return go(request, "search:enrol")
    context = {
        "form": form,
        "last": Enrolment.objects.filter(subject__user=user).order_by("-created_at").first(),
        "closed": regions.not_offered(user),
        "steps": steps(ENROL_STEPS, 0),
        **_before_you_begin(),
    }
    return render(request, "search/enrol.html", context, status=form_status(request, status))


def _begun(user: User, form: EnrolForm) -> bool:
    """Consent and enrolment stand or fall together; what is wrong goes to the form."""
    try:
        with transaction.atomic():
            consent.give(user, form.purposes())
            enrolment.begin(user, adult=form.cleaned_data["adult"])
    except enrolment.EnrolmentRefused as error:
        form.add_error(None, str(error))
        return False
    except enrolment.Unavailable:
        logger.exception("nobody can be enrolled")
        form.add_error(None, CANNOT_MEASURE)
        return False
    return True


def _standing(request: HttpRequest, current: Enrolment) -> HttpResponse:
    stage = enrolment.stage(current)
    photos = current.templates.filter(origin=FaceTemplate.Origin.PHOTO)
    by_camera = current.templates.filter(origin=FaceTemplate.Origin.LIVE).exists()
    names = ENROL_STEPS if by_camera else _ASSISTED_STEPS
    context = {
        "enrolment": current,
        "photos": photos.count(),
        "photos_at": photos.aggregate(at=Max("created_at"))["at"],
        "by_camera": by_camera,
        "waiting": stage == Stage.STAFF,
        "active": stage == Stage.ACTIVE,
        "paused": not consent.given(signed_in(request)) >= consent.REQUIRED,
        "steps": steps(names, 3 if stage == Stage.ACTIVE else 2),
    }
    return render(request, "search/enrolled.html", context)


# --- The steps ----------------------------------------------------------------------------------------------------


@subscribers
@require_http_methods(["GET", "POST"])
def assisted(request: HttpRequest) -> HttpResponse:
    """The way in without a camera: photos, and a member of staff who meets the person."""
    user = signed_in(request)
    current = enrolment.current(user)
    open_to_them = current is not None and (enrolment.stage(current) == Stage.LIVE_CHECK or recapture.needed(current))
    if not open_to_them:
        return redirect("search:enrol")
    if request.method == "POST":
        try:
            enrolment.ask_for_assistance(user)
        except enrolment.EnrolmentRefused as error:
            messages.warning(request, str(error))
            return redirect("search:enrol")
        return go(request, "search:photos")
    return render(request, "search/enrol_assisted.html", {"steps": steps(_ASSISTED_STEPS, 1)})


@subscribers
@require_http_methods(["GET", "POST"])
def photos(request: HttpRequest) -> HttpResponse:
    """Reference photos, for an enrolment on its way or to add to it; measured in memory and not kept."""
    user = signed_in(request)
    current = enrolment.current(user)
    if current is None or recapture.needed(current) or not consent.given(user) >= consent.REQUIRED:
        return go(request, "search:enrol")
    stage = enrolment.stage(current)
    if stage == Stage.LIVE_CHECK or _stopped(user):
        return go(request, "search:enrol")
    form = PhotosForm(request, least=1 if stage in {Stage.ACTIVE, Stage.STAFF} else MIN_PHOTOS)
    status, code = 200, ""
    if request.method == "POST":
        status = 422
        if limited(f"enrol:{user.pk}", 10, HOUR) or limited(f"enrol:{client(request)}", 30, HOUR):
            form.add_error(None, TRY_LATER)
            status = 429
        elif form.is_valid():
            code = _photos_refused(user, form)
            if not code:
                messages.success(request, "Your photos were measured and discarded.")
                return go(request, "search:enrol")
    by_camera = current.templates.filter(origin=FaceTemplate.Origin.LIVE).exists()
    context = {
        "form": form,
        "adding": stage in {Stage.ACTIVE, Stage.STAFF},
        "by_camera": by_camera,
        "steps": steps(ENROL_STEPS, 2) if by_camera else steps(_ASSISTED_STEPS, 1),
        "check_url": _live_url("presence", next=reverse("search:photos")) if code == "needs_new_check" else "",
        **_before_you_begin(),
    }
    return render(request, "search/enrol_photos.html", context, status=form_status(request, status))


def _photos_refused(user: User, form: PhotosForm) -> str:
    """Empty where the photos were taken; else a code, and what is wrong is in the form."""
    files = form.chosen_photos()
    try:
        enrolment.add_photos(user, [file.read() for file in files])
    except enrolment.EnrolmentRefused as error:
        form.add_error("photos", LOOK_BY_A_PERSON if error.code in HIDDEN else _named(str(error), files))
        return error.code
    except ages.ApparentMinor:
        return ""  # they are told on the page that comes next
    except enrolment.Unavailable:
        logger.exception("photos cannot be measured")
        form.add_error(None, CANNOT_MEASURE)
        return "unavailable"
    return ""


def _named(sentence: str, files: Iterable[Upload]) -> str:
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
    context = {"form": form, "templates": current.templates.count(), "undecided": undecided}
    return render(request, "search/withdraw.html", context, status=422 if form.is_bound else 200)


# --- The staff's identity checks --------------------------------------------------------------------------


def _waiting() -> QuerySet[Enrolment]:
    pending, passed = (Q(liveness_checks__state=state) for state in (LivenessState.PENDING, LivenessState.PASSED))
    asked = LivenessCheck.objects.filter(enrolment=OuterRef("pk"), state=LivenessState.PENDING)
    rows = Enrolment.objects.filter(Exists(asked), state=EnrolmentState.AWAITING_LIVENESS)
    rows = rows.select_related("subject__user")
    # Only those who have done what is theirs to do.
    rows = rows.annotate(photos=Count("templates", distinct=True)).filter(photos__gte=MIN_PHOTOS)
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
