"""The pages about a person's address for mail: the link in our mails that stops them, and "try this address again"."""

import logging

from django.contrib import messages
from django.core.signing import BadSignature
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import public, signed_in, subscribers
from accounts.limits import limited
from accounts.models import User
from alerts import addresses, rules, unsubscribing

logger = logging.getLogger(__name__)

_TRIES, _DAY = 3, 24 * 3600


@csrf_exempt
@public
@never_cache
@require_http_methods(["GET", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Opening the link changes nothing, as mail scanners open links. The button stops alert mail.

    A mail program posts by itself, without a cookie and so without CSRF protection: the token is all it needs, and
    all it does is to stop mail (RFC 8058, which also forbids to redirect it).
    """
    user = _whose(token)
    if request.method == "GET":
        return _page(request, user)
    if request.POST.get(unsubscribing.FIELD) == unsubscribing.VALUE:
        _stop(user)
        return _page(request, user)
    if request.POST.get("act") != "stop":
        return HttpResponse("Nothing was changed.", status=400, content_type="text/plain")
    undo = _stop(user)
    return redirect("alerts:stopped", undo) if undo else redirect("alerts:stop", token)


@public
@never_cache
@require_http_methods(["GET", "POST"])
def stopped(request: HttpRequest, token: str) -> HttpResponse:
    """Done, with the way back for an hour."""
    try:
        off = unsubscribing.is_off(token)
    except BadSignature:
        raise Http404 from None
    if request.method == "POST":
        unsubscribing.put_back(token)
        return redirect("alerts:stopped", token)
    return render(request, "alerts/stopped.html", {"off": off})


@subscribers
@require_POST
def address_again(request: HttpRequest) -> HttpResponse:
    """They say that their address works: what waits for it comes with the next mail."""
    user = signed_in(request)
    back = "alerts:settings" if request.POST.get("from") == "settings" else "portal:dashboard"
    if addresses.stopped(user) is None:
        return redirect(back)
    if limited(f"address-again:{user.pk}", _TRIES, _DAY):
        messages.error(request, "You have tried this several times today. Please try again tomorrow.")
    else:
        addresses.works_again(user)
        messages.success(request, "We write to this address again. What is new comes in the next mail.")
    return redirect(back)


def _whose(token: str) -> User:
    user = unsubscribing.whose(token)
    if user is None:
        raise Http404
    return user


def _stop(user: User) -> str:
    undo = unsubscribing.stop(user)
    if undo:
        logger.info("%s gets no alert mail any more, by the link in one", user.pk)
    return undo


def _page(request: HttpRequest, user: User) -> HttpResponse:
    """Names nobody: whoever has the link may not be who the mail was for."""
    return render(request, "alerts/stop.html", {"on": rules.of(user).mail_since is not None})
