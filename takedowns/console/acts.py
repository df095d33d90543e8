"""Acts on a case itself: who works on it, when, what is asked, noted and looked at, and how it ends."""

import time
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.access import senior_staff, signed_in, staff
from takedowns import asking, casefile, relapse, verification, workflow
from takedowns.console.forms import AskForm, DeferForm
from takedowns.console.shared import back, calmly, came_from, valid
from takedowns.forms import CloseForm, NoteForm, ReasonForm
from takedowns.models import Case, WorkItem
from takedowns.states import NoticeState

# How long one press of "Check now" may look; what is left is next in line for the workers.
_CHECK_SECONDS = 20.0


def _case(pk: UUID) -> Case:
    related = ("subject__user", "match__image", "ground_decision", "relapse_of")
    return get_object_or_404(Case.objects.select_related(*related), pk=pk)


@staff
@require_POST
def assign(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make a case one's own. In the queue only the row's cell changes, so that the keyboard stays where it is."""
    found = get_object_or_404(Case, pk=pk)
    if request.headers.get("HX-Request"):
        workflow.assign(found, signed_in(request))
        return HttpResponse("You", headers={"HX-Trigger": f'{{"say": "{found.reference} is yours."}}'})
    with calmly(request):
        workflow.assign(found, signed_in(request))
        messages.success(request, f"{found.reference} is yours.")
    where = came_from(request)
    return redirect(where) if where else back(request, found.pk)


@staff
@require_POST
def defer(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a case off the queue until a day; whatever happens to it brings it back before."""
    found, form = get_object_or_404(Case, pk=pk), DeferForm(request.POST)
    with calmly(request):
        valid(form)
        workflow.defer(found, signed_in(request), form.until())
        until = form.until()
        day = f"{until.day} {until:%B %Y}"
        messages.success(request, f"{found.reference} comes back on {day}, or when something happens.")
    where = came_from(request)
    return redirect(where) if where else back(request, found.pk)


@staff
@require_POST
def note(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Add a line to the case's history."""
    found, form = get_object_or_404(Case, pk=pk), NoteForm(request.POST)
    with calmly(request):
        workflow.note(found, signed_in(request), valid(form).cleaned_data["note"])
        messages.success(request, "Your note is in the history.")
    return back(request, found.pk, "history")


@staff
@require_POST
def ask(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask the subscriber something; the case waits for them."""
    found, form = _case(pk), AskForm(request.POST)
    with calmly(request):
        asking.ask_subject(found, signed_in(request), valid(form).cleaned_data["text"])
        messages.success(request, "Asked. The case waits for the subscriber.")
    return back(request, found.pk, "messages")


@staff
@require_POST
def work_done(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Something on a person's desk has been dealt with."""
    item = get_object_or_404(WorkItem.objects.select_related("case"), pk=pk)
    with calmly(request):
        workflow.finish(item, signed_in(request))
        messages.success(request, "Done, and off the list.")
    return back(request, item.case_id)


@staff
@require_POST
def look_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask the registries once more whom to write to, and draft what is missing."""
    found = _case(pk)
    with calmly(request):
        case = workflow.prepare(found)
        written = case.notices.filter(state=NoticeState.DRAFT).count()
        if written:
            messages.success(request, f"{casefile.counted(written, 'letter')} ready to be read.")
        else:
            messages.warning(request, "Still nobody to write to.")
    return back(request, found.pk)


@staff
@require_POST
def close(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End a case, with an outcome and a reason."""
    found, form = get_object_or_404(Case, pk=pk), CloseForm(request.POST)
    with calmly(request):
        data = valid(form).cleaned_data
        workflow.close(found, signed_in(request), data["outcome"], data["reason"])
        messages.success(request, f"{found.reference} is closed.")
    return back(request, found.pk)


@senior_staff
@require_POST
def release(request: HttpRequest, pk: UUID) -> HttpResponse:
    """News or satire, and a notice is right all the same."""
    found, form = _case(pk), ReasonForm(request.POST)
    with calmly(request):
        released = workflow.release(found, signed_in(request), valid(form).cleaned_data["reason"])
        workflow.prepare(released)
        messages.success(request, "Released. What can be written is below, to be read and approved.")
    return back(request, found.pk)


@staff
@require_POST
def reissue(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Write the letters of the case that was removed before once more."""
    found = _case(pk)
    with calmly(request):
        done = relapse.reissue(found, signed_in(request))
        if done:
            written = casefile.counted(len(done), "letter")
            messages.success(request, f"{written} written again. What is approved leaves with the next run.")
        else:
            messages.warning(request, "No letter was written. Why stands in the history.")
    return back(request, found.pk, "letters")


@staff
@require_POST
def verify_now(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Look at the case's places now, as far as the time of a request reaches."""
    found = get_object_or_404(Case, pk=pk)
    places = found.urls.select_related("case__match__image", "case__match__face").order_by("next_check_at", "id")
    waiting, outcomes, until = list(places), [], time.monotonic() + _CHECK_SECONDS
    with calmly(request):
        while waiting and time.monotonic() < until:
            outcomes.append(verification.verify(waiting.pop(0)).outcome)
        found.urls.filter(pk__in=[place.pk for place in waiting]).update(next_check_at=timezone.now())
        messages.info(request, _looked(outcomes, len(waiting)))
    return back(request, found.pk, "places")


def _looked(outcomes: list[str], waiting: int) -> str:
    gone = sum(outcome in verification.FINAL for outcome in outcomes)
    words = f"We looked at {casefile.counted(len(outcomes), 'place')}: {gone} gone."
    return f"{words} {waiting} more are looked at in the background." if waiting else words
