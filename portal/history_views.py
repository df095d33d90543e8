"""What was found and what was removed, over time and by site."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import signed_in, subscribers
from accounts.security import presence
from portal import history

_PER_PAGE = 25


@subscribers
@presence.after_absence
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """A chart of the last weeks and a table of all sites; its sorting and page are in the URL."""
    user = signed_in(request)
    sort = history.known_sort(request.GET.get("sort", ""))
    weeks = history.weeks(user)
    found = history.sites(user, sort)
    context = {
        "totals": history.totals(user),
        "weeks": weeks,
        "most": max([1, *(max(week.found, week.removed) for week in weeks)]),
        "quiet": not any(week.found or week.removed for week in weeks),
        "page": Paginator(found, _PER_PAGE).get_page(request.GET.get("page")),
        "heads": history.heads(sort),
    }
    return render(request, "portal/history.html", context)
