"""`manage.py enrol EMAIL PHOTO… [--attested-by STAFF_EMAIL]`"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.validators import validate_email
from django.db import transaction

from accounts import consent
from accounts.models import Purpose, Role, User
from config.commands import OperatorCommand
from search import ages, enrolment
from search.engine import EngineUnavailable
from search.models import Enrolment
from search.states import EnrolmentState

_MAX_BYTES = 40 * 1024 * 1024


class Command(OperatorCommand):
    help = (
        "Enrol a person from two or more reference photos, creating their account if needed. "
        "The operator vouches that the person is an adult and consented; the photos are measured and not kept."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("photos", nargs="+", metavar="photo", type=Path)
        parser.add_argument(
            "--attested-by",
            metavar="STAFF_EMAIL",
            help="the member of staff who checked the live person; without it the enrolment waits for that check",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        photos = [_read(path) for path in options["photos"]]
        email, attested_by = _address(options["email"]), options["attested_by"]
        try:
            # One transaction, so that a refusal leaves nothing behind: no account, no consent, no key.
            with transaction.atomic():
                user = _person(email)
                consent.give(user, Purpose)
                enrolled = enrolment.enrol(user, photos, adult=True)
                if attested_by and enrolled.state == EnrolmentState.AWAITING_LIVENESS:
                    enrolment.attest(enrolled, _staff(_address(attested_by)), "Attested on the command line.")
        except (enrolment.EnrolmentRefused, ages.ApparentMinor, EngineUnavailable) as error:
            raise CommandError(str(error)) from error
        enrolled.refresh_from_db()
        self._report(enrolled)

    def _report(self, enrolled: Enrolment) -> None:
        document = {
            "email": enrolled.subject.user.email,
            "enrolment": str(enrolled.pk),
            "state": enrolled.state,
            "templates": enrolled.templates.count(),
            "matches": enrolled.subject.matches.count(),
        }
        self.emit(document, list(document), [list(document.values())])


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise CommandError(f"{path}: the file is larger than {_MAX_BYTES // 2**20} MB.")
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}.") from error


def _address(email: str) -> str:
    try:
        validate_email(email)
    except ValidationError as error:
        raise CommandError(f"{email!r} is not an e-mail address.") from error
    return email.lower()


def _person(email: str) -> User:
    return User.objects.filter(email=email).first() or User.objects.create_user(email)


def _staff(email: str) -> User:
    """The attesting member of staff. The operator names them; an account made here has no password to use."""
    user = User.objects.filter(email=email).first() or User.objects.create_user(email, role=Role.STAFF)
    if not user.is_staff_member:
        raise CommandError(f"{email} is not a member of staff.")
    return user
