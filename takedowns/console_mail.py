"""Mail in the staff console: what belongs to no case, and what people do with the letters that came in.

Only words are shown. Nothing in a letter becomes a link or a picture, and attachments were never kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts import keys
from accounts.access import signed_in, staff
from takedowns.cases import NotAllowed
from takedowns.mail import effects, matching, orphans
from takedowns.models import Case, Communication, OrphanMail

_PER_PAGE = 50
_MOST_SHOWN = 50_000
_HOW = {
    matching.MESSAGE_ID: "It answers a letter of ours",
    matching.TOKEN: "It came to the case's own address",
    matching.REFERENCE: "It names the case",
    matching.PERSON: "A colleague put it here",
}
_UNKNOWN_SENDER = "It names the case, from an address that we do not know. Nothing followed from it by itself."
_TONES = {
    Communication.Kind.COMPLIED: "good",
    Communication.Kind.REFUSED: "stopped",
    Communication.Kind.BOUNCE: "stopped",
    Communication.Kind.QUESTION: "needs",
    Communication.Kind.COUNTER_NOTICE: "needs",
    Communication.Kind.REPLY: "needs",
}


class SortForm(forms.Form):
    """What a letter is, and by when its writer says that they will act."""

    kind = forms.ChoiceField(label="What it is", choices=[(kind.value, kind.label) for kind in effects.KINDS_IN])
    until = forms.DateField(
        label="They act by",
        required=False,
        help_text="If the letter says so. Nobody asks again before.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )


class PutForm(forms.Form):
    """The case that a mail belongs to."""

    reference = forms.CharField(
        label="Reference of the case",
        max_length=20,
        help_text="Such as FW-7K2M9QXD. The mail is then sorted, and what follows from it is done.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Type the reference of the case."},
    )


class AwayForm(forms.Form):
    """Why a mail belongs to no case."""

    reason = forms.ChoiceField(
        label="Why",
        choices=[(why.value, words) for why, words in orphans.AWAY_WORDS.items()],
        widget=forms.RadioSelect,
        error_messages={"required": "Say why it belongs to no case."},
    )


# --- Letters of a case -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Received:
    """A letter that came in, as the case's page shows it (`takedowns/console_received.html`)."""

    letter: Communication
    body: str
    tone: str
    how: str
    attachments: str
    form: SortForm


def received(case: Case) -> list[Received]:
    """The letters that came in, newest first."""
    letters = case.communications.filter(direction=Communication.Direction.IN).select_related("notice", "read_by")
    unseal = keys.opener(case.subject.user)
    return [_received(letter, unseal) for letter in letters.order_by("-at")]


def _received(letter: Communication, unseal: Callable[[str, bytes | memoryview], bytes]) -> Received:
    how = _HOW.get(letter.matched_by, "")
    if letter.matched_by == matching.REFERENCE and not matching.trusted(letter):
        how = _UNKNOWN_SENDER
    form = SortForm(initial={"kind": letter.kind}, auto_id=f"sort-{letter.pk}-%s")
    return Received(
        letter, _body(letter, unseal), _TONES.get(Communication.Kind(letter.kind), ""), how, _kept(letter), form
    )


def _body(letter: Communication, unseal: Callable[[str, bytes | memoryview], bytes]) -> str:
    try:
        body = unseal("communication", letter.sealed_body).decode("utf-8", "replace")
    except keys.Unreadable:
        return "The text cannot be read any more: the subscriber's key was destroyed."
    return body[:_MOST_SHOWN].strip() or "There was no text in this letter."


def _kept(letter: Communication) -> str:
    if not letter.attachments:
        return ""
    return (
        "1 attachment was not kept." if letter.attachments == 1 else f"{letter.attachments} attachments were not kept."
    )


@staff
@require_POST
def letter_kind(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say what a letter is; what follows from that is done."""
    letter, form = _letter(pk), SortForm(request.POST)
    if not form.is_valid():
        messages.error(request, next(str(error) for errors in form.errors.values() for error in errors))
        return _to_case(letter)
    try:
        effects.reclassify(letter, form.cleaned_data["kind"], signed_in(request), form.cleaned_data["until"])
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Sorted: {letter.get_kind_display().lower()}.")
    return _to_case(letter)


@staff
@require_POST
def letter_read(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Somebody has read a letter, and done what it asks for."""
    letter = _letter(pk)
    try:
        effects.mark_read(letter, signed_in(request))
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Read, and off the list.")
    return _to_case(letter)


def _letter(pk: UUID) -> Communication:
    received_ones = Communication.objects.filter(direction=Communication.Direction.IN).select_related("case", "notice")
    return get_object_or_404(received_ones, pk=pk)


def _to_case(letter: Communication) -> HttpResponse:
    return redirect(f"{reverse('takedowns:console_case', args=[letter.case_id])}#received-{letter.pk}")


# --- Mail without a case -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the queue."""

    orphan: OrphanMail
    title: str
    why: str


@staff
@require_GET
def orphan_mail(request: HttpRequest) -> HttpResponse:
    """What belongs to no case, oldest first; and letters to cases that have ended, which no other queue shows."""
    closed = request.GET.get("tab") == "closed"
    waiting, ended = orphans.waiting(), orphans.closed_letters()
    page: Any = Paginator(ended if closed else waiting, _PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "closed": closed,
        "counts": {"waiting": waiting.count(), "closed": ended.count()},
        "page": page,
        "rows": [] if closed else [_row(orphan) for orphan in page.object_list],
    }
    return render(request, "takedowns/orphans.html", context)


@staff
@require_GET
def orphan(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One mail, as text."""
    return _page(request, get_object_or_404(OrphanMail.objects.select_related("case", "done_by"), pk=pk))


@staff
@require_POST
def orphan_put(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put a mail to the case that it belongs to."""
    found, form = get_object_or_404(OrphanMail, pk=pk), PutForm(request.POST, auto_id="put-%s")
    if form.is_valid():
        try:
            case = orphans.put(found, form.cleaned_data["reference"], signed_in(request))
        except orphans.AlreadyDone as refusal:
            messages.warning(request, str(refusal))
            return redirect("takedowns:orphan", pk)
        except NotAllowed as refusal:
            form.add_error("reference", str(refusal))
        else:
            messages.success(request, f"The mail is with {case.reference} now.")
            return redirect("takedowns:console_case", case.pk)
    return _page(request, found, put_form=form)


@staff
@require_POST
def orphan_away(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put a mail away that belongs to no case."""
    found, form = get_object_or_404(OrphanMail, pk=pk), AwayForm(request.POST, auto_id="away-%s")
    if form.is_valid():
        try:
            orphans.away(found, orphans.Away(form.cleaned_data["reason"]), signed_in(request))
        except NotAllowed as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, "The mail is put away.")
        return redirect("takedowns:orphans")
    return _page(request, found, away_form=form)


def _page(request: HttpRequest, found: OrphanMail, **bound: forms.Form) -> HttpResponse:
    said = orphans.read(found)
    context = {
        "orphan": found,
        "title": said.title or "(no subject)",
        "body": said.body[:_MOST_SHOWN],
        "why": orphans.WHY.get(found.why, found.why),
        "put_form": PutForm(auto_id="put-%s"),
        "away_form": AwayForm(auto_id="away-%s"),
        **bound,
    }
    return render(request, "takedowns/orphan.html", context, status=422 if bound else 200)


def _row(found: OrphanMail) -> Row:
    return Row(found, orphans.read(found).title or "(no subject)", orphans.WHY.get(found.why, found.why))
