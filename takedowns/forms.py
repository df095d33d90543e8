"""What people fill in about a case: the subscriber's questions and permission, and the staff's reasons."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.html import format_html

from accounts.consent import WORDINGS
from accounts.models import Purpose
from takedowns import grounds
from takedowns.states import Outcome

_REASON_AT_LEAST = 8


class OpenCaseForm(forms.Form):
    """The questions about a picture and, as far as they were not given before, the mandate and the consents.

    The permission is only asked of somebody whose answers lead to a notice: `decision` says whether they do.
    """

    def __init__(self, data: Any = None, *, mandate: bool, consents: Collection[Purpose], name: str) -> None:
        super().__init__(data)
        self.decision: grounds.Decision | None = None
        for question in grounds.QUESTIONS:
            self.fields[question.key] = _question(question)
        if mandate:
            self.fields.update(_mandate_fields(name))
        for purpose in consents:
            self.fields[purpose.value] = _consent_box(purpose)

    def questions(self) -> list[forms.BoundField]:
        return [self[question.key] for question in grounds.QUESTIONS]

    def permission(self) -> list[forms.BoundField]:
        """The fields of the mandate and the consents."""
        asked = {question.key for question in grounds.QUESTIONS}
        return [field for field in self if field.name not in asked]

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if all(question.key in cleaned for question in grounds.QUESTIONS):
            self.decision = grounds.decide(self.answers())
            if not self.decision.ground:
                for field in self.permission():
                    self.errors.pop(field.name, None)
        return cleaned

    def answers(self) -> dict[str, str]:
        return {question.key: self.cleaned_data[question.key] for question in grounds.QUESTIONS}

    def purposes(self) -> list[Purpose]:
        """The consents that were ticked."""
        return [purpose for purpose in Purpose if self.cleaned_data.get(purpose.value)]


def _question(question: grounds.Question) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=question.text,
        help_text=question.hint,
        choices=list(question.options),
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the answer that fits best."},
    )


def _mandate_fields(name: str) -> dict[str, forms.Field]:
    return {
        "address": forms.CharField(
            label="Your postal address",
            required=False,
            max_length=500,
            help_text="Only if you want to. We never put it in a notice, and our staff do not see it. It stays "
            "sealed in case a court or an authority has to be shown who signed.",
            widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "street-address"}),
        ),
        "authorise": forms.BooleanField(
            label="I authorise Faceward to act for me as the text above says",
            error_messages={"required": "Without this we cannot write to anybody for you."},
        ),
        "full_name": forms.CharField(
            label="Type your full name to sign",
            max_length=200,
            initial="",
            help_text=format_html(
                "{} Your name appears in the notice as the person we write for.",
                f"As in your account: {name}." if name else "Your name as it is in your papers.",
            ),
            widget=forms.TextInput(attrs={"autocomplete": "name"}),
            error_messages={"required": "Type your full name. This is your signature."},
        ),
    }


def _consent_box(purpose: Purpose) -> forms.BooleanField:
    wording = WORDINGS[purpose]
    needed = purpose == Purpose.SENDING_NOTICES
    return forms.BooleanField(
        label=wording.title if needed else f"{wording.title} (optional)",
        help_text=wording.text,
        required=needed,
        error_messages={"required": "We cannot send anything for you without this."},
    )


class ReasonForm(forms.Form):
    """Why somebody on the staff does something; kept with what they did."""

    reason = forms.CharField(
        label="Reason",
        max_length=300,
        min_length=_REASON_AT_LEAST,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": "Say why. It is kept with what you do.",
            "min_length": "Say it in a few words more. It is kept with what you do.",
        },
    )


class CloseForm(ReasonForm):
    """How a case ended, and why."""

    outcome = forms.ChoiceField(
        label="Outcome",
        choices=[choice for choice in Outcome.choices if choice[0]],
        error_messages={"required": "Choose how the case ended."},
    )
    field_order = ("outcome", "reason")
