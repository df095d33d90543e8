"""Which case a mail belongs to: by the mail that it answers, by the case's own address, by the reference it names.

The first two are known to nobody but whom we wrote to and whom they passed our letter on to. A reference is no secret:
a letter that only names one is put to the case, and unless it comes from a domain that is known for the operator,
nothing follows from it before a person has read it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.crypto import constant_time_compare

from accounts.tickets.mail_text import Mail
from takedowns.contacts.choosing import mail_domain
from takedowns.models import AbuseContact, Case, Communication, FollowUp, Notice
from takedowns.states import NoticeState

MESSAGE_ID, TOKEN, REFERENCE, PERSON = "message_id", "token", "reference", "person"
# Why a mail belongs to no case.
NO_REFERENCE, UNKNOWN_REFERENCE, SEVERAL = "no_reference", "unknown_reference", "several_references"
# An address that an operator answered from. With no confidence at all, no search for a contact chooses it.
LEARNT, LEARNT_CONFIDENCE = "learnt", 0.0
_SECRETS = frozenset({MESSAGE_ID, TOKEN, PERSON})
_REFERENCE = re.compile(r"(?<![A-Z0-9-])FW-[2-9BCDFGHJKMNPQRSTVWXZ]{8}(?![A-Z0-9])")
_OWN_ADDRESS = re.compile(r"\+(fw-[a-z0-9]{8})(?:\.([a-z0-9]{12}))?@")
_MOST_TEXT = 20_000
_UNSENT = (NoticeState.DRAFT, NoticeState.APPROVED, NoticeState.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Found:
    """The case of a mail, the notice that it is about where that is known, and how we know."""

    case: Case
    notice: Notice | None
    by: str
    follow_up: FollowUp | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """No case was found, and why, in one word."""

    why: str


def find(mail: Mail, about: Sequence[str] = ()) -> Found | Lost:
    """The case of a mail. `about` are the ids of mails that a delivery report returns."""
    return _by_message(mail, [*about, *_nearest_first(mail.answers)]) or _by_token(mail) or _by_reference(mail)


def case_named(reference: str) -> Case | None:
    """The case with a reference as people type it."""
    return Case.objects.filter(reference=reference.strip().upper()[:20]).first()


def notice_of(case: Case, sender: str) -> Notice | None:
    """The notice that somebody answers: to their address, to their operator, to their domain, or the only one."""
    sent = case.notices.exclude(state__in=_UNSENT).select_related("operator").order_by("-sent_at", "-drafted_at")
    notices = list(sent)
    for belongs in (_is_recipient, _is_contact, _is_of_domain):
        found = next((notice for notice in notices if sender and belongs(notice, sender)), None)
        if found is not None:
            return found
    return notices[0] if len(notices) == 1 else None


def trusted(letter: Communication) -> bool:
    """Whether something may follow from a letter before a person has read it."""
    if letter.matched_by in _SECRETS:
        return True
    # Whoever reports a bounce has seen the letter that came back, and can say which it was.
    if letter.notice is None or letter.kind == Communication.Kind.BOUNCE:
        return False
    return any(knows(letter.notice, letter.sender) for knows in (_is_recipient, _is_contact, _is_of_domain))


def is_of_operator(notice: Notice, address: str) -> bool:
    """Whether an address belongs to the notice's operator, as far as we know."""
    return any(knows(notice, address) for knows in (_is_recipient, _is_contact, _is_of_domain))


# --- By message --------------------------------------------------------------------------------------------


def _nearest_first(answers: Sequence[str]) -> list[str]:
    """In-Reply-To stands first; References go from the oldest to the newest."""
    return [*answers[:1], *reversed(answers[1:])]


def _by_message(mail: Mail, ids: Iterable[str]) -> Found | None:
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return None
    known = _followed(wanted, mail) | _letters(wanted)
    return next((known[one] for one in wanted if one in known), None)


def _letters(ids: list[str]) -> dict[str, Found]:
    """What we sent."""
    notices = Notice.objects.filter(message_id__in=ids).select_related("case", "operator")
    further = FollowUp.objects.filter(message_id__in=ids).select_related("notice__case", "notice__operator")
    found = {one.message_id: Found(one.case, one, MESSAGE_ID) for one in notices}
    return found | {one.message_id: Found(one.notice.case, one.notice, MESSAGE_ID, one) for one in further}


def _followed(ids: list[str], mail: Mail) -> dict[str, Found]:
    """What is on record. A letter is believed as much as the one that it follows."""
    rows = Communication.objects.filter(message_id__in=ids).select_related("case", "notice__operator")
    found = {}
    for row in rows:
        secret = row.direction == Communication.Direction.OUT or row.matched_by in _SECRETS
        notice = row.notice or notice_of(row.case, mail.sender)
        found[row.message_id] = Found(row.case, notice, MESSAGE_ID if secret else REFERENCE)
    return found


# --- By address and by reference ---------------------------------------------------------------------------


def _by_token(mail: Mail) -> Found | None:
    for address in mail.recipients:
        parts = _OWN_ADDRESS.search(address)
        if parts is None or not parts[2]:
            continue
        case = case_named(parts[1])
        if case is not None and constant_time_compare(parts[2], case.reply_token):
            return Found(case, notice_of(case, mail.sender), TOKEN)
    return None


def _by_reference(mail: Mail) -> Found | Lost:
    named_somewhere = False
    addressed = " ".join(parts[1] for address in mail.recipients if (parts := _OWN_ADDRESS.search(address)))
    for words in (mail.subject, addressed, mail.text[:_MOST_TEXT]):
        named = set(_REFERENCE.findall(words.upper()))
        cases = list(Case.objects.filter(reference__in=sorted(named)[:50])[:2]) if named else []
        if len(cases) > 1:
            return Lost(SEVERAL)
        if cases:
            return Found(cases[0], notice_of(cases[0], mail.sender), REFERENCE)
        named_somewhere |= bool(named)
    return Lost(UNKNOWN_REFERENCE if named_somewhere else NO_REFERENCE)


# --- Whose address it is -----------------------------------------------------------------------------------


def _is_recipient(notice: Notice, address: str) -> bool:
    return bool(address) and notice.recipient.lower() == address


def _is_contact(notice: Notice, address: str) -> bool:
    return bool(address) and address in _addresses(notice)


def _is_of_domain(notice: Notice, address: str) -> bool:
    """At a domain of the operator's own; of a mail provider's domain many people have addresses."""
    domain = mail_domain(address)
    return bool(domain) and domain in {mail_domain(known) for known in (notice.recipient, *_addresses(notice))}


def _addresses(notice: Notice) -> set[str]:
    """What sources say about the operator; what somebody merely wrote from is no source."""
    contacts = AbuseContact.objects.filter(operator=notice.operator_id).exclude(email="").exclude(source=LEARNT)
    return {email.lower() for email in contacts.values_list("email", flat=True)}
