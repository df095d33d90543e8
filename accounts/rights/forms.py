"""Forms of people's rights, and of legal holds."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone

from accounts.models import User
from accounts.rights import holds
from accounts.rights.receipts import LONGEST

ERASE_WORD = "ERASE"


class EraseForm(forms.Form):
    """The one word before what cannot be undone."""

    word = forms.CharField(
        label=f"Type {ERASE_WORD} to confirm",
        max_length=20,
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def clean_word(self) -> str:
        word = str(self.cleaned_data["word"]).strip()
        if word.upper() != ERASE_WORD:
            raise forms.ValidationError(f"Please type the word {ERASE_WORD}.")
        return word


class ReceiptForm(forms.Form):
    """A receipt to be checked, pasted as text."""

    receipt = forms.CharField(
        label="The receipt",
        max_length=LONGEST,
        widget=forms.Textarea({"rows": 10, "spellcheck": "false", "autocomplete": "off"}),
        help_text="Open the file that you kept, and paste all of it.",
    )


class HoldForm(forms.Form):
    """Something of somebody's that must be kept."""

    email = forms.EmailField(label="Account", help_text="The e-mail address of the account.")
    holding = forms.ChoiceField(label="What")
    object_id = forms.CharField(
        label="Which one",
        max_length=64,
        required=False,
        help_text="Its number, from the address of its page. Empty: all.",
    )
    reason = forms.CharField(label="Why it must be kept", max_length=2000, widget=forms.Textarea({"rows": 3}))
    authority = forms.CharField(label="Who ordered it", max_length=200, required=False)
    hidden_until = forms.DateTimeField(
        label="Hidden from the person until",
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}),
        help_text="Only where a court forbids to tell them. UTC.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = holds.holdable()
        self.fields["holding"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]

    def clean_email(self) -> User:
        user = User.objects.filter(email__iexact=self.cleaned_data["email"]).first()
        if user is None or not user.is_subscriber:
            raise forms.ValidationError("There is no such account of a subscriber.")
        return user

    def clean_object_id(self) -> str:
        text = str(self.cleaned_data["object_id"]).strip()
        if not text:
            return ""
        try:
            return str(UUID(text))
        except ValueError as error:
            raise forms.ValidationError("This is not the number of a record.") from error

    def clean_hidden_until(self) -> object:
        until = self.cleaned_data["hidden_until"]
        if until and until <= timezone.now():
            raise forms.ValidationError("This time is over.")
        return until
