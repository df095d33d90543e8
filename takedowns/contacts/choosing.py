"""Which of an operator's contacts to write to: how its role fits, how sure it is, and how it has worked so far."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.formats import date_format

from takedowns.contacts import clusters, names
from takedowns.contacts.clusters import MAIL_PROVIDERS, PRIVACY_SERVICES
from takedowns.contacts.found import Found, store
from takedowns.contacts.lookups import LookupFailed
from takedowns.contacts.roles import fit, guesses, role_of
from takedowns.models import AbuseContact, Communication, Notice, Operator
from takedowns.rdap import registrable_domain
from takedowns.states import NoticeState

# Letters whose answer is overdue, without any answer ever, until a contact counts as silent.
SILENT_AFTER = 2
GUESS = 0.25
GUESSED = "guess"
_NO_ANSWER = (Communication.Kind.BOUNCE, Communication.Kind.AUTO_REPLY)
_LEFT = Q(notices__sent_at__isnull=False) & ~Q(notices__state__in=(NoticeState.DRAFT, NoticeState.WITHDRAWN))


class HealthState(StrEnum):
    WORKS = "works"
    UNTRIED = "untried"
    SILENT = "silent"
    BOUNCED = "bounced"
    NO_MAIL = "no_mail"


# What a state does to a contact's place among the others; at nought it is not used.
_WEIGHT = {
    HealthState.WORKS: 1.1,
    HealthState.UNTRIED: 1.0,
    HealthState.SILENT: 0.5,
    HealthState.BOUNCED: 0.0,
    HealthState.NO_MAIL: 0.0,
}


@dataclass(frozen=True, slots=True)
class Health:
    """How a contact has worked so far; `words` are one sentence for staff. Counts are of notices, not of letters."""

    state: HealthState
    words: str
    sent: int
    answered: int
    last_bounce: datetime | None
    last_answer: datetime | None

    @property
    def usable(self) -> bool:
        return _WEIGHT[self.state] > 0


def health(contact: AbuseContact) -> Health:
    """How a contact has worked so far."""
    return healths([contact])[0]


def best(
    contacts: Iterable[AbuseContact], addressee: str, ground: str = "", *, not_to: Collection[str] = ()
) -> tuple[AbuseContact | None, float]:
    """The contact to use and its score; nobody where none can be used. Asks name servers about the ones in question.

    Every address's domain is asked whether it takes mail at all, once a day at most. `not_to` are addresses that
    are never written to.
    """
    for score, contact in _ranked(contacts, addressee, ground):
        if contact.email not in not_to and _takes_mail(contact):
            return contact, score
    return None, 0.0


def alternative(contact: AbuseContact) -> AbuseContact | None:
    """The next usable contact of the same operator, then of its cluster, after one that did not work.

    Where nothing else is known, addresses that its mail domain may well have are tried; so it may ask name
    servers, and is never called in a transaction.
    """
    operator = contact.operator
    kind = operator.kind
    own = operator.contacts.exclude(pk=contact.pk).exclude(email=contact.email, form_url="")
    found, _ = best(own.select_related("operator"), kind)
    if found is None:
        guess(operator, kind, mail_domain(contact.email))
        found, _ = best(own.select_related("operator"), kind)
    if found is None:
        others = [one.pk for one in clusters.members(operator)[1:] if one.kind == kind and not _is_hostile(one)]
        theirs = AbuseContact.objects.filter(operator__in=others).exclude(email=contact.email, form_url="")
        found, _ = best(theirs.select_related("operator"), kind)
    return found


def guess(operator: Operator, addressee: str, domain: str) -> None:
    """Keep addresses that a domain may well have (RFC 2142), marked as guesses, if it takes mail for certain."""
    known = set(operator.contacts.values_list("email", flat=True))
    for found in guessed(operator.kind, operator.key, addressee, domain):
        if found.email not in known:
            store(found)


def guessed(kind: str, key: str, addressee: str, domain: str) -> list[Found]:
    """The guesses; none unless the domain takes mail for certain."""
    if not domain or not _domain_takes_mail(domain):
        return []
    base = Found(kind=kind, key=key, role="", source=GUESSED, confidence=GUESS, takes_mail=True)
    return [replace(base, role=role_of(email), email=email) for email in guesses(addressee, domain)]


def mail_domain(email: str) -> str:
    """The registrable domain of an address, if it is the operator's own."""
    host = email.rpartition("@")[2].lower()
    domain = registrable_domain(host)
    return "" if {host, domain} & (MAIL_PROVIDERS | PRIVACY_SERVICES) else domain


