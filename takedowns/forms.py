"""What people fill in about a case: the subscriber's questions and permission, and the staff's reasons."""

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings

from accounts.consent import WORDINGS
from accounts.models import Purpose
from takedowns import grounds
from takedowns.states import Outcome

_REASON_AT_LEAST = 8
_MOST_RADIOS = 6
# What a removal needs, and what helps it.
CONSENTS = (Purpose.SENDING_NOTICES, Purpose.EVIDENCE)
_BY_HAND = set(Outcome) - {Outcome.NONE, Outcome.REMOVED}
_MANDATE = ("address", "authorise", "full_name")


class OpenCaseForm(forms.Form):
    """The questions about a picture and, as far as they were not given before, the mandate and the consents.

    The permission is asked only of somebody whose answers lead to a letter: `decision` says whether they do.
    """

    def __init__(
        self,
        data: Any = None,
        *,
        mandate: bool,
        consents: Collection[Purpose],
        name: str,
        initial: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.decision: grounds.Decision | None = None
        for question in grounds.QUESTIONS:
            self.fields[question.key] = _question(question)
        for purpose in consents:
            self.fields[purpose.value] = _consent_box(purpose)
        if mandate:
            self.fields.update(_mandate_fields(name))

    def questions(self) -> list[forms.BoundField]:
        """The fields of the questionnaire."""
        return [field for _, fields in self.groups() for field in fields]

    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The parts of the questionnaire: a heading, and the fields under it."""
        return [
            (title, [self[question.key] for question in grounds.QUESTIONS if question.group == key])
            for key, title in grounds.GROUPS
        ]

    def consents(self) -> list[forms.BoundField]:
        """The boxes of the consents that are not given yet."""
        return [self[purpose.value] for purpose in CONSENTS if purpose.value in self.fields]

    def mandate(self) -> list[forms.BoundField]:
        """The fields of the signature, if there is none in force."""
        return [self[name] for name in _MANDATE if name in self.fields]

    def clean(self) -> dict[str, Any]:
        try:
            self.decision = grounds.decide(self.answers())
        except grounds.BadAnswers:
            return self.cleaned_data  # the fields say which answers are missing
        if self.decision.lane == grounds.Lane.MINOR:
            self.errors.clear()
        elif not self.decision.letters:
            for field in (*self.consents(), *self.mandate()):
                self.errors.pop(field.name, None)
        return self.cleaned_data

    def answers(self) -> dict[str, str]:
        """The answers that were given, and the defaults of the questions that may be passed over."""
        given = {
            question.key: self.cleaned_data.get(question.key) or question.default for question in grounds.QUESTIONS
        }
        return {key: answer for key, answer in given.items() if answer}

    def purposes(self) -> list[Purpose]:
        """The consents that were ticked."""
        return [purpose for purpose in CONSENTS if self.cleaned_data.get(purpose.value)]


def _question(question: grounds.Question) -> forms.ChoiceField:
    """Every option to be seen at once, but for a long list."""
    long = len(question.options) > _MOST_RADIOS
    return forms.ChoiceField(
        label=question.text,
        help_text=question.hint,
        choices=[("", "Choose one"), *question.options] if long else list(question.options),
        widget=forms.Select if long else forms.RadioSelect,
        required=not question.default,
        initial=question.default or None,
        error_messages={"required": "Choose the answer that fits best."},
    )


def _mandate_fields(name: str) -> dict[str, forms.Field]:
    as_in_account = f"As in your account: {name}. " if name else ""
    return {
        "address": forms.CharField(
            label="Your postal address",
            required=False,
            max_length=500,
            help_text="Only if you want to. It is never put in a notice and our staff do not see it. It "
            "stays sealed, for the day on which a court or an authority asks who signed.",
            widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "street-address"}),
        ),
        "authorise": forms.BooleanField(
            label=f"I have read this, and I authorise {settings.AGENT_NAME} to act for me",
            error_messages={"required": "Without this we cannot write to anybody for you."},
        ),
        "full_name": forms.CharField(
            label="Type your full name to sign",
            max_length=200,
            help_text=f"{as_in_account}It appears in a notice only where the law asks for it.",
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


class NoteForm(forms.Form):
    """A line for the case's history."""

    note = forms.CharField(
        label="Note",
        max_length=400,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "A note for colleagues"}),
        error_messages={"required": "Write something first."},
    )


class CloseForm(ReasonForm):
    """How a case ended, and why."""

    outcome = forms.ChoiceField(
        label="Outcome",
        choices=[("", "Choose one"), *(choice for choice in Outcome.choices if choice[0] in _BY_HAND)],
        help_text="“Removed” is not here: only checks can say that.",
        error_messages={"required": "Choose how the case ended."},
    )
    field_order = ("outcome", "reason")


class YourselfForm(forms.Form):
    """What a letter in the person's own name rests on. Read from the address, so that nothing of it is stored."""

    photographer = forms.ChoiceField(
        label="Who took the picture?",
        choices=[("other", "Somebody else, or I do not know"), ("me", "I did, also with a timer")],
    )
    intimate = forms.ChoiceField(label="Is it intimate?", choices=[("no", "No"), ("yes", "Yes")])
    lives_in = forms.ChoiceField(
        label="Where do you live?",
        choices=[("elsewhere", "Elsewhere"), ("eu", "In the European Union"), ("uk", "In the United Kingdom")],
    )

    def as_query(self) -> str:
        """The valid answers as they stand in an address."""
        return "?" + urlencode(self.cleaned_data)
