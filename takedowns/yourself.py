"""Asking for a removal without us: what to look for, and a letter to send oneself. In no plan, as it costs nothing."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from accounts.access import signed_in, subscribers
from search import review
from search.models import Match
from takedowns import casefile

# In the letter and on the page; more would be no letter any more.
_MOST_PLACES = 20


@subscribers
@require_GET
def guide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """How to ask for this picture's removal oneself."""
    return page(request, get_object_or_404(review.visible_matches(signed_in(request)), pk=pk))


def page(request: HttpRequest, match: Match) -> HttpResponse:
    """The guide, for a match of the person's own."""
    places = match.places()[:_MOST_PLACES]
    context = {
        "match": match,
        "hosts": sorted({host for place in places if (host := casefile.host_of(place.page_url))}),
        "addresses": list(dict.fromkeys(address for place in places for address in (place.page_url, place.image_url))),
    }
    return render(request, "takedowns/yourself.html", context)
