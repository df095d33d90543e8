"""What people fill in to ask us something, and what staff fill in to answer."""

from typing import Any

from django import forms

from accounts.models import DataRequest, User
from accounts.tickets.sealed import MAX_BODY
from accounts.tickets.tickets import OUTCOMES

Kind = DataRequest.Kind
_ASKED = tuple(kind for kind in Kind if kind != Kind.MISUSE)
_LIVES_IN = (
    ("", "I would rather not say"),
    ("EU", "European Union, or Iceland, Liechtenstein, Norway"),
    ("GB", "United Kingdom"),
    ("US-CA", "California"),
    ("OTHER", "Somewhere else"),
)
_LONG_ENOUGH = 10


def words(label: str, *, required: str, help_text: str = "", rows: int = 6) -> forms.CharField:
    """A field for text. `required` is what is said where it is empty."""
    return forms.CharField(
        label=label,
        max_length=MAX_BODY,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": required, "max_length": f"Use {MAX_BODY:,} characters or less."},
    )


def email_field(**more: Any) -> forms.EmailField:
    message = "Give your e-mail address, such as name@example.org."
    return forms.EmailField(
        label="Your e-mail address",
        max_length=254,
        error_messages={"required": message, "invalid": message},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        **more,
    )


class AskForm(forms.Form):
    """A request about one's data. Who is signed in is known: nothing more is asked."""

    kind = forms.ChoiceField(
        label="What you want",
        choices=[("", "Choose one"), *((kind.value, kind.label) for kind in _ASKED)],
        error_messages={"required": "Choose what you want.", "invalid_choice": "Choose one of these."},
    )
    body = words(
        "Your message",
        required="Say in a sentence or two what you want.",
        help_text="Do not send us pictures, identity documents or addresses of intimate pictures.",
    )
    email = email_field(help_text="We answer to this address.")
    region = forms.ChoiceField(
        label="Where you live",
        choices=_LIVES_IN,
        required=False,
        help_text="Your law can give us a deadline. Without an answer we keep to the one of the European Union.",
    )

    def __init__(self, data: Any = None, *, user: User | None, **more: Any) -> None:
        super().__init__(data, **more)
        self.user = user
        if user is not None:
            del self.fields["email"], self.fields["region"]

    def clean_body(self) -> str:
        return _long_enough(self.cleaned_data["body"])

    @property
    def sender(self) -> str:
        return self.user.email if self.user else str(self.cleaned_data["email"])


class MisuseForm(forms.Form):
    """A report that somebody misuses this service: by whoever, and without a name if they like."""

    body = words(
        "What is happening",
        required="Say in a sentence or two what is happening.",
        help_text="For example: somebody looks for a person who is not them, a letter of ours is wrong, "
        "or somebody pretends to be you here. Give references and dates, if you have them.",
    )
    email = email_field(required=False, help_text="Without it we act on your report, but cannot answer you.")

    def __init__(self, data: Any = None, *, user: User | None, **more: Any) -> None:
        super().__init__(data, **more)
        self.user = user
        if user is not None:
            del self.fields["email"]

    def clean_body(self) -> str:
        return _long_enough(self.cleaned_data["body"])

    @property
    def sender(self) -> str:
        return self.user.email if self.user else str(self.cleaned_data["email"])


class MessageForm(forms.Form):
    """More to a request one made."""

    body = words("Add a message", required="Write a message first.", rows=4)


class ReplyForm(forms.Form):
    """An answer to the person."""

    body = words("Answer", required="Write the answer first.", rows=8)
    wait = forms.BooleanField(
        label="We cannot go on until they answer",
        required=False,
        help_text="The deadline runs on all the same.",
    )


class NoteForm(forms.Form):
    """A note among staff."""

    body = words("Note for colleagues", required="Write the note first.", rows=2)


class KindForm(forms.Form):
    """What a request is about."""

    kind = forms.ChoiceField(label="About", choices=Kind.choices)


class ExtendForm(forms.Form):
    """Why it takes longer; the person is told."""

    reason = words(
        "Why it takes longer",
        required="Say why: the law wants the person to be told.",
        help_text="The person reads this. The law allows it for complex or many requests, once.",
        rows=4,
    )


class CloseForm(forms.Form):
    """How a request ended."""

    outcome = forms.ChoiceField(
        label="How it ended",
        choices=[("", "Choose one"), *OUTCOMES.items()],
        error_messages={"required": "Choose how it ended.", "invalid_choice": "Choose one of these."},
    )
    body = forms.CharField(
        label="Last words to the person",
        required=False,
        max_length=MAX_BODY,
        help_text="Needed where you refuse, and where they have had no answer yet.",
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class WriteDownForm(forms.Form):
    """A request that came on paper or by telephone."""

    kind = forms.ChoiceField(
        label="What they want",
        choices=[("", "Choose one"), *Kind.choices],
        error_messages={"required": "Choose what they want.", "invalid_choice": "Choose one of these."},
    )
    email = email_field(required=False)
    region = AskForm.base_fields["region"]
    body = words("What they said or wrote", required="Write down what they said.")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["email"].label = "Their e-mail address"
        self.fields["email"].help_text = "The receipt goes there at once."
        self.fields["region"].label, self.fields["region"].help_text = "Where they live", ""


def region_of(form: AskForm | WriteDownForm) -> str:
    """Where they live, as in `User.region`; empty for the answers that name no law of their own."""
    given = str(form.cleaned_data.get("region") or "")
    return "" if given in ("EU", "OTHER") else given


def _long_enough(text: str) -> str:
    if len(text.strip()) < _LONG_ENOUGH:
        raise forms.ValidationError("Say a little more, so that we know what you mean.")
    return text
