"""What people fill in about their face: enrolment, consents, and the staff's identity check."""

from collections.abc import Iterable
from typing import Any, TypeAlias, cast

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from accounts.consent import WORDINGS
from accounts.models import Purpose
from search.enrolment import MAX_PHOTOS

MAX_PHOTO_MEGABYTES = 15
_MEGABYTE = 1024 * 1024
_NUMBERS = ("no", "one", "two", "three", "four", "five")

Upload: TypeAlias = "UploadedFile[Any]"


class _ManyFiles(forms.FileInput):
    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """`least` to `most` photos, each within the size cap. Cleans to the files, still unread."""

    def __init__(self, *, most: int, least: int = 1, **kwargs: Any) -> None:
        self.least, self.most = least, most
        attrs = {"accept": "image/*"}
        super().__init__(widget=_ManyFiles(attrs) if most > 1 else forms.FileInput(attrs), **kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[Upload]:
        files: list[Upload] = [file for file in (data if isinstance(data, list) else [data]) if file]
        if not files:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        if len(files) > self.most:
            raise forms.ValidationError(f"You chose {len(files)} photos. Please choose {self.most} at most.")
        if len(files) < self.least:
            raise forms.ValidationError(
                f"You chose {_NUMBERS[len(files)]} photo. We need {_NUMBERS[self.least]} at least."
            )
        problems = [problem for problem in map(_problem, files) if problem]
        if problems:
            raise forms.ValidationError(problems)
        return files


def _problem(file: Upload) -> str:
    size = file.size or 0
    if size > MAX_PHOTO_MEGABYTES * _MEGABYTE:
        return f"“{file.name}” is larger than {MAX_PHOTO_MEGABYTES} MB. Please choose a smaller copy."
    return "" if size else f"“{file.name}” is empty."


def no_photo(request: HttpRequest | None, otherwise: str) -> str:
    """Why no photo came. Too much at once is dropped unread, so that no photo ever touches the disk."""
    cap = settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    if request and int(request.META.get("CONTENT_LENGTH") or 0) > cap:
        return f"That was more than {cap // _MEGABYTE} MB, so we did not read it. Please choose smaller ones."
    return otherwise


def _tick(label: str, *, required: str = "", hint: str = "") -> forms.BooleanField:
    """A box; `required` is what to say when it has to be ticked and is not."""
    messages = {"required": required}
    return forms.BooleanField(label=label, help_text=hint, required=bool(required), error_messages=messages)


class _ConsentForm(forms.Form):
    """A box for every purpose of consent."""

    must = True  # whether the required purposes have to be ticked

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for purpose, wording in WORDINGS.items():
            required = "We cannot look for you without this." if self.must and wording.required else ""
            self.fields[_name(purpose)] = _tick(wording.title, hint=wording.text, required=required)

    def required_consents(self) -> list[tuple[Purpose, forms.BoundField]]:
        return [(purpose, self[_name(purpose)]) for purpose in WORDINGS if WORDINGS[purpose].required]

    def optional_consents(self) -> list[tuple[Purpose, forms.BoundField]]:
        return [(purpose, self[_name(purpose)]) for purpose in WORDINGS if not WORDINGS[purpose].required]

    def purposes(self) -> set[Purpose]:
        """What the person ticked, of a valid form."""
        return {purpose for purpose in WORDINGS if self.cleaned_data[_name(purpose)]}


def _name(purpose: Purpose) -> str:
    return f"consent_{purpose.value}"


class ConsentsForm(_ConsentForm):
    """Every purpose as a switch that stands as it is now."""

    must = False

    def __init__(self, request: HttpRequest, given: Iterable[Purpose]) -> None:
        initial = {_name(purpose): True for purpose in given}
        super().__init__(request.POST if request.method == "POST" else None, initial=initial)


class EnrolForm(_ConsentForm):
    """The first step: consents by purpose, none ticked beforehand, and the declaration of being an adult."""

    adult = _tick(
        "I am 18 or older, and I enrol my own face",
        required="We enrol adults only, and only their own face. Please confirm this, or stop here.",
    )

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.POST if request.method == "POST" else None)
        self.order_fields([*map(_name, WORDINGS), "adult"])


class PhotosForm(forms.Form):
    """Reference photos: of the person of the live check, or of the person whom staff will meet."""

    photos = PhotosField(most=MAX_PHOTOS)

    def __init__(self, request: HttpRequest, *, least: int) -> None:
        super().__init__(*((request.POST, request.FILES) if request.method == "POST" else ()))
        field = PhotosField(
            most=MAX_PHOTOS,
            least=least,
            label=f"Choose {_NUMBERS[least]} to {_NUMBERS[MAX_PHOTOS]} photos",
            help_text="With only you in them, the face clear and from the front; taken on different days, if you can. "
            f"Up to {MAX_PHOTO_MEGABYTES} MB each.",
        )
        field.error_messages["required"] = no_photo(request, "Please choose your photos.")
        self.fields["photos"] = field

    def chosen_photos(self) -> list[Upload]:
        return cast(list[Upload], self.cleaned_data["photos"])


class WithdrawForm(forms.Form):
    """A word to type, as what follows cannot be undone."""

    WORD = "withdraw"

    word = forms.CharField(
        label=f"Type “{WORD}” to confirm",
        max_length=40,
        error_messages={"required": f"Type the word “{WORD}” to confirm. Nothing has changed."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )

    def clean_word(self) -> str:
        word = str(self.cleaned_data["word"]).strip().lower()
        if word != self.WORD:
            raise forms.ValidationError(f"That is not the word “{self.WORD}”. Nothing has changed.")
        return word


class AttestForm(forms.Form):
    """The outcome of an identity check, and how it was reached."""

    ATTEST, REFUSE = "attest", "refuse"

    verdict = forms.ChoiceField(
        label="What did you find?",
        choices=[(ATTEST, "This is the account holder, and an adult"), (REFUSE, "I could not confirm it")],
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
