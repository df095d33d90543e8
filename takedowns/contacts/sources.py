"""Where each addressee's contacts are looked for, in order, and what each of these sources says.

A source answers with what it found, or says in a sentence why it knows nothing. It stores nothing, and one that
fails is passed by.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from django.utils import timezone

from takedowns.cases import host_name
from takedowns.contacts import cdn, clusters, directory, names, networks, pages, platforms, well_known, whois
from takedowns.contacts.clusters import PRIVACY_SERVICES
from takedowns.contacts.found import Found, Trait
from takedowns.contacts.lookups import LookupFailed
from takedowns.contacts.networks import Network
from takedowns.contacts.platforms import Platform
from takedowns.contacts.roles import Role
from takedowns.grounds import Addressee
from takedowns.models import Operator, OperatorTrait
from takedowns.rdap import Record, registrable_domain

# How sure we are that notices are read there. An abuse desk exists to read them; a registrant's address may be a
# forwarding service's, and of a few we know that it is.
ABUSE_DESK = 0.9
REGISTRAR_DESK = 0.85
CDN_DESK = 0.9
REGISTRANT = 0.7
REGISTRANT_BY_WHOIS = 0.66
FORWARDED = 0.5
NETWORK_ABOVE = 0.7
OTHER_DESK = 0.55
ZONE_MAILBOX = 0.35

NO_DOMAIN = "The page has no domain name that somebody could have registered."


@dataclass(frozen=True, slots=True)
class Question:
    """Whom to find for which place. `deadline` is a `time.monotonic()`."""

    addressee: Addressee
    page_url: str
    image_url: str
    deadline: float

    @property
    def page_host(self) -> str:
        return host_name(self.page_url)

    @property
    def image_host(self) -> str:
        return host_name(self.image_url)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The picture's host and the page's, each once."""
        return tuple(dict.fromkeys(host for host in (self.image_host, self.page_host) if host))

    @property
    def domain(self) -> str:
        return registrable_domain(self.page_host)

    def in_time(self) -> bool:
        return time.monotonic() < self.deadline


@dataclass(slots=True)
class Told:
    """What a source said; `reason` is one sentence on why there is no contact in it."""

    found: list[Found] = field(default_factory=list)
    reason: str = ""


Source = Callable[[Question], Told]


# --- The owner of a site -----------------------------------------------------------------------------------


def platform_as_owner(question: Question) -> Told:
    """Of a platform's pages the platform is the controller: its own desk for data, and nobody else's."""
    entry = platforms.platform_of(question.page_host)
    desks = platforms.contacts_of(entry, timezone.now().date()) if entry else []
    return Told([found for found in desks if found.role in (Role.PRIVACY, Role.DPO)])


def site_pages(question: Question) -> Told:
    says = pages.contacts_of(question.page_url, question.deadline)
    key = pages.owner_key(question.page_host)
    return Told([*says.found, *_traits_of(key, says.traits, pages.SOURCE)])


def security_txt(question: Question) -> Told:
    return Told(well_known.contacts_of(question.page_url, question.deadline))


def registration(question: Question) -> Told:
    if not question.domain:
        return Told(reason=NO_DOMAIN)
    record = networks.registration_of(question.domain)
    if record is None:
        return Told(reason="No registry knows the domain.")
    traits = clusters.name_server_traits(record.name_servers)
    found = list(_registrants(question.domain, record, traits))
    if any(one.email for one in found):
        return Told(found)
    return Told(found, record.missing or "The registry does not show the registrant's e-mail address.")


def _registrants(domain: str, record: Record, traits: tuple[Trait, ...]) -> list[Found]:
    holders = record.having("registrant")
    holder = next((entity for entity in holders if entity.emails), None) or next(iter(holders), None)
    if holder is None:
        return _traits_of(f"domain:{domain}", traits, "rdap_domain")
    own = clusters.registrant_traits(holder.name, holder.emails, holder.country)
    base = Found(
        kind=Operator.Kind.OWNER,
        key=f"domain:{domain}",
        role=Role.REGISTRANT,
        source="rdap_domain",
        source_url=record.url,
        confidence=REGISTRANT,
        name=holder.name,
        country=holder.country,
        traits=(*own, *traits),
    )
    return [replace(base, email=email, confidence=_sure(email, REGISTRANT)) for email in holder.emails] or [base]


def registration_by_whois(question: Question) -> Told:
    record = whois.registration(question.domain) if question.domain else None
    if record is None:
        return Told()
    email = record.registrant_email
    own = clusters.registrant_traits(record.registrant_name, [email] if email else [], record.country)
    return Told([
        Found(
            kind=Operator.Kind.OWNER,
            key=f"domain:{question.domain}",
            role=Role.REGISTRANT,
            source="whois",
            source_url=record.source,
            confidence=_sure(email, REGISTRANT_BY_WHOIS),
            name=record.registrant_name,
            country=record.country,
            email=email,
            traits=(*own, *clusters.name_server_traits(record.name_servers)),
        )
    ])  # fmt: skip


