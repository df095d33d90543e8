"""A case as staff work on it: the next thing to do, what each letter lacks, and which acts are open to whom.

What may be done is read from the transition tables, so that no page shows a button that the rules refuse.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.text import capfirst

from accounts import keys
from accounts.models import User
from accounts.transitions import allowed
from takedowns import casefile, notices
from takedowns.casefile import Extent, Line, Standing
from takedowns.cases import NotAllowed
from takedowns.forms import ReasonForm
from takedowns.grounds import GROUNDS, QUESTIONS
from takedowns.models import (
    AbuseContact,
    Case,
    CaseEvent,
    Communication,
    GroundDecision,
    InfringingUrl,
    Notice,
    Verification,
    WorkItem,
)
from takedowns.states import CASE, NOTICE, CaseState, NoticeState

# A case that runs for a year has more history than a page can show; people work from the newest lines.
_LINES = 300
_SOURCES = {"rdap_ip": "the network's registry entry", "rdap_domain": "the domain's registry entry"}
_TONES = {
    "notice.sent": "waiting",
    "notice.stuck": "stopped",
    "notice.complied": "good",
    "contact.missing": "needs",
    "evidence.failed": "needs",
    "case.minor": "stopped",
    "case.relapse": "needs",
    "case.removed": "good",
    "url.gone": "waiting",
    "url.removed": "good",
    "url.relapsed": "needs",
    "url.still_there": "needs",
}
PICTURE_SHOWN = "picture.shown"


def load(found: QuerySet[Case]) -> QuerySet[Case]:
    """With everything that the page shows, in a bounded number of queries."""
    places = InfringingUrl.objects.select_related("evidence").prefetch_related("verifications")
    letters = Notice.objects.select_related("operator", "contact", "approved_by", "drafted_by")
    return found.select_related(
        "subject__user", "match__image", "ground_decision", "relapse_of", "assigned_to"
    ).prefetch_related(
        Prefetch("urls", places.order_by("host", "page_url")),
        Prefetch("notices", letters.prefetch_related("urls__evidence").order_by("drafted_at")),
        Prefetch("work_items", WorkItem.objects.filter(done_at=None).order_by("created_at")),
        "relapses",
    )


@dataclass(frozen=True, slots=True)
class Next:
    """What is to be done next, for staff, and by when where there is a date."""

    text: str
    due_at: datetime | None = None
    late: bool = False
    left: str = ""


def next_for_staff(case: Case) -> Next:
    """The most pressing thing in a case that comes from `load`."""
    waiting = [one.due_at for one in _in(case, NoticeState.SENT, NoticeState.ACKNOWLEDGED) if one.due_at]
    now = timezone.now()
    due = min(waiting, default=None) if case.state != CaseState.CLOSED else None
    late = bool(due and due < now)
    return Next(_next_words(case, late), due, late, casefile.time_left(due, now) if due else "")


def _next_words(case: Case, late: bool) -> str:
    for words in (_ended_or_theirs(case), _undone(case), _letters_to_do(case)):
        if words:
            return words
    waiting = _in(case, NoticeState.SENT, NoticeState.ACKNOWLEDGED)
    if waiting:
        names = _names(waiting)
        return f"No answer from {names} in time: decide what to do." if late else f"Waiting for {names}."
    if case.state == CaseState.ACTION_NEEDED:
        return "No letter is on its way: decide what to do."
    return "The letters are being prepared."


def _ended_or_theirs(case: Case) -> str:
    if case.state == CaseState.CLOSED:
        return f"This case has ended: {case.get_outcome_display().lower()}. Nothing is to be done."
    return "Waiting for the subscriber's answer." if case.state == CaseState.AWAITING_SUBJECT else ""


def _undone(case: Case) -> str:
    items = len(case.work_items.all())
    return f"{casefile.counted(items, 'thing')} to be settled by a person, below." if items else ""


def _letters_to_do(case: Case) -> str:
    drafts, approved = _in(case, NoticeState.DRAFT), _in(case, NoticeState.APPROVED)
    if drafts:
        return f"Read the {'letter' if len(drafts) == 1 else 'letters'} to {_names(drafts)}, and approve."
    if approved:
        return f"Send the {'letter' if len(approved) == 1 else 'letters'} to {_names(approved)}."
    return "A letter is being sent." if _in(case, NoticeState.SENDING) else ""


def _in(case: Case, *states: NoticeState) -> list[Notice]:
    return [notice for notice in case.notices.all() if notice.state in states]


def _names(letters: Sequence[Notice]) -> str:
    return " and ".join(sorted({notice.operator.name for notice in letters}))


# --- Letters -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Element:
    """Something that a letter must contain, or the sentence that says that it is missing."""

    text: str
    present: bool


@dataclass(frozen=True, slots=True)
class DeskLetter:
    """A letter with its check list and the acts that are open to the person who looks at it."""

    notice: Notice
    standing: Standing
    ground: str
    extent: Extent
    elements: list[Element] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    may_approve: bool = False
    may_send: bool = False
    may_withdraw: bool = False
    may_edit: bool = False
    may_settle: bool = False
    why_not: str = ""
    approved_by: str = ""
    withdraw_form: ReasonForm | None = None

    @property
    def to_do(self) -> bool:
        """Whether somebody here has to do something about it; then the letter lies open."""
        return self.notice.state in {NoticeState.DRAFT, NoticeState.APPROVED, NoticeState.SENDING}


def letters(case: Case, staff: User) -> list[DeskLetter]:
    """The case's letters, oldest first, as this person may work on them."""
    edited, refusal = _edited_by(case, staff), _refusal(case)
    shown = []
    for notice in case.notices.all():
        notice.case = case  # what was loaded with the case need not be asked for again
        wrote = notice.drafted_by_id == staff.pk or str(notice.pk) in edited
        shown.append(_letter(notice, wrote, refusal))
    return shown


