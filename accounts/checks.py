"""System checks: is this installation fit for strangers' data?"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, register


@register("accounts", deploy=True)
def keys_apart_from_the_data(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Whoever copies the data folder must not get the keys with it."""
    if settings.SECRETS_FROM_ENVIRONMENT:
        return []
    hint = "Set SECRET_KEY and MASTER_KEY in the environment, and keep MASTER_KEY safe: without it all is unreadable."
    return [checks.Warning("The keys lie in the data folder.", hint=hint, id="accounts.W001")]


@register("accounts", deploy=True)
def mail_that_arrives(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """The embedded default writes mail to a folder, where nobody gets it."""
    if "filebased" not in settings.EMAIL_BACKEND:
        return []
    hint = "Set EMAIL_URL, such as smtp://user:password@mail.example:587."
    return [checks.Warning("E-mail is written to a folder and not sent.", hint=hint, id="accounts.W002")]
