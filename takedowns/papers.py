"""Documents for the subscriber, filled in with what is known of their case: for where we cannot write for them.

They go to nobody by themselves. What helps from the first day is offered at once, the rest when the ladder has ended.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from accounts import keys
from takedowns import casefile, ladder, mandates, notices, preparing
from takedowns.contacts import platforms
from takedowns.contacts.roles import Role
from takedowns.escalation import LADDER_ENDED
from takedowns.letters import documents
from takedowns.letters.facts import DocumentFacts, Letter, Place
from takedowns.mail import counter
from takedowns.models import Case, CounterNotice, Notice, Operator
from takedowns.states import CaseState, Outcome
from takedowns.story import story

_COUNTER = "counter_notice_info"
_FORGOTTEN_AFTER = timedelta(days=60)
_NAMES = {
    "agent_mandate": ("Your authority for us", "What you signed, as a paper."),
    "photographer_authorisation": (
        "For the photographer",
        "If whoever took the photo signs it, we can act on their copyright.",
    ),
    "copyright_assignment": ("Copyright assignment", "If the photographer signs the copyright over to you."),
    _COUNTER: ("What a counter-notice means", "The dates, and what you can do until then."),
    "ncii_referral": ("Blocking copies on large platforms", "How to have copies blocked without sending the picture."),
    "dpa_complaint": ("Complaint to a data protection authority", "Free of charge, for people in Europe."),
    "dsa_21_referral": ("Out-of-court settlement under EU law", "If a platform in the EU refused."),
    "regulator_pack": ("Report to the regulator", "For whoever watches over the platform's duties."),
    "police_summary": ("Summary for the police", "Places, dates, and what was sent and answered."),
    "friendly_request": ("A friendly word", "A message to somebody you know, in your own name."),
}


@dataclass(frozen=True)
class Paper:
    """A document that is offered: its code, what it is called, and what it is for."""

    code: str
    name: str
    why: str


def offered(case: Case) -> list[Paper]:
    """What the subscriber can take from a case. Nothing where a person has to decide first."""
    if not hasattr(case, "ground_decision"):
        return []
    situation = preparing.situation(case)
    codes = list(ladder.at_start(situation))
    if _has_ended(case):
        codes += ladder.packs(situation)
    if counter.open_of(case) is not None:
        codes.append(_COUNTER)
    if codes or preparing.decided(case).letters:
        codes.append("agent_mandate")
    return [Paper(code, *_NAMES[code]) for code in dict.fromkeys(codes)]


@dataclass(frozen=True)
class Engine:
    """A search engine's form for pages that are gone, which anybody may use."""

    name: str
    form_url: str


def engines(case: Case) -> list[Engine]:
    """Where to say that results are outdated: for some weeks after a removal, until engines look by themselves."""
    if case.state != CaseState.CLOSED or case.outcome != Outcome.REMOVED or case.closed_at is None:
        return []
    if timezone.now() - case.closed_at > _FORGOTTEN_AFTER or not hasattr(case, "ground_decision"):
        return []
    if not ladder.after_removal(preparing.situation(case)):
        return []
    return [
        Engine(entry.name, desk.form_url)
        for entry in platforms.of_kind(Operator.Kind.SEARCH)
        for desk in entry.desks
        if desk.role == Role.OUTDATED and desk.form_url
    ]


def write(case: Case, code: str) -> Letter:
    """Fill one in; a name that cannot be read any more is a line to fill in by hand."""
    mandate = mandates.in_force(case.subject)
    try:
        name = mandates.read(mandate).full_name if mandate else case.subject.user.full_name
    except keys.Unreadable:
        name = ""
    first = _first_letter(case)
    return documents.write(code, _facts(case, name, first, counter.open_of(case)))


def _facts(case: Case, name: str, first: Notice | None, disputed: CounterNotice | None) -> DocumentFacts:
    about = disputed.notice if disputed else first
    return DocumentFacts(
        reference=case.reference,
        today=timezone.now().date(),
        agent=notices.agent(),
        places=tuple(Place(url.page_url, url.image_url, None) for url in case.urls.order_by("host", "page_url")),
        answers=preparing.situation(case).answers,
        subject_name=name,
        operator=about.operator.name if about else "",
        ground=casefile.ground_name(about.ground) if about else "",
        events=tuple(str(sentence) for sentence in story(case)),
        first_sent_on=about.sent_at.date() if about and about.sent_at else None,
        provider_received_on=disputed.provider_received_on if disputed else None,
        window_opens_on=disputed.window_opens_on if disputed else None,
        window_ends_on=disputed.window_ends_on if disputed else None,
    )


def _first_letter(case: Case) -> Notice | None:
    return case.notices.filter(sent_at__isnull=False).select_related("operator").order_by("sent_at").first()


def _has_ended(case: Case) -> bool:
    """Whether everybody was asked, or the case ended with the picture still there."""
    if case.state == CaseState.CLOSED:
        return case.outcome in {Outcome.REFUSED, Outcome.NO_RESPONSE, Outcome.PARTLY_REMOVED}
    return case.work_items.filter(kind=LADDER_ENDED).exists()
