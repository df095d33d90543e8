"""Who else handles people's data, read from the configuration: the list cannot say less than what is set up."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from django.conf import settings


@dataclass(frozen=True)
class Processor:
    """Somebody who handles data for us, and where. An empty country is one that the operator has not stated."""

    name: str
    purpose: str
    country: str = ""


def processors() -> list[Processor]:
    """Those that the operator names, and those that the settings point to. Empty: all runs on our own machine."""
    return [*_named(), *_configured()]


def _named() -> list[Processor]:
    """Raises ValueError for an entry that does not have three parts."""
    entries = [entry for entry in settings.PROCESSORS.split(";") if entry.strip()]
    return [Processor(*(part.strip() for part in _parts(entry))) for entry in entries]


def _parts(entry: str) -> list[str]:
    parts = entry.split("|")
    if len(parts) != 3:
        raise ValueError(f"PROCESSORS has {entry!r}: each entry is name|purpose|country.")
    return parts


def _configured() -> list[Processor]:
    found = []
    if settings.STRIPE_SECRET_KEY:
        found.append(Processor("Stripe", "Takes payments. Gets your e-mail address, and your card from you directly."))
    mail = getattr(settings, "EMAIL_HOST", "")
    if "smtp" in settings.EMAIL_BACKEND and _elsewhere(mail):
        found.append(Processor(mail, "Delivers our e-mails, those to you and the letters to sites."))
    database = settings.DATABASES["default"].get("HOST", "")
    if _elsewhere(database):
        found.append(Processor(database, "Runs our database. What is sealed it cannot read."))
    if settings.SPOOL_URL:
        endpoint = parse_qs(urlsplit(settings.SPOOL_URL).query).get("endpoint_url", [""])[0]
        host = urlsplit(endpoint).hostname or "Amazon S3"
        found.append(Processor(host, "Holds public pictures for the minutes until they are measured."))
    return found


def _elsewhere(host: str) -> bool:
    return bool(host) and not host.startswith("/") and host not in {"localhost", "127.0.0.1", "::1"}
