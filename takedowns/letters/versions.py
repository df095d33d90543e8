"""Texts of letters that our own staff write in place of those that the software carries.

One person proposes a text, another approves it; a text that lacks what the law wants in any of the samples cannot be
approved. The newest approved one that is not retired is used, otherwise the software's own.
"""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import User
from takedowns.cases import NotAllowed, require_staff
from takedowns.letters.checking import missing_elements
from takedowns.letters.facts import Facts, Letter
from takedowns.letters.rendering import exists, shipped
from takedowns.letters.samples import samples
from takedowns.letters.staff_texts import BadTemplate, filled
from takedowns.models import LetterTemplate

_LONGEST_TITLE = 200
_LONGEST_NOTE = 400


@dataclass(frozen=True, slots=True)
class Preview:
    """A text filled in for the first of the samples, and what it lacks in any of them."""

    letter: Letter
    missing: tuple[str, ...]


def preview(code: str, language: str, body: str, title: str = "") -> Preview:
    """Fill a text in for everybody it may be written for. Raises BadTemplate."""
    known = samples(code, language)
    letters = [(facts, filled(body, title or _title(code, facts), code, facts, "preview")) for facts in known]
    missing = (sentence for facts, letter in letters for sentence in missing_elements(code, facts, letter.body))
    return Preview(letters[0][1], tuple(dict.fromkeys(missing)))


def propose(code: str, language: str, title: str, body: str, note: str, staff: User) -> LetterTemplate:
    """Keep a new text for a letter; it is not used before another person approves it.

    Raises:
        NotAllowed: not a member of staff, or no such letter.
        BadTemplate: it cannot be filled in.
    """
    require_staff(staff)
    if not exists(code, language):
        raise NotAllowed("There is no such letter in this language.")
    title, note = " ".join(title.split()), " ".join(note.split())
    if not 0 < len(title) <= _LONGEST_TITLE or "{" in title:
        raise BadTemplate(f"The title needs 1 to {_LONGEST_TITLE} characters, and no values in it.")
    if len(note) > _LONGEST_NOTE:
        raise BadTemplate(f"The note is longer than {_LONGEST_NOTE} characters.")
    body = body.replace("\r\n", "\n")
    preview(code, language, body, title)
    with transaction.atomic():
        last = LetterTemplate.objects.select_for_update().filter(code=code, language=language).order_by("-number")
        newest = last.first()
        version = LetterTemplate.objects.create(
            code=code,
            language=language,
            number=newest.number + 1 if newest else 1,
            title=title,
            body=body,
            note=note,
            written_by=staff,
        )
        audit.record("letter.proposed", version, actor=staff, code=code, language=language, number=version.number)
    return version


def approve(version: LetterTemplate, staff: User) -> LetterTemplate:
    """Put a text into use.

    Raises:
        NotAllowed: its writer, or not a member of staff; or it lacks what the letter needs.
        BadTemplate: it cannot be filled in any more.
    """
    require_staff(staff)
    with transaction.atomic():
        version = _locked(version)
        if version.approved_at is not None or version.retired_at is not None:
            raise NotAllowed("This text is not waiting for approval.")
        if version.written_by_id == staff.pk:
            raise NotAllowed("A second person has to approve this: you have written it.")
        if missing := preview(version.code, version.language, version.body, version.title).missing:
            raise NotAllowed(" ".join(missing))
        version.approved_by, version.approved_at = staff, timezone.now()
        version.save(update_fields=["approved_by", "approved_at"])
        audit.record("letter.approved", version, actor=staff, code=version.code, number=version.number)
    return version


def retire(version: LetterTemplate, staff: User) -> LetterTemplate:
    """Take a text out of use: the one before it holds again. Raises NotAllowed."""
    require_staff(staff)
    with transaction.atomic():
        version = _locked(version)
        if version.retired_at is not None:
            raise NotAllowed("This text is out of use already.")
        version.retired_at = timezone.now()
        version.save(update_fields=["retired_at"])
        audit.record("letter.retired", version, actor=staff, code=version.code, number=version.number)
    return version


def current(code: str, language: str) -> LetterTemplate | None:
    """The text of our staff that is in use, or None where the software's own is."""
    in_use = LetterTemplate.objects.filter(code=code, language=language, retired_at=None)
    return in_use.exclude(approved_at=None).order_by("-number").first()


def name_of(version: LetterTemplate) -> str:
    """What a letter says of the text that it was written from: `dmca_512c.en.3`."""
    return f"{version.code}.{version.language}.{version.number}"


def _title(code: str, facts: Facts) -> str:
    return shipped(code, facts).title.rpartition(" [")[0]


def _locked(version: LetterTemplate) -> LetterTemplate:
    return LetterTemplate.objects.select_for_update().get(pk=version.pk)
