"""Sample content for the styleguide: every component in every state."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.utils import timezone
from django.utils.html import format_html

_TAKEN_BY = [
    ("me", format_html("{}<small>{}</small>", "I took it", "A selfie, or you pressed the button")),
    (
        "other",
        format_html("{}<small>{}</small>", "Somebody else took it", "A friend, a stranger, a photographer"),
    ),
]


class _SampleForm(forms.Form):
    name = forms.CharField(label="Your full name", help_text="As it is to stand under the letter.")
    address = forms.CharField(label="Postal address", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    country = forms.ChoiceField(label="Where you live", choices=[("eu", "European Union"), ("uk", "United Kingdom")])
    taken_by = forms.ChoiceField(label="Who took it?", choices=_TAKEN_BY, widget=forms.RadioSelect)
    agree = forms.BooleanField(label="I am the person in the picture", help_text="Only your own face.")
    weekly = forms.BooleanField(label="One mail a week", help_text="Instead of one for each day.", required=False)
    photo = forms.FileField(label="A photo", help_text="JPEG, PNG, WebP or HEIC, up to 15 MB.", required=False)


def everything() -> dict[str, Any]:
    """The context of the styleguide page."""
    now = timezone.now()
    return {
        "form": _SampleForm(),
        "form_with_errors": _SampleForm({"name": "", "country": "eu", "taken_by": "me"}, auto_id="error_%s"),
        "now": now,
        "due": now + timedelta(days=3),
        "density": range(4),
        "page": Paginator(range(95), 10).page(4),
        "bars": [{"label": "Hosts", "value": 31}, {"label": "Site owners", "value": 12}],
        "columns": [{"label": f"Week {week}", "value": week * 5 % 13} for week in range(1, 13)],
        "pairs": [{"label": f"Week {week}", "found": week * 5 % 13, "removed": week * 3 % 7} for week in range(1, 27)],
        "steps": [
            {"label": "Consent", "state": "done"},
            {"label": "Photos", "state": "current"},
            {"label": "Identity check", "state": "todo"},
        ],
        "events": [
            {"at": now, "title": "Gone, on both checks", "tone": "good"},
            {"at": now - timedelta(days=1), "title": "The host has our letter", "tone": "waiting"},
            {"at": now - timedelta(days=2), "title": "You said: this is me, remove it", "actor": "You"},
        ],
    }
