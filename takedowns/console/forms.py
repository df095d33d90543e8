"""What staff fill in at the console."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from takedowns.forms import ReasonForm

_MORNING = time(7)
_SOON = {"1": "Tomorrow", "3": "In 3 days", "7": "In a week"}


class DeferForm(forms.Form):
    """Until when a case is put off: one of the near days, or a date. It comes back in the morning."""

    days = forms.ChoiceField(choices=list(_SOON.items()), required=False)
    on = forms.DateField(
        label="Until",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": "Choose a date."},
    )

    def clean(self) -> dict[str, Any]:
        if not self.errors and not self.cleaned_data.get("days") and not self.cleaned_data.get("on"):
            self.add_error("on", "Choose a day.")
        return self.cleaned_data

    def until(self) -> datetime:
        """The morning of the chosen day."""
        days = self.cleaned_data.get("days")
        day: date = self.cleaned_data["on"] if not days else timezone.localdate() + timedelta(days=int(days))
        return timezone.make_aware(datetime.combine(day, _MORNING))


class AskForm(forms.Form):
    """A question to the subscriber."""

    text = forms.CharField(
        label="Your question",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="The subscriber reads it in their account; the e-mail says only that there is a question.",
        error_messages={"required": "Write the question."},
    )


class LetterForm(forms.Form):
    """A further letter to an operator, in a colleague's words."""

    code = forms.ChoiceField(
        label="What it is",
        choices=[
            ("info_answer", "An answer to what they asked"),
            ("access_15", "A request for access (GDPR Art. 15)"),
            ("onward_17_2", "A request to tell others (GDPR Art. 17(2), 19)"),
            ("preservation", "A request to preserve evidence"),
        ],
    )
    note = forms.CharField(
        label="What it is to say",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="It stands in the letter as you write it. A colleague approves it before it leaves.",
    )

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("code") == "info_answer" and not self.cleaned_data.get("note", "").strip():
            self.add_error("note", "Write the answer.")
        return self.cleaned_data


class PastedForm(forms.Form):
    """What an operator's form answered."""

    confirmation = forms.CharField(
        label="What the form answered",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="A number, a sentence, or nothing. It is kept with the letter.",
    )


class BulkLettersForm(ReasonForm):
    """Why many letters are approved at once."""


class NameForm(forms.Form):
    """The name of a saved view."""

    name = forms.CharField(
        label="Name",
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Give the view a name."},
    )
