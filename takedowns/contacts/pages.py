"""What a site says of itself: the page with the picture, and a few of its contact pages.

At most `MAX_PAGES` pages of one site are asked for, one after the other and at the crawler's pace. robots.txt is not
asked: these are pages that a site publishes so that people write to it, some of them because the law says so (in
the EU Directive 2000/31/EC, Art. 5), each is opened once for a case that a person approves, and nothing in them
is collected but how to write. A page that redirects to another site is followed, and tells nothing about the
first one.

The page with the picture may be written by whoever put the picture there. So nothing that is only to be found by
way of it counts, unless it is at the site's own domain: what the site's front page leads to is the site's own.
"""

import hashlib
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from crawler.fetch import Fetched, fetch
from crawler.policy import FetchError, parse_url
from crawler.reading.markup import decode
from takedowns.cases import host_name
from takedowns.contacts import lookups, page_contacts
from takedowns.contacts.clusters import ANALYTICS, MAIL_PROVIDERS
from takedowns.contacts.found import Found, Trait, usable_email
from takedowns.contacts.lookups import LookupFailed
from takedowns.contacts.page_contacts import Link, PageContacts
from takedowns.contacts.roles import Role, role_of, says_its_role
from takedowns.models import Operator
from takedowns.rdap import registrable_domain

MAX_PAGES = 6
KEEP = timedelta(days=1)
ACCEPT = "text/html,application/xhtml+xml;q=0.9,application/json;q=0.5"
SOURCE = "page"
_SECONDS_A_PAGE = 8.0
_READ_AS_PAGES = frozenset({"", "text/html", "application/xhtml+xml", "text/plain"})

# What is opened first. One page of each, then a second one if there is room.
_ORDER = (Role.IMPRINT, Role.PRIVACY, Role.COPYRIGHT, Role.CONTACT, Role.ABUSE, "tdm", Role.LEGAL)

# How sure we are that an address is the site's own and read: on a page for that, linked, at the site's domain.
ON_CONTACT_PAGE = 0.8
WRITTEN_OUT = 0.72
ON_THE_PAGE = 0.55
IN_A_POLICY = 0.5
FORM = 0.5
_ELSEWHERE = 0.1


@dataclass(frozen=True, slots=True)
class SiteContacts:
    """What a site says: contacts of its owner, traits of it, and the other hosts that its page is made with."""

    found: tuple[Found, ...] = ()
    traits: tuple[Trait, ...] = ()
    outside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Opened:
    """A page that was read. `trusted`: the front page led to it, so it is the site's and not a member's."""

    url: str
    role: str
    trusted: bool
    says: PageContacts


def site_of(host: str) -> str:
    """What counts as one site: the registrable domain, or the host where there is none."""
    return registrable_domain(host) or host


def owner_key(host: str) -> str:
    return f"domain:{site_of(host)}"


def contacts_of(page_url: str, deadline: float) -> SiteContacts:
    """What the site of `page_url` says, nothing where it does not answer. `deadline` is a `time.monotonic()`."""
    site = site_of(host_name(page_url))
    if not site:
        return SiteContacts()
    first = _open(Link(page_url, ""), site, deadline, trusted=page_url == _front_page(page_url))
    if first is None:
        return SiteContacts()
    opened = [first, *_contact_pages(first, site, deadline)]
    key = owner_key(host_name(page_url))
    return SiteContacts(
        found=tuple(_unlike(found for page in opened for found in _found(page, key, site))),
        traits=tuple(dict.fromkeys((ANALYTICS, code) for page in opened for code in page.says.analytics)),
        outside=tuple(dict.fromkeys(first.says.outside)),
    )


def _contact_pages(first: _Opened, site: str, deadline: float) -> list[_Opened]:
    """The front page, the pages that it calls contact pages, and what those and the first one lead to."""
    seen, opened, roles = {first.url}, list[_Opened](), list[str]()
    waiting = [(True, Link(_front_page(first.url), ""))]
    waiting += [(False, link) for link in _same_site(first.says.links, site)]
    while waiting and len(seen) < MAX_PAGES:
        waiting.sort(key=lambda one: (roles.count(one[1].role), _rank(one[1].role), not one[0]))
        trusted, link = waiting.pop(0)
        if link.url in seen:
            continue
        seen.add(link.url)
        page = _open(link, site, deadline, trusted=trusted)
        if page is None:
            continue
        roles.append(link.role)
        opened.append(page)
        # Also those that wait already: the front page vouches for them now.
        waiting += [(trusted, more) for more in _same_site(page.says.links, site) if more.url not in seen]
    return opened


def _rank(role: str) -> int:
    return _ORDER.index(role) if role in _ORDER else -1


def _same_site(links: Iterable[Link], site: str) -> list[Link]:
    """Links to follow. "Report this picture", with the picture in its query, is a button and not a page for us."""
    own = [link for link in links if site_of(host_name(link.url)) == site]
    return [link for link in own if link.role != Role.ABUSE or "?" not in link.url]


