"""`manage.py staff EMAIL [--senior] [--authenticator]`"""

import secrets
from argparse import ArgumentParser
from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.validators import validate_email
from django.db import transaction

from accounts.models import Role, User
from accounts.security import factors
from config.commands import OperatorCommand


class Command(OperatorCommand):
    help = (
        "Make a staff account and print its first password, or change the role of one that is there. The console "
        "opens with a second factor only: they set one up when they first sign in, or you make it here."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--senior", action="store_true", help="senior staff: may decide what needs two people")
        parser.add_argument(
            "--authenticator",
            action="store_true",
            help="set up an authenticator app, in the place of one that was lost, and print its secret",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        email, role = options["email"].lower(), Role.SENIOR_STAFF if options["senior"] else Role.STAFF
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"{email!r} is not an e-mail address.") from error
        user = User.objects.filter(email=email).first()
        if user and user.is_subscriber:
            raise CommandError(f"{email} is a subscriber; staff work with an account of their own.")
        password = secret = ""
        with transaction.atomic():
            if user is None or not user.has_usable_password():
                password = secrets.token_urlsafe(12)
                user = user or User(email=email)
                user.set_password(password)
            user.role = role
            user.save()
            EmailAddress.objects.get_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
            if options["authenticator"]:
                secret = factors.add_totp(user)
        document = {
            "email": email,
            "role": role.value,
            "password": password or None,
            "authenticator": secret or None,
        }
        shown = (email, role.label, password or "unchanged", secret or "unchanged")
        self.emit(document, list(document), [shown])
