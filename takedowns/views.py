"""A subscriber's cases: asking for a removal, and seeing what becomes of it."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Case as SqlCase
from django.db.models import IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import consent
from accounts.access import signed_in, subscribers
from accounts.billing import plans
from accounts.billing.plans import Feature
from accounts.models import Purpose, User
from search import review
from search.models import Match
from search.states import Decision, MatchState
from takedowns import case_page, casefile, events, mandates, workflow, yourself
from takedowns.cases import NotAllowed
from takedowns.forms import CONSENTS, OpenCaseForm
from takedowns.grounds import Lane
from takedowns.models import Case, GroundDecision, Mandate
from takedowns.states import CaseState, Outcome
from takedowns.tasks import prepare_case

_PER_PAGE = 20


# --- Asking ------------------------------------------------------------------------------------------------


@subscribers
@require_http_methods(["GET", "POST"])
def open_case(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The questions about a match, and the permission to write about it."""
    user = signed_in(request)
    match = get_object_or_404(review.visible_matches(user), pk=pk)
    case = match.cases.exclude(state=CaseState.CLOSED).first()
    if case and GroundDecision.objects.filter(case=case).exists():
        return redirect("takedowns:case", case.pk)
    if match.state == MatchState.DISMISSED:
        messages.info(request, "You said that this is not you. Take that back first, if it is.")
        return redirect("search:match", match.pk)
    form = _open_form(request, user, match)
    if case is None and not plans.allows(user, Feature.TAKEDOWNS) and not _about_a_minor(form):
        return yourself.page(request, match)
    if request.method == "POST" and form.is_valid():
        opened = _open(form, user, match)
        if opened:
            _prepare_soon(opened)
            return _onwards(request, opened)
    status = 422 if form.errors else 200
    waiting = _waiting(user).exclude(pk=match.pk).count() if "more" in request.GET else 0
    return render(request, "takedowns/open.html", {**_open_context(form, match), "waiting": waiting}, status=status)


def _waiting(user: User) -> QuerySet[Match]:
    """The pictures that they want gone and that have no case yet."""
    return review.of(user).filter(decision=Decision.ACT, cases=None).order_by("decided_at", "pk")


def _onwards(request: HttpRequest, opened: Case) -> HttpResponse:
    """To the case; or, where several pictures were marked at once, to the questions about the next."""
    following = _waiting(signed_in(request)).first() if "more" in request.GET else None
    if following is None or opened.events.filter(kind__in=events.STOPPED).exists():
        return redirect("takedowns:case", opened.pk)
    messages.success(request, f"Case {opened.reference} is open. Here is the next picture.")
    return redirect(f"{reverse('takedowns:open', args=[following.pk])}?more=1")


def _about_a_minor(form: OpenCaseForm) -> bool:
    """What no plan stands in the way of."""
    return form.is_bound and form.is_valid() and form.decision is not None and form.decision.lane == Lane.MINOR


def _prepare_soon(case: Case) -> None:
    """In a worker, as it asks several servers; a lost message is made up for by `prepare_abandoned`."""
    transaction.on_commit(lambda: prepare_case.delay(str(case.pk)), robust=True)


def _open_form(request: HttpRequest, user: User, match: Match) -> OpenCaseForm:
    given = consent.given(user)
    return OpenCaseForm(
        request.POST if request.method == "POST" else None,
        initial=_answers_before(user) if "more" in request.GET else {},
        mandate=mandates.in_force(match.subject) is None,
        consents=[purpose for purpose in CONSENTS if purpose not in given],
        name=user.full_name,
    )


def _answers_before(user: User) -> dict[str, str]:
    """What they said of the picture before, but for whether somebody under 18 is shown: that is asked of each."""
    last = GroundDecision.objects.filter(case__subject__user=user).order_by("-decided_at").first()
    return {key: said for key, said in last.answers.items() if key != "minor"} if last else {}


def _open(form: OpenCaseForm, user: User, match: Match) -> Case | None:
    """Record the permission and open the case; None, with the reason in the form, if that is not allowed."""
    try:
        if form.decision and form.decision.letters:
            _permit(form, user)
        return workflow.open_case(match, user, form.answers())
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
        return None