def zone(question: Question) -> Told:
    """Whoever runs the zone, where that is the site itself and not a DNS service."""
    email = names.zone_mailbox(question.domain) if question.domain else ""
    if not email or registrable_domain(email.rpartition("@")[2]) != question.domain:
        return Told()
    found = Found(
        kind=Operator.Kind.OWNER,
        key=f"domain:{question.domain}",
        role=Role.HOSTMASTER,
        source="dns_soa",
        confidence=ZONE_MAILBOX,
        email=email,
    )
    return Told([found])


# --- Platforms, search engines, advertising ----------------------------------------------------------------


def platform_desks(question: Question) -> Told:
    """The table's entry for the picture's host, then for the page's, each with its agent in the directory."""
    today = timezone.now().date()
    found: list[Found] = []
    for host in question.hosts:
        entry = platforms.platform_of(host)
        agents = directory.agents_for(host, today)
        if entry is not None:
            found += platforms.contacts_of(entry, today)
            agents = [_as_contact_of(entry, agent) for agent in agents]
        found += agents
    return Told(found, "" if found else "The site is not a platform that we know, and has designated no agent.")


def _as_contact_of(entry: Platform, agent: Found) -> Found:
    return replace(agent, kind=entry.kind, key=entry.key, name=entry.name, country=entry.country)


def engines(_question: Question) -> Told:
    return _all_of(platforms.of_kind(Operator.Kind.SEARCH), "The table has no search engine.")


def paid_by(question: Question) -> Told:
    """Services of the table that the page is made with: their scripts, frames, forms and links are on it."""
    says = pages.contacts_of(question.page_url, question.deadline)
    entries = platforms.among(says.outside, Operator.Kind.ADS)
    return _all_of(entries, "The page shows no advertising or payment service that we know.")


def _all_of(entries: list[Platform], otherwise: str) -> Told:
    today = timezone.now().date()
    found = [found for entry in entries for found in platforms.contacts_of(entry, today)]
    return Told(found, "" if found else otherwise)


# --- Hosts and networks ------------------------------------------------------------------------------------


def host_network(host: str) -> Told:
    """Whoever runs the network that a host lies in. Behind a network in front, only what somebody told us."""
    front = in_front_of(host)
    if front is not None:
        known = _told_to_serve(host)
        hidden = f"{front.name} stands in front of the site and hides who hosts it."
        return Told(known, "" if known else hidden)
    network = networks.network_of(host)
    if network is None:
        return Told(reason="No registry knows the network.")
    found = _desks(network, f"network:{network.handle or network.name}", Operator.Kind.HOST, ABUSE_DESK)
    found += _agents_of(network, found)
    return Told(found, "" if network.abuse_emails else "The registry shows no abuse address for the network.")


def host_system(host: str) -> Told:
    """The autonomous system that announces the network, where the network itself names no desk."""
    if in_front_of(host) is not None:
        return Told()
    asn = networks.origin_of(networks.addresses_of(host)[0])
    system = networks.autonomous_system(asn) if asn else None
    if system is None:
        return Told()
    return Told(_desks(system, f"network:AS{asn}", Operator.Kind.HOST, OTHER_DESK, source="rdap_asn"))


def front(question: Question) -> Told:
    """The networks in front of the picture's host and of the page's."""
    found: list[Found] = []
    for host in question.hosts:
        one = in_front_of(host)
        if one is not None:
            found += _front_desks(one, host)
    return Told(found, "" if found else "No network that we know stands in front of the site.")


def above(question: Question) -> Told:
    """Who carries the host's network: a candidate, as no registry knows who sells transit to whom."""
    for host in question.hosts:
        if in_front_of(host) is not None:
            continue
        system = networks.above(host)
        if system is not None and system.abuse_emails:
            key = f"upstream:{system.handle or system.name}"
            return Told(_desks(system, key, Operator.Kind.UPSTREAM, NETWORK_ABOVE, source="rdap_asn"))
    return Told(reason="Nobody is known who carries the host's network.")


def in_front_of(host: str) -> cdn.Cdn | None:
    """The network in front of a host, by its aliases and addresses; None too where the host is not to be found."""
    try:
        addresses = networks.addresses_of(host)
    except LookupFailed:
        return None
    return cdn.cdn_of(addresses, names.aliases(host))


def _front_desks(one: cdn.Cdn, host: str) -> list[Found]:
    base = Found(
        kind=Operator.Kind.CDN,
        key=f"cdn:{one.code}",
        role=Role.ABUSE,
        source="cdn",
        source_url=one.source,
        confidence=CDN_DESK,
        name=one.name,
    )
    given = [replace(base, email=one.email)] if one.email else []
    given += [replace(base, form_url=one.form)] if one.form else []
    if given:
        return given
    network = networks.network_of(host)
    emails = network.abuse_emails if network else ()
    return [replace(base, email=email, source="rdap_ip", source_url=network.source) for email in emails if network]


