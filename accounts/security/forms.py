"""Forms about the account itself. Those for signing in are allauth's."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils import timezone

from accounts import regions
from accounts.models import User


def _region(help_text: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        label="Where you live",
        required=False,
        choices=lambda: [("", "I would rather not say now"), *regions.choices()],
        help_text=help_text,
    )


class AboutYouForm(forms.Form):
    """What sign-up asks beside the address; allauth puts its own fields before these and calls `signup`."""

    field_order = ("email", "password1", "region", "adult")

    region = _region("The law on measuring faces differs. We may ask again before you enrol.")
    adult = forms.BooleanField(
        label="I am 18 or older",
        error_messages={"required": "Accounts are for people of 18 or older. Opting out is open to everybody."},
    )

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by allauth with the new account."""
        user.adult_declared_at = timezone.now()
        user.region = self.cleaned_data["region"]
        user.save(update_fields=["adult_declared_at", "region"])


# Not subscriptable when it runs.
class DetailsForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name and place, as the person wants them written."""

    region = _region("Decides which law we name to you, and whether we may offer this where you live.")

    class Meta:
        model = User
        fields = ("full_name", "region")
        labels = {"full_name": "Your name"}
        help_texts = {"full_name": "As it stands in letters that we send for you."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["full_name"].widget.attrs["autocomplete"] = "name"


class AppealForm(forms.Form):
    """Why a lock should be lifted."""

    words = forms.CharField(
        label="What happened, in your words",
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=4000,
        help_text="A person reads this and looks at it again. Please do not send photos or documents.",
    )
