"""Pages that join the apps: the first page, where you stand, and what we say about ourselves."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from accounts import retention
from accounts.access import members, public, signed_in, subscribers
from accounts.consent import WORDINGS
from accounts.policies import usage, versions
from alerts import addresses
from crawler import health, sources
from crawler.blocking import NotAccepted
from crawler.models import Source
from portal import overview, reporting, samples
from portal.forms import ReportForm

_REPORTS_PER_PAGE = 20
# What the crawler looks for in robots.txt; repeated here, so that no page has to load Scrapy. A test compares.
_ROBOTS_TOKEN = "Faceward"  # noqa: S105


@public
@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """The first page, for everybody."""
    usage.count(request, "landing")
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
    user = signed_in(request)
    context = {"overview": overview.of(user), "policy_changes": versions.waiting_for(user)}
    context["address"] = addresses.notice(user)
    return render(request, "portal/dashboard.html", context)


@subscribers
@require_http_methods(["GET", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Tell us of a page to look at, and what became of those that were reported."""
    user = signed_in(request)
    form = ReportForm(request.POST if request.method == "POST" else None)
    hindrance = reporting.hindrance(user)
    if form.is_valid() and not hindrance:
        try:
            sources.report_page(user, form.cleaned_data["url"])
        except NotAccepted as problem:
            form.add_error("url", problem.sentence)
        else:
            messages.success(request, "Thank you. We look at that page as soon as we can.")
            return redirect("portal:report")
    reported = Source.objects.filter(reported_by=user).order_by("-created_at", "id")
    page = Paginator(reported, _REPORTS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "hindrance": hindrance,
        "page": page,
        "reports": reporting.reports(user, list(page.object_list)),
        "most": sources.REPORTS_A_DAY,
    }
    return render(request, "portal/report.html", context, status=422 if form.errors else 200)


@public
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is held, why and until when: read from the registry that the retention sweep works by."""
    context = {
        "holdings": retention.holdings(),
        "grounds_reviewed": retention.REVIEWED,
        "backup_days": settings.BACKUP_RETENTION_DAYS,
        "data_location": settings.DATA_LOCATION,
        "privacy_email": settings.PRIVACY_EMAIL,
        "dpo_name": settings.DPO_NAME,
        "wordings": WORDINGS.values(),
        "watching": settings.GALLERY_MODE == "watch",
        "retention_days": settings.GALLERY_RETENTION_DAYS,
    }
    return render(request, "portal/privacy.html", context)


@public
@require_safe
def crawler(request: HttpRequest) -> HttpResponse:
    """For the owners of sites: who visits them and how to keep it out."""
    context = {
        "token": _ROBOTS_TOKEN,
        "user_agent": settings.CRAWLER_USER_AGENT,
        "delay": settings.CRAWLER_DELAY_SECONDS,
        "agent_name": settings.AGENT_NAME,
        "agent_address": settings.AGENT_ADDRESS,
        "agent_phone": settings.AGENT_PHONE,
        "revisit_min": health.spell(timedelta(seconds=settings.REVISIT_MIN_SECONDS)),
        "revisit_max": health.spell(timedelta(seconds=settings.REVISIT_MAX_SECONDS)),
        "watching": settings.GALLERY_MODE == "watch",
        "retention_days": settings.GALLERY_RETENTION_DAYS,
    }
    return render(request, "portal/crawler.html", context)


@public
@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Short answers, and where to get help that we cannot give."""
    usage.count(request, "help")
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
