"""Staff look at every mail we send: in both widths, as text, and in every language. The data is invented."""

from collections.abc import Callable
from typing import cast

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp, csp_update
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from accounts.access import View, staff
from alerts import previews
from alerts.previews import Preview
from alerts.words import DEFAULT, LANGUAGES

WIDTHS = ("wide", "narrow")
# A mail carries its style in itself, and may do nothing else: no script, no picture, no request, no link that opens.
_OF_A_MAIL = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": [""],
}
# The library's decorators say that views take nothing but the request.
_may_frame = cast("Callable[[View], View]", csp_update({"frame-src": [SELF]}))
_as_a_mail = cast("Callable[[View], View]", csp(_OF_A_MAIL))


@staff
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What there is to look at: a row for each mail, with its languages."""
    groups: dict[str, dict[str, list[Preview]]] = {}
    for preview in previews.all_of_them().values():
        groups.setdefault(preview.group, {}).setdefault(preview.name, []).append(preview)
    return render(request, "alerts/previews.html", {"groups": groups})


@staff
@require_safe
@_may_frame
def preview(request: HttpRequest, key: str) -> HttpResponse:
    """One mail, in a frame of its own, and the same as text."""
    found = _found(key)
    asked = request.GET.get("width")
    context = {
        "preview": found,
        "mail": found.made(),
        "width": asked if asked in WIDTHS else WIDTHS[0],
        "widths": WIDTHS,
        "others": _in_other_languages(found),
    }
    return render(request, "alerts/preview.html", context)


@staff
@require_safe
@_as_a_mail
@xframe_options_sameorigin
def mail(request: HttpRequest, key: str) -> HttpResponse:
    """The HTML of a mail by itself, as a mail program gets it."""
    return HttpResponse(_found(key).html)


def _found(key: str) -> Preview:
    try:
        return previews.all_of_them()[key]
    except KeyError:
        raise Http404 from None


def _in_other_languages(found: Preview) -> list[tuple[str, str, bool]]:
    """The same mail: its key, the language's own name, and whether it is the one that is shown."""
    same = [one for one in previews.all_of_them().values() if (one.group, one.name) == (found.group, found.name)]
    if len(same) == 1 and found.language == DEFAULT:
        return []
    return [(one.key, LANGUAGES[one.language], one.key == found.key) for one in same]