def _front_page(url: str) -> str:
    parsed = parse_url(url)
    return f"{parsed.scheme}://{parsed.netloc}/"


# --- One page ----------------------------------------------------------------------------------------------


def _open(link: Link, site: str, deadline: float, *, trusted: bool) -> _Opened | None:
    """One page, from memory where it was read today; None where it says nothing about this site."""
    # Not the URL itself: where somebody's picture is stays in the case.
    key = f"page {hashlib.sha256(link.url.encode('utf-8', 'replace')).hexdigest()}"
    try:
        answer = lookups.remembered(key, KEEP, lambda: _ask(link.url, link.role, deadline)).value
    except LookupFailed:
        return None
    if not isinstance(answer, dict) or site_of(str(answer.get("host", ""))) != site:
        return None
    return _Opened(link.url, link.role, trusted, _restored(answer.get("says", {})))


def _ask(url: str, role: str, deadline: float) -> dict[str, Any]:
    host = host_name(url)
    left = deadline - time.monotonic()
    if left <= 0 or not host:
        raise lookups.LookupBusy("There was no time left.")
    lookups.wait_turn(host)
    limits = replace(lookups.policy(), timeout_seconds=min(_SECONDS_A_PAGE, left))
    try:
        fetched = fetch(url, limits, accept=ACCEPT)
    except FetchError as error:
        raise LookupFailed(error.sentence) from error
    if fetched.status != 200:
        raise LookupFailed(f"The page answered with status {fetched.status}.")
    return {"host": host_name(fetched.final_url), "says": asdict(_read(fetched, role))}


def _read(fetched: Fetched, role: str) -> PageContacts:
    content_type = fetched.headers.get("content-type") or ""
    media_type = content_type.partition(";")[0].strip().lower()
    if role == "tdm" and "json" in media_type:
        return PageContacts(mailed=page_contacts.read_policy(decode(fetched.body, content_type)))
    if media_type not in _READ_AS_PAGES:
        return PageContacts()
    return page_contacts.read(decode(fetched.body, content_type), fetched.final_url)


def _restored(says: dict[str, Any]) -> PageContacts:
    """From memory, which an older version of this code may have written."""
    try:
        links = [Link(str(link["url"]), str(link["role"])) for link in says.pop("links", [])]
        return PageContacts(links=links, **says)
    except (TypeError, KeyError):
        return PageContacts()


# --- What it comes to --------------------------------------------------------------------------------------


def _found(page: _Opened, key: str, site: str) -> Iterable[Found]:
    for email in page.says.mailed:
        if _counts(page, email, site):
            yield _mail(page, key, email, _sure_of_link(page.role, own=_is_own(email, site)))
    for email in page.says.written if page.role else ():
        if _counts(page, email, site):
            yield _mail(page, key, email, WRITTEN_OUT - (0 if _is_own(email, site) else _ELSEWHERE))
    if page.says.form and page.role in (Role.COPYRIGHT, Role.ABUSE, Role.PRIVACY, Role.CONTACT):
        sure = FORM - (_ELSEWHERE if page.role == Role.CONTACT else 0)
        yield replace(_about(page, key), role=page.role, confidence=sure, form_url=page.url)


def _counts(page: _Opened, email: str, site: str) -> bool:
    """Whether an address is the site's to be written to, and not a member's or the exposed person's own."""
    if _is_own(email, site):
        # At a mail provider's own site everybody is at its domain.
        return site not in MAIL_PROVIDERS or says_its_role(email)
    return page.trusted and (page.role != "" or says_its_role(email))


def _is_own(email: str, site: str) -> bool:
    return site_of(email.partition("@")[2]) == site


def _sure_of_link(role: str, *, own: bool) -> float:
    sure = {"": ON_THE_PAGE, "tdm": IN_A_POLICY}.get(role, ON_CONTACT_PAGE)
    return sure - (0 if own else _ELSEWHERE)


def _mail(page: _Opened, key: str, email: str, confidence: float) -> Found:
    role = page.role if page.role not in ("", "tdm", Role.LEGAL) else Role.CONTACT
    return replace(_about(page, key), role=role_of(email, role), confidence=confidence, email=email)


def _about(page: _Opened, key: str) -> Found:
    return Found(
        kind=Operator.Kind.OWNER,
        key=key,
        role="",
        source=SOURCE,
        source_url=page.url,
        confidence=0.0,
        name=page.says.organisation if page.trusted else "",
        country=page.says.country if page.trusted else "",
    )


def _unlike(found: Iterable[Found]) -> Iterable[Found]:
    """The surest of each address and form, in the order in which they came."""
    best: dict[tuple[str, str], Found] = {}
    for one in found:
        email = usable_email(one.email)
        if not email and not one.form_url:
            continue
        where = (email, one.form_url)
        if where not in best or one.confidence > best[where].confidence:
            best[where] = one
    return best.values()
