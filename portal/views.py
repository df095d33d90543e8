"""Pages that join the apps: the first page, where you stand, and what we say about ourselves."""

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from accounts import retention
from accounts.access import members, public, signed_in, subscribers
from accounts.consent import WORDINGS
from portal import overview, samples


@public
@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """The first page, for everybody."""
    return render(request, "portal/landing.html")


@members
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Where a person's work is, after signing in."""
    return redirect("takedowns:queue" if signed_in(request).is_staff_member else "portal:dashboard")


@subscribers
@require_GET
def dashboard(request: HttpRequest) -> HttpResponse:
    """Where the person stands, whose move it is, and what comes next."""
    return render(request, "portal/dashboard.html", {"overview": overview.of(signed_in(request))})


@public
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is held, why and until when: read from the registry that the retention sweep works by."""
    context = {
        "holdings": retention.holdings(),
        "wordings": WORDINGS.values(),
        "watching": settings.GALLERY_MODE == "watch",
        "retention_days": settings.GALLERY_RETENTION_DAYS,
    }
    return render(request, "portal/privacy.html", context)


@public
@require_safe
def crawler(request: HttpRequest) -> HttpResponse:
    """For the owners of sites: who visits them and how to keep it out."""
    context = {"user_agent": settings.CRAWLER_USER_AGENT, "delay": settings.CRAWLER_DELAY_SECONDS}
    return render(request, "portal/crawler.html", context)


@public
@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Short answers, and where to get help that we cannot give."""
    return render(request, "portal/help.html")


@public
@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component in every state. Routed in debug only."""
    return render(request, "portal/styleguide.html", samples.everything())


@public
@never_cache
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """For a load balancer: whether the database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"database": "down"}, status=503)
    return JsonResponse({"database": "ok"})
