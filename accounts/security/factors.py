"""Second factors: who has one, and giving one to an account that is made by command."""

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import transaction

from accounts import audit
from accounts.models import User

# Recovery codes come with one of these and are none by themselves.
_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def has_second_factor(user: User) -> bool:
    """Whether an authenticator app or a passkey is set up."""
    return number_of(user) > 0


def add_totp(user: User) -> str:
    """Set up an authenticator app by command, in the place of another; returns the secret to type into the app."""
    secret = generate_totp_secret()
    with transaction.atomic():
        Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).delete()
        TOTP.activate(user, secret)
        audit.record("factor.added", user, about=user, by="command")
    return str(secret)


def add_recovery_codes(user: User) -> list[str]:
    """Make recovery codes by command; returns them."""
    codes: list[str] = RecoveryCodes.activate(user).get_unused_codes()
    return codes


def number_of(user: User) -> int:
    """How many second factors are set up."""
    return int(Authenticator.objects.filter(user=user, type__in=_FACTORS).count())
