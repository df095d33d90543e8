"""One frame of a live check, as the page sends it."""

from typing import cast

from django import forms
from django.http import HttpRequest

from search.forms import Upload


class LiveFrameForm(forms.Form):
    """A picture from the camera, its number, and the check that it belongs to."""

    session = forms.UUIDField()
    number = forms.IntegerField(min_value=0)
    frame = forms.FileField()

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(*((request.POST, request.FILES) if request else ()))

    def picture(self) -> Upload:
        return cast(Upload, self.cleaned_data["frame"])
