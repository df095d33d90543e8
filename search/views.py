"""A person's own face: enrolment, matches, consents and opt-out; and the staff's list of identity checks."""

import logging
from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Max, Min, Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts import consent, retention
from accounts.access import public, signed_in, staff, subscribers
from accounts.limits import client, limited
from accounts.models import Consent, User
from accounts.transitions import IllegalTransition, StaleState
from search import enrolment, optout, recapture, review
from search.cards import card, cards
from search.forms import AttestForm, ConsentsForm, EnrolForm, OptOutForm, Upload, WithdrawForm
from search.models import Enrolment, LivenessCheck, Match, OptOut
from search.states import Decision, EnrolmentState, LivenessState, MatchState, OptOutState

logger = logging.getLogger(__name__)

_HOUR, _DAY = 3600, 24 * 3600
_PER_PAGE = 12
_TABS = {
    "look": ("To look at", MatchState.CANDIDATE),
    "you": ("You", MatchState.CONFIRMED),
    "not-you": ("Not you", MatchState.DISMISSED),
}
_TRY_LATER = "You have tried many times in a short while. Please try again in an hour. Nothing was stored."
_CANNOT_MEASURE = "We cannot measure photos just now. Please try again later. Nothing was stored."
_LOOK_BY_A_PERSON = (
    "A person has to look at this enrolment before it can go on. "
    f"Please write to {settings.CONTACT_EMAIL}. Nothing was stored."
)


def _steps(labels: Sequence[str], current: int) -> list[dict[str, str]]:
    """A stepper with the step at `current` under way; beyond the last one, all are done."""
    states = ["done" if place < current else "current" if place == current else "todo" for place in range(len(labels))]
    return [{"label": label, "state": state} for label, state in zip(labels, states, strict=True)]


def _shown(request: HttpRequest, status: int) -> int:
    """The status for a form with errors: htmx shows the body of a 422 only."""
    return 422 if status >= 400 and _is_htmx(request) else status


def _is_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _go(request: HttpRequest, name: str, *args: object) -> HttpResponse:
    """Redirect the whole page, also when htmx asked."""
    url = reverse(name, args=args)
    return HttpResponseClientRedirect(url) if _is_htmx(request) else redirect(url)


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
    if limited(f"enrol:{user.pk}", 10, _HOUR) or limited(f"enrol:{client(request)}", 30, _HOUR):
        form.add_error(None, _TRY_LATER)
        return _enrol_page(request, form, status=429)
    if form.is_valid() and _enrol(user, form):
        messages.success(request, "Your photos were measured and discarded.")
        return _go(request, "search:enrol")
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
    return render(request, page, context, status=_shown(request, status))


