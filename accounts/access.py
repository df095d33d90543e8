"""Who may open which page. Every view names one of these guards; a test walks the URL table for them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from accounts.models import User

View = Callable[..., HttpResponse]


def signed_in(request: HttpRequest) -> User:
    """The account behind a request that a guard has let through."""
    if not isinstance(request.user, User):
        raise TypeError("this view has no guard")
    return request.user


def _guard(view: View, audience: str, may: Callable[[User], bool]) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may(signed_in(request)):
            raise Http404
        return view(request, *args, **kwargs)

    # Never cached, so that Back shows nothing to whoever sits down next.
    protected: Any = never_cache(login_required(guarded))
    protected.audience = audience
    return protected  # type: ignore[no-any-return]


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
    return _guard(view, "subscribers", lambda user: user.is_subscriber)


def staff(view: View) -> View:
    """The console. A subscriber gets 404, which does not tell whether the page exists."""
    return _guard(view, "staff", lambda user: user.is_staff_member)


def senior_staff(view: View) -> View:
    """What needs a senior member of staff."""
    return _guard(view, "senior_staff", lambda user: user.is_senior_staff)
