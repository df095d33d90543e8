"""The staff console: the queue, one case, and every act on it.

Staff see public pages and letters, never a person's own photos, the captures of their identity check, or their
postal address.
"""

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts import audit, consent
from accounts.access import signed_in, staff
from accounts.models import Purpose, User
from accounts.transitions import IllegalTransition, StaleState
from search import review
from takedowns import captured, casefile, delivery, desk, mandates, notices, queues, verification, workflow
from takedowns.cases import NotAllowed
from takedowns.delivery import NotSent
from takedowns.forms import CloseForm, NoteForm, ReasonForm
from takedowns.grounds import GROUNDS
from takedowns.models import Case, CaseEvent, Notice, WorkItem
from takedowns.states import NoticeState

_PER_PAGE = 50
# How long one press of "Check now" may look; what is left is next in line for the workers.
_CHECK_SECONDS = 20.0
_FASTER = "Somebody else was faster. Here is the case as it is now."


# --- Pages -------------------------------------------------------------------------------------------------


@staff
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """The queue. Tab, search, sorting and page are in the URL."""
    user = signed_in(request)
    tab = queues.tab_named(request.GET.get("tab", ""))
    search, sort = request.GET.get("q", "").strip()[:100], request.GET.get("sort", "due")
    counts = queues.counts(user)
    found = queues.select(tab, user, search=search, sort=sort)
    page = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "tab": tab,
        "tabs": [{"tab": each, "count": counts[each.key]} for each in queues.TABS],
        "search": search,
        "sort": sort,
        "heads": queues.heads(sort),
        "page": page,
        "rows": queues.rows(list(page.object_list)),
        "summary": queues.summary(counts),
    }
    return render(request, "takedowns/queue.html", context)


