"""Whether a host stands behind a content delivery network, and whose. Pure: no Django, no network.

Each fingerprint is data with a source and the day somebody last looked at it. What a network publishes about itself
counts for more than what a server says: the name that a host stands for comes first, then the addresses, then the
response's headers, then the autonomous system. A system counts only where it carries nothing but that network's
customers: of a cloud that hosts as well, it says nothing about what stands before a host.

An address or a form is given only where the network itself or its registry names it; where `email` is empty, the
registry's abuse desk of the network (`networks.network_of`) is the way.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from ipaddress import ip_address, ip_network

REVIEWED = date(2026, 11, 22)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """How one network is told.

    `suffixes` are domains of its own that customers' names point to. `headers` are response headers, lower case, each
    with a text that the value has in it, lower case; an empty text means that the header alone tells.
    """

    code: str
    name: str
    homepage: str
    source: str
    form: str = ""
    email: str = ""
    asns: tuple[int, ...] = ()
    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    reviewed: date = REVIEWED


@dataclass(frozen=True, slots=True)
class Cdn:
    """The network in front of a host. `how` is what told it: alias, address, header or system."""

    code: str
    name: str
    homepage: str
    form: str
    email: str
    how: str
    source: str
    reviewed: date


FINGERPRINTS = (
    Fingerprint(
        "cloudflare",
        "Cloudflare",
        "https://www.cloudflare.com/",
        source="https://www.cloudflare.com/ips/",
        form="https://abuse.cloudflare.com/",
        asns=(13335, 209242),
        prefixes=(
            *("173.245.48.0/20", "103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22", "141.101.64.0/18"),
            *("108.162.192.0/18", "190.93.240.0/20", "188.114.96.0/20", "197.234.240.0/22", "198.41.128.0/17"),
            *("162.158.0.0/15", "104.16.0.0/13", "104.24.0.0/14", "172.64.0.0/13", "131.0.72.0/22"),
            *("2400:cb00::/32", "2606:4700::/32", "2803:f800::/32", "2405:b500::/32", "2405:8100::/32"),
            *("2a06:98c0::/29", "2c0f:f248::/32"),
        ),
        suffixes=("cdn.cloudflare.net",),
        headers=(("cf-ray", ""), ("server", "cloudflare")),
    ),
    Fingerprint(
        "fastly",
        "Fastly",
        "https://www.fastly.com/",
        source="https://api.fastly.com/public-ip-list",
        email="abuse@fastly.com",
        asns=(54113,),
        prefixes=(
            *("23.235.32.0/20", "43.249.72.0/22", "103.244.50.0/24", "103.245.222.0/23", "103.245.224.0/24"),
            *("104.156.80.0/20", "140.248.64.0/18", "140.248.128.0/17", "146.75.0.0/17", "151.101.0.0/16"),
            *("157.52.64.0/18", "167.82.0.0/17", "167.82.128.0/20", "167.82.160.0/20", "167.82.224.0/20"),
            *("172.111.64.0/18", "185.31.16.0/22", "199.27.72.0/21", "199.232.0.0/16"),
            *("2a04:4e40::/32", "2a04:4e42::/32"),
        ),
        suffixes=("fastly.net", "fastlylb.net", "edgecompute.app"),
        headers=(("x-fastly-request-id", ""), ("server", "fastly")),
    ),
    Fingerprint(
        "akamai",
        "Akamai",
        "https://www.akamai.com/",
        source="https://rdap.arin.net/registry/autnum/20940",
        email="abuse@akamai.com",
        # Not 63949, which hosts (Linode).
        asns=(20940, 16625, 32787),
        suffixes=(
            *("akamai.net", "akamaiedge.net", "akamaized.net", "akamaihd.net", "edgesuite.net", "edgekey.net"),
            *("akadns.net", "akamaitechnologies.com", "srip.net"),
        ),
        headers=(("server", "akamaighost"), ("server", "akamainetstorage"), ("x-akamai-request-id", "")),
    ),
    Fingerprint(
        "cloudfront",
        "Amazon CloudFront",
        "https://aws.amazon.com/cloudfront/",
        source="https://ip-ranges.amazonaws.com/ip-ranges.json",
        form="https://support.aws.amazon.com/#/contacts/report-abuse",
        email="trustandsafety@support.aws.com",
        prefixes=(
            *("3.160.0.0/14", "3.164.0.0/18", "3.172.0.0/18", "13.32.0.0/15", "13.35.0.0/16", "13.224.0.0/14"),
            *("13.249.0.0/16", "15.158.0.0/16", "18.64.0.0/14", "18.68.0.0/16", "18.154.0.0/15", "18.160.0.0/15"),
            *("18.164.0.0/15", "18.172.0.0/15", "18.238.0.0/15", "18.244.0.0/15", "52.84.0.0/15", "52.222.128.0/17"),
            *("54.182.0.0/16", "54.192.0.0/16", "54.230.0.0/17", "54.230.128.0/18", "54.239.128.0/18"),
            *("54.239.192.0/19", "54.240.128.0/18", "64.252.64.0/18", "64.252.128.0/18", "65.8.0.0/16"),
            *("65.9.0.0/17", "65.9.128.0/18", "70.132.0.0/18", "71.152.0.0/17", "99.84.0.0/16", "99.86.0.0/16"),
            *("108.138.0.0/15", "108.156.0.0/14", "130.176.0.0/17", "143.204.0.0/16", "144.220.0.0/16"),
            *("204.246.164.0/22", "204.246.168.0/22", "204.246.172.0/24", "204.246.173.0/24", "204.246.174.0/23"),
            *("204.246.176.0/20", "216.137.32.0/19", "2600:9000::/28"),
        ),
        suffixes=("cloudfront.net",),
        headers=(("x-amz-cf-id", ""), ("x-amz-cf-pop", ""), ("via", "cloudfront.net (cloudfront)")),
    ),
    Fingerprint(
        "bunny",
        "bunny.net",
        "https://bunny.net/",
        source="https://api.bunny.net/system/edgeserverlist",
        asns=(200325,),
        suffixes=("b-cdn.net", "bunnycdn.com"),
        headers=(("cdn-pullzone", ""), ("server", "bunnycdn")),
    ),
    Fingerprint(
        "google",
        "Google Cloud CDN",
        "https://cloud.google.com/cdn",
        source="https://cloud.google.com/load-balancing/docs/https",
        form="https://support.google.com/code/contact/cloud_platform_report",
        # Google's load balancer stands before its CDN, and is all that can be seen of it.
        headers=(("via", "1.1 google"),),
    ),
    Fingerprint(
        "azure",
        "Azure Front Door",
        "https://azure.microsoft.com/products/frontdoor",
        source="https://learn.microsoft.com/azure/frontdoor/front-door-http-headers-protocol",
        form="https://msrc.microsoft.com/report/abuse",
        suffixes=("azurefd.net", "azureedge.net"),
        headers=(("x-azure-ref", ""),),
    ),
    Fingerprint(
        "sucuri",
        "Sucuri",
        "https://sucuri.net/",
        source="https://docs.sucuri.net/website-firewall/sucuri-firewall-troubleshooting-guide/",
        asns=(30148,),
        prefixes=("192.88.134.0/23", "185.93.228.0/22", "66.248.200.0/22", "208.109.0.0/22", "2a02:fe80::/29"),
        suffixes=("sucuri.net", "sucuridns.com"),
        headers=(("x-sucuri-id", ""), ("server", "sucuri")),
    ),
    Fingerprint(
        "ddos-guard",
        "DDoS-Guard",
        "https://ddos-guard.net/",
        source="https://rdap.db.ripe.net/autnum/57724",
        email="abuse@ddos-guard.net",
        asns=(57724,),
        suffixes=("ddos-guard.net",),
        headers=(("server", "ddos-guard"),),
    ),
    Fingerprint(
        "cdn77",
        "CDN77",
        "https://www.cdn77.com/",
        source="https://rdap.db.ripe.net/autnum/60068",
        email="abuse@cdn77.com",
        # Its system hosts others as well, so the system alone does not tell.
        suffixes=("cdn77.org", "cdn77.net", "cdn77-ssl.net"),
        headers=(("x-77-nzt", ""), ("x-77-pop", ""), ("server", "cdn77")),
    ),
    Fingerprint(
        "gcore",
        "Gcore",
        "https://gcore.com/",
        source="https://gcore.com/docs/cdn",
        # 199524 hosts as well.
        suffixes=("gcdn.co", "gcorelabs.com"),
        headers=(("server", "gcore"),),
    ),
    Fingerprint(
        "keycdn",
        "KeyCDN",
        "https://www.keycdn.com/",
        source="https://www.keycdn.com/support/create-a-zone-alias",
        suffixes=("kxcdn.com",),
        headers=(("server", "keycdn"),),
    ),
)

_NETWORKS = tuple((ip_network(prefix), one) for one in FINGERPRINTS for prefix in one.prefixes)


def cdn_of(
    addresses: Iterable[str] = (),
    aliases: Iterable[str] = (),
    headers: Mapping[str, str] | None = None,
    asn: int | None = None,
) -> Cdn | None:
    """The network in front of a host with these addresses, aliases, response headers and autonomous system."""
    found = (
        ("alias", _by_alias(aliases)),
        ("address", _by_address(addresses)),
        ("header", _by_header(headers or {})),
        ("system", next((one for one in FINGERPRINTS if asn in one.asns), None)),
    )
    return next((_told(one, how) for how, one in found if one), None)


def named(code: str) -> Cdn | None:
    """A network by its code, for what is known about it."""
    return next((_told(one, "") for one in FINGERPRINTS if one.code == code), None)


def _told(one: Fingerprint, how: str) -> Cdn:
    return Cdn(one.code, one.name, one.homepage, one.form, one.email, how, one.source, one.reviewed)


def _by_alias(aliases: Iterable[str]) -> Fingerprint | None:
    names = [alias.lower().rstrip(".") for alias in aliases]
    for one in FINGERPRINTS:
        if any(name == suffix or name.endswith(f".{suffix}") for suffix in one.suffixes for name in names):
            return one
    return None


def _by_address(addresses: Iterable[str]) -> Fingerprint | None:
    """What is no address is passed over."""
    for text in addresses:
        try:
            address = ip_address(text)
        except ValueError:
            continue
        if found := next((one for network, one in _NETWORKS if address in network), None):
            return found
    return None


def _by_header(headers: Mapping[str, str]) -> Fingerprint | None:
    known = {name.lower(): value.lower() for name, value in headers.items()}
    for one in FINGERPRINTS:
        if any(name in known and text in known[name] for name, text in one.headers):
            return one
    return None
