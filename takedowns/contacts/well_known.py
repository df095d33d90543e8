"""security.txt (RFC 9116): where a site wants to hear of holes in it. Somebody reads that address, which is all.

It is not made for notices, so it weighs little; a file past its date says nothing.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from django.utils import timezone

from crawler.fetch import fetch
from crawler.policy import FetchError, parse_url
from takedowns.cases import host_name
from takedowns.contacts import lookups
from takedowns.contacts.found import Found, usable_email, usable_form
from takedowns.contacts.lookups import LookupFailed
from takedowns.contacts.pages import owner_key, site_of
from takedowns.contacts.roles import Role
from takedowns.models import Operator

PATH = "/.well-known/security.txt"
KEEP = timedelta(days=3)
SOURCE = "security_txt"
CONFIDENCE = 0.45
MAX_BYTES = 32 * 1024
MAX_LINES = 400
MAX_CONTACTS = 5
_SECONDS = 6.0
_FIELD = re.compile(r"([A-Za-z-]{1,40}):[ \t]{0,9}(\S.{0,1000})")


def read_security_txt(text: str, now: datetime) -> list[str]:
    """The contacts, preferred ones first, as `mailto:` or `https:` URIs. Pure; any text is read.

    `Expires` is required, once, and in the future (RFC 9116, 2.5.5).
    """
    fields = list(_fields(text[:MAX_BYTES]))
    ends = [_moment(value) for name, value in fields if name == "expires"]
    if len(ends) != 1 or ends[0] is None or ends[0] <= now:
        return []
    contacts = [value for name, value in fields if name == "contact"]
    return list(dict.fromkeys(contacts))[:MAX_CONTACTS]


def contacts_of(page_url: str, deadline: float) -> list[Found]:
    """The contacts in the security.txt of a page's host; none where there is no such file."""
    host = host_name(page_url)
    if not host:
        return []
    parsed = parse_url(page_url)
    url = f"{parsed.scheme}://{parsed.netloc}{PATH}"
    try:
        answer = lookups.remembered(f"security.txt {parsed.netloc}", KEEP, lambda: _ask(url, deadline)).value
    except LookupFailed:
        return []
    contacts = read_security_txt(str(answer), timezone.now())
    return [found for contact in contacts if (found := _found(contact, host, url)) is not None]


def _ask(url: str, deadline: float) -> str:
    left = deadline - time.monotonic()
    host = host_name(url)
    if left <= 0:
        raise lookups.LookupBusy("There was no time left.")
    lookups.wait_turn(host)
    limits = replace(lookups.policy(), max_bytes=MAX_BYTES, timeout_seconds=min(_SECONDS, left))
    try:
        fetched = fetch(url, limits, accept="text/plain")
    except FetchError as error:
        raise LookupFailed(error.sentence) from error
    media_type = (fetched.headers.get("content-type") or "").partition(";")[0].strip().lower()
    if fetched.status != 200 or media_type != "text/plain" or site_of(host_name(fetched.final_url)) != site_of(host):
        return ""
    return fetched.body.decode("utf-8", "replace")


def _found(contact: str, host: str, url: str) -> Found | None:
    is_mail = contact[:7].lower() == "mailto:"
    email = usable_email(unquote(contact[7:]).partition("?")[0]) if is_mail else ""
    form_url = usable_form(contact) if contact[:6].lower() == "https:" else ""
    if not email and not form_url:
        return None
    return Found(
        kind=Operator.Kind.OWNER,
        key=owner_key(host),
        role=Role.SECURITY,
        source=SOURCE,
        source_url=url,
        confidence=CONFIDENCE,
        email=email,
        form_url=form_url,
    )


def _fields(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines()[:MAX_LINES]:
        match = _FIELD.fullmatch(line.rstrip())
        if match is not None:
            yield match.group(1).lower(), match.group(2)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
