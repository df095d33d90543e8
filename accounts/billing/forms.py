"""What staff fill in about a person's plan."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from accounts.models import Plan, User

_REASON_AT_LEAST = 8
_GRANTED = [(plan.value, plan.label) for plan in (Plan.WATCH, Plan.PROTECT)]


class FindForm(forms.Form):
    """Whose plan it is about; the whole address, as nobody is to leaf through accounts here."""

    email = forms.EmailField(label="Their e-mail address", widget=forms.EmailInput(attrs={"autocomplete": "off"}))

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        self.user = User.objects.filter(email__iexact=email).first()
        if self.user is None or not self.user.is_subscriber:
            raise forms.ValidationError("No subscriber has this address.")
        return email


class _WithReason(forms.Form):
    reason = forms.CharField(
        min_length=_REASON_AT_LEAST,
        max_length=300,
        help_text="They can read it on their own page.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class GrantForm(_WithReason):
    """A plan, and its last day."""

    plan = forms.ChoiceField(choices=_GRANTED, widget=forms.RadioSelect)
    last_day = forms.DateField(
        required=False,
        help_text="They have the plan on this day still. Leave it empty for no end.",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    field_order = ["plan", "last_day", "reason"]

    def clean_last_day(self) -> date | None:
        day: date | None = self.cleaned_data["last_day"]
        if day is not None and day < timezone.localdate():
            raise forms.ValidationError("This day is over.")
        return day

    def ends_at(self) -> datetime | None:
        """The end of the last day."""
        day: Any = self.cleaned_data["last_day"]
        return None if day is None else timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


class EndForm(_WithReason):
    """Why a plan ends now."""

    prefix = "end"
