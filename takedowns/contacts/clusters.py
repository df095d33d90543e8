"""Operators that are one, or belong together, by what they share.

A strong trait joins: the same mail domain of the registrant, the same organisation in the same country, the same
abuse address, the same analytics account, the same name servers of their own. What many share (mail providers,
privacy services, DNS services, or anything that more operators have than `MAX_HOLDERS` allows) joins nobody.

`settle` looks at everybody whose cluster can change by what an operator has learnt, and works their clusters out
anew from the traits, so the order in which things were learnt does not matter.
"""

import logging
import re
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Count, QuerySet

from takedowns.cases import host_name
from takedowns.models import InfringingUrl, Operator, OperatorTrait
from takedowns.rdap import registrable_domain

logger = logging.getLogger(__name__)

T = TypeVar("T", bound=Hashable)
V = TypeVar("V", bound=Hashable)

REGISTRANT_MAIL = "registrant_mail"
REGISTRANT_ORGANISATION = "registrant_organisation"
ABUSE_ADDRESS = "abuse_address"
ANALYTICS = "analytics"
NAME_SERVER = "name_server"
# A colleague, or the network in front, said that this host serves a site: `contacts.remember_host`.
SERVES = "serves"
# So many operators may share one before it joins nobody. A large host has hundreds of networks; hundreds of sites
# with one analytics account were made by one template.
MAX_HOLDERS = {
    ABUSE_ADDRESS: 500,
    REGISTRANT_ORGANISATION: 200,
    REGISTRANT_MAIL: 100,
    ANALYTICS: 50,
    NAME_SERVER: 20,
}
STRONG = tuple(MAX_HOLDERS)
MAX_AFFECTED = 5000
MAX_HOSTS = 200

MAIL_PROVIDERS = frozenset({
    "126.com", "163.com", "aol.com", "bk.ru", "duck.com", "fastmail.com", "foxmail.com", "free.fr", "freenet.de",
    "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hey.com", "hotmail.co.uk",
    "hotmail.com", "hotmail.de", "hotmail.fr", "hotmail.it", "hush.com", "hushmail.com", "icloud.com", "inbox.ru",
    "interia.pl", "laposte.net", "libero.it", "list.ru", "live.com", "mac.com", "mail.com", "mail.ru", "mailbox.org",
    "mailfence.com", "me.com", "msn.com", "naver.com", "o2.pl", "onet.pl", "op.pl", "orange.fr", "outlook.com",
    "outlook.de", "outlook.fr", "pm.me", "posteo.de", "proton.me", "protonmail.ch", "protonmail.com", "qq.com",
    "rambler.ru", "rediffmail.com", "riseup.net", "rocketmail.com", "seznam.cz", "sina.com", "skiff.com", "t-online.de",
    "tuta.com", "tuta.io", "tutanota.com", "tutanota.de", "ukr.net", "virgilio.it", "wanadoo.fr", "web.de", "wp.pl",
    "ya.ru", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com", "yahoo.de", "yahoo.es", "yahoo.fr", "yahoo.it", "yandex.com",
    "yandex.ru", "ymail.com", "zoho.com",
})  # fmt: skip
PRIVACY_SERVICES = frozenset({
    "anonymize.com", "contactprivacy.com", "contactprivacy.email", "data-protected.net", "dns-protect.net",
    "dnstinations.com", "domain-contact.org", "domaindiscreet.com", "domainprivacygroup.com", "domainprotect.ru",
    "domainsbyproxy.com", "gdpr-masked.com", "gdprmasked.com", "identity-protect.org", "myprivacy.net",
    "njal.la", "nameprivacy.com", "namebrightprivacy.com", "o-w-o.info", "o.owo.info", "onamae.com",
    "perfectprivacy.com", "privacy-link.com", "privacy-protect.org", "privacyguardian.org", "privacyprotect.org",
    "proxy.dreamhost.com", "regprivate.ru", "registrant-contact.email", "safenames.com", "shopifydomains.com",
    "superprivacyservice.com", "tieredaccess.com", "whoisguard.com", "whoisprivacycorp.com", "whoisprivacyprotect.com",
    "whoisprivacyservice.org", "whoisproxy.com", "whoisprotection.cc", "whoissecure.com", "withheldforprivacy.com",
})  # fmt: skip
# Whose name servers say nothing about who owns a site: those of registrars, hosts and DNS services.
COMMON_NAME_SERVERS = frozenset({
    "1and1.com", "akam.net", "alidns.com", "anycast.me", "arubadns.net", "azure-dns.com", "azure-dns.info",
    "azure-dns.net", "azure-dns.org", "beget.com", "bluehost.com", "cloudflare.com", "cloudns.net", "digitalocean.com",
    "dnsmadeeasy.com", "dnspod.com", "dnspod.net", "domaincontrol.com", "dreamhost.com", "dynect.net",
    "foundationdns.com", "foundationdns.net", "foundationdns.org", "gandi.net", "google.com", "googledomains.com",
    "hetzner.com", "hetzner.de", "he.net", "hichina.com", "home.pl", "hostgator.com", "hostinger.com",
    "dns-parking.com", "infomaniak.ch", "inwx.de", "ionos.com", "kasserver.com", "linode.com", "loopia.se",
    "name-services.com", "name.com", "namebrightdns.com", "namecheaphosting.com", "njal.la", "nsone.net", "one.com",
    "ovh.net", "porkbun.com",
    "rackspace.com", "reg.ru", "register.com", "registrar-servers.com", "rzone.de", "seohost.pl", "siteground.net",
    "squarespacedns.com", "strato.de", "systemdns.com", "transip.net", "transip.nl", "udag.de", "ui-dns.com",
    "ui-dns.de", "ui-dns.org", "ultradns.com", "ultradns.net", "ultradns.org", "vercel-dns.com", "wixdns.net",
    "wordpress.com", "worldnic.com", "yandex.net", "your-server.de",
})  # fmt: skip
_HIDDEN = re.compile(
    r"\b(?:redacted|withheld|not disclosed|data protected|privacy|private person|proxy|proxies|whois|identity protect"
    r"|gdpr|masked|statutory|personal data|n/?a|none|null|unknown|individual|not applicable)\b",
    re.IGNORECASE,
)
# Domains that sound like a service that stands in for registrants. Leaving one out joins too few, which is safe.
_FORWARDING = re.compile(r"priva|whois|proxy|proxies|protect|redact|mask|anonym|withheld|hidden|gdpr")