def _enrolled(request: HttpRequest, current: Enrolment) -> HttpResponse:
    if request.method == "POST":
        return _go(request, "search:enrol")
    waiting = current.state == EnrolmentState.AWAITING_LIVENESS
    context = {
        "enrolment": current,
        "photos": current.templates.count(),
        "photos_at": current.templates.aggregate(at=Max("created_at"))["at"],
        "waiting": waiting,
        "paused": not consent.given(signed_in(request)) >= consent.REQUIRED,
        "steps": _steps(["Consent", "Photos", "Identity check", "We look for you"], 2 if waiting else 3),
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
        form.add_error(None, _CANNOT_MEASURE)
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


# --- Matches -----------------------------------------------------------------------------------------


def _matches(user: User) -> QuerySet[Match]:
    """The person's matches without their pictures, but with whether there is one."""
    rows = review.visible_matches(user).defer("sealed_preview")
    return rows.annotate(has_preview=Q(sealed_preview__isnull=False))


def _tabs(user: User, chosen: str) -> list[dict[str, object]]:
    counts = dict(review.visible_matches(user).order_by().values_list("state").annotate(Count("pk")))
    return [
        {"key": key, "label": label, "count": counts.get(state, 0), "chosen": key == chosen}
        for key, (label, state) in _TABS.items()
    ]


@subscribers
@require_GET
def matches(request: HttpRequest) -> HttpResponse:
    """The person's matches, one tab at a time; the tab and the page are in the URL."""
    user = signed_in(request)
    tab = request.GET.get("tab", "look")
    if tab not in _TABS:
        raise Http404
    page = Paginator(_matches(user).filter(state=_TABS[tab][1]), _PER_PAGE).get_page(request.GET.get("page"))
    current = enrolment.current(user)
    context = {
        "tab": tab,
        "tabs": _tabs(user, tab),
        "page": page,
        "cards": cards(page.object_list),
        "enrolment": current,
        "recapture": recapture.needed(current),
    }
    return render(request, "search/matches.html", context)


@subscribers
@require_GET
def match(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One match: the picture, where it was seen, how sure we are, and the question."""
    found = get_object_or_404(_matches(signed_in(request)), pk=pk)
    return render(request, "search/match.html", {"card": card(found), "case": _latest_case(found)})


def _latest_case(found: Match) -> Model | None:
    """The case about this picture, reached through the relation, as `takedowns` lies to the right of here."""
    return found.cases.order_by("-created_at").first()


@subscribers
@require_POST
def decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The person's answer: `act` (me, remove it), `keep` (me, leave it), `not_me` or `undo`."""
    found = get_object_or_404(_matches(signed_in(request)), pk=pk)
    return _answer(request, found, request.POST.get("decision", ""))


@subscribers
@require_POST
def undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Back to the question; a URL of its own for the button in a toast."""
    return _answer(request, get_object_or_404(_matches(signed_in(request)), pk=pk), "undo")


def _answer(request: HttpRequest, found: Match, decision: str) -> HttpResponse:
    user, case = signed_in(request), _latest_case(found)
    if decision == "undo" and case:
        messages.warning(request, "There is a case about this picture. You can end it on the case's page.")
        return _go(request, "search:match", found.pk)
    try:
        said = _decide(found, user, decision)
    except (IllegalTransition, StaleState):
        messages.warning(request, "You had answered this one already. Here is how it stands.")
        return _go(request, "search:match", found.pk)
    if decision == Decision.ACT:
        # A relapse has its case already.
        return _go(request, "takedowns:case", case.pk) if case else _go(request, "takedowns:open", found.pk)
    if _is_htmx(request) and request.POST.get("from") != "match":
        tab = request.POST.get("tab", "look")
        context = {"card": card(found), "tab": tab, "tabs": _tabs(user, tab), "said": said}
        return render(request, "search/partials/answered.html", context)
    undo_url = "" if decision == "undo" else reverse("search:undo", args=[found.pk])
    messages.success(request, said, extra_tags=undo_url)
    return redirect("search:match", found.pk) if request.POST.get("from") == "match" else _back(request)


def _decide(found: Match, user: User, decision: str) -> str:
    """Record the answer; returns what to say. Raises `IllegalTransition`, `StaleState` or `BadRequest`."""
    if decision == "undo":
        review.undo(found, user)
        return "Undone. The question is open again."
    if decision == "not_me":
        review.dismiss(found, user)
        return "Not you. We will not show you this picture again as a new one."
    if decision == Decision.KEEP:
        review.confirm(found, user, Decision.KEEP)
        return "You, and it may stay. We leave this picture alone."
    if decision == Decision.ACT:
        review.confirm(found, user, Decision.ACT)
        return "You, and it is to go."
    raise BadRequest(f"no such answer: {decision[:20]}")


def _back(request: HttpRequest) -> HttpResponse:
    tab = request.POST.get("tab", "look")
    return redirect(f"{reverse('search:matches')}?tab={tab if tab in _TABS else 'look'}")


@subscribers
@require_GET
def preview(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The match's small picture, for the subject only, other faces blurred; no browser or proxy keeps it."""
    found = get_object_or_404(review.visible_matches(signed_in(request)), pk=pk)
    picture = review.preview(found)
    if picture is None:
        raise Http404
    response = HttpResponse(picture, content_type="image/jpeg")
    response["Cache-Control"] = "private, no-store"
    return response


# --- Consents ----------------------------------------------------------------------------------------


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


# --- Opt-out: without an account ------------------------------------------------------------------------


_OPTOUT_STEPS = ("You ask", "You confirm", "You get a receipt")


@public
@require_http_methods(["GET", "POST"])
def optout_request(request: HttpRequest) -> HttpResponse:
    """Step one: an e-mail address and a photo. Says nothing about whether the face was ever seen."""
    form = OptOutForm(request if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        if limited(f"opt-out:{client(request)}", 10, _HOUR):
            form.add_error(None, _TRY_LATER)
            status = 429
        elif form.is_valid() and _request_optout(form):
            return _go(request, "search:optout_sent")
        else:
            status = 422
    context = {"form": form, "steps": _steps(_OPTOUT_STEPS, 0)}
    return render(request, "search/optout.html", context, status=_shown(request, status))


def _request_optout(form: OptOutForm) -> bool:
    email = form.cleaned_data["email"]
    # Nobody's mailbox is to be filled from here.
    if limited(f"opt-out-mail:{email.lower()}", 10, _DAY):
        form.add_error("email", "We have written to this address several times today. Please look in your mail.")
        return False
    try:
        optout.request(email, form.chosen_photo().read())
    except optout.OptOutRefused as error:
        form.add_error("photo", str(error))
        return False
    except enrolment.Unavailable:
        logger.exception("photos cannot be measured")
        form.add_error(None, _CANNOT_MEASURE)
        return False
    except OSError:
        form.add_error(None, "We could not send the message just now. Please try again later.")
        return False
    return True


@public
@require_GET
def optout_sent(request: HttpRequest) -> HttpResponse:
    """Step two: look in your mail."""
    return render(request, "search/optout_sent.html", {"steps": _steps(_OPTOUT_STEPS, 1)})


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
    steps = _steps(_OPTOUT_STEPS, 1 if page == "confirm" else len(_OPTOUT_STEPS))
    response = render(request, f"search/optout_{page}.html", {"optout": found, "steps": steps})
    add_never_cache_headers(response)
    return response


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
