"""The restricted queue, for senior staff: pictures to be reported. Addresses as text, never a picture, never a link."""

from collections.abc import Mapping
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Case, IntegerField, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts import audit
from accounts.access import senior_staff, signed_in
from accounts.models import User
from accounts.transitions import IllegalTransition, StaleState, change_state
from crawler.blocklists import guidance
from crawler.models import RestrictedPicture
from crawler.states import RESTRICTED, RestrictedState

_PER_PAGE = 50
_ORDER = (RestrictedState.OPEN, RestrictedState.REPORTED, RestrictedState.CLOSED)
_TONES = {RestrictedState.OPEN: "needs", RestrictedState.REPORTED: "waiting", RestrictedState.CLOSED: "good"}
_FASTER = "Somebody else was faster. Here is the list as it is now."


class ReportForm(forms.Form):
    """Under which number it was reported."""

    reference = forms.CharField(
        label="Number of the report",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Give the number of the report, so that it can be found again."},
    )


class CloseForm(forms.Form):
    """Why nothing more is to be done."""

    reason = forms.CharField(
        label="Why it is closed",
        max_length=1000,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Say why nothing more is to be done. It is kept."},
    )


@senior_staff
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """Every restricted picture, what is to be dealt with first."""
    return _page(request, {})


def _page(request: HttpRequest, bound: Mapping[UUID, Mapping[str, forms.Form]], status: int = 200) -> HttpResponse:
    """The list; `bound` has forms with errors, by the picture they are about."""
    places = [When(state=state, then=Value(place)) for place, state in enumerate(_ORDER)]
    order = Case(*places, output_field=IntegerField())
    found = RestrictedPicture.objects.select_related("handled_by").order_by(order, "-found_at", "pk")
    page = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [{**_row(picture), **bound.get(picture.pk, {})} for picture in page.object_list],
        "open": RestrictedPicture.objects.filter(state=RestrictedState.OPEN).count(),
        "steps": guidance.REPORTING,
        "reviewed_on": guidance.REVIEWED_ON,
    }
    return render(request, "crawler/restricted.html", context, status=status)


def _row(picture: RestrictedPicture) -> dict[str, object]:
    state = RestrictedState(picture.state)
    return {
        "picture": picture,
        "tone": _TONES[state],
        "state": state.label,
        "may_report": RestrictedState.REPORTED in RESTRICTED.get(state, ()),
        "may_close": RestrictedState.CLOSED in RESTRICTED.get(state, ()),
        "report_form": ReportForm(auto_id=f"report-{picture.pk}-%s"),
        "close_form": CloseForm(auto_id=f"close-{picture.pk}-%s"),
    }


@senior_staff
@require_POST
def report(request: HttpRequest, pk: UUID) -> HttpResponse:
    """It was reported, under a number."""
    picture = get_object_or_404(RestrictedPicture, pk=pk)
    form = ReportForm(request.POST, auto_id=f"report-{pk}-%s")
    if form.is_valid():
        reference = form.cleaned_data["reference"]
        done = _change(picture, RestrictedState.REPORTED, signed_in(request), reference=reference)
        _say(request, done, "Noted as reported.")
        return redirect("crawler:restricted")
    return _page(request, {picture.pk: {"report_form": form}}, status=422)


@senior_staff
@require_POST
def close(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Nothing more is to be done, for a reason."""
    picture = get_object_or_404(RestrictedPicture, pk=pk)
    form = CloseForm(request.POST, auto_id=f"close-{pk}-%s")
    if form.is_valid():
        done = _change(picture, RestrictedState.CLOSED, signed_in(request), note=form.cleaned_data["reason"])
        _say(request, done, "Closed. Its address stays out of bounds for the crawler.")
        return redirect("crawler:restricted")
    return _page(request, {picture.pk: {"close_form": form}}, status=422)


def _change(picture: RestrictedPicture, state: RestrictedState, user: User, **words: str) -> bool:
    """Whether it was done; not where it stands otherwise by now."""
    try:
        with transaction.atomic():
            change_state(picture, RESTRICTED, state, handled_by=user, handled_at=timezone.now(), **words)
            audit.record(f"restricted.{state.value}", picture, actor=user)
    except (IllegalTransition, StaleState):
        return False
    return True


def _say(request: HttpRequest, done: bool, words: str) -> None:
    if done:
        messages.success(request, words)
    else:
        messages.warning(request, _FASTER)
