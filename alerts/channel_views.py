"""Other ways to hear of alerts: the private feed, and pushes of the browser."""

import base64
import hashlib
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, quote_etag
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts import keys
from accounts.access import public, signed_in, subscribers
from accounts.limits import client, limited
from accounts.models import User
from alerts import feed, push, vapid
from alerts.channel_forms import BrowserForm
from alerts.models import FeedToken, PushBrowser

_TO_SHOW, _PURPOSE = "feed_to_show", "feed"
_WRONG, _TEN_MINUTES = 30, 600
_READS, _HOUR = 120, 3600
_CHANGES_AN_HOUR = 30


@subscribers
@require_GET
def feed_page(request: HttpRequest) -> HttpResponse:
    """Whether there is a feed; right after it was made, its address."""
    user = signed_in(request)
    context = {"feed": FeedToken.objects.filter(user=user).first(), "address": _address_once(request, user)}
    return render(request, "alerts/feed.html", context)


@subscribers
@require_POST
def feed_new(request: HttpRequest) -> HttpResponse:
    """Make the feed, or give it another address."""
    user = signed_in(request)
    sealed = keys.seal(user, _PURPOSE, feed.renew(user).encode())
    request.session[_TO_SHOW] = base64.b64encode(sealed).decode()
    return redirect("alerts:feed")


@subscribers
@require_POST
def feed_off(request: HttpRequest) -> HttpResponse:
    """No feed any more."""
    FeedToken.objects.filter(user=signed_in(request)).delete()
    messages.success(request, "Switched off. The address of your feed shows nothing any more.")
    return redirect("alerts:feed")


@public
@require_safe
def atom(request: HttpRequest, token: str) -> HttpResponse:
    """The feed itself, for whoever knows its address."""
    found = feed.find(token)
    if found is None:
        if limited(f"feed-wrong:{client(request)}", _WRONG, _TEN_MINUTES):
            return _too_often(_TEN_MINUTES)
        raise Http404
    if limited(f"feed:{found.pk}", _READS, _HOUR):
        return _too_often(_HOUR)
    made = feed.written(found, token)
    etag, changed = quote_etag(hashlib.sha256(made.data).hexdigest()), int(made.updated.timestamp())
    response = HttpResponse(made.data, content_type="application/atom+xml; charset=utf-8")
    response["Last-Modified"] = http_date(changed)
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response["X-Robots-Tag"] = "noindex"
    return get_conditional_response(request, etag, changed, response) or response


@subscribers
@require_GET
def push_page(request: HttpRequest) -> HttpResponse:
    """Switch it on in this browser; and the browsers in which it is on."""
    rows = PushBrowser.objects.filter(user=signed_in(request)).order_by("created_at")
    browsers = [{"row": row, "name": push.name(row)} for row in rows]
    ceiling = {"a_day": settings.ALERT_MAILS_A_DAY, "a_week": settings.ALERT_MAILS_A_WEEK}
    context = {"browsers": browsers, "key": vapid.public_key(), "form": BrowserForm(), **ceiling}
    return render(request, "alerts/push.html", context)


@subscribers
@require_POST
def push_add(request: HttpRequest) -> HttpResponse:
    """Wake this browser up from now on."""
    user, form = signed_in(request), BrowserForm(request.POST)
    if limited(f"push-add:{user.pk}", _CHANGES_AN_HOUR, _HOUR):
        messages.error(request, "You have switched this many times in a short while. Please try again in an hour.")
    elif not form.is_valid():
        messages.error(request, "Your browser did not name an address that we can use. Nothing was changed.")
    else:
        try:
            push.add(user, form.cleaned_data["endpoint"])
        except push.NotTaken as reason:
            messages.error(request, str(reason))
        else:
            messages.success(request, "Switched on. This browser tells you when there is a message for you.")
    return redirect("alerts:push")


@subscribers
@require_POST
def push_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Wake that browser up no more."""
    get_object_or_404(PushBrowser, pk=pk, user=signed_in(request)).delete()
    messages.success(request, "Switched off. That browser tells you nothing any more.")
    return redirect("alerts:push")


@public
@require_safe
def push_worker(request: HttpRequest) -> HttpResponse:
    """The script that a browser wakes up. At the root, and asked for anew each time, so that a change arrives."""
    script = settings.BASE_DIR / "static" / "js" / "push-worker.js"
    response = HttpResponse(script.read_bytes(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response


def _address_once(request: HttpRequest, user: User) -> str:
    """What waits in the session since the feed was made, sealed; shown once."""
    waiting = request.session.pop(_TO_SHOW, "")
    if not waiting:
        return ""
    try:
        return feed.address(keys.unseal(user, _PURPOSE, base64.b64decode(waiting)).decode())
    except keys.Unreadable:
        return ""


def _too_often(seconds: int) -> HttpResponse:
    return HttpResponse("too many", status=429, content_type="text/plain", headers={"Retry-After": str(seconds)})