def _permit(form: OpenCaseForm, user: User) -> None:
    with transaction.atomic():
        consent.give(user, form.purposes())
        if form.mandate():
            typed = form.cleaned_data["full_name"]
            mandates.sign(user, full_name=typed, address=form.cleaned_data["address"], signature=typed)


def _open_context(form: OpenCaseForm, match: Match) -> dict[str, object]:
    seen = match.places()
    return {
        "form": form,
        "match": match,
        "mandate_text": mandates.MANDATE_TEXT if form.mandate() else "",
        "hosts": sorted({host for sighting in seen if (host := casefile.host_of(sighting.page_url))}),
    }


# --- Looking -----------------------------------------------------------------------------------------------


@subscribers
@require_GET
def cases(request: HttpRequest) -> HttpResponse:
    """All cases: those that wait for the subscriber first, then the open ones, then the ended ones."""
    user = signed_in(request)
    page = Paginator(_in_order(_own(user)), _PER_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    extents, last = casefile.extents(shown), casefile.latest_sentences(shown)
    rows = [
        {
            "case": case,
            "standing": casefile.for_subscriber(case),
            "extent": extents.get(case.pk),
            "last": last.get(case.pk, ""),
        }
        for case in shown
    ]
    context = {"page": page, "rows": rows, "lede": _lede(user), "mandate": _mandate(user)}
    return render(request, "takedowns/cases.html", context)


@subscribers
@require_GET
def case(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One case as a story: where it stands, whose move it is, what was done, and what was written."""
    return case_page.page(request, pk)


def _own(user: User) -> QuerySet[Case]:
    return Case.objects.filter(subject__user=user)


def _in_order(found: QuerySet[Case]) -> QuerySet[Case]:
    turn = SqlCase(
        When(state=CaseState.AWAITING_SUBJECT, then=Value(0)),
        When(state=CaseState.CLOSED, then=Value(2)),
        default=Value(1),
        output_field=IntegerField(),
    )
    return found.order_by(turn, "-created_at", "id")


def _lede(user: User) -> str:
    """Where the subscriber stands with all cases, in a sentence or two."""
    states = list(_own(user).values_list("state", "outcome"))
    yours = sum(state == CaseState.AWAITING_SUBJECT for state, _ in states)
    running = sum(state != CaseState.CLOSED for state, _ in states)
    removed = sum(outcome == Outcome.REMOVED for _, outcome in states)
    if not states:
        return "Here you will see what we do about each picture that you want gone."
    words = f"{casefile.counted(running, 'case')} open" if running else "No case is open"
    if removed:
        words += f", {removed} ended with the picture removed"
    if yours:
        return f"{words}. {'One waits' if yours == 1 else f'{yours} wait'} for you."
    return f"{words}. You need not do anything now."


def _mandate(user: User) -> Mandate | None:
    return Mandate.objects.filter(subject__user=user, revoked_at=None).first()


# --- Acting ------------------------------------------------------------------------------------------------


@subscribers
@require_POST
def again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Yes, act against a relapse too, with the answers of the case before."""
    user = signed_in(request)
    found = get_object_or_404(case_page.with_everything(_own(user)), pk=pk)
    earlier = case_page.answered_before(found)
    if earlier is None:
        messages.info(request, "You had answered this already. Here is how it stands.")
        return redirect("takedowns:case", found.pk)
    missing = {Purpose.SENDING_NOTICES} - consent.given(user)
    if missing or mandates.in_force(found.subject) is None:
        messages.info(request, "We need your permission again before we can write to anybody.")
        return redirect("takedowns:open", found.match_id)
    try:
        _prepare_soon(workflow.open_case(found.match, user, earlier.ground_decision.answers))
        messages.success(request, "We act again, with the answers that you gave before.")
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    return redirect("takedowns:case", found.pk)


@subscribers
@require_POST
def end(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The subscriber ends a case of their own."""
    user = signed_in(request)
    found = get_object_or_404(_own(user), pk=pk)
    try:
        workflow.close(found, user, Outcome.WITHDRAWN, "The subscriber ended it.")
        messages.success(request, "The case has ended. Nothing more goes out.")
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    return redirect("takedowns:case", found.pk)


@subscribers
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    """The subscriber takes the mandate back."""
    mandates.revoke(signed_in(request))
    messages.success(request, "Your permission has ended. Nothing more goes out for you.")
    return redirect("takedowns:cases")
