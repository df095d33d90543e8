"""The grounds as data: what each is called and rests on, to whom it is sent, and what its letter must contain. Pure.

None of this is legal advice. Each ground names its source and the day on which somebody last read it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

_REVIEWED = date(2026, 11, 22)


class Addressee(StrEnum):
    """As whom an operator is written to."""

    OWNER = "owner"
    PLATFORM = "platform"
    # Of the picture's file.
    HOST = "host"
    PAGE_HOST = "page_host"
    CDN = "cdn"
    UPSTREAM = "upstream"
    REGISTRAR = "registrar"
    SEARCH = "search"
    ADS = "ads"


@dataclass(frozen=True, slots=True)
class Element:
    """Something that a notice must contain, and what to call it when it is missing."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Ground:
    """A basis for a notice. `url` is empty where no law is claimed. Of the addressees the first is the usual one."""

    code: str
    name: str
    citation: str
    url: str
    addressees: tuple[Addressee, ...]
    elements: tuple[Element, ...]
    reviewed_on: date = _REVIEWED

    @property
    def addressee(self) -> Addressee:
        """The usual addressee."""
        return self.addressees[0]


@dataclass(frozen=True, slots=True)
class Law:
    """A law with its public text."""

    citation: str
    url: str
    reviewed_on: date = _REVIEWED


# National laws on one's own picture, by the answer to "Where do you live?".
NATIONAL_LAWS: Mapping[str, Law] = {
    "de": Law("KUG, sections 22 and 23", "https://www.gesetze-im-internet.de/kunsturhg/__22.html"),
    "fr": Law("Code civil, article 9", "https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000006419288"),
    "es": Law("Ley Orgánica 1/1982, article 7", "https://www.boe.es/buscar/act.php?id=BOE-A-1982-11196"),
    "it": Law(
        "Legge 633/1941, articles 96 and 97; codice civile, article 10",
        "https://www.normattiva.it/uri-res/N2Ls?urn:nir:stato:legge:1941-04-22;633",
    ),
    "pl": Law(
        "Ustawa o prawie autorskim i prawach pokrewnych, article 81",
        "https://isap.sejm.gov.pl/isap.nsf/DocDetails.xsp?id=WDU19940240083",
    ),
    "us_ca": Law(
        "California Civil Code 3344",
        "https://leginfo.legislature.ca.gov/faces/codes_displaySection.xhtml?lawCode=CIV&sectionNum=3344",
    ),
    "us_ny": Law("New York Civil Rights Law 50 and 51", "https://www.nysenate.gov/legislation/laws/CVR/50"),
}

# Whoever stores what is shown: the platform where there is one, else the host of the file, then that of the page.
_STORES = (Addressee.PLATFORM, Addressee.HOST, Addressee.PAGE_HOST)

_NAMES = {
    "signature": 'the signature line ("/s/" and the name)',
    "addresses": "the address of every page and picture",
    "which_person": "which person in the picture we act for",
    "no_consent": "the statement, in good faith, that the publication is not consensual",
    "work": "which work it is and who owns the copyright",
    "agent_address": "our postal address",
    "agent_phone": "our telephone number",
    "agent_email": "our e-mail address",
    "good_faith": "the good faith statement",
    "accuracy": "the statement of accuracy and, under penalty of perjury, of authority",
    "illegality": "the reasons why the content is illegal, with the law",
    "bona_fide": "the statement of bona fide belief in accuracy and completeness",
    "notifier": "the name of whoever submits the notice",
    "subject_name": "the name of the person whose data it is",
    "rights": "the rights that are used: Articles 17 and 21",
    "limb": "which case of Article 17(1) applies",
    "notify_others": "that other recipients must be told (Articles 17(2) and 19)",
    "answer_time": "the time for the answer (Article 12(3))",
    "authority": "that we are authorised to act",
    "request": "what we ask for",
    "no_law": "that no law is claimed beyond the recipient's own rules",
    "identical_copies": "that known identical copies are to be removed, too",
    "law_cited": "the law that the publication breaks",
    "house_rules": "that the recipient's own rules forbid it",
    "not_me": "that the person shown does not run the profile",
    "commercial_use": "what is sold or advertised with the picture",
    "residence": "the state in which the person lives",
    "weak_ground": "that no claim is made beyond the one named",
    "cease": "that the picture is to be taken down and not published again",
    "forward": "that the letter is to be passed on to the customer and its host",
    "identify_host": "the question who hosts the content",
    "registrant_duty": "what the registrar has to do about abuse of a domain",
    "query_or_url": "for which searches and addresses results are to go",
    "reference": "our reference",
}


