"""What senior staff fill in for the registers of incidents and legal demands."""

from datetime import datetime
from typing import Any

from django import forms

from accounts.models import LegalReview, User
from accounts.tickets.forms import words


class IncidentForm(forms.Form):
    """A new incident."""

    title = forms.CharField(
        label="What happened, in a line",
        max_length=200,
        help_text="Without the name of a person.",
        error_messages={"required": "Say in a line what happened."},
    )
    aware_at = forms.DateTimeField(
        label="When we became aware of it (UTC)",
        help_text="The 72 hours run from here.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"required": "Say when we became aware of it.", "invalid": "Give a date and a time."},
    )
    people_affected = forms.IntegerField(
        label="People affected",
        required=False,
        min_value=0,
        help_text="As far as it is known. Leave it empty while it is not.",
    )
    text = words(
        "What is known now",
        required="Write down what is known now.",
        help_text="What data, what happened to it, what was done so far. It stays as you write it.",
    )


class EntryForm(forms.Form):
    """What was found or done."""

    text = words("What was found or done", required="Write the entry first.", rows=4)
    people_affected = forms.IntegerField(
        label="People affected, if that is new", required=False, min_value=0, help_text="As far as it is known."
    )


class ToldForm(forms.Form):
    """When somebody was told."""

    at = forms.DateTimeField(
        label="When (UTC)",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"required": "Say when.", "invalid": "Give a date and a time."},
    )
    text = forms.CharField(
        label="How, and under which number",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class WhyForm(forms.Form):
    """A reason, kept with the record."""

    text = words("Why", required="Say why. It is kept.", rows=4)


class LegalRequestForm(forms.Form):
    """A demand for somebody's data."""

    authority = forms.CharField(
        label="Who demands it",
        max_length=200,
        help_text="The court or authority, and its file number.",
        error_messages={"required": "Say who demands it."},
    )
    country = forms.RegexField(
        "^[A-Za-z]{2}$",
        label="Country",
        help_text="Two letters, such as DE or US.",
        widget=forms.TextInput(attrs={"maxlength": "2", "autocapitalize": "characters"}),
        error_messages={"required": "Give two letters.", "invalid": "Give two letters, such as DE or US."},
    )
    legal_basis = forms.CharField(
        label="The law it names",
        max_length=300,
        error_messages={"required": "Name the law that it rests on."},
    )
    scope = words(
        "What it demands",
        required="Write down what is demanded, and for which time.",
        help_text="Which data, of which time. Only this much may be handed over.",
    )
    email = forms.EmailField(
        label="Whose account",
        required=False,
        help_text="The address of the account. Leave it empty when it is about nobody’s account.",  # noqa: RUF001
        error_messages={"invalid": "Give an e-mail address, or nothing."},
    )
    gag_until = forms.DateTimeField(
        label="The person must not be told before (UTC)",
        required=False,
        help_text="Only where a court or a law says so. Without it the person is told now.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": "Give a date and a time."},
    )

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).upper()

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        if email and not User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError("No account has this address. If it is about no account, leave this empty.")
        return email

    @property
    def person(self) -> User | None:
        email = self.cleaned_data["email"]
        return User.objects.filter(email__iexact=email).first() if email else None

    @property
    def gag(self) -> datetime | None:
        until: datetime | None = self.cleaned_data["gag_until"]
        return until


class ReviewForm(forms.Form):
    """One person's verdict."""

    verdict = forms.ChoiceField(
        label="Your verdict",
        choices=LegalReview.Verdict.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one."},
    )
    reason = words(
        "Why",
        required="Say why. It is kept.",
        help_text="Who may demand this, on what ground, whether it is as narrow as it must be.",
        rows=4,
    )

    def clean_reason(self) -> str:
        reason = str(self.cleaned_data["reason"]).strip()
        if len(reason) < 8:
            raise forms.ValidationError("Say why in a sentence.")
        return reason


class DisclosedForm(forms.Form):
    """What was handed over."""

    text = words(
        "What was handed over",
        required="Write down what was handed over.",
        help_text="In words and counts, to whom and how. Never more than was demanded.",
        rows=4,
    )


def bound(form: type[forms.Form], data: Any, name: str) -> Any:
    """A form of a page with several, whose fields must not have each other's ids."""
    return form(data, auto_id=f"{name}-%s")
