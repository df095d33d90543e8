"""A person's matches and consents."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import consent
from accounts.access import signed_in, subscribers
from accounts.models import Consent, User
from accounts.security import presence
from accounts.transitions import IllegalTransition, StaleState
from search import enrolment, recapture, review
from search.cards import card, cards
from search.forms import ConsentsForm
from search.models import Match
from search.pages import go, is_htmx
from search.states import Decision, MatchState

_PER_PAGE = 12
_TABS = {
    "look": ("To look at", MatchState.CANDIDATE),
    "you": ("You", MatchState.CONFIRMED),
    "not-you": ("Not you", MatchState.DISMISSED),
}


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
@presence.after_absence
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
@presence.after_absence
@require_GET
def match(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One match: the picture, where it was seen, how sure we are, and the question."""
    found = get_object_or_404(_matches(signed_in(request)), pk=pk)
    return render(request, "search/match.html", {"card": card(found), "case": _latest_case(found)})


def _latest_case(found: Match) -> Model | None:
    """The case about this picture, reached through the relation, as `takedowns` lies to the right of here."""
    return found.cases.order_by("-created_at").first()


@subscribers
@presence.after_absence
@require_POST
def decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The person's answer: `act` (me, remove it), `keep` (me, leave it), `not_me` or `undo`."""
    found = get_object_or_404(_matches(signed_in(request)), pk=pk)
    return _answer(request, found, request.POST.get("decision", ""))


@subscribers
@presence.after_absence
@require_POST
def undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Back to the question; a URL of its own for the button in a toast."""
    return _answer(request, get_object_or_404(_matches(signed_in(request)), pk=pk), "undo")


def _answer(request: HttpRequest, found: Match, decision: str) -> HttpResponse:
    user, case = signed_in(request), _latest_case(found)
    if decision == "undo" and case:
        messages.warning(request, "There is a case about this picture. You can end it on the case's page.")
        return go(request, "search:match", found.pk)
    try:
        said = _decide(found, user, decision)
    except (IllegalTransition, StaleState):
        messages.warning(request, "You had answered this one already. Here is how it stands.")
        return go(request, "search:match", found.pk)
    if decision == Decision.ACT:
        # A relapse has its case already.
        return go(request, "takedowns:case", case.pk) if case else go(request, "takedowns:open", found.pk)
    if is_htmx(request) and request.POST.get("from") != "match":
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
@presence.after_absence
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
