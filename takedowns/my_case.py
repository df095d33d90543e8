"""What a subscriber says in a case of their own: an answer, a message, a complaint, that it shall be taken up again."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts import keys
from accounts.access import signed_in, subscribers
from takedowns import asking, case_page, mandates, papers
from takedowns.cases import NotAllowed
from takedowns.mail import counter
from takedowns.models import Case, Mandate

_THANKS = "Thank you. We go on from here."


@subscribers
@require_POST
def answer(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer a question of ours."""
    found = _own(request, pk)
    return _said(request, found, lambda text: asking.answer(found, signed_in(request), text), _THANKS)


@subscribers
@require_POST
def write(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Tell us something about a case."""
    found = _own(request, pk)
    done = "Thank you. A colleague reads it."
    return _said(request, found, lambda text: asking.write_to_us(found, signed_in(request), text), done)


@subscribers
@require_POST
def not_satisfied(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that a case does not go, or did not end, as it should."""
    found = _own(request, pk)
    done = "Thank you for saying so. A senior colleague reads it and answers you here."
    return _said(request, found, lambda text: asking.not_satisfied(found, signed_in(request), text), done)


@subscribers
@require_POST
def reopen(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a case up again that ended otherwise than with the picture removed."""
    found = _own(request, pk)
    try:
        new = asking.reopen(found, signed_in(request), request.POST.get("text", ""))
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
        return redirect("takedowns:case", found.pk)
    messages.success(request, "Taken up again. Please say whether your answers still hold.")
    return redirect("takedowns:case", new.pk)


@subscribers
@require_POST
def choose(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Choose what is done about a counter-notice."""
    found = _own(request, pk)
    disputed = counter.open_of(found)
    try:
        if disputed is None:
            raise NotAllowed("There is nothing to choose any more. Here is how it stands.")
        counter.choose(disputed, signed_in(request), request.POST.get("choice", ""))
        messages.success(request, _THANKS)
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    return redirect("takedowns:case", found.pk)


@subscribers
@never_cache
@require_POST
def read_counter(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show what a counter-notice says, for this once."""
    found = _own(request, pk)
    disputed = counter.open_of(found)
    try:
        text = counter.read(disputed, signed_in(request)) if disputed else ""
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
        return redirect("takedowns:case", found.pk)
    return case_page.page(request, found.pk, counter_text=text)


@subscribers
@never_cache
@require_GET
def document(request: HttpRequest, pk: UUID, code: str) -> HttpResponse:
    """A document that is filled in with what we know of the case; with `file` as a text file."""
    found = get_object_or_404(case_page.with_everything(_owned(request)), pk=pk)
    paper = next((one for one in papers.offered(found) if one.code == code), None)
    if paper is None:
        raise Http404
    letter = papers.write(found, code)
    if "file" in request.GET:
        response = HttpResponse(letter.body, content_type="text/plain; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{code}.txt"'
        return response
    return render(request, "takedowns/document.html", {"case": found, "paper": paper, "letter": letter})


@subscribers
@require_GET
def permission(request: HttpRequest) -> HttpResponse:
    """What was signed, when, and how to take it back."""
    user = signed_in(request)
    signed = Mandate.objects.filter(subject__user=user).select_related("subject__user").order_by("-signed_at")
    context = {
        "mandates": [{"mandate": one, "name": _name(one)} for one in signed],
        "in_force": next((one for one in signed if one.revoked_at is None), None),
        "text": mandates.MANDATE_TEXT,
        "text_version": mandates.TEXT_VERSION,
    }
    return render(request, "takedowns/permission.html", context)


def _name(mandate: Mandate) -> str:
    try:
        return mandates.read(mandate).full_name
    except keys.Unreadable:
        return ""


def _said(request: HttpRequest, found: Case, say: Callable[[str], None], done: str) -> HttpResponse:
    text = request.POST.get("text", "")
    try:
        say(text)
    except NotAllowed as refusal:
        return case_page.page(request, found.pk, typed=text[: 2 * asking.LONGEST], problem=str(refusal))
    messages.success(request, done)
    response = redirect("takedowns:case", found.pk)
    response["Location"] += "#messages"
    return response


def _own(request: HttpRequest, pk: UUID) -> Case:
    return get_object_or_404(_owned(request).select_related("subject__user"), pk=pk)


def _owned(request: HttpRequest) -> QuerySet[Case]:
    return Case.objects.filter(subject__user=signed_in(request))
