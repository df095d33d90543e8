"""The transparency report, as a page and for programs."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import public
from accounts.models import PublishedReport
from portal.transparency import SMALLEST, Half


@public
@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """The newest report, and the way to the older ones; or when there will be one."""
    newest = PublishedReport.objects.order_by("-period").first()
    return _page(request, newest)


@public
@require_safe
def report(request: HttpRequest, period: str) -> HttpResponse:
    """One half-year's report."""
    return _page(request, get_object_or_404(PublishedReport, period=period))


def _page(request: HttpRequest, shown: PublishedReport | None) -> HttpResponse:
    half = Half.of(timezone.now().date())
    context = {
        "report": shown,
        "periods": PublishedReport.objects.order_by("-period").values_list("period", flat=True),
        "smallest": SMALLEST,
        "half": half.words,
        "next_at": half.span[1],
    }
    return render(request, "portal/transparency.html", context)


@public
@require_safe
def as_json(_request: HttpRequest, period: str) -> JsonResponse:
    """One half-year's report as it was published, for programs."""
    shown = get_object_or_404(PublishedReport, period=period)
    document: dict[str, Any] = {**shown.body, "published_at": shown.published_at.isoformat()}
    return JsonResponse(document, json_dumps_params={"ensure_ascii": False})


@public
@require_safe
def index_json(_request: HttpRequest) -> JsonResponse:
    """Where each report is, for programs."""
    periods = PublishedReport.objects.order_by("period").values_list("period", flat=True)
    return JsonResponse({"reports": {period: reverse("portal:transparency_json", args=[period]) for period in periods}})
