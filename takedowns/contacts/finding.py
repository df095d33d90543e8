"""Find the contact of an addressee: ask the sources one after the other until one is good enough."""

import logging
import time
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from takedowns.contacts import choosing, clusters
from takedowns.contacts.found import Found, learn, store
from takedowns.contacts.lookups import LookupFailed
from takedowns.contacts.sources import SOURCES, Question, Source, Told
from takedowns.grounds import Addressee
from takedowns.models import AbuseContact, Case, InfringingUrl, Operator
from takedowns.rdap import registrable_domain

logger = logging.getLogger(__name__)

# From this score on no further source is asked.
ENOUGH = 0.65
TOTAL_SECONDS = 60.0
# An address that answered somebody else's notice, at an operator of the same cluster.
ANSWERED_ELSEWHERE = 0.6
_FOUND_NOTHING = "No address and no form was found."


@dataclass(frozen=True)
class Search:
    """What a search for a contact came to: the contact, or why there is none, in one sentence."""

    contact: AbuseContact | None
    reason: str = ""


def find(addressee: Addressee, url: InfringingUrl, ground: str = "", *, besides: Collection[UUID] = ()) -> Search:
    """The contact of a place's owner, host, registrar and so on. Asks the network; never call it inside a transaction.

    A `ground` has the desk for such notices chosen where an operator has several. `besides` are operators to leave
    out, by id: those that were asked already, so that of two search engines the other one is found. Takes about a
    minute at most. All that is learnt on the way is kept, and another call goes on from there: after mail came
    back, it asks the sources that were not needed before.
    """
    question = Question(addressee, url.page_url, url.image_url, time.monotonic() + TOTAL_SECONDS)
    search = _Searching(question, ground, frozenset(besides), _never_written_to(url)).run()
    if addressee == Addressee.HOST and search.contact is None and question.page_host not in ("", question.image_host):
        # The page shows the picture all the same, and whoever hosts it can take that down.
        other = Question(addressee, url.page_url, url.page_url, question.deadline)
        return _Searching(other, ground, frozenset(besides), _never_written_to(url)).run()
    if addressee == Addressee.PAGE_HOST and search.contact is not None and question.page_host != question.image_host:
        return _unless_same(search, question, ground)
    if addressee == Addressee.PAGE_HOST and question.page_host == question.image_host:
        return Search(None, "The page and the picture have the same host.")
    return search


def remember_host(operator: Operator, host: str) -> None:
    """Somebody told us that `operator` hosts a site which a network in front hides."""
    learn(operator, clusters.SERVES, registrable_domain(host) or host, "told")


def _unless_same(search: Search, question: Question, ground: str) -> Search:
    """The page's host, unless it is the picture's as well: that one is asked as `HOST`."""
    of_picture = Question(Addressee.HOST, question.page_url, question.image_url, question.deadline)
    host = _Searching(of_picture, ground, frozenset(), frozenset()).run().contact
    if host is None or search.contact is None:
        return Search(None, "The picture's host is not known, so the page's is asked in its place.")
    theirs = {member.pk for member in clusters.members(host.operator)}
    same = search.contact.operator_id in theirs
    return Search(None, "The page and the picture have the same host.") if same else search


def _never_written_to(url: InfringingUrl) -> frozenset[str]:
    """The protected person's own address: pages that expose somebody often have it."""
    case = Case.objects.filter(pk=url.case_id).select_related("subject__user").first() if url.case_id else None
    return frozenset({case.subject.user.email.lower()}) if case else frozenset()


class _Searching:
    """One search. `operators` are those found so far, the one to ask first in front."""

    def __init__(self, question: Question, ground: str, besides: frozenset[UUID], not_to: frozenset[str]) -> None:
        self._question = question
        self._ground = ground
        self._besides = besides
        self._not_to = not_to
        self._operators: dict[str, Operator] = {}
        self._reason = ""

    def run(self) -> Search:
        contact: AbuseContact | None = None
        for source in (*SOURCES[self._question.addressee], self._answered_elsewhere, self._guessed):
            if not self._question.in_time():
                self._reason = self._reason or "The sources did not answer in time."
                break
            self._keep(_ask(source, self._question))
            contact, score = self._best()
            if score >= ENOUGH:
                break
        clusters.settle(self._operators.values())
        return Search(contact, "" if contact else self._why_not())

    def _keep(self, told: Told) -> None:
        self._reason = self._reason or told.reason
        for found in told.found:
            if found.email.lower() in self._not_to:
                continue
            operator = store(found)
            if operator.pk not in self._besides:
                self._operators[operator.key] = operator

    def _best(self) -> tuple[AbuseContact | None, float]:
        """The contact of the first operator that has one to use."""
        for operator in self._operators.values():
            contacts = operator.contacts.select_related("operator")
            contact, score = choosing.best(contacts, self._question.addressee.value, self._ground, not_to=self._not_to)
            if contact is not None:
                return contact, score
        return None, 0.0

    def _why_not(self) -> str:
        if AbuseContact.objects.filter(operator__in=self._operators.values()).exists():
            return "No known address can be used: mail to it came back, or its domain takes none."
        return self._reason or _FOUND_NOTHING

    def _answered_elsewhere(self, _question: Question) -> Told:
        """Addresses that have answered, of the operators that belong to this one."""
        clusters.settle(self._operators.values())
        operators = list(Operator.objects.filter(pk__in=[operator.pk for operator in self._operators.values()]))
        return Told([found for operator in operators for found in _answered_in_cluster(operator)])

    def _guessed(self, question: Question) -> Told:
        for operator in self._operators.values():
            choosing.guess(operator, question.addressee.value, self._domain_of(operator))
        if not self._operators and question.addressee == Addressee.OWNER and question.domain:
            return self._guessed_for_unknown_owner(question)
        return Told()

    def _guessed_for_unknown_owner(self, question: Question) -> Told:
        """Nobody has told anything about the owner; the domain is there all the same."""
        key = f"domain:{question.domain}"
        return Told(choosing.guessed(Operator.Kind.OWNER, key, question.addressee.value, question.domain))

    def _domain_of(self, operator: Operator) -> str:
        """Where an operator has its mail: an owner at its site, anybody else where its known addresses are."""
        if operator.kind == Operator.Kind.OWNER:
            return operator.key.partition(":")[2]
        emails = operator.contacts.exclude(email="").order_by("-confidence", "email").values_list("email", flat=True)
        return next((domain for email in emails[:5] if (domain := choosing.mail_domain(email))), "")


def _answered_in_cluster(operator: Operator) -> list[Found]:
    others = [one.pk for one in clusters.members(operator)[1:] if one.kind == operator.kind]
    contacts = AbuseContact.objects.filter(operator__in=others, bounced_at=None).exclude(answered_at=None)
    return [
        Found(
            kind=operator.kind,
            key=operator.key,
            role=contact.role,
            source="cluster",
            source_url=contact.source_url,
            confidence=min(contact.confidence, ANSWERED_ELSEWHERE),
            email=contact.email,
            form_url=contact.form_url,
        )
        for contact in contacts.exclude(operator__stance=Operator.Stance.HOSTILE).order_by("-answered_at")[:3]
    ]


def _ask(source: Source, question: Question) -> Told:
    """What a source says. One that fails, however it does, does not keep the others from being asked."""
    try:
        return source(question)
    except LookupFailed as failure:
        return Told(reason=str(failure))
    except Exception as error:
        # The text of the error may have somebody's address in it.
        logger.error("a source of contacts failed: %s", type(error).__name__)
        return Told()
