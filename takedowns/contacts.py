"""Who can take a place down, and where they take notices.

The host is whoever runs the network that the picture's file comes from, or else the page's; the owner is
whoever registered the page's domain. Nothing is guessed: an address is used only if a registry gave it for
that role.
"""

from dataclasses import dataclass, replace
from functools import cache

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from crawler.defaults import web_policy
from crawler.policy import FetchError, FetchPolicy
from crawler.resolver import resolve
from takedowns.cases import host_name
from takedowns.grounds import Addressee
from takedowns.models import AbuseContact, InfringingUrl, Operator
from takedowns.rdap import Entity, RdapUnavailable, Record, Registries, registrable_domain

# How sure we are that notices are read there. An abuse desk exists to read them; a registrant's address may
# be a forwarding service's.
ABUSE_DESK_CONFIDENCE = 0.9
REGISTRANT_CONFIDENCE = 0.7
_TIMEOUT_SECONDS = 10.0
_MAX_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Search:
    """What a search for a contact came to: the contact, or why there is none, in one sentence."""

    contact: AbuseContact | None
    reason: str = ""


def find(addressee: Addressee, url: InfringingUrl) -> Search:
    """The contact of a place's host or owner. Asks registries; never call it inside a transaction."""
    if addressee == Addressee.OWNER:
        return _owner(host_name(url.page_url))
    search = _host(host_name(url.image_url))
    page_host = host_name(url.page_url)
    if search.contact is None and page_host != host_name(url.image_url):
        return _host(page_host)
    return search


def policy() -> FetchPolicy:
    """The one fetch policy, with the limits of a registry's answer."""
    return replace(web_policy(), max_bytes=_MAX_BYTES, timeout_seconds=_TIMEOUT_SECONDS)


@cache
def _registries(bootstrap_url: str, allowed: FetchPolicy) -> Registries:
    return Registries(bootstrap_url, allowed)


def _ask() -> Registries:
    return _registries(settings.RDAP_BOOTSTRAP_URL, policy())


def _owner(host: str) -> Search:
    domain = registrable_domain(host)
    if not domain:
        return Search(None, "The page has no domain name that somebody could have registered.")
    try:
        record = _ask().domain(domain)
    except RdapUnavailable as error:
        return Search(None, str(error))
    if record is None:
        return Search(None, "No registry knows the domain.")
    registrant = _with_email(record, "registrant")
    if registrant is None:
        return Search(None, "The registry does not show the registrant's e-mail address.")
    operator = _operator(f"domain:{domain}", Operator.Kind.OWNER, registrant.name or domain, registrant.country)
    return _contact(operator, registrant, "registrant", "rdap_domain", record.url, REGISTRANT_CONFIDENCE)


def _host(host: str) -> Search:
    try:
        addresses = resolve(host, policy())
        record = _ask().network(str(addresses[0]))
    except FetchError as error:
        return Search(None, error.sentence)
    except RdapUnavailable as error:
        return Search(None, str(error))
    if record is None:
        return Search(None, "No registry knows the network.")
    desk = _with_email(record, "abuse")
    if desk is None:
        return Search(None, "The registry shows no abuse address for the network.")
    holder = next(iter(record.having("registrant")), None)
    name = (holder.name if holder else "") or record.name or desk.name or record.handle
    country = record.country or (holder.country if holder else "")
    operator = _operator(f"network:{record.handle or record.name}", Operator.Kind.HOST, name, country)
    return _contact(operator, desk, "abuse", "rdap_ip", record.url, ABUSE_DESK_CONFIDENCE)


def _with_email(record: Record, role: str) -> Entity | None:
    return next((entity for entity in record.having(role) if entity.emails), None)


def _operator(key: str, kind: Operator.Kind, name: str, country: str) -> Operator:
    fields = {"kind": kind, "name": name, "country": country}
    operator, _ = Operator.objects.update_or_create(key=key, defaults=fields)
    return operator


def _contact(operator: Operator, entity: Entity, role: str, source: str, source_url: str, confidence: float) -> Search:
    """Store the entity's addresses and choose the best one from which mail has not come back."""
    with transaction.atomic():
        for email in entity.emails:
            AbuseContact.objects.update_or_create(
                operator=operator,
                email=email.lower(),
                defaults={
                    "role": role,
                    "source": source,
                    "source_url": source_url,
                    "confidence": confidence,
                    "found_at": timezone.now(),
                },
            )
    usable = operator.contacts.filter(bounced_at=None).order_by("-confidence", "-found_at", "email")
    return Search(usable.first(), "Mail to every address that the registry shows came back.")
