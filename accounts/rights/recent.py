"""A guard for what is for good or gives everything away: who is it that sits here now?

Not the live check: whoever cannot use a camera any more must be able to have their data, and to have it erased.
"""

import time
from functools import wraps
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.access import View, signed_in

RECENT_SECONDS = 15 * 60


def recent_sign_in(view: View) -> View:
    """Behind a guard of `accounts.access`: lets through who signed in, or confirmed it, in the last minutes."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if _signed_in_recently(request):
            return view(request, *args, **kwargs)
        if get_reauthentication_flows(signed_in(request)):
            # allauth's middleware leads to the password or the second factor, and back.
            raise ReauthenticationRequired
        return render(request, "rights/sign_in_again.html")

    return guarded


def _signed_in_recently(request: HttpRequest) -> bool:
    records = get_authentication_records(request, signed_in(request))
    return any(time.time() - record["at"] < RECENT_SECONDS for record in records)