# --- The parts ---------------------------------------------------------------------------------------------


def _ranked(contacts: Iterable[AbuseContact], addressee: str, ground: str) -> list[tuple[float, AbuseContact]]:
    """With their scores, best first; among equals always in the same order."""
    known = list(contacts)
    scored = [
        (fit(contact.role, addressee, ground) * contact.confidence * _WEIGHT[told.state], contact)
        for contact, told in zip(known, healths(known), strict=True)
    ]
    usable = [(score, contact) for score, contact in scored if score > 0]
    return sorted(usable, key=lambda one: (-one[0], one[1].form_url, one[1].email))


def healths(contacts: Collection[AbuseContact]) -> list[Health]:
    """In the same order. An address that mail came back from is bad wherever else it is known."""
    emails = {contact.email for contact in contacts if contact.email}
    bad = AbuseContact.objects.filter(email__in=emails).exclude(bounced_at=None)
    bounced: dict[str, datetime | None] = dict(bad.order_by("bounced_at").values_list("email", "bounced_at"))
    counts = _counts(contacts)
    return [
        _health(contact, contact.bounced_at or bounced.get(contact.email), *counts.get(contact.pk, (0, 0, 0)))
        for contact in contacts
    ]


def _counts(contacts: Collection[AbuseContact]) -> dict[object, tuple[int, int, int]]:
    """Notices that were sent, that were answered, and whose answer is overdue, by contact."""
    answered = Notice.objects.filter(
        contact__in=[contact.pk for contact in contacts], communications__direction=Communication.Direction.IN
    ).exclude(communications__kind__in=_NO_ANSWER)
    replied: dict[object, int] = dict(
        answered.values_list("contact").annotate(count=Count("pk", distinct=True)).values_list("contact", "count")
    )
    overdue = _LEFT & Q(notices__state=NoticeState.SENT, notices__due_at__lt=timezone.now())
    rows = AbuseContact.objects.filter(pk__in=[contact.pk for contact in contacts]).annotate(
        sent=Count("notices", filter=_LEFT, distinct=True), late=Count("notices", filter=overdue, distinct=True)
    )
    return {pk: (sent, replied.get(pk, 0), late) for pk, sent, late in rows.values_list("pk", "sent", "late")}


def _health(contact: AbuseContact, bounced: datetime | None, sent: int, answered: int, overdue: int) -> Health:
    state = _state(contact, bounced, answered, overdue)
    words = _words(state, bounced, contact.answered_at, sent, answered)
    return Health(state, words, sent, answered, bounced, contact.answered_at)


def _state(contact: AbuseContact, bounced: datetime | None, answered: int, overdue: int) -> HealthState:
    if contact.email and bounced is not None:
        return HealthState.BOUNCED
    if contact.email and contact.takes_mail is False:
        return HealthState.NO_MAIL
    if answered or contact.answered_at is not None:
        return HealthState.WORKS
    return HealthState.SILENT if overdue >= SILENT_AFTER else HealthState.UNTRIED


def _words(state: HealthState, bounced: datetime | None, last_answer: datetime | None, sent: int, answered: int) -> str:
    letters = f"{sent} {'notice' if sent == 1 else 'notices'} sent, {answered} answered"
    match state:
        case HealthState.BOUNCED:
            return f"Mail came back on {_day(bounced)}. {letters.capitalize()}."
        case HealthState.NO_MAIL:
            return "Its domain takes no mail."
        case HealthState.WORKS:
            return f"Works: {letters}{f', last on {_day(last_answer)}' if last_answer else ''}."
        case HealthState.SILENT:
            return f"Never answered: {letters}."
    return f"No answer yet: {letters}." if sent else "Not tried yet."


def _day(moment: datetime | None) -> str:
    return date_format(moment, "j F Y") if moment else "an unknown day"


def _takes_mail(contact: AbuseContact) -> bool:
    """Whether mail can arrive there, as far as anybody can tell; what the name servers say is kept."""
    if not contact.email:
        return True
    if contact.takes_mail is None and (answer := _domain_takes_mail(contact.email.rpartition("@")[2])) is not None:
        AbuseContact.objects.filter(pk=contact.pk).update(takes_mail=answer)
        contact.takes_mail = answer
    return contact.takes_mail is not False


def _domain_takes_mail(domain: str) -> bool | None:
    try:
        return names.takes_mail(domain)
    except LookupFailed:
        return None


def _is_hostile(operator: Operator) -> bool:
    return operator.stance == Operator.Stance.HOSTILE
