"""One thing that a source says about an operator, and how it is kept.

What is kept only grows: a source never takes back what another said, nor what mail taught us (an address that
mail came back from stays marked), nor what a colleague decided (stance, language).
"""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from crawler.policy import FetchError, parse_url
from takedowns.models import AbuseContact, Operator, OperatorTrait

_LONGEST = 300
_LONGEST_URL = 2000
_LONGEST_EMAIL = 254
MAX_TRAITS = 40
# Their name for an operator is the one that it goes by; the others only fill a gap.
_NAMES_IT = frozenset({"rdap_domain", "rdap_ip", "rdap_asn", "whois", "platform_table", "dmca_directory", "cdn"})

Trait = tuple[str, str]
"""A kind of trait (see `clusters`) and its value."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one source says: an operator, and a contact of it unless neither `email` nor `form_url` is there.

    `key` is the operator's stable identity. `confidence` is 0 to 1: how sure we are that notices are read there.
    `takes_mail` is None where nobody looked. An empty `name` or `country` means that the source does not know.
    """

    kind: str
    key: str
    role: str
    source: str
    confidence: float
    name: str = ""
    country: str = ""
    language: str = ""
    email: str = ""
    form_url: str = ""
    source_url: str = ""
    takes_mail: bool | None = None
    traits: tuple[Trait, ...] = ()


def usable_email(text: str) -> str:
    """The address in lower case, or an empty string for what is none."""
    email = text.strip().lower()
    if len(email) > _LONGEST_EMAIL or not email.isascii():
        return ""
    try:
        validate_email(email)
    except ValidationError:
        return ""
    return email


def usable_form(url: str) -> str:
    """The URL, or an empty string for what is no web address."""
    if len(url) > _LONGEST_URL:
        return ""
    try:
        return parse_url(url).url
    except FetchError:
        return ""


def one_line(text: str, longest: int = _LONGEST) -> str:
    """Printable, without line breaks, of bounded length."""
    printable = "".join(char if char.isprintable() else " " for char in text[: longest * 2])
    return " ".join(printable.split())[:longest]


def store(found: Found) -> Operator:
    """Keep what was found. The caller settles the operator's cluster when all is kept (`clusters.settle`)."""
    with transaction.atomic():
        operator = _operator(found)
        _contact(operator, found)
        for kind, value in found.traits[:MAX_TRAITS]:
            learn(operator, kind, value, found.source)
    return operator


def learn(operator: Operator, kind: str, value: str, source: str) -> None:
    """Keep a trait; what was known of it before stays."""
    text = one_line(value).casefold()[:_LONGEST]
    if text:
        defaults = {"source": source[:40]}
        OperatorTrait.objects.get_or_create(operator=operator, kind=kind[:30], value=text, defaults=defaults)


def _operator(found: Found) -> Operator:
    key, name, country = found.key[:_LONGEST], one_line(found.name), found.country[:2].upper()
    fallback = one_line(key.partition(":")[2]) or key
    first = {"kind": found.kind, "name": name or fallback, "country": country, "language": found.language[:2]}
    operator, created = Operator.objects.get_or_create(key=key, defaults=first)
    if created:
        return operator
    names_it = found.source in _NAMES_IT
    changed = {}
    if name and name != operator.name and (names_it or operator.name == fallback):
        changed["name"] = name
    if country and country != operator.country and (names_it or not operator.country):
        changed["country"] = country
    if found.language and not operator.language:
        changed["language"] = found.language[:2]
    if changed:
        Operator.objects.filter(pk=operator.pk).update(**changed)
        operator.refresh_from_db()
    return operator


def _contact(operator: Operator, found: Found) -> None:
    """The best source of an address is the one that is named; `found_at` is when any source last had it."""
    email, form_url = usable_email(found.email), usable_form(found.form_url)
    if not email and not form_url:
        return
    confidence = min(max(found.confidence, 0.0), 1.0)
    said: dict[str, Any] = {
        "role": found.role[:40],
        "source": found.source[:40],
        "source_url": found.source_url[:_LONGEST_URL],
        "confidence": confidence,
    }
    contact, created = AbuseContact.objects.get_or_create(
        operator=operator, email=email, form_url=form_url, defaults={**said, "takes_mail": found.takes_mail}
    )
    if created:
        return
    changed: dict[str, Any] = {"found_at": timezone.now()}
    if confidence >= contact.confidence or contact.source == found.source:
        changed |= said
    if found.takes_mail is not None:
        changed["takes_mail"] = found.takes_mail
    AbuseContact.objects.filter(pk=contact.pk).update(**changed)
