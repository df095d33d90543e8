"""The public's pages: ask about your data, report misuse, and what became of it."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import members, public, signed_in
from accounts.limits import client, limited
from accounts.models import DataRequest, User
from accounts.tickets import shown, tickets
from accounts.tickets.forms import AskForm, MessageForm, MisuseForm, region_of

_HOUR, _DAY = 3600, 24 * 3600
_PER_CLIENT, _PER_ADDRESS, _MESSAGES = 6, 3, 20
_TRY_LATER = "That is many messages in a short while. Please try again in an hour, or write to {}."
_SENT = "ticket_sent"


@public
@never_cache
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Ask about your data, without an account or an identity document."""
    user = _user(request)
    initial = {"kind": request.GET.get("kind", "")}
    form = AskForm(request.POST if request.method == "POST" else None, user=user, initial=initial)
    if form.is_valid() and _may(request, form):
        made = tickets.open_ticket(
            form.cleaned_data["kind"],
            email=form.sender,
            body=form.cleaned_data["body"],
            user=user,
            region=region_of(form),
        )
        return _sent(request, made)
    context = {"form": form, "user_email": _email(user), "privacy_email": settings.PRIVACY_EMAIL}
    return render(request, "tickets/ask.html", {**context, "dpo_name": settings.DPO_NAME}, status=_status(form))


@public
@never_cache
@require_http_methods(["GET", "POST"])
def misuse(request: HttpRequest) -> HttpResponse:
    """Report that this service is misused; no account and no name needed."""
    user = _user(request)
    form = MisuseForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_valid() and _may(request, form):
        made = tickets.open_ticket(
            DataRequest.Kind.MISUSE, email=form.sender, body=form.cleaned_data["body"], user=user
        )
        return _sent(request, made)
    return render(request, "tickets/misuse.html", {"form": form, "user_email": _email(user)}, status=_status(form))


@public
@never_cache
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """What happens now; shown in the browser that asked."""
    made = DataRequest.objects.filter(reference=request.session.get(_SENT, "")).first()
    if made is None:
        return redirect("tickets:ask")
    context = {
        "ticket": made,
        "title": shown.standing(made).title,
        "law": tickets.law_of(made),
        "answers": bool(tickets.address_of(made)),
    }
    return render(request, "tickets/sent.html", context)


@members
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """What the person asked while signed in."""
    found = DataRequest.objects.filter(user=signed_in(request)).order_by("-received_at", "pk")
    return render(request, "tickets/mine.html", {"tickets": [shown.standing(ticket) for ticket in found]})


@members
@require_safe
def one(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One request of one's own."""
    return _one(request, _own(request, pk), MessageForm())


@members
@require_POST
def add(request: HttpRequest, pk: UUID) -> HttpResponse:
    """More to a request of one's own."""
    ticket, user, form = _own(request, pk), signed_in(request), MessageForm(request.POST)
    if not form.is_valid():
        return _one(request, ticket, form)
    if limited(f"ticket-message:{user.pk}", _MESSAGES, _DAY):
        form.add_error(None, _try_later())
        return _one(request, ticket, form)
    tickets.take_message(ticket, form.cleaned_data["body"], user=user)
    messages.success(request, "Your message is with us.")
    return redirect("tickets:one", pk)


def _one(request: HttpRequest, ticket: DataRequest, form: MessageForm) -> HttpResponse:
    context = {
        "ticket": ticket,
        "standing": shown.standing(ticket),
        "law": tickets.law_of(ticket),
        "thread": shown.thread(ticket),
        "outcome": tickets.OUTCOMES.get(ticket.outcome, ""),
        "form": form,
    }
    return render(request, "tickets/one.html", context, status=_status(form))


def _own(request: HttpRequest, pk: UUID) -> DataRequest:
    return get_object_or_404(DataRequest, pk=pk, user=signed_in(request))


def _user(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _email(user: User | None) -> str:
    return user.email if user else ""


def _may(request: HttpRequest, form: AskForm | MisuseForm) -> bool:
    """Whether this is not too much from one place or for one address; else the form says so."""
    address = form.sender.strip().lower()
    too_many = limited(f"ticket:{client(request)}", _PER_CLIENT, _HOUR)
    if too_many or (address and limited(f"ticket-to:{address}", _PER_ADDRESS, _HOUR)):
        form.add_error(None, _try_later())
        return False
    return True


def _try_later() -> str:
    return _TRY_LATER.format(settings.PRIVACY_EMAIL)


def _sent(request: HttpRequest, made: DataRequest) -> HttpResponse:
    request.session[_SENT] = made.reference
    return redirect("tickets:sent")


def _status(form: Any) -> int:
    return 422 if form.errors else 200
