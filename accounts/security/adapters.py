"""What we do otherwise than allauth: words, sealed secrets, neutral subjects, and staff keep their second factor."""

import base64
import io
from typing import Any, ClassVar

import qrcode
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.core.mail import EmailMessage
from qrcode.image.svg import SvgPathFillImage

from accounts import keys, mailing
from accounts.models import User
from accounts.security import factors
from accounts.security.devices import described

_PURPOSE = "second-factor"
_WRONG_CODE = "This code is not right, or no longer valid."


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Mails and messages in our words."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": "This account is closed.",
        "email_password_mismatch": "The address or the password is not right.",
        "incorrect_code": _WRONG_CODE,
        "incorrect_password": "This password is not right.",
        "enter_current_password": "This is not your present password.",
        "too_many_login_attempts": "There were too many tries. Please wait a few minutes.",
        "rate_limited": "There were too many tries. Please wait a few minutes.",
        "same_as_current": "This is your address already.",
        "email_taken": "This address cannot be used.",
        "duplicate_email": "This is your address already.",
    }

    def render_mail(
        self, template_prefix: str, email: Any, context: dict[str, Any], headers: dict[str, str] | None = None
    ) -> EmailMessage:
        """As allauth does, with HTML too, a neutral subject where asked for, and words for their device."""
        context = {**context, "device": described(str(context.get("user_agent", "")))}
        message = mailing.signed(super().render_mail(template_prefix, email, context, headers))
        to = [email] if isinstance(email, str) else email
        message.subject = mailing.subject(User.objects.filter(email__iexact=to[0]).first(), str(message.subject))
        return message.laid_out()


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """A copy of the database alone opens no account: secrets are sealed with the installation's key."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": "Staff need a second factor. Add another one before you remove this one.",
        "incorrect_code": _WRONG_CODE,
        "unverified_email": "Confirm your e-mail address first.",
    }

    def encrypt(self, text: str) -> str:
        return base64.b64encode(keys.seal_for_installation(_PURPOSE, text.encode())).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return keys.unseal_for_installation(_PURPOSE, base64.b64decode(encrypted_text)).decode()

    def build_totp_svg(self, url: str) -> str:
        """With its own light ground: a code on a dark page cannot be read."""
        picture = io.BytesIO()
        qrcode.make(url, image_factory=SvgPathFillImage).save(picture)
        return picture.getvalue().decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Staff keep one second factor at least."""
        return not authenticator.user.is_staff_member or factors.number_of(authenticator.user) > 1

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:  # noqa: A002 - allauth's name
        number = Authenticator.objects.filter(user=user, type=type).count()
        return "Passkey" if not number else f"Passkey {number + 1}"
