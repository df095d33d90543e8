"""System checks: does somebody hear of mail that comes back, and can browsers know us?"""

from collections.abc import Iterator, Sequence
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, register

from alerts import vapid


@register("alerts")
def an_address_for_returned_mail(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """From anything but an address, no sender of a mail's own could be made."""
    if not settings.BOUNCES_EMAIL or all(_parts(settings.BOUNCES_EMAIL)):
        return []
    hint = "Use an address, such as bounces@example.org, or leave it empty."
    return [checks.Error("BOUNCES_EMAIL is not an e-mail address.", hint=hint, id="alerts.E001")]


@register("alerts", deploy=True)
def returned_mail_is_read(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Or we would go on writing to addresses that take nothing, and mail servers would think the worse of us."""
    return list(_about_returned_mail())


@register("alerts")
def key_for_pushes(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """With a key that cannot sign, the page about pushes would fail."""
    if not settings.VAPID_KEY:
        return []
    try:
        vapid.read_key(settings.VAPID_KEY)
    except vapid.BadKey as error:
        hint = "Make one with `openssl ecparam -name prime256v1 -genkey -noout`, or leave it empty."
        return [checks.Error(str(error), hint=hint, id="alerts.E002")]
    return []


def _about_returned_mail() -> Iterator[CheckMessage]:
    if not settings.BOUNCES_EMAIL:
        hint = "Set BOUNCES_EMAIL, and how it is read (docs/mail.md)."
        yield checks.Warning("Nobody hears of it when an alert comes back.", hint=hint, id="alerts.W001")
        return
    ours, shown = (_parts(address)[1].lower() for address in (settings.BOUNCES_EMAIL, settings.DEFAULT_FROM_EMAIL))
    if not _same_or_below(ours, shown) and not _same_or_below(shown, ours):
        hint = "Use one domain for both, or one below the other, so that SPF counts for DMARC (docs/mail.md)."
        yield checks.Warning(
            "BOUNCES_EMAIL and DEFAULT_FROM_EMAIL are of different domains.", hint=hint, id="alerts.W002"
        )
    if not settings.BOUNCES_INBOX_URL and not settings.BOUNCES_WEBHOOK_SECRET:
        hint = "Set BOUNCES_INBOX_URL or BOUNCES_WEBHOOK_SECRET (docs/mail.md)."
        yield checks.Warning("Mails that come back to BOUNCES_EMAIL are not read.", hint=hint, id="alerts.W003")


def _parts(address: str) -> tuple[str, str]:
    local, _, domain = parseaddr(address)[1].rpartition("@")
    return local, domain


def _same_or_below(domain: str, other: str) -> bool:
    return domain == other or domain.endswith(f".{other}")
