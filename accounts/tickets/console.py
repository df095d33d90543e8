"""Requests in the staff console: the queue, one request, and every act on it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import audit
from accounts.access import signed_in, staff
from accounts.limits import limited
from accounts.models import DataRequest, User
from accounts.states import RequestState
from accounts.tickets import clocks, shown, tickets
from accounts.tickets.acts import carry_out, to
from accounts.tickets.forms import CloseForm, ExtendForm, KindForm, NoteForm, ReplyForm, WriteDownForm, region_of

_PER_PAGE = 50
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Tab:
    """One view of the queue."""

    key: str
    label: str
    nothing: str


TABS = (
    Tab("open", "Open", "Nothing is open."),
    Tab("late", "Late", "Nothing is late."),
    Tab("mine", "Mine", "Nothing open is yours."),
    Tab("waiting", "Waiting for the person", "We wait for nobody."),
    Tab("closed", "Closed", "Nothing has been closed."),
)


def of_tab(key: str, user: User) -> QuerySet[DataRequest]:
    """What a tab shows: the soonest due first, which puts the late ones on top; closed ones by their end."""
    open_ones = ~Q(state=RequestState.CLOSED)
    conditions = {
        "open": open_ones,
        "late": clocks.overdue(timezone.now()),
        "mine": open_ones & Q(assigned_to=user),
        "waiting": Q(state=RequestState.WAITING_FOR_PERSON),
        "closed": Q(state=RequestState.CLOSED),
    }
    found = DataRequest.objects.filter(conditions[key]).select_related("assigned_to")
    return found.order_by("-closed_at", "pk") if key == "closed" else found.order_by(clocks.NEXT_DUE, "pk")


@staff
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """The queue. Tab, kind, search and page are in the URL."""
    user, get = signed_in(request), request.GET
    tab = next((tab for tab in TABS if tab.key == get.get("tab")), TABS[0])
    kind, search = get.get("kind", ""), get.get("q", "").strip()[:40]
    found = of_tab(tab.key, user)
    if kind in DataRequest.Kind.values:
        found = found.filter(kind=kind)
    if search:
        found = found.filter(reference__icontains=search)
    page = Paginator(found, _PER_PAGE).get_page(get.get("page"))
    context = {
        "tab": tab,
        "tabs": [{"tab": each, "count": of_tab(each.key, user).count()} for each in TABS],
        "kinds": DataRequest.Kind.choices,
        "kind": kind,
        "search": search,
        "page": page,
        "rows": shown.rows(page.object_list),
    }
    return render(request, "tickets/console/queue.html", context)


@staff
@require_http_methods(["GET", "POST"])
def write_down(request: HttpRequest) -> HttpResponse:
    """A request that came by letter or telephone."""
    form = WriteDownForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "tickets/console/new.html", {"form": form}, status=422 if form.errors else 200)
    data = form.cleaned_data
    ticket = tickets.open_ticket(
        data["kind"],
        email=data["email"],
        body=data["body"],
        channel=DataRequest.Channel.STAFF,
        region=region_of(form),
        actor=signed_in(request),
    )
    return redirect("tickets:ticket", ticket.pk)


@staff
@require_GET
def ticket(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One request. That it was read is recorded, once an hour for each reader."""
    found, user = _load(pk), signed_in(request)
    if not limited(f"request-read:{found.pk}:{user.pk}", 1, _HOUR):
        audit.record("request.read", found, actor=user, about=found.user)
    return _page(request, found)


