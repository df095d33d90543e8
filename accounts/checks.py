"""System checks: is this installation fit for strangers' data?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, register

from accounts import dkim
from accounts.models import Plan


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


@register("accounts")
def plans_and_money(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """A slip here would give plans away, or take money for nothing."""
    problems: list[CheckMessage] = []
    if settings.DEFAULT_PLAN not in Plan.values:
        known = ", ".join(Plan.values)
        problems.append(
            checks.Error(
                f"DEFAULT_PLAN is {settings.DEFAULT_PLAN!r}.", hint=f"Use one of: {known}.", id="accounts.E010"
            )
        )
    for_stripe = [settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET, settings.STRIPE_PRICES]
    if any(for_stripe) and not all(for_stripe):
        hint = "Set STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET and STRIPE_PRICES, or none of them."
        problems.append(checks.Error("Stripe is set up by half.", hint=hint, id="accounts.E011"))
    unknown = set(settings.STRIPE_PRICES) - {Plan.WATCH.value, Plan.PROTECT.value}
    if unknown:
        problems.append(
            checks.Error(
                f"STRIPE_PRICES names plans that are not sold: {', '.join(sorted(unknown))}.",
                hint="Use watch=price_…,protect=price_….",
                id="accounts.E012",
            )
        )
    return problems


@register("accounts", deploy=True)
def halves_apart_from_the_data(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Whoever backs the data folder up must not back up what erasure destroys."""
    if not Path(settings.KEYS_DIR).resolve().is_relative_to(settings.DATA_DIR):
        return []
    hint = "Set KEYS_DIR to a mirrored folder that no backup takes (docs/data-rights.md), and move its files there."
    return [checks.Warning("The halves of people's keys lie in the data folder.", hint=hint, id="accounts.W003")]


@register("accounts")
def signatures_that_hold(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """A key that cannot sign would be noticed by whoever gets no mail."""
    if not settings.DKIM_KEY:
        return []
    try:
        dkim.checked_selector()
        dkim.private_pem(settings.DKIM_KEY)
        bits = dkim.key_bits(settings.DKIM_KEY)
    except dkim.BadKey as error:
        hint = "Make one with `openssl genrsa -out dkim.pem 2048`, and see docs/mail.md."
        return [checks.Error(f"Mails cannot be signed: {error}.", hint=hint, id="accounts.E013")]
    if bits < 2048:
        return [checks.Warning(f"DKIM_KEY has {bits} bits.", hint="Use 2048.", id="accounts.W004")]
    return []
