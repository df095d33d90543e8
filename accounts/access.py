"""Who may open which page. Every view names one of these guards; a test walks the URL table for them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from accounts.models import User
from accounts.security import absence, factors, locks

View = Callable[..., HttpResponse]

# What a locked account still opens: why, the appeal, one's data, ending what was agreed to and what is paid for.
_OPEN_TO_LOCKED = frozenset({"security", "rights", "tickets", "policies", "billing"})
_ROUTES_OPEN_TO_LOCKED = frozenset({"search:consents", "search:withdraw_enrolment"})


def signed_in(request: HttpRequest) -> User:
    """The account behind a request that a guard has let through."""
    if not isinstance(request.user, User):
        raise TypeError("this view has no guard")
    return request.user


def _guard(
    view: View, audience: str, may: Callable[[User], bool], first: Callable[[HttpRequest, User], str] = lambda *_: ""
) -> View:
    """404 to whom the page is not for; the others go to the route that `first` names, if it names one."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = signed_in(request)
        if not may(user):
            raise Http404
        elsewhere = first(request, user)
        return redirect(elsewhere) if elsewhere else view(request, *args, **kwargs)

    # Never cached, so that Back shows nothing to whoever sits down next.
    protected: Any = never_cache(login_required(guarded))
    protected.audience = audience
    return protected  # type: ignore[no-any-return]


def _unless_locked(request: HttpRequest, user: User) -> str:
    """Nothing of a locked account's goes on, but its owner can always see why and end things."""
    absence.note(user)
    place = request.resolver_match
    if place and (place.namespace in _OPEN_TO_LOCKED or place.view_name in _ROUTES_OPEN_TO_LOCKED):
        return ""
    return "security:locked" if locks.locked(user) else ""


def _with_second_factor(request: HttpRequest, user: User) -> str:
    return "" if factors.has_second_factor(user) else "security:second_factor"


def public(view: View) -> View:
    """Open to everybody; marks that somebody decided so."""
    marked: Any = view
    marked.audience = "public"
    return view


def members(view: View) -> View:
    """Anybody who is signed in."""
    return _guard(view, "members", lambda user: True)


def subscribers(view: View) -> View:
    """The account holder's own pages. Staff get 404: they work in the console."""
    return _guard(view, "subscribers", lambda user: user.is_subscriber, _unless_locked)


def staff(view: View) -> View:
    """The console, with a second factor only. A subscriber gets 404, which does not tell whether the page exists."""
    return _guard(view, "staff", lambda user: user.is_staff_member, _with_second_factor)


def senior_staff(view: View) -> View:
    """What needs a senior member of staff."""
    return _guard(view, "senior_staff", lambda user: user.is_senior_staff, _with_second_factor)
