"""The register of incidents, for senior staff."""

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import senior_staff, signed_in
from accounts.models import Incident, User
from accounts.states import IncidentState
from accounts.tickets import clocks, incidents, post, shown
from accounts.tickets.acts import carry_out, to
from accounts.tickets.refusal import Refused
from accounts.tickets.register_forms import EntryForm, IncidentForm, ToldForm, WhyForm, bound

_PER_PAGE = 50
_FORMS: dict[str, type[forms.Form]] = {
    "entry": EntryForm,
    "authority": ToldForm,
    "no_notice": WhyForm,
    "people": ToldForm,
    "close": WhyForm,
    "reopen": WhyForm,
}


@senior_staff
@require_GET
def register(request: HttpRequest) -> HttpResponse:
    """All incidents: open ones first, by their clock."""
    found = Incident.objects.order_by("-state", "authority_due_at", "pk")
    page = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    rows = [{"incident": incident, **_standing(incident)} for incident in page.object_list]
    return render(request, "tickets/console/incidents.html", {"page": page, "rows": rows})


@senior_staff
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Begin the register of an incident."""
    form = IncidentForm(request.POST if request.method == "POST" else None, initial={"aware_at": timezone.now()})
    if form.is_valid():
        try:
            made = incidents.open_incident(signed_in(request), **form.cleaned_data)
        except Refused as refusal:
            form.add_error("aware_at", str(refusal))
        else:
            return redirect("tickets:incident", made.pk)
    return render(request, "tickets/console/incident_new.html", {"form": form}, status=422 if form.errors else 200)


@senior_staff
@require_GET
def incident(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One incident: its clock, its entries, and what may be done."""
    return _page(request, _load(pk))


@senior_staff
@require_POST
def entry(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What was found or done."""

    def act(found: Incident, user: User, form: forms.Form) -> None:
        incidents.add_entry(
            found, user, form.cleaned_data["text"], people_affected=form.cleaned_data["people_affected"]
        )

    return _act(request, pk, "entry", act, "Written down.")


@senior_staff
@require_POST
def authority(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The authority heard of it."""

    def act(found: Incident, user: User, form: forms.Form) -> None:
        incidents.authority_told(found, user, form.cleaned_data["at"], form.cleaned_data["text"])

    return _act(request, pk, "authority", act, "Written down. The clock has stopped.")


@senior_staff
@require_POST
def no_notice(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Why the authority need not hear of it."""

    def act(found: Incident, user: User, form: forms.Form) -> None:
        incidents.no_notice(found, user, form.cleaned_data["text"])

    return _act(request, pk, "no_notice", act, "Written down. The clock has stopped.")


@senior_staff
@require_POST
def people(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The people concerned heard of it."""

    def act(found: Incident, user: User, form: forms.Form) -> None:
        incidents.people_told(found, user, form.cleaned_data["at"], form.cleaned_data["text"])

    return _act(request, pk, "people", act, "Written down.")


@senior_staff
@require_POST
def close(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End an incident."""

    def act(found: Incident, user: User, form: forms.Form) -> None:
        incidents.close(found, user, form.cleaned_data["text"])

    return _act(request, pk, "close", act, "The incident is closed.")


@senior_staff
@require_POST
def reopen(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Go on with a closed one."""

    def act(found: Incident, user: User, form: forms.Form) -> None:
        incidents.reopen(found, user, form.cleaned_data["text"])

    return _act(request, pk, "reopen", act, "The incident is open again.")


_Act = Callable[[Incident, User, forms.Form], None]


def _act(request: HttpRequest, pk: UUID, name: str, act: _Act, done: str) -> HttpResponse:
    found, form = _load(pk), bound(_FORMS[name], request.POST, name)

    def run() -> None:
        act(found, signed_in(request), form)

    def again() -> HttpResponse:
        return _page(request, _load(pk), **{f"{name}_form": form})

    return carry_out(request, form, run, done, to("tickets:incident", pk), again)


def _page(request: HttpRequest, found: Incident, **given: forms.Form) -> HttpResponse:
    facts = {
        "incident": found,
        "agent": settings.AGENT_NAME,
        "agent_address": settings.AGENT_ADDRESS,
        "agent_email": post.office_address(),
        "dpo_name": settings.DPO_NAME,
        "late": timezone.now() > found.authority_due_at,
    }
    context = {
        **facts,
        **_standing(found),
        "entries": found.entries.select_related("author"),
        "is_open": found.state == IncidentState.OPEN,
        "to_authority": render_to_string("tickets/letters/incident_authority.txt", facts, request),
        "to_people": render_to_string("tickets/letters/incident_people.txt", facts, request),
        **{f"{name}_form": bound(form, None, name) for name, form in _FORMS.items()},
        **given,
    }
    return render(request, "tickets/console/incident.html", context, status=422 if given else 200)


def _standing(found: Incident) -> dict[str, object]:
    """Whose move it is: the clock runs until the authority was told or there is a reason why not."""
    if found.state == IncidentState.CLOSED:
        return {"tone": "", "standing": "Closed"}
    due = clocks.authority_deadline(found)
    if not due:
        return {"tone": "waiting", "standing": "Open"}
    left = shown.left(due[0].at, timezone.now())
    return {"tone": "stopped" if left.endswith("late") else "needs", "standing": f"Tell the authority: {left}"}


def _load(pk: UUID) -> Incident:
    return get_object_or_404(Incident, pk=pk)
