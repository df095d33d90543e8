"""What an address is for, and how well that fits whoever is asked. Pure.

A request about somebody's data goes to whoever answers for data, a notice about a picture to the desk that
takes such notices. The numbers only put addresses in an order; none of them is measured.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What an address or a form is for. The first ones are for one kind of request, as platforms divide them."""

    NCII = "ncii"
    IMPERSONATION = "impersonation"
    DSA = "dsa"
    DELISTING = "delisting"
    OUTDATED = "outdated"
    ABUSE = "abuse"
    DMCA_AGENT = "dmca_agent"
    COPYRIGHT = "copyright"
    PRIVACY = "privacy"
    DPO = "dpo"
    LEGAL = "legal"
    IMPRINT = "imprint"
    REGISTRANT = "registrant"
    CONTACT = "contact"
    WEBMASTER = "webmaster"
    SECURITY = "security"
    HOSTMASTER = "hostmaster"


# By the value of `grounds.Addressee`. A role that is not listed has `_REST`.
_REST: Final = 0.3
_DESK: Final[Mapping[str, float]] = {
    Role.ABUSE: 1.0,
    Role.DMCA_AGENT: 0.9,
    Role.COPYRIGHT: 0.85,
    Role.DSA: 0.85,
    Role.LEGAL: 0.7,
    Role.CONTACT: 0.5,
    Role.SECURITY: 0.5,
    Role.HOSTMASTER: 0.4,
}
_PLATFORM: Final[Mapping[str, float]] = {
    Role.DMCA_AGENT: 1.0,
    Role.COPYRIGHT: 1.0,
    Role.ABUSE: 0.95,
    Role.DSA: 0.95,
    Role.NCII: 0.9,
    Role.LEGAL: 0.9,
    Role.IMPERSONATION: 0.8,
    Role.PRIVACY: 0.8,
    Role.CONTACT: 0.6,
    Role.SECURITY: 0.4,
}
_FIT: Final[Mapping[str, Mapping[str, float]]] = {
    "owner": {
        Role.PRIVACY: 1.0,
        Role.DPO: 1.0,
        Role.REGISTRANT: 1.0,
        Role.LEGAL: 0.95,
        Role.IMPRINT: 0.95,
        Role.CONTACT: 0.9,
        Role.COPYRIGHT: 0.8,
        Role.ABUSE: 0.7,
        Role.DMCA_AGENT: 0.6,
        Role.WEBMASTER: 0.6,
        Role.SECURITY: 0.6,
        Role.HOSTMASTER: 0.5,
    },
    "platform": _PLATFORM,
    "host": _DESK,
    "page_host": _DESK,
    "cdn": _DESK,
    "upstream": _DESK,
    "registrar": _DESK,
    "search": {Role.DELISTING: 1.0, Role.NCII: 0.9, Role.PRIVACY: 0.9, Role.COPYRIGHT: 0.9, Role.OUTDATED: 0.8},
    "ads": _DESK,
}

# What a ground wants, best first; it goes before the addressee's own order.
_WANTED: Final[Mapping[str, tuple[Role, ...]]] = {
    "take_it_down": (Role.NCII, Role.ABUSE),
    "uk_intimate": (Role.NCII, Role.ABUSE),
    "ncii_policy": (Role.NCII, Role.ABUSE),
    "dmca_512c": (Role.DMCA_AGENT, Role.COPYRIGHT, Role.ABUSE),
    "dmca_512d": (Role.COPYRIGHT, Role.DMCA_AGENT),
    "dsa_16": (Role.DSA, Role.ABUSE),
    "impersonation": (Role.IMPERSONATION, Role.ABUSE),
    "dating_profile": (Role.IMPERSONATION, Role.ABUSE),
    "scam_profile": (Role.IMPERSONATION, Role.ABUSE),
    "gdpr_erasure": (Role.PRIVACY, Role.DPO),
    "ccpa_delete": (Role.PRIVACY,),
    "search_explicit": (Role.NCII,),
    "search_personal": (Role.DELISTING,),
    "search_outdated": (Role.OUTDATED,),
    "eu_rtbf": (Role.PRIVACY,),
}
# Only on a platform and at a search engine does one desk not do another's work; elsewhere any desk is one.
_DIVIDED: Final = frozenset({"platform", "search"})
_NEXT_BEST: Final = 0.05

