"""The register of demands for people's data, for senior staff."""

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import senior_staff, signed_in
from accounts.models import LegalRequest, User
from accounts.states import LegalRequestState
from accounts.tickets import legal
from accounts.tickets.acts import carry_out, to
from accounts.tickets.register_forms import DisclosedForm, LegalRequestForm, ReviewForm, WhyForm, bound

_PER_PAGE = 50
_TONES = {
    LegalRequestState.UNDER_REVIEW: "needs",
    LegalRequestState.ACCEPTED: "needs",
    LegalRequestState.REJECTED: "",
    LegalRequestState.DISCLOSED: "",
}
_FORMS: dict[str, type[forms.Form]] = {"review": ReviewForm, "disclose": DisclosedForm, "refuse": WhyForm}


@senior_staff
@require_GET
def register(request: HttpRequest) -> HttpResponse:
    """All demands, the newest first."""
    found = LegalRequest.objects.order_by("-received_at", "pk")
    page = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    rows = [{"found": one, "tone": _TONES[LegalRequestState(one.state)]} for one in page.object_list]
    return render(request, "tickets/console/legal.html", {"page": page, "rows": rows})


@senior_staff
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Write down a demand."""
    form = LegalRequestForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "tickets/console/legal_new.html", {"form": form}, status=422 if form.errors else 200)
    kept = {name: form.cleaned_data[name] for name in ("authority", "country", "legal_basis", "scope")}
    made = legal.record(signed_in(request), **kept, person=form.person, gag_until=form.gag)
    return redirect("tickets:legal_request", made.pk)


@senior_staff
@require_GET
def one(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One demand, the verdicts on it, and what may be done."""
    return _page(request, _load(pk))


@senior_staff
@require_POST
def review(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One's own verdict."""

    def act(found: LegalRequest, user: User, form: forms.Form) -> None:
        legal.review(found, user, form.cleaned_data["verdict"], form.cleaned_data["reason"])

    return _act(request, pk, "review", act, "Your verdict is kept.")


@senior_staff
@require_POST
def disclose(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What was handed over."""

    def act(found: LegalRequest, user: User, form: forms.Form) -> None:
        legal.disclose(found, user, form.cleaned_data["text"])

    return _act(request, pk, "disclose", act, "Written down.")


@senior_staff
@require_POST
def refuse(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Nothing is handed over after all."""

    def act(found: LegalRequest, user: User, form: forms.Form) -> None:
        legal.refuse(found, user, form.cleaned_data["text"])

    return _act(request, pk, "refuse", act, "Refused. Nothing is handed over.")


_Act = Callable[[LegalRequest, User, forms.Form], None]


def _act(request: HttpRequest, pk: UUID, name: str, act: _Act, done: str) -> HttpResponse:
    found, form = _load(pk), bound(_FORMS[name], request.POST, name)

    def run() -> None:
        act(found, signed_in(request), form)

    def again() -> HttpResponse:
        return _page(request, _load(pk), **{f"{name}_form": form})

    return carry_out(request, form, run, done, to("tickets:legal_request", pk), again)


def _page(request: HttpRequest, found: LegalRequest, **given: forms.Form) -> HttpResponse:
    reviews = list(found.reviews.select_related("reviewer").order_by("at", "pk"))
    mine = any(review.reviewer_id == signed_in(request).pk for review in reviews)
    context = {
        "found": found,
        "tone": _TONES[LegalRequestState(found.state)],
        "reviews": reviews,
        "missing": legal.REVIEWERS - len(reviews),
        "may_review": found.state == LegalRequestState.UNDER_REVIEW and not mine,
        "may_disclose": found.state == LegalRequestState.ACCEPTED,
        "gagged": found.gag_until is not None and found.gag_until > timezone.now(),
        **{f"{name}_form": bound(form, None, name) for name, form in _FORMS.items()},
        **given,
    }
    return render(request, "tickets/console/legal_request.html", context, status=422 if given else 200)


def _load(pk: UUID) -> LegalRequest:
    return get_object_or_404(LegalRequest.objects.select_related("user", "recorded_by"), pk=pk)
