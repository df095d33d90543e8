"""A subscriber's webhooks: addresses that we call, and what came of the calls."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import signed_in, subscribers
from accounts.limits import limited
from accounts.models import User
from alerts import webhook_log, webhooks
from alerts.channel_forms import WebhookForm
from alerts.models import WebhookDelivery, WebhookEndpoint
from alerts.states import WebhookState

# In the session: the webhook whose secret the next page shows, once.
_TO_SHOW = "webhook_to_show"
_CALLS_AN_HOUR, _HOUR = 20, 3600
_ON_A_PAGE = 25


@subscribers
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """All of them, and a form for one more."""
    user = signed_in(request)
    form = WebhookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            endpoint = webhooks.add(user, form.cleaned_data["url"])
        except webhooks.NotTaken as reason:
            form.add_error("url", str(reason))
        else:
            request.session[_TO_SHOW] = str(endpoint.pk)
            return redirect("alerts:webhook", endpoint.pk)
    rows = WebhookEndpoint.objects.filter(user=user).order_by("created_at")
    context = {"form": form, "webhooks": rows, "most": webhooks.MOST, "room": len(rows) < webhooks.MOST}
    return render(request, "alerts/webhooks.html", context)


@subscribers
@require_GET
def webhook(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One of them: its state, and its calls."""
    endpoint = _mine(request, pk)
    secret = ""
    if request.session.get(_TO_SHOW) == str(pk):
        del request.session[_TO_SHOW]
        secret = webhooks.secret(endpoint)
    rows = endpoint.deliveries.select_related("endpoint")
    page = Paginator(rows, _ON_A_PAGE).get_page(request.GET.get("page"))
    calls = [webhook_log.call(row) for row in page]
    context = {"webhook": endpoint, "secret": secret, "page": page, "calls": calls}
    return render(request, "alerts/webhook.html", context)


@subscribers
@require_POST
def switch(request: HttpRequest, pk: UUID) -> HttpResponse:
    """On, or off: the other of the two."""
    endpoint = _mine(request, pk)
    if endpoint.state == WebhookState.ON:
        webhooks.switch_off(endpoint)
        messages.success(request, "Switched off. We make no more calls to this address.")
    else:
        webhooks.switch_on(endpoint)
        messages.success(request, "Switched on. We call this address from the next alert on.")
    return redirect("alerts:webhook", pk)


@subscribers
@require_POST
def renew(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A new secret, shown once."""
    webhooks.renew(_mine(request, pk))
    request.session[_TO_SHOW] = str(pk)
    return redirect("alerts:webhook", pk)


@subscribers
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask once, and delete it with its list of calls."""
    endpoint = _mine(request, pk)
    if request.method == "POST":
        endpoint.delete()
        messages.success(request, "Deleted. We make no more calls to that address.")
        return redirect("alerts:webhooks")
    return render(request, "alerts/webhook_delete.html", {"webhook": endpoint, "calls": endpoint.deliveries.count()})


@subscribers
@require_POST
def test(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A call about nothing, to see whether it arrives."""
    endpoint = _mine(request, pk)
    if endpoint.state != WebhookState.ON:
        messages.error(request, "Switch the webhook on first. Nothing was sent.")
    elif not _too_many(request, signed_in(request)):
        webhooks.test(endpoint)
        messages.success(request, "A test is on its way. What came of it shows here within a few minutes.")
    return redirect("alerts:webhook", pk)


@subscribers
@require_POST
def again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One call once more."""
    mine = WebhookDelivery.objects.select_related("endpoint").filter(endpoint__user=signed_in(request))
    delivery = get_object_or_404(mine, pk=pk)
    if not _too_many(request, signed_in(request)):
        if webhooks.again(delivery):
            messages.success(request, "It is on its way again, with the same id.")
        else:
            messages.error(request, "It is on its way already, or the webhook is off. Nothing was changed.")
    return redirect("alerts:webhook", delivery.endpoint_id)


def _mine(request: HttpRequest, pk: UUID) -> WebhookEndpoint:
    return get_object_or_404(WebhookEndpoint.objects.select_related("user"), pk=pk, user=signed_in(request))


def _too_many(request: HttpRequest, user: User) -> bool:
    """So that nobody has us flood somebody."""
    if not limited(f"webhook-calls:{user.pk}", _CALLS_AN_HOUR, _HOUR):
        return False
    messages.error(request, "You have asked for many calls in a short while. Please try again in an hour.")
    return True