# --- What traits a source's answer gives -------------------------------------------------------------------


def registrant_traits(name: str, emails: Iterable[str], country: str) -> tuple[tuple[str, str], ...]:
    """Strong traits of a registrant. A person's name is shared by strangers: only what reads as an organisation."""
    mails = {domain for email in emails if (domain := _own_mail_domain(email))}
    found = [(REGISTRANT_MAIL, domain) for domain in sorted(mails)]
    organisation = " ".join(name.casefold().replace(",", " ").split())
    if organisation and country and _is_organisation(organisation):
        found.append((REGISTRANT_ORGANISATION, f"{country.upper()}:{organisation}"))
    return tuple(found)


def abuse_traits(emails: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((ABUSE_ADDRESS, email.lower()) for email in emails if not _is_hidden_mail(email))


def name_server_traits(servers: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The domains of name servers that are not a DNS service's."""
    domains = {registrable_domain(server.strip(".").lower()) for server in servers}
    return tuple((NAME_SERVER, domain) for domain in sorted(domains) if domain and not _is_common(domain))


def _own_mail_domain(email: str) -> str:
    host = email.rpartition("@")[2].lower()
    domain = registrable_domain(host)
    hidden = {host, domain} & (MAIL_PROVIDERS | PRIVACY_SERVICES)
    return "" if hidden or _FORWARDING.search(domain) else domain


def _is_hidden_mail(email: str) -> bool:
    host = email.rpartition("@")[2].lower()
    return bool({host, registrable_domain(host)} & PRIVACY_SERVICES)


_FORMS = re.compile(
    r"\b(?:inc|llc|ltd|limited|llp|plc|corp|corporation|company|co|gmbh|ag|kg|ug|ohg|e\.? ?v|sarl|sas|sasu|sa|s\.a"
    r"|s\.r\.l|srl|spa|s\.p\.a|bv|b\.v|nv|n\.v|oy|ab|aps|as|a/s|kft|zrt|s\.r\.o|sro|sp\.? z o\.? ?o"
    r"|d\.o\.o|doo|ood|pty|pte|kk"
    r"|foundation|association|verein|stiftung|fondation|university|universit\w+|group|holdings?|media|hosting"
    r"|networks?|ooo|zao|ltda|lda|eood|s\.l|slu?|gmbh & co)\b",
    re.IGNORECASE,
)


def _is_organisation(name: str) -> bool:
    return bool(_FORMS.search(name)) and not _HIDDEN.search(name)


def _is_common(domain: str) -> bool:
    # Amazon's are awsdns-12.com, .net, .org and .co.uk.
    return domain in COMMON_NAME_SERVERS or domain.startswith("awsdns-")


# --- Joining -----------------------------------------------------------------------------------------------


def groups(traits: Mapping[T, Collection[V]]) -> list[set[T]]:
    """The members in sets, so that two that share a trait, directly or by way of others, are in one. Pure."""
    parent: dict[T, T] = {member: member for member in traits}

    def root(member: T) -> T:
        while parent[member] != member:
            parent[member] = parent[parent[member]]
            member = parent[member]
        return member

    first: dict[V, T] = {}
    for member, values in traits.items():
        for value in values:
            parent[root(member)] = root(first.setdefault(value, member))
    found: dict[T, set[T]] = defaultdict(set)
    for member in traits:
        found[root(member)].add(member)
    return list(found.values())


def settle(operators: Iterable[Operator]) -> None:
    """Work out the clusters that what these operators have learnt can change."""
    ids = {operator.pk for operator in operators}
    if ids:
        with transaction.atomic():
            _assign(_affected(ids))


def settle_all() -> int:
    """Work every cluster out anew; returns how many there are."""
    with transaction.atomic():
        _assign(None)
    return Operator.objects.exclude(cluster=None).values("cluster").distinct().count()


def members(operator: Operator) -> list[Operator]:
    """Everybody of the operator's cluster, itself first."""
    if operator.cluster is None:
        return [operator]
    others = Operator.objects.filter(cluster=operator.cluster).exclude(pk=operator.pk).order_by("created_at", "pk")
    return [operator, *others[:MAX_AFFECTED]]


def other_hosts(operator: Operator) -> list[str]:
    """Hosts on which the operator, or one of its cluster, was asked to remove something; at most `MAX_HOSTS`."""
    ids = [member.pk for member in members(operator)]
    urls = InfringingUrl.objects.filter(notices__operator__in=ids).values_list("host", "page_url").distinct()
    hosts = {
        host for image_host, page in urls.order_by("host")[: MAX_HOSTS * 5] for host in (image_host, host_name(page))
    }
    return sorted(host for host in hosts if host)[:MAX_HOSTS]


def _affected(ids: set[UUID]) -> set[UUID]:
    """These operators, everybody who shares a strong trait with one of them, and the clusters of all of them.

    A cluster already holds all that its members reach, so one step is far enough. A trait that has just become
    too common is followed too, as its holders' cluster may fall apart.
    """
    own = OperatorTrait.objects.filter(operator__in=ids, kind__in=STRONG)
    near = set(ids)
    for kind, value in own.values_list("kind", "value").distinct():
        holders = OperatorTrait.objects.filter(kind=kind, value=value).values_list("operator", flat=True)
        most = 2 * MAX_HOLDERS[kind]
        those = list(holders[: most + 1])
        near.update(those if len(those) <= most else ())
    clusters = Operator.objects.filter(pk__in=near).exclude(cluster=None).values("cluster")
    return near | set(Operator.objects.filter(cluster__in=clusters).values_list("pk", flat=True)[: MAX_AFFECTED + 1])


def _assign(ids: set[UUID] | None) -> None:
    """Give everybody in `ids` (None: everybody) the cluster that the traits say."""
    if ids is not None and len(ids) > MAX_AFFECTED:
        logger.warning("the clusters of %d operators or more are left as they are", MAX_AFFECTED)
        return
    rows = Operator.objects.select_for_update().order_by("pk")
    known = {operator.pk: operator for operator in (rows if ids is None else rows.filter(pk__in=ids))}
    traits = OperatorTrait.objects.filter(kind__in=STRONG)
    if ids is not None:
        traits = traits.filter(operator__in=ids)
    for group in groups(_strong(known, traits)):
        first = min((known[pk] for pk in group), key=lambda operator: (operator.created_at, operator.pk))
        cluster = first.pk if len(group) > 1 else None
        wrong = [pk for pk in group if known[pk].cluster != cluster]
        if wrong:
            Operator.objects.filter(pk__in=wrong).update(cluster=cluster)


def _strong(operators: Collection[UUID], traits: QuerySet[OperatorTrait]) -> dict[UUID, set[tuple[str, str]]]:
    """The traits that join, by operator; those that too many have are left out, counted over everybody."""
    found: dict[UUID, set[tuple[str, str]]] = {pk: set() for pk in operators}
    for pk, kind, value in traits.values_list("operator", "kind", "value"):
        if pk in found:
            found[pk].add((kind, value))
    values = {value for values in found.values() for _, value in values}
    common = (
        OperatorTrait.objects.filter(kind__in=STRONG, value__in=values)
        .values_list("kind", "value")
        .annotate(holders=Count("pk"))
        .filter(holders__gt=min(MAX_HOLDERS.values()))
    )
    too_common = {(kind, value) for kind, value, holders in common if holders > MAX_HOLDERS[kind]}
    return {pk: held - too_common for pk, held in found.items()}
