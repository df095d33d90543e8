"""One case with all that staff need to act on it, and the look at its picture, which takes a reason."""

import base64
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts import audit, consent
from accounts.access import signed_in, staff
from accounts.models import Purpose, User
from search import review
from takedowns import (
    asking,
    captured,
    casefile,
    console_counter,
    console_mail,
    desk,
    desk_letters,
    history,
    queues,
    workflow,
)
from takedowns.console.forms import AskForm, DeferForm
from takedowns.console.shared import back
from takedowns.filters import Choice
from takedowns.forms import CloseForm, NoteForm, ReasonForm
from takedowns.grounds import GROUNDS
from takedowns.models import Case, CaseEvent
from takedowns.queues import Neighbours


@staff
@require_GET
def case(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One case with all that staff need to act on it."""
    return render(request, "takedowns/console_case.html", context(request, _load(pk)))


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
    shown = {**context(request, found), "look_form": form, "picture": picture}
    return render(request, "takedowns/console_case.html", shown, status=422 if form.errors else 200)


def _reveal_page(request: HttpRequest, found: Case, user: User) -> HttpResponse:
    captures = captured.of_case(found)
    chosen = next((item for item in captures if str(item.url.pk) == request.POST["place"] and item.look_form), None)
    if chosen is None:
        messages.error(request, "There is no picture of this page to be shown.")
        return back(request, found.pk)
    form = chosen.ask(request.POST)
    if form.is_valid() and not chosen.look(user, form.cleaned_data["reason"]):
        messages.error(request, "The screenshot is not what was captured, so it is not shown. Please tell an operator.")
    shown = {**context(request, found), "evidence": captures}
    return render(request, "takedowns/console_case.html", shown, status=422 if form.errors else 200)


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


# --- What the page shows -----------------------------------------------------------------------------------


def context(request: HttpRequest, found: Case) -> dict[str, object]:
    """Everything on a case's page, for a case that comes from `desk.load`."""
    user, next_step = signed_in(request), desk.next_for_staff(found)
    part = history.part_named(request.GET.get("show", ""))
    return {
        "case": found,
        "standing": casefile.for_staff(found, late=next_step.late),
        "state_words": casefile.state_words(found),
        "next": next_step,
        "clocks": desk.clocks(found),
        "may": desk.acts(found, user),
        "work_items": found.work_items.all(),
        "no_contact": workflow.NO_CONTACT,
        "assigned": casefile.person(found.assigned_to) if found.assigned_to else "",
        "part": part,
        "parts": history.PARTS,
        "timeline": history.timeline(found, part),
        "received": console_mail.received(found),
        "counter_notices": console_counter.shown(found),
        "said": asking.said(found),
        "relapses": found.relapses.all(),
        "contacts": desk.contacts(found),
        "look_form": ReasonForm(auto_id="look-%s"),
        **_letters(request, found, user),
        **_places(found),
        **_authority(found),
        **_ground(found),
        **_in_queue(request, found, user),
        **_forms(),
    }


def _letters(request: HttpRequest, found: Case, user: User) -> dict[str, object]:
    letters = desk_letters.of_case(found, user, request.GET.get("letter", ""))
    return {"letters": letters, "opened": next((letter for letter in letters if letter.opened), None)}


def _places(found: Case) -> dict[str, object]:
    urls = list(found.urls.all())
    return {
        "extent": casefile.extent(urls),
        "hosts": casefile.hosts(urls),
        "evidence": captured.of_case(found),
        "why_not_look": desk.why_not_look(found),
    }


def _authority(found: Case) -> dict[str, object]:
    consents = consent.given(found.subject.user)
    newest = found.subject.mandates.order_by("-signed_at").first()
    return {
        "mandate": newest if newest and newest.revoked_at is None else None,
        "revoked": newest.revoked_at if newest else None,
        "consented": Purpose.SENDING_NOTICES in consents,
        "evidence_consent": Purpose.EVIDENCE in consents,
    }


def _ground(found: Case) -> dict[str, object]:
    decision = getattr(found, "ground_decision", None)
    return {
        "decision": decision,
        "ground": GROUNDS.get(decision.ground) if decision else None,
        "considered": desk.considered(decision) if decision else [],
        "answers": desk.answers(decision) if decision else [],
    }


def _in_queue(request: HttpRequest, found: Case, user: User) -> dict[str, object]:
    """The view of the queue that the case was opened from, and what comes before and after it there."""
    choice, at = Choice.read(request.GET), request.GET.get("at", "")
    if not at.isdecimal() or len(at) > 6:
        return {"choice": Choice(), "neighbours": Neighbours()}
    near = queues.neighbours(found, choice, user, int(at))
    return {"choice": choice, "from_queue": True, "neighbours": near}


def _forms() -> dict[str, object]:
    return {
        "close_form": CloseForm(auto_id="close-%s"),
        "note_form": NoteForm(auto_id="note-%s"),
        "defer_form": DeferForm(auto_id="defer-%s"),
        "ask_form": AskForm(auto_id="ask-%s"),
        "release_form": ReasonForm(auto_id="release-%s"),
    }