def _told_to_serve(host: str) -> list[Found]:
    """The contacts of a host that somebody named to us as the one behind a network in front."""
    rows = OperatorTrait.objects.filter(kind=clusters.SERVES, value=pages.site_of(host), operator__kind="host")
    operator = next((row.operator for row in rows.select_related("operator").order_by("-seen_at")), None)
    if operator is None:
        return []
    return [
        Found(
            kind=operator.kind,
            key=operator.key,
            role=contact.role,
            source=contact.source,
            source_url=contact.source_url,
            confidence=contact.confidence,
            email=contact.email,
            form_url=contact.form_url,
        )
        for contact in operator.contacts.all()
    ]


def _desks(network: Network, key: str, kind: str, sure: float, source: str = "rdap_ip") -> list[Found]:
    """A network's abuse desk, and with less certainty its other desks."""
    name = network.holder or network.name
    organisation = clusters.registrant_traits(name, (), network.country)
    base = Found(
        kind=kind,
        key=key,
        role=Role.ABUSE,
        source="peeringdb" if "peeringdb" in (urlsplit(network.source).hostname or "") else source,
        source_url=network.source,
        confidence=sure,
        name=name,
        country=network.country,
        traits=(*clusters.abuse_traits(network.abuse_emails), *organisation),
    )
    desks = [replace(base, email=email) for email in network.abuse_emails]
    others = [email for email in network.other_emails if email not in network.abuse_emails]
    desks += [replace(base, email=email, role=Role.HOSTMASTER, confidence=OTHER_DESK) for email in others]
    return desks or [base]


def _agents_of(network: Network, desks: list[Found]) -> list[Found]:
    """The holder's agent in the directory, by its name and by the domain of its abuse desk."""
    today = timezone.now().date()
    agents = directory.agents_named(network.holder, today)
    for email in network.abuse_emails[:1]:
        agents += directory.agents_for(email.rpartition("@")[2], today)
    owner = desks[0]
    return [replace(agent, kind=owner.kind, key=owner.key, name=owner.name, country=owner.country) for agent in agents]


# --- Registrars --------------------------------------------------------------------------------------------


def registrar(question: Question) -> Told:
    if not question.domain:
        return Told(reason=NO_DOMAIN)
    record = networks.registration_of(question.domain)
    if record is None:
        return Told(reason="No registry knows the domain.")
    company = next(iter(record.having("registrar")), None)
    name = company.name if company else ""
    emails = [email for desk in record.within("registrar", "abuse") for email in desk.emails]
    if not emails:
        return Told(reason="The registry shows no abuse address of the registrar.")
    country = company.country if company else ""
    return Told([_registrar(name, country, email, "rdap_domain", record.url) for email in dict.fromkeys(emails)])


def registrar_by_whois(question: Question) -> Told:
    record = whois.registration(question.domain) if question.domain else None
    if record is None or not record.registrar_abuse_email:
        return Told()
    return Told([_registrar(record.registrar, "", record.registrar_abuse_email, "whois", record.source)])


def _registrar(name: str, country: str, email: str, source: str, source_url: str) -> Found:
    plain = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-") or registrable_domain(email.rpartition("@")[2])
    return Found(
        kind=Operator.Kind.REGISTRAR,
        key=f"registrar:{plain}",
        role=Role.ABUSE,
        source=source,
        source_url=source_url,
        confidence=REGISTRAR_DESK,
        name=name,
        country=country,
        email=email,
        traits=clusters.abuse_traits([email]),
    )


# --- Which for whom ----------------------------------------------------------------------------------------


def _of_picture(ask: Callable[[str], Told]) -> Source:
    return lambda question: ask(question.image_host) if question.image_host else Told(reason="The picture has no host.")


def _of_page(ask: Callable[[str], Told]) -> Source:
    return lambda question: ask(question.page_host) if question.page_host else Told(reason="The page has no host.")


SOURCES: Mapping[Addressee, tuple[Source, ...]] = {
    Addressee.OWNER: (platform_as_owner, site_pages, security_txt, registration, registration_by_whois, zone),
    Addressee.PLATFORM: (platform_desks,),
    Addressee.HOST: (_of_picture(host_network), _of_picture(host_system)),
    Addressee.PAGE_HOST: (_of_page(host_network), _of_page(host_system)),
    Addressee.CDN: (front,),
    Addressee.UPSTREAM: (above,),
    Addressee.REGISTRAR: (registrar, registrar_by_whois),
    Addressee.SEARCH: (engines,),
    Addressee.ADS: (paid_by,),
}


def _traits_of(key: str, traits: tuple[Trait, ...], source: str) -> list[Found]:
    """An owner's traits without a contact."""
    if not traits:
        return []
    return [Found(kind=Operator.Kind.OWNER, key=key, role="", source=source, confidence=0.0, traits=traits)]


def _sure(email: str, otherwise: float) -> float:
    host = email.rpartition("@")[2].lower()
    return FORWARDED if {host, registrable_domain(host)} & PRIVACY_SERVICES else otherwise