def _refusal(case: Case) -> str:
    """Why nothing may be sent in this case, or an empty string."""
    try:
        notices.require_authority(case)
    except NotAllowed as refusal:
        return str(refusal)
    return ""


def _problems(notice: Notice, refusal: str) -> list[str]:
    """Why an unsent letter may not go out, in sentences."""
    if refusal:
        return [refusal]
    if notice.contact.bounced_at:
        return ["Mail to this address came back, so another contact is needed."]
    return notices.missing_elements(notice)


def _letter(notice: Notice, wrote: bool, refusal: str) -> DeskLetter:
    shown = casefile.letter(notice)
    unsent = notice.state in {NoticeState.DRAFT, NoticeState.APPROVED}
    problems = _problems(notice, refusal) if unsent else []
    elements = _elements(notice, problems) if unsent else []
    approvable = allowed(NOTICE, notice.state, NoticeState.APPROVED)
    return DeskLetter(
        notice=notice,
        standing=shown.standing,
        ground=shown.ground,
        extent=shown.extent,
        elements=elements,
        problems=[problem for problem in problems if not any(problem == element.text for element in elements)],
        may_approve=approvable and not wrote and not problems,
        may_send=allowed(NOTICE, notice.state, NoticeState.SENDING) and not problems,
        may_withdraw=unsent and allowed(NOTICE, notice.state, NoticeState.WITHDRAWN),
        may_edit=notice.state == NoticeState.DRAFT,
        may_settle=notice.state == NoticeState.SENDING,
        approved_by=casefile.person(notice.approved_by) if notice.approved_by else "",
        why_not=_why_not(wrote and approvable, problems),
        withdraw_form=ReasonForm(auto_id=f"withdraw-{notice.pk}-%s") if unsent else None,
    )


def _elements(notice: Notice, problems: Sequence[str]) -> list[Element]:
    """The ground's required elements; a problem names the one that is missing.

    Empty where a problem is about something else: then the letter was not looked into at all.
    """
    names = [element.name for element in GROUNDS[notice.ground].elements]
    if any(not any(name in problem for name in names) for problem in problems):
        return []
    missing = {name: problem for problem in problems for name in names if name in problem}
    return [Element(missing.get(name, capfirst(name)), name not in missing) for name in names]


