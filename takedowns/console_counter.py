"""Counter-notices in the staff console: when the provider got it, what to write to it, and how it ended."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from accounts.access import signed_in, staff
from takedowns.cases import NotAllowed
from takedowns.mail import counter
from takedowns.models import Case, CounterNotice
from takedowns.states import CounterNoticeState


class ReceivedOnForm(forms.Form):
    """The day on which the provider got the counter-notice."""

    received_on = forms.DateField(
        label="The provider got it on",
        help_text="The days count from then, and not from when we heard of it.",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": "Give the day.", "invalid": "Give the day, such as 2026-11-23."},
    )


class FiledForm(forms.Form):
    """What was filed, as the letter to the provider says it."""

    filed = forms.CharField(
        label="What was filed",
        max_length=2000,
        help_text="The court or board, the number and the day, as on the confirmation that the subscriber has shown.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say what was filed, where, and under which number."},
    )


class EndForm(forms.Form):
    """How it ended."""

    how = forms.ChoiceField(
        label="How it ended",
        choices=[("kept_down", "It stays down"), ("restored", "It was put back")],
        widget=forms.RadioSelect,
        error_messages={"required": "Say how it ended."},
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """A counter-notice as the case's page shows it (`takedowns/console_counter.html`)."""

    counter: CounterNotice
    chosen: str
    is_open: bool
    may_write: bool
    received_form: ReceivedOnForm
    filed_form: FiledForm
    end_form: EndForm


def shown(case: Case) -> list[Shown]:
    """The case's counter-notices, newest first."""
    found = CounterNotice.objects.filter(notice__case=case).select_related("notice__operator")
    return [_shown(one) for one in found.order_by("-received_at")]


def _shown(one: CounterNotice) -> Shown:
    is_open = one.state != CounterNoticeState.ENDED
    titles = {choice.key: choice.title for choice in counter.choices(one)}
    return Shown(
        counter=one,
        chosen=titles.get(one.choice, ""),
        is_open=is_open,
        may_write=is_open and one.choice in (counter.COURT, counter.CCB),
        received_form=ReceivedOnForm(initial={"received_on": one.provider_received_on}, auto_id=f"got-{one.pk}-%s"),
        filed_form=FiledForm(auto_id=f"filed-{one.pk}-%s"),
        end_form=EndForm(auto_id=f"end-{one.pk}-%s"),
    )


@staff
@require_POST
def counter_received(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put right on which day the provider got it."""
    form = ReceivedOnForm(request.POST)
    return _act(
        request,
        pk,
        form,
        lambda found: counter.correct(found, signed_in(request), form.cleaned_data["received_on"]),
        "The days are counted anew.",
    )


@staff
@require_POST
def counter_filed(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Draft the letter that tells the provider what was filed."""
    form = FiledForm(request.POST)
    return _act(
        request,
        pk,
        form,
        lambda found: counter.draft_response(found, signed_in(request), form.cleaned_data["filed"]),
        "The letter is drafted. Somebody else has to approve it.",
    )


@staff
@require_POST
def counter_end(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say how it ended."""
    form = EndForm(request.POST)
    return _act(
        request,
        pk,
        form,
        lambda found: counter.end(found, signed_in(request), form.cleaned_data["how"] == "kept_down"),
        "Noted. The places are looked at again.",
    )


def _act(
    request: HttpRequest, pk: UUID, form: forms.Form, act: Callable[[CounterNotice], object], done: str
) -> HttpResponse:
    found = get_object_or_404(CounterNotice.objects.select_related("notice__case", "notice__operator"), pk=pk)
    if not form.is_valid():
        messages.error(request, next(str(error) for errors in form.errors.values() for error in errors))
    else:
        try:
            act(found)
        except NotAllowed as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, done)
    return redirect("takedowns:console_case", found.notice.case_id)
