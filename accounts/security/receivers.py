"""What is done whenever somebody signs in or changes how they do."""

from typing import Any

from allauth.account.signals import email_changed, password_changed, password_reset, password_set
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from allauth.usersessions.models import UserSession
from django.db.models.signals import pre_save
from django.dispatch import Signal, receiver

from accounts import audit
from accounts.models import User
from accounts.security import devices

_RECORDED: dict[str, Signal] = {
    "password.changed": password_changed,
    "password.set": password_set,
    "password.reset": password_reset,
    "email.changed": email_changed,
    "factor.added": authenticator_added,
    "factor.removed": authenticator_removed,
    "factor.renewed": authenticator_reset,
}


@receiver(pre_save, sender=UserSession)
def shorten_address(instance: UserSession, **kwargs: Any) -> None:
    """No full address is kept, and no more of the browser's long name than we show."""
    instance.ip = devices.shortened(instance.ip)
    instance.user_agent = devices.described(instance.user_agent) if "/" in instance.user_agent else instance.user_agent


def _record(action: str) -> Any:
    def recorded(user: User, **kwargs: Any) -> None:
        audit.record(action, user, actor=user, about=user)

    return recorded


for _action, _signal in _RECORDED.items():
    _signal.connect(_record(_action), weak=False, dispatch_uid=f"accounts.{_action}")
