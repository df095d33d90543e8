"""What a person looks up at search engines: programs may not ask them."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.access import signed_in, staff
from takedowns import casefile, delisting
from takedowns.cases import NotAllowed
from takedowns.models import Delisting

_PER_PAGE = 25


@staff
@require_GET
def delistings(request: HttpRequest) -> HttpResponse:
    """The places to look up, longest unseen first."""
    page = Paginator(delisting.to_check(), _PER_PAGE).get_page(request.GET.get("page"))
    rows = [{"row": row, "host": casefile.host_of(row.url.page_url)} for row in page.object_list]
    return render(request, "takedowns/delistings.html", {"page": page, "rows": rows})


@staff
@require_POST
def looked(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what was seen at the engine."""
    row = get_object_or_404(Delisting.objects.select_related("url__case", "engine"), pk=pk)
    gone = request.POST.get("listed") == "no"
    try:
        delisting.record(row.url, row.engine, signed_in(request), gone)
        messages.success(request, f"Noted: {row.engine.name} {'does not list it' if gone else 'still lists it'}.")
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    return redirect("takedowns:delistings")
