"""System checks: can notices be complete?"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, register
from django.core.exceptions import ImproperlyConfigured

from takedowns import second_path

_HINT = "Set {name}: copyright notices need it, and none can be approved without it."


@register("takedowns", deploy=True)
def agent_contact(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """One warning for each part of our contact that notices lack."""
    missing = [name for name in ("AGENT_ADDRESS", "AGENT_PHONE") if not getattr(settings, name).strip()]
    return [
        checks.Warning(f"{name} is not set.", hint=_HINT.format(name=name), id="takedowns.W001") for name in missing
    ]


@register("takedowns")
def second_path_is_a_proxy(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """A removal is never confirmed by a way that leads nowhere."""
    try:
        second_path.policy()
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), hint="Correct it, or leave it empty.", id="takedowns.E001")]
    return []
