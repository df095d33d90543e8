"""Saved views of the queue: kept, used, renamed and deleted by whose they are."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.access import signed_in, staff
from takedowns import filters
from takedowns.console.forms import NameForm
from takedowns.console.shared import calmly, valid
from takedowns.models import SavedFilter


@staff
@require_GET
def saved_filters(request: HttpRequest) -> HttpResponse:
    """One's own views, to be renamed or deleted."""
    views = filters.saved(signed_in(request))
    rows = [
        {"view": view, "form": NameForm(initial={"name": view.name}, auto_id=f"view-{view.pk}-%s")} for view in views
    ]
    return render(request, "takedowns/console_saved.html", {"rows": rows})


@staff
@require_POST
def save_filter(request: HttpRequest) -> HttpResponse:
    """Keep the view that is open under a name."""
    query = request.POST.get("query", "")
    with calmly(request):
        form = valid(NameForm(request.POST))
        view = filters.save(signed_in(request), form.cleaned_data["name"], query)
        query = view.query
        messages.success(request, f"Saved as “{view.name}”.")
    return redirect(f"{reverse('takedowns:queue')}?{query}")


@staff
@require_POST
def rename_filter(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a view another name."""
    view = get_object_or_404(SavedFilter, pk=pk, staff=signed_in(request))
    with calmly(request):
        filters.rename(view, valid(NameForm(request.POST)).cleaned_data["name"])
        messages.success(request, f"It is called “{view.name}” now.")
    return redirect("takedowns:saved_filters")


@staff
@require_POST
def delete_filter(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a view; the cases in it stay as they are."""
    view = get_object_or_404(SavedFilter, pk=pk, staff=signed_in(request))
    view.delete()
    messages.success(request, f"“{view.name}” is deleted. The cases in it are as they were.")
    return redirect("takedowns:saved_filters")