@staff
@require_GET
def case(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One case with all that staff need to act on it."""
    found = _load(pk)
    return render(request, "takedowns/console_case.html", _case_context(found, signed_in(request)))


@staff
@require_POST
@never_cache
def reveal(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The picture, or the page as it looked, once, to somebody who says why.

    Who looked, and why, is recorded before it is shown.
    """
    user, found = signed_in(request), _load(pk)
    if "place" in request.POST:
        return _reveal_page(request, found, user)
    form = ReasonForm(request.POST, auto_id="look-%s")
    picture = ""
    if desk.why_not_look(found):
        messages.error(request, desk.why_not_look(found))
    elif form.is_valid():
        picture = _look(found, user, form.cleaned_data["reason"])
    context = {**_case_context(found, user), "look_form": form, "picture": picture}
    return render(request, "takedowns/console_case.html", context, status=422 if form.errors else 200)


def _reveal_page(request: HttpRequest, found: Case, user: User) -> HttpResponse:
    captures = captured.of_case(found)
    chosen = next((item for item in captures if str(item.url.pk) == request.POST["place"] and item.look_form), None)
    if chosen is None:
        messages.error(request, "There is no picture of this page to be shown.")
        return _back(found.pk)
    form = chosen.ask(request.POST)
    if form.is_valid() and not chosen.look(user, form.cleaned_data["reason"]):
        messages.error(request, "The screenshot is not what was captured, so it is not shown. Please tell an operator.")
    context = {**_case_context(found, user), "evidence": captures}
    return render(request, "takedowns/console_case.html", context, status=422 if form.errors else 200)


def _look(found: Case, user: User, reason: str) -> str:
    """Record the look and return the picture as a data address; empty where its key is gone."""
    with transaction.atomic():
        CaseEvent.objects.create(
            case=found, kind=desk.PICTURE_SHOWN, actor=user, text=f"Looked at the picture: {reason}"
        )
        about = found.subject.user
        audit.record("case.picture_shown", found.match, actor=user, about=about, case=str(found.pk))
    preview = review.preview(found.match)
    return "data:image/jpeg;base64," + base64.b64encode(preview).decode() if preview else ""


def _load(pk: UUID) -> Case:
    return get_object_or_404(desk.load(Case.objects.all()), pk=pk)


def _case_context(found: Case, user: User) -> dict[str, object]:
    letters = desk.letters(found, user)
    next_step = desk.next_for_staff(found)
    decision = getattr(found, "ground_decision", None)
    consents = consent.given(found.subject.user)
    urls = list(found.urls.all())
    return {
        "case": found,
        "standing": casefile.for_staff(found, late=next_step.late),
        "state_words": casefile.state_words(found),
        "next": next_step,
        "may": desk.acts(found, user),
        "work_items": found.work_items.all(),
        "no_contact": workflow.NO_CONTACT,
        "assigned": casefile.person(found.assigned_to) if found.assigned_to else "",
        "letters": letters,
        "to_letter": next((letter for letter in letters if letter.to_do), None),
        "extent": casefile.extent(urls),
        "hosts": casefile.hosts(urls),
        "timeline": desk.timeline(found),
        "received": [{"letter": one, "body": desk.body(one, found.subject.user)} for one in desk.received(found)],
        "mandate": mandates.in_force(found.subject),
        "consented": Purpose.SENDING_NOTICES in consents,
        "evidence_consent": Purpose.EVIDENCE in consents,
        "relapses": found.relapses.all(),
        "decision": decision,
        "ground": GROUNDS.get(decision.ground) if decision else None,
        "considered": desk.considered(decision) if decision else [],
        "answers": desk.answers(decision) if decision else [],
        "contacts": desk.contacts(found),
        "evidence": captured.of_case(found),
        "why_not_look": desk.why_not_look(found),
        "look_form": ReasonForm(auto_id="look-%s"),
        "close_form": CloseForm(auto_id="close-%s"),
        "note_form": NoteForm(auto_id="note-%s"),
    }


# --- Acts --------------------------------------------------------------------------------------------------


@contextmanager
def _calmly(request: HttpRequest) -> Iterator[None]:
    """Say in a toast why an act was refused, and that nothing happened."""
    try:
        yield
    except (IllegalTransition, StaleState):
        messages.warning(request, _FASTER)
    except NotAllowed as refusal:
        messages.error(request, str(refusal))


def _back(case_id: UUID, part: str = "") -> HttpResponse:
    response = redirect("takedowns:console_case", case_id)
    response["Location"] += f"#{part}" if part else ""
    return response


def _notice(pk: UUID) -> Notice:
    related = ("operator", "contact", "case__subject__user", "case__match__image", "case__ground_decision")
    return get_object_or_404(Notice.objects.select_related(*related), pk=pk)


@staff
@require_POST
def approve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Freeze a letter; the next step is to send it."""
    notice = _notice(pk)
    with _calmly(request):
        notices.approve(notice, signed_in(request))
        messages.success(request, f"The letter to {notice.operator.name} is approved. It is not sent yet.")
    return _back(notice.case_id, f"letter-{notice.pk}")


@staff
@require_POST
def send(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send an approved letter now, at most once."""
    notice = _notice(pk)
    with _calmly(request):
        try:
            delivery.send(notice)
            messages.success(request, f"The letter to {notice.operator.name} has been sent.")
        except NotSent as problem:
            messages.error(request, str(problem))
    return _back(notice.case_id, f"letter-{notice.pk}")


@staff
@require_POST
def withdraw_notice(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take back a letter that has not left."""
    notice, form = _notice(pk), ReasonForm(request.POST)
    with _calmly(request):
        notices.withdraw(notice, signed_in(request), _reason(form))
        messages.success(request, f"The letter to {notice.operator.name} is withdrawn.")
    return _back(notice.case_id)


@staff
@require_POST
def edit_notice(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change a draft; somebody else then has to approve it."""
    notice = _notice(pk)
    with _calmly(request):
        # Forms send CRLF; letters are kept with plain line ends.
        text = request.POST.get("body", "").replace("\r\n", "\n")
        notices.edit(notice, signed_in(request), text)
        messages.success(request, "Saved. Somebody else has to approve it now.")
    return _back(notice.case_id, f"letter-{notice.pk}")


@staff
@require_POST
def settle_notice(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What became of a send that died half-way: it left, or it did not."""
    notice, left = _notice(pk), request.POST.get("left") == "yes"
    with _calmly(request):
        delivery.settle(notice, signed_in(request), left=left)
        messages.success(request, "Noted: it left." if left else "Noted: it did not leave, and is withdrawn.")
    return _back(notice.case_id, f"letter-{notice.pk}")


@staff
@require_POST
def assign(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make a case one's own. In the queue only the row's cell changes, so that the keyboard stays where it is."""
    found = get_object_or_404(Case, pk=pk)
    if request.headers.get("HX-Request"):
        workflow.assign(found, signed_in(request))
        return HttpResponse("You")
    with _calmly(request):
        workflow.assign(found, signed_in(request))
        messages.success(request, f"{found.reference} is yours.")
    came_from = request.POST.get("next", "")
    if came_from and url_has_allowed_host_and_scheme(came_from, {request.get_host()}, request.is_secure()):
        return redirect(came_from)
    return _back(found.pk)


@staff
@require_POST
def note(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Add a line to the case's history."""
    found, form = get_object_or_404(Case, pk=pk), NoteForm(request.POST)
    with _calmly(request):
        if not form.is_valid():
            raise NotAllowed(_first_error(form))
        workflow.note(found, signed_in(request), form.cleaned_data["note"])
        messages.success(request, "Your note is in the history.")
    return _back(found.pk, "history")


@staff
@require_POST
def work_done(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Something on a person's desk has been dealt with."""
    item = get_object_or_404(WorkItem.objects.select_related("case"), pk=pk)
    with _calmly(request):
        workflow.finish(item, signed_in(request))
        messages.success(request, "Done, and off the list.")
    return _back(item.case_id)


@staff
@require_POST
def look_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask the registries once more whom to write to, and draft what is missing."""
    found = get_object_or_404(Case.objects.select_related("subject__user", "match__image"), pk=pk)
    with _calmly(request):
        case = workflow.prepare(found)
        written = case.notices.filter(state=NoticeState.DRAFT).count()
        if written:
            messages.success(request, f"{casefile.counted(written, 'letter')} ready to be read.")
        else:
            messages.warning(request, "Still nobody to write to.")
    return _back(found.pk)


@staff
@require_POST
def close(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End a case, with an outcome and a reason."""
    found, form = get_object_or_404(Case, pk=pk), CloseForm(request.POST)
    with _calmly(request):
        reason = _reason(form)
        workflow.close(found, signed_in(request), form.cleaned_data["outcome"], reason)
        messages.success(request, f"{found.reference} is closed.")
    return _back(found.pk)


@staff
@require_POST
def verify_now(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Look at the case's places now, as far as the time of a request reaches."""
    found = get_object_or_404(Case, pk=pk)
    places = found.urls.select_related("case__match__image", "case__match__face").order_by("next_check_at", "id")
    waiting, outcomes, until = list(places), [], time.monotonic() + _CHECK_SECONDS
    with _calmly(request):
        while waiting and time.monotonic() < until:
            outcomes.append(verification.verify(waiting.pop(0)).outcome)
        found.urls.filter(pk__in=[place.pk for place in waiting]).update(next_check_at=timezone.now())
        messages.info(request, _looked(outcomes, len(waiting)))
    return _back(found.pk, "places")


def _looked(outcomes: list[str], waiting: int) -> str:
    gone = sum(outcome in verification.FINAL for outcome in outcomes)
    words = f"We looked at {casefile.counted(len(outcomes), 'place')}: {gone} gone."
    return f"{words} {waiting} more are looked at in the background." if waiting else words


def _reason(form: ReasonForm) -> str:
    if not form.is_valid():
        raise NotAllowed(_first_error(form))
    return str(form.cleaned_data["reason"])


def _first_error(form: ReasonForm | NoteForm) -> str:
    return next(str(error) for errors in form.errors.values() for error in errors)
