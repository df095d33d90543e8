"""Is it still the same person? (safeguard 2)

Whoever was enrolled with the camera shows their face again; whoever was not signs in again. The live check is at
the route `search:live`; one that was passed comes back through `confirmed`.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate, get_reauthentication_flows
from django.contrib import messages
from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from accounts import audit, consent
from accounts.access import View, signed_in
from accounts.models import User
from accounts.security import absence

# How long a check that was passed stands for a change that asks for one.
FOR_CHANGES = timedelta(minutes=10)


def confirmed(user: User) -> None:
    """The person enrolled stood before the camera just now."""
    with transaction.atomic():
        user.presence_confirmed_at = timezone.now()
        user.save(update_fields=["presence_confirmed_at"])
        absence.ended(user)
        audit.record("presence.confirmed", user, actor=user, about=user)


def is_fresh(user: User, within: timedelta = FOR_CHANGES) -> bool:
    """Whether the person enrolled stood before the camera within this time."""
    at = user.presence_confirmed_at
    return at is not None and at > timezone.now() - within


def by_camera(user: User) -> bool:
    """Whether there is a live face that we may compare with: an enrolment in effect that passed the camera's check."""
    enrolled = User.objects.filter(
        pk=user.pk,
        subject__enrolments__state="active",
        subject__enrolments__recapture_asked_at=None,
        subject__enrolments__templates__origin="live",
    )
    return consent.given(user) >= consent.REQUIRED and enrolled.exists()


def for_changes(view: View) -> View:
    """Guard of what an intruder would change first. Stands behind a guard of `accounts.access`."""
    return _guard(view, _fresh_for_changes)


def after_absence(view: View) -> View:
    """Guard of what shows results: after a long absence we first ask who it is."""
    return _guard(view, _back)


def _guard(view: View, proved: Callable[[HttpRequest, User], bool]) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = signed_in(request)
        if proved(request, user):
            return view(request, *args, **kwargs)
        return _to_the_camera(request) if by_camera(user) else _to_sign_in(request, user)

    return guarded


def _fresh_for_changes(request: HttpRequest, user: User) -> bool:
    return is_fresh(user) if by_camera(user) else _signed_in_again(request, user)


def _back(request: HttpRequest, user: User) -> bool:
    if absence.was_long(user) and not by_camera(user) and _signed_in_again(request, user):
        absence.ended(user)
    return not absence.was_long(user)


def _signed_in_again(request: HttpRequest, user: User) -> bool:
    """With the password or a second factor; who has neither, with a code by mail, a short while ago."""
    if get_reauthentication_flows(user):
        return bool(did_recently_reauthenticate(request))
    records = get_authentication_records(request, user)
    return bool(records) and time.time() - records[-1]["at"] < FOR_CHANGES.total_seconds()


def _to_the_camera(request: HttpRequest) -> HttpResponse:
    return _go(request, f"{reverse('search:live')}?{urlencode({'for': 'presence', 'next': _way_back(request)})}")


def _to_sign_in(request: HttpRequest, user: User) -> HttpResponse:
    methods = get_adapter(request).get_reauthentication_methods(user)
    if not methods:
        logout(request)
        messages.info(request, "Please sign in again first.")
    where = methods[0]["url"] if methods else reverse("account_login")
    return _go(request, f"{where}?{urlencode({'next': _way_back(request)})}")


def _way_back(request: HttpRequest) -> str:
    """A form that was sent is not sent again by itself."""
    return request.get_full_path() if request.method == "GET" and not _is_htmx(request) else reverse("portal:home")


def _go(request: HttpRequest, url: str) -> HttpResponse:
    return HttpResponseClientRedirect(url) if _is_htmx(request) else redirect(url)


def _is_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"