_LOCAL_PARTS: Final[Mapping[str, Role]] = {
    "abuse": Role.ABUSE, "report": Role.ABUSE, "removal": Role.ABUSE, "takedown": Role.ABUSE, "melden": Role.ABUSE,
    "noc": Role.ABUSE, "compliance": Role.LEGAL,
    "dmca": Role.COPYRIGHT, "copyright": Role.COPYRIGHT, "copyrights": Role.COPYRIGHT, "urheberrecht": Role.COPYRIGHT,
    "privacy": Role.PRIVACY, "datenschutz": Role.PRIVACY, "gdpr": Role.PRIVACY, "dsgvo": Role.PRIVACY,
    "rgpd": Role.PRIVACY, "privacidad": Role.PRIVACY, "privacidade": Role.PRIVACY, "avg": Role.PRIVACY,
    "dataprotection": Role.PRIVACY, "data-protection": Role.PRIVACY, "confidentialite": Role.PRIVACY,
    "dpo": Role.DPO, "dsb": Role.DPO, "rodo": Role.DPO, "iod": Role.DPO,
    "legal": Role.LEGAL, "law": Role.LEGAL, "recht": Role.LEGAL, "juridique": Role.LEGAL, "legale": Role.LEGAL,
    "impressum": Role.IMPRINT, "imprint": Role.IMPRINT, "redaktion": Role.IMPRINT, "editor": Role.IMPRINT,
    "info": Role.CONTACT, "contact": Role.CONTACT, "kontakt": Role.CONTACT, "contacto": Role.CONTACT,
    "contatti": Role.CONTACT, "contato": Role.CONTACT, "hello": Role.CONTACT, "hi": Role.CONTACT, "mail": Role.CONTACT,
    "office": Role.CONTACT, "support": Role.CONTACT, "help": Role.CONTACT, "service": Role.CONTACT,
    "admin": Role.WEBMASTER, "webmaster": Role.WEBMASTER, "web": Role.WEBMASTER, "postmaster": Role.WEBMASTER,
    "security": Role.SECURITY, "hostmaster": Role.HOSTMASTER, "dns": Role.HOSTMASTER,
}  # fmt: skip

# RFC 2142, and what has become usual since. Tried in this order, for these addressees.
_GUESSES: Final[Mapping[str, tuple[str, ...]]] = {
    "owner": ("privacy", "dpo", "legal", "abuse"),
    "platform": ("copyright", "abuse", "legal"),
    "host": ("abuse", "legal", "copyright"),
    "page_host": ("abuse", "legal", "copyright"),
    "cdn": ("abuse", "legal"),
    "upstream": ("abuse",),
    "registrar": ("abuse", "legal"),
}


def fit(role: str, addressee: str, ground: str = "") -> float:
    """How well a role fits an addressee, 0 to 1; a ground that wants a certain desk puts that one first."""
    plain = _FIT.get(addressee, {}).get(role, _REST)
    wanted: tuple[str, ...] = _WANTED.get(ground, ())
    if role in wanted and (addressee in _DIVIDED or plain > _REST):
        return 1.0 - _NEXT_BEST * wanted.index(role)
    if wanted and addressee in _DIVIDED:
        return plain / 2
    return plain


def role_of(email: str, otherwise: str = Role.CONTACT) -> str:
    """What an address says of itself by the part before the @."""
    local = email.partition("@")[0].lower()
    known = _LOCAL_PARTS.get(local) or _LOCAL_PARTS.get(local.partition("+")[0])
    if known is None:
        parts = local.replace("_", "-").replace(".", "-").split("-")
        known = next((_LOCAL_PARTS[part] for part in (parts[-1], parts[0]) if part in _LOCAL_PARTS), None)
    return known or otherwise


def says_its_role(email: str) -> bool:
    """Whether it is a desk's address rather than a person's."""
    return role_of(email, "") != ""


def guesses(addressee: str, domain: str) -> list[str]:
    """Addresses that such a domain may well have; none of them was seen anywhere."""
    return [f"{local}@{domain}" for local in _GUESSES.get(addressee, ())]
