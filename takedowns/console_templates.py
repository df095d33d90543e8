"""The texts of letters in the console: read, changed with a preview and the check of their elements, approved."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import signed_in, staff
from accounts.models import User
from takedowns import casefile
from takedowns.cases import NotAllowed
from takedowns.grounds import GROUNDS
from takedowns.letters import rendering, staff_texts, versions
from takedowns.letters.staff_texts import BadTemplate
from takedowns.letters.wordings import WORDINGS
from takedowns.models import LetterTemplate

_MOST_VERSIONS = 50


class TextForm(forms.Form):
    """A new text for a letter."""

    title = forms.CharField(label="Subject line", max_length=200, help_text="The case's reference is added to it.")
    body = forms.CharField(
        label="Text",
        max_length=staff_texts.LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 26, "spellcheck": "true", "class": "mono"}),
        strip=False,
    )
    note = forms.CharField(label="What is different, and why", max_length=400, min_length=8)


@staff
@require_GET
def letters(request: HttpRequest) -> HttpResponse:
    """Every letter by language, and whose text is in use."""
    own = {
        (code, language): number
        for code, language, number in LetterTemplate.objects.filter(retired_at=None, approved_at__isnull=False)
        .order_by("number")
        .values_list("code", "language", "number")
    }
    waiting = LetterTemplate.objects.filter(approved_at=None, retired_at=None).select_related("written_by")
    languages = [(code, wording.name) for code, wording in WORDINGS.items()]
    rows = [
        {
            "code": code,
            "name": _name(code),
            "cells": [_cell(code, language, name, own) for language, name in languages],
        }
        for code in WORDINGS["en"].titles
        if rendering.exists(code, "en")
    ]
    context = {
        "languages": languages,
        "grounds": [row for row in rows if row["code"] in GROUNDS],
        "others": [row for row in rows if row["code"] not in GROUNDS],
        "waiting": [{"version": one, "name": _name(one.code)} for one in waiting.order_by("written_at")],
    }
    return render(request, "takedowns/templates.html", context)


@staff
@require_http_methods(["GET", "POST"])
def letter(request: HttpRequest, code: str, language: str) -> HttpResponse:
    """One letter in one language: the text in use, a form for a new one, and those of before."""
    _require_letter(code, language)
    used = versions.current(code, language)
    body = used.body if used else _shipped_text(code, language)
    title = used.title if used else WORDINGS[language].titles[code]
    form = TextForm(request.POST or None, initial={"title": title, "body": body})
    preview = None
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            if "preview" in request.POST:
                preview = versions.preview(code, language, _plain(said["body"]), said["title"])
            else:
                versions.propose(code, language, said["title"], said["body"], said["note"], signed_in(request))
                messages.success(request, "Kept. Another person has to approve it before it is used.")
                return redirect("takedowns:template", code, language)
        except (BadTemplate, NotAllowed) as problem:
            form.add_error("body", str(problem))
    context = {
        "name": _name(code),
        "code": code,
        "language": WORDINGS[language].name,
        "used": used,
        "form": form,
        "preview": preview,
        "elements": GROUNDS[code].elements if code in GROUNDS else (),
        "versions": _versions(code, language, signed_in(request)),
    }
    return render(request, "takedowns/template.html", context, status=422 if form.errors else 200)


@staff
@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a text into use that somebody else wrote."""
    version = get_object_or_404(LetterTemplate, pk=pk)
    try:
        versions.approve(version, signed_in(request))
        messages.success(request, "In use from now on. Letters that are drafted already keep their text.")
    except (BadTemplate, NotAllowed) as problem:
        messages.error(request, str(problem))
    return redirect("takedowns:template", version.code, version.language)


@staff
@require_POST
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a text out of use, or turn one down that waits."""
    version = get_object_or_404(LetterTemplate, pk=pk)
    try:
        versions.retire(version, signed_in(request))
        messages.success(request, "Out of use. The text before it holds again.")
    except NotAllowed as problem:
        messages.error(request, str(problem))
    return redirect("takedowns:template", version.code, version.language)


def _cell(code: str, language: str, name: str, own: dict[tuple[str, str], int]) -> dict[str, object]:
    """One letter in one language, in the table."""
    there = rendering.exists(code, language)
    return {"language": language, "name": name, "there": there, "own": own.get((code, language))}


def _versions(code: str, language: str, user: User) -> list[dict[str, object]]:
    known = LetterTemplate.objects.filter(code=code, language=language).select_related("written_by", "approved_by")
    return [
        {
            "version": one,
            "by": casefile.person(one.written_by),
            "approved_by": casefile.person(one.approved_by) if one.approved_by else "",
            "may_approve": one.approved_at is None and one.retired_at is None and one.written_by_id != user.pk,
            "may_retire": one.retired_at is None,
        }
        for one in known.order_by("-number")[:_MOST_VERSIONS]
    ]


def _name(code: str) -> str:
    return GROUNDS[code].name if code in GROUNDS else WORDINGS["en"].titles[code]


def _require_letter(code: str, language: str) -> None:
    if language not in WORDINGS or code not in WORDINGS[language].titles or not rendering.exists(code, language):
        raise Http404


def _shipped_text(code: str, language: str) -> str:
    """The file that the software carries; code and language are known ones."""
    return (rendering.FOLDER / language / f"{code}.txt").read_text()


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")