def _needs(*keys: str) -> tuple[Element, ...]:
    """These elements, and what every letter has: the addresses, ours, a signature and the reference."""
    every = ("addresses", "agent_email", "signature", "reference")
    return tuple(Element(key, _NAMES[key]) for key in (*keys, *every))


_COPYRIGHT = _needs("work", "agent_address", "agent_phone", "good_faith", "accuracy")
_COPYRIGHT_URL = "https://uscode.house.gov/view.xhtml?req=granuleid:USC-prelim-title17-section512"
_GDPR_URL = "https://eur-lex.europa.eu/eli/reg/2016/679/oj"
_FALSE_PROFILE = _needs("request", "not_me", "house_rules", "which_person")

_ALL_GROUNDS = (
    Ground(
        "take_it_down",
        "Intimate picture published without consent",
        "TAKE IT DOWN Act, 47 U.S.C. 223a(a)",
        "https://uscode.house.gov/view.xhtml?req=granuleid:USC-prelim-title47-section223a",
        _STORES,
        _needs("which_person", "no_consent", "identical_copies"),
    ),
    Ground(
        "uk_intimate",
        "Intimate picture shared without consent (UK)",
        "Sexual Offences Act 2003, section 66B; Online Safety Act 2023, section 10",
        "https://www.legislation.gov.uk/ukpga/2003/42/section/66B",
        _STORES,
        _needs("law_cited", "which_person", "no_consent", "identical_copies"),
    ),
    Ground(
        "ncii_policy",
        "The operator's own rules on intimate pictures",
        "The operator's terms of use",
        "",
        _STORES,
        _needs("request", "house_rules", "which_person", "identical_copies"),
    ),
    Ground("dmca_512c", "Copyright in the photo", "17 U.S.C. 512(c)(3)(A)", _COPYRIGHT_URL, _STORES, _COPYRIGHT),
    Ground(
        "dmca_512d",
        "Copyright in the photo, for search results",
        "17 U.S.C. 512(d) and (c)(3)(A)",
        _COPYRIGHT_URL,
        (Addressee.SEARCH,),
        _COPYRIGHT,
    ),
    Ground(
        "dsa_16",
        "Illegal content under EU law",
        "Regulation (EU) 2022/2065 (Digital Services Act), Article 16(2)",
        "https://eur-lex.europa.eu/eli/reg/2022/2065/oj",
        _STORES,
        _needs("illegality", "notifier", "bona_fide"),
    ),
    Ground(
        "impersonation",
        "A profile that pretends to be the person",
        "The platform's rules against impersonation",
        "",
        _STORES,
        _FALSE_PROFILE,
    ),
    Ground(
        "dating_profile",
        "A dating profile that is not the person's",
        "The platform's rules against false profiles",
        "",
        _STORES,
        _FALSE_PROFILE,
    ),
    Ground(
        "scam_profile",
        "The picture is used to cheat people",
        "The platform's rules against fraud",
        "",
        _STORES,
        _FALSE_PROFILE,
    ),
    Ground(
        "host_policy",
        "The host's own rules",
        "The host's terms of use; no law is claimed",
        "",
        (Addressee.HOST, Addressee.PAGE_HOST, Addressee.PLATFORM),
        _needs("request", "no_law"),
    ),
    Ground(
        "gdpr_erasure",
        "Erasure of personal data",
        "GDPR and UK GDPR, Articles 17 and 21",
        _GDPR_URL,
        (Addressee.OWNER,),
        _needs("subject_name", "rights", "limb", "notify_others", "answer_time", "authority"),
    ),
    Ground(
        "image_right",
        "The right to one's own picture",
        "National law: " + "; ".join(NATIONAL_LAWS[country].citation for country in ("de", "fr", "es", "it", "pl")),
        NATIONAL_LAWS["de"].url,
        (Addressee.OWNER,),
        _needs("law_cited", "subject_name", "cease", "authority"),
    ),
    Ground(
        "publicity",
        "Use of one's likeness to sell or advertise",
        "State law: " + "; ".join(NATIONAL_LAWS[state].citation for state in ("us_ca", "us_ny")),
        NATIONAL_LAWS["us_ca"].url,
        (Addressee.OWNER,),
        _needs("law_cited", "commercial_use", "residence", "subject_name", "cease", "authority"),
    ),
    Ground(
        "ccpa_delete",
        "Deletion under California law (a weak ground)",
        "California Civil Code 1798.105 (CCPA)",
        "https://leginfo.legislature.ca.gov/faces/codes_displaySection.xhtml?lawCode=CIV&sectionNum=1798.105",
        (Addressee.OWNER,),
        _needs("law_cited", "residence", "weak_ground", "subject_name", "authority"),
    ),
    Ground(
        "owner_request",
        "A request to the site's owner",
        "No law is claimed",
        "",
        (Addressee.OWNER,),
        _needs("request", "no_law", "which_person"),
    ),
    Ground(
        "cdn_forward",
        "To be passed on by the network in front of the host",
        "The network's own way for complaints; no law is claimed against it",
        "",
        (Addressee.CDN,),
        _needs("forward", "identify_host"),
    ),
    Ground(
        "upstream",
        "Abuse that the host does not stop",
        "The network's rules for its customers",
        "",
        (Addressee.UPSTREAM,),
        _needs("request", "house_rules"),
    ),
    Ground(
        "registrar",
        "Abuse of a domain",
        "ICANN Registrar Accreditation Agreement, 3.18; a contract, not a law",
        "",
        (Addressee.REGISTRAR,),
        _needs("request", "registrant_duty"),
    ),
    Ground(
        "search_explicit",
        "Search results that show an intimate picture",
        "The search engine's rules on explicit pictures",
        "",
        (Addressee.SEARCH,),
        _needs("query_or_url", "house_rules", "which_person"),
    ),
    Ground(
        "eu_rtbf",
        "Search results about a person",
        "GDPR and UK GDPR, Article 17; Court of Justice, C-131/12 (Google Spain)",
        "https://eur-lex.europa.eu/legal-content/EN/TXT/?uri=CELEX:62012CJ0131",
        (Addressee.SEARCH,),
        _needs("query_or_url", "subject_name", "rights", "limb", "answer_time", "authority"),
    ),
    Ground(
        "search_personal",
        "Search results that show a private picture",
        "The search engine's rules on personal information; no law is claimed",
        "",
        (Addressee.SEARCH,),
        _needs("query_or_url", "no_law"),
    ),
    Ground(
        "search_outdated",
        "Search results for a page that is gone",
        "The search engine's rules on outdated content",
        "",
        (Addressee.SEARCH,),
        _needs("query_or_url"),
    ),
    Ground(
        "ad_payment",
        "Advertising or payment with a person's picture",
        "The service's rules for its customers",
        "",
        (Addressee.ADS,),
        _needs("request", "house_rules"),
    ),
)
GROUNDS: dict[str, Ground] = {ground.code: ground for ground in _ALL_GROUNDS}
