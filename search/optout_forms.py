"""What somebody fills in who does not want to be found."""

from typing import cast

from django import forms
from django.http import HttpRequest

from search.forms import MAX_PHOTO_MEGABYTES, PhotosField, Upload, no_photo


class OptOutForm(forms.Form):
    """An e-mail address and one photo; no account."""

    email = forms.EmailField(
        label="Your e-mail address",
        help_text="We send one message with a link to confirm, and a receipt.",
        error_messages={"required": "We need an address to send the link to."},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    photo = PhotosField(
        label="One photo of your face",
        most=1,
        help_text="Only you in it, the face clear and from the front. We measure it and do not keep it. "
        f"Up to {MAX_PHOTO_MEGABYTES} MB.",
    )

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(*((request.POST, request.FILES) if request else ()))
        self.fields["photo"].error_messages["required"] = no_photo(request, "Please choose a photo.")

    def chosen_photo(self) -> Upload:
        return cast(list[Upload], self.cleaned_data["photo"])[0]
