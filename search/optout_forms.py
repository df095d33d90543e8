"""What somebody fills in who does not want to be found, and the person who decides where there is no camera."""

from typing import cast

from django import forms
from django.http import HttpRequest

from search.forms import MAX_PHOTO_MEGABYTES, PhotosField, Upload, no_photo


class OptOutForm(forms.Form):
    """An e-mail address; no account."""

    email = forms.EmailField(
        label="Your e-mail address",
        help_text="We send a link to confirm, and a receipt.",
        error_messages={"required": "We need an address to send the link to."},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class OptOutPhotosForm(forms.Form):
    """Photos of the face of one opt-out: to measure it where there is no camera, or to test it."""

    photos = PhotosField(most=1)

    def __init__(self, request: HttpRequest | None = None, *, most: int, label: str, hint: str) -> None:
        super().__init__(*((request.POST, request.FILES) if request else ()))
        field = PhotosField(
            most=most, label=label, help_text=f"{hint} Up to {MAX_PHOTO_MEGABYTES} MB{' each' if most > 1 else ''}."
        )
        field.error_messages["required"] = no_photo(request, "Please choose a photo.")
        self.fields["photos"] = field

    def chosen_photos(self) -> list[Upload]:
        return cast(list[Upload], self.cleaned_data["photos"])


class DecideForm(forms.Form):
    """What a person decided about an opt-out, and how they came to it."""

    APPROVE, REFUSE = "approve", "refuse"

    verdict = forms.ChoiceField(
        label="What did you find?",
        choices=[
            (APPROVE, "The face is theirs: bring the opt-out into effect"),
            (REFUSE, "I could not confirm it: refuse"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the two."},
    )
    reason = forms.CharField(
        label="How do you know?",
        help_text="How and when you checked. No document numbers, no pictures.",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say how you checked. It is kept with the decision."},
    )
