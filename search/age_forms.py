"""Asking a person about one's age, and the answer."""

from django import forms

MOST_WORDS = 1000


class AskForm(forms.Form):
    """What somebody who was stopped wants to say; nothing has to be said."""

    statement = forms.CharField(
        label="Anything you want to tell us",
        help_text="When it is best to reach you, for example. Please do not send a document or its number.",
        required=False,
        max_length=MOST_WORDS,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": f"That is very long. Please keep to {MOST_WORDS:,} characters."},
    )


class DecideForm(forms.Form):
    """The outcome, and how it was reached."""

    ALLOW, REFUSE = "allow", "refuse"

    verdict = forms.ChoiceField(
        label="What did you find?",
        choices=[(ALLOW, "They are 18 or older"), (REFUSE, "I could not confirm that they are 18 or older")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the two."},
    )
    reason = forms.CharField(
        label="How do you know?",
        help_text="How and when you checked. No document numbers, no pictures. The person can read it.",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say how you checked. It is kept with the decision."},
    )
