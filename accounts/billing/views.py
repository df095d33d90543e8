"""What the plans are and cost, and a person's own plan: choose it, change it, end it."""

import logging
from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts.access import public, signed_in, subscribers
from accounts.billing import grants, payments, standing, webhooks
from accounts.billing.payments import CustomerGone, Unavailable
from accounts.billing.plans import default_plan, rank
from accounts.billing.sync import customer_of, sync
from accounts.limits import limited
from accounts.models import Plan, User

logger = logging.getLogger(__name__)

# Where the address at Stripe waits in the session until the person presses the link to it. A form must not lead
# there by itself: our own policy forbids forms to leave this site.
_ADDRESS = "billing_address"
_UNAVAILABLE = (
    "We cannot reach Stripe, which takes the payments, just now. Nothing has changed. Please try again later."
)
_TRIES_AN_HOUR = 20


@public
@require_safe
def prices(request: HttpRequest) -> HttpResponse:
    """What costs nothing, and what the plans have and cost."""
    context = {"choices": standing.choices(), "on_sale": payments.on_sale(), "default": default_plan()}
    return render(request, "billing/prices.html", context)


@subscribers
@require_GET
def plan(request: HttpRequest) -> HttpResponse:
    """What the person has, until when, and what they could have."""
    own = standing.of(signed_in(request))
    context = {"standing": own, "choices": standing.choices(own.plan), "on_sale": payments.on_sale()}
    return render(request, "billing/plan.html", context)


@subscribers
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Buy a plan, or change to it: prepared here, seen and paid for at Stripe."""
    user, wanted = signed_in(request), _wanted(request)
    own = standing.of(user)
    if own.plan == wanted or (not own.paid and rank(wanted) < rank(own.plan)):
        messages.info(request, "You have this already.")
        return redirect("billing:plan")
    return _to_stripe(request, user, lambda customer: _where(user, own, customer, wanted), "buy")


@subscribers
@require_POST
def manage(request: HttpRequest) -> HttpResponse:
    """Cards and invoices, on Stripe's own pages."""
    user = signed_in(request)
    row = grants.of(user)
    if row is None or not row.customer_id or not payments.on_sale():
        raise Http404
    return _to_stripe(request, user, payments.portal, "manage")


@subscribers
@require_GET
def pay(request: HttpRequest) -> HttpResponse:
    """The link that leads to Stripe, and what is told there."""
    waiting = request.session.get(_ADDRESS)
    if not waiting:
        return redirect("billing:plan")
    return render(request, "billing/pay.html", {"address": waiting["url"], "why": waiting["why"]})


@subscribers
@require_GET
def returned(request: HttpRequest) -> HttpResponse:
    """Back from Stripe: ask what came of it, and show it."""
    user = signed_in(request)
    request.session.pop(_ADDRESS, None)
    row = grants.of(user)
    if row is not None and row.customer_id and payments.on_sale():
        try:
            changed = sync(row)
        except Unavailable:
            messages.info(request, "Stripe has not told us yet what you did there. It shows here as soon as it has.")
        else:
            if changed:
                messages.success(request, f"Thank you. Your plan is {standing.of(user).plan.label}.")
    return redirect("billing:plan")


@subscribers
@require_http_methods(["GET", "POST"])
def cancel(request: HttpRequest) -> HttpResponse:
    """End a paid plan with the time that is paid for: one page, one press."""
    user = signed_in(request)
    own = standing.of(user)
    if not own.paid or own.row is None or own.row.cancels_at:
        return redirect("billing:plan")
    if request.method == "POST":
        return _renew(request, user, goes_on=False)
    return render(request, "billing/cancel.html", {"standing": own})


@subscribers
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Go on with a plan that was to end."""
    user = signed_in(request)
    own = standing.of(user)
    if not own.paid or own.row is None or not own.row.cancels_at:
        return redirect("billing:plan")
    return _renew(request, user, goes_on=True)


@csrf_exempt
@public
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """Messages from Stripe. An answer above 499 makes it send the message again."""
    if not payments.on_sale():
        raise Http404
    try:
        return HttpResponse(webhooks.receive(request), content_type="text/plain")
    except webhooks.NotFromStripe as error:
        logger.warning("a message that is not from Stripe: %s", error)
        return HttpResponse("not signed", status=400, content_type="text/plain")
    except Unavailable as error:
        logger.warning("Stripe could not be asked back: %s", error)
        return HttpResponse("try again", status=503, content_type="text/plain")


def _wanted(request: HttpRequest) -> Plan:
    try:
        wanted = Plan(request.POST.get("plan", ""))
    except ValueError:
        raise BadRequest("no such plan") from None
    if not payments.sells(wanted):
        raise Http404
    return wanted


def _where(user: User, own: standing.Standing, customer: str, wanted: Plan) -> str:
    """Where to pay: for a change of what is paid for already, a page that says what the change costs."""
    if not own.paid or own.row is None:
        return payments.checkout(user, customer, wanted)
    mine = [one for one in payments.subscriptions_of(customer) if one.id == own.row.subscription_id]
    if not mine:
        raise Unavailable("resource_missing")
    return payments.change(customer, mine[0], wanted)


def _to_stripe(request: HttpRequest, user: User, where: Callable[[str], str], why: str) -> HttpResponse:
    if limited(f"billing:{user.pk}", _TRIES_AN_HOUR, 3600):
        messages.error(request, "You have tried this many times in a short while. Please try again in an hour.")
        return redirect("billing:plan")
    try:
        address = where(customer_of(user))
    except (Unavailable, CustomerGone) as error:
        return _failed(request, user, error)
    request.session[_ADDRESS] = {"url": address, "why": why}
    return redirect("billing:pay")


def _renew(request: HttpRequest, user: User, *, goes_on: bool) -> HttpResponse:
    row = grants.of(user)
    if row is None:
        raise Http404
    try:
        payments.renew(row.subscription_id, goes_on=goes_on)
        sync(row)
    except (Unavailable, CustomerGone) as error:
        return _failed(request, user, error)
    own = standing.of(user)
    if own.last_day:
        until = f"Done. You have {own.plan.label} until {own.last_day:%-d %B %Y}."
        messages.success(request, until if own.late else f"{until} Nothing more is charged.")
    else:
        messages.success(request, f"Done. {own.plan.label} goes on.")
    return redirect("billing:plan")


def _failed(request: HttpRequest, user: User, error: Exception) -> HttpResponse:
    logger.warning("Stripe could not be asked for account %s: %s %s", user.pk, type(error).__name__, error)
    row = grants.of(user)
    if isinstance(error, CustomerGone) and row is not None:
        try:
            sync(row)  # forgets the customer, so that the next try makes a new one
        except Unavailable:
            logger.warning("and again not")
    messages.error(request, _UNAVAILABLE)
    return redirect("billing:plan")