def _why_not(wrote: bool, problems: Sequence[str]) -> str:
    if problems:
        return "It cannot go out as it is."
    return "You have written some of this letter, so somebody else has to approve it." if wrote else ""


def _edited_by(case: Case, staff: User) -> set[str]:
    edits = CaseEvent.objects.filter(case=case, kind="notice.edited", actor=staff)
    return {data["notice"] for data in edits.values_list("data", flat=True)}


# --- History -----------------------------------------------------------------------------------------------


def timeline(case: Case) -> list[Line]:
    """Events, checks and answers in one line of time, newest first."""
    own = case.events.select_related("actor").order_by("-id")[:_LINES]
    checks = Verification.objects.filter(url__case=case).select_related("url").order_by("-pk")[:_LINES]
    lines = [_event_line(event, case) for event in own]
    lines += [_check_line(check) for check in checks]
    lines += [Line(one.at, "Answer received", one.title, one.sender, "needs") for one in received(case)]
    return sorted(lines, key=lambda line: line.at, reverse=True)[:_LINES]


def _event_line(event: CaseEvent, case: Case) -> Line:
    who = ""
    if event.actor is not None:
        who = "Subscriber" if event.actor_id == case.subject.user_id else casefile.person(event.actor)
    return Line(event.at, event.text, actor=who, tone=_TONES.get(event.kind, "plain"))


def _check_line(check: Verification) -> Line:
    statuses = f"Page {check.page_status or 'no answer'}, picture {check.image_status or 'no answer'}"
    return Line(check.checked_at, f"Checked {check.url.host}: {casefile.found_words(check.outcome)}", statuses)


def received(case: Case) -> list[Communication]:
    """Letters that came in, newest first."""
    return list(case.communications.filter(direction=Communication.Direction.IN).order_by("-at"))


def body(letter: Communication, owner: User) -> str:
    """The text of a letter that came in, or what to show where its key is gone."""
    try:
        return keys.unseal(owner, "communication", bytes(letter.sealed_body)).decode("utf-8", "replace")
    except keys.Unreadable:
        return "The text cannot be read any more: the subscriber's key was destroyed."


# --- What else the page shows ------------------------------------------------------------------------------


def contacts(case: Case) -> list[dict[str, object]]:
    """Where the case's letters go or could go: every known address of the operators it writes to."""
    operators = {notice.operator_id for notice in case.notices.all()}
    known = AbuseContact.objects.filter(operator__in=operators).select_related("operator")
    return [
        {
            "contact": contact,
            "source": _SOURCES.get(contact.source, contact.source),
            "percent": round(100 * contact.confidence),
        }
        for contact in known.order_by("operator__name", "-confidence")
    ]


def considered(decision: GroundDecision) -> list[dict[str, object]]:
    """Every ground that was looked at, and why it holds or not."""
    return [{**one, "name": casefile.ground_name(one["ground"])} for one in decision.considered]


def answers(decision: GroundDecision) -> list[dict[str, str]]:
    """The questions and what the subscriber answered, in words."""
    given = decision.answers
    return [
        {
            "question": question.text,
            "answer": dict(question.options)[given[question.key]],
        }
        for question in QUESTIONS
        if question.key in given
    ]


def why_not_open(case: Case) -> str:
    """Why nobody may see anything of the picture or its page here, or an empty string."""
    decision = getattr(case, "ground_decision", None)
    if case.match.image.withdrawn_at or (decision and decision.answers.get("minor") != "no"):
        return "A minor may be shown, so nobody opens this picture here."
    return ""


def why_not_look(case: Case) -> str:
    """Why nobody may open the picture here, or an empty string."""
    return why_not_open(case) or ("" if case.match.sealed_preview else "There is no preview of this picture.")


def acts(case: Case, staff: User) -> dict[str, bool]:
    """Which acts on the case itself are open."""
    is_open = case.state != CaseState.CLOSED
    return {
        "assign": is_open and case.assigned_to_id != staff.pk,
        "close": allowed(CASE, case.state, CaseState.CLOSED),
        "verify": any(True for _ in case.urls.all()),
        "look": not why_not_look(case),
    }