@staff
@require_POST
def reply(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer by mail."""
    found, form = _load(pk), ReplyForm(request.POST, auto_id="reply-%s")

    def act() -> None:
        tickets.reply(found, signed_in(request), form.cleaned_data["body"], wait=form.cleaned_data["wait"])

    return _done(request, found, "reply", form, act, "Your answer has been sent.")


@staff
@require_POST
def note(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A note among staff."""
    found, form = _load(pk), NoteForm(request.POST, auto_id="note-%s")

    def act() -> None:
        tickets.note(found, signed_in(request), form.cleaned_data["body"])

    return _done(request, found, "note", form, act, "Your note is with the request.")


@staff
@require_POST
def classify(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say what it is about."""
    found, form = _load(pk), KindForm(request.POST, auto_id="kind-%s")

    def act() -> None:
        tickets.classify(found, signed_in(request), form.cleaned_data["kind"])

    return _done(request, found, "kind", form, act, "Changed.")


@staff
@require_POST
def extend(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take the longer time that the law allows."""
    found, form = _load(pk), ExtendForm(request.POST, auto_id="extend-%s")

    def act() -> None:
        tickets.extend(found, signed_in(request), form.cleaned_data["reason"])

    return _done(request, found, "extend", form, act, "Extended. The person has been told, and why.")


@staff
@require_POST
def close(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End a request."""
    found, form = _load(pk), CloseForm(request.POST, auto_id="close-%s")

    def act() -> None:
        tickets.close(found, signed_in(request), form.cleaned_data["outcome"], form.cleaned_data["body"])

    return _done(request, found, "close", form, act, f"{found.reference} is closed. The person has been told.")


@staff
@require_POST
def reopen(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Go on with a closed one."""
    found = _load(pk)

    def act() -> None:
        tickets.reopen(found, signed_in(request))

    return _done(request, found, "", forms.Form(request.POST), act, f"{found.reference} is open again.")


@staff
@require_POST
def assign(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take it on. In the queue only the row's cell changes, so that the keyboard stays where it is."""
    found = _load(pk)

    def act() -> None:
        tickets.assign(found, signed_in(request))

    if request.headers.get("HX-Request"):
        act()
        return HttpResponse("You")
    return _done(request, found, "", forms.Form(request.POST), act, f"{found.reference} is yours.")


def _done(request: HttpRequest, found: DataRequest, name: str, form: forms.Form, act: Any, words: str) -> HttpResponse:
    def again() -> HttpResponse:
        return _page(request, _load(found.pk), **{f"{name}_form": form})

    return carry_out(request, form, act, words, to("tickets:ticket", found.pk), again)


def _page(request: HttpRequest, found: DataRequest, **bound: forms.Form) -> HttpResponse:
    law = tickets.law_of(found)
    address = tickets.address_of(found)
    is_open = found.state != RequestState.CLOSED
    context = {
        "ticket": found,
        "standing": shown.standing(found, staff=True),
        "address": address,
        "law": law,
        "thread": shown.thread(found, staff=True),
        "identity": _identity(found, address),
        "outcome": tickets.OUTCOMES.get(found.outcome, ""),
        "is_open": is_open,
        "may_extend": is_open and not found.extended_at and found.due_at > timezone.now(),
        "extended_to": tickets.extended_to(found),
        "kind_form": KindForm(auto_id="kind-%s", initial={"kind": found.kind}),
        "reply_form": ReplyForm(auto_id="reply-%s"),
        "note_form": NoteForm(auto_id="note-%s"),
        "extend_form": ExtendForm(auto_id="extend-%s"),
        "close_form": CloseForm(auto_id="close-%s"),
        **bound,
    }
    return render(request, "tickets/console/ticket.html", context, status=422 if bound else 200)


def _identity(found: DataRequest, address: str) -> str:
    """How sure it is who asked, and what to do about it, without asking for more than is needed."""
    if found.user_id:
        return "Was signed in: nothing more to prove."
    if found.channel == DataRequest.Channel.FORM and not address:
        return "Gave no address."
    if address and User.objects.filter(email__iexact=address).exists():
        return "Not proved. An account has this address: ask them to sign in and to ask from there."
    return "Not proved, and no account has this address. Ask for no identity document: tell only what is not personal."


def _load(pk: UUID) -> DataRequest:
    return get_object_or_404(DataRequest.objects.select_related("user", "assigned_to"), pk=pk)
