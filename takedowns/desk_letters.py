"""The letters of a case as staff work on them: what each lacks, how it will leave, and which acts are open to whom.

One letter lies open, with its check list and its acts; the others are a line each, so that a case with twenty letters
takes no longer than one with two. What may be done is read from the transition tables and from the rules themselves, so
that no page shows a button that they refuse.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import formataddr
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.text import capfirst

from accounts.models import User
from accounts.transitions import Transitions, allowed
from takedowns import casefile, desk, follow_ups, guards, notices, sheets, stops
from takedowns.casefile import Extent, Standing
from takedowns.cases import NotAllowed
from takedowns.console.forms import LetterForm, PastedForm
from takedowns.forms import ReasonForm
from takedowns.letters.elements import elements_of
from takedowns.models import Case, FollowUp, Notice
from takedowns.states import FOLLOW_UP, NOTICE, CaseState, NoticeState, UrlState

Letter = Notice | FollowUp
_TO_DO = frozenset({NoticeState.DRAFT, NoticeState.APPROVED, NoticeState.SENDING})
_UNSENT = frozenset({NoticeState.DRAFT, NoticeState.APPROVED})
_REMINDED = frozenset({NoticeState.SENT, NoticeState.ACKNOWLEDGED, NoticeState.PARTLY_COMPLIED})
_ESCALATED = _REMINDED | {NoticeState.REFUSED, NoticeState.BOUNCED}
_COMPLAINED = frozenset({NoticeState.REFUSED, NoticeState.PARTLY_COMPLIED})


@dataclass(frozen=True, slots=True)
class Element:
    """Something that a letter must contain, or the sentence that says that it is missing."""

    text: str
    present: bool


@dataclass(slots=True)
class DeskLetter:
    """A letter in the console. Without `opened` it is a line; `may` are the acts that are open to the reader."""

    letter: Letter
    notice: Notice
    standing: Standing
    about: str
    extent: Extent
    opened: bool = False
    headers: list[tuple[str, str]] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    may: frozenset[str] = frozenset()
    why_not: str = ""
    approved_by: str = ""
    taken_by: str = ""
    fields: list[sheets.Field] = field(default_factory=list)
    form_url: str = ""
    withdraw_form: ReasonForm | None = None
    retract_form: ReasonForm | None = None
    answer_form: LetterForm | None = None
    pasted_form: PastedForm | None = None

    @property
    def pk(self) -> UUID:
        return self.letter.pk

    @property
    def is_notice(self) -> bool:
        return isinstance(self.letter, Notice)

    @property
    def to_do(self) -> bool:
        """Whether somebody here has to do something about it."""
        return self.letter.state in _TO_DO

    @property
    def asked(self) -> bool:
        """Whether the operator asked something and waits for us."""
        return self.is_notice and self.letter.state == NoticeState.INFO_REQUESTED

    @property
    def leaves_with_annex(self) -> bool:
        return self.is_notice and bool(self.letter.recipient)


def of_case(case: Case, staff: User, chosen: str = "") -> list[DeskLetter]:
    """The case's letters, each notice with those that follow it. Open is the chosen one, or the first to be done."""
    lines = [line for notice in case.notices.all() for line in _lines(case, notice)]
    waiting = (line for line in lines if line.to_do or line.asked or (line.is_notice and desk.overdue(line.notice)))
    opened = next((line for line in lines if str(line.pk) == chosen), None) or next(waiting, None)
    if opened is not None:
        _open(opened, case, staff)
    return lines


def _lines(case: Case, notice: Notice) -> list[DeskLetter]:
    notice.case = case  # what was loaded with the case need not be asked for again
    shown = casefile.letter(notice)
    lines = [DeskLetter(notice, notice, shown.standing, shown.ground, shown.extent)]
    for further in notice.follow_ups.all():
        further.notice = notice
        standing = Standing(casefile.letter_tone(further.state), further.get_state_display())
        lines.append(DeskLetter(further, notice, standing, further.get_kind_display(), shown.extent))
    return lines


def _open(line: DeskLetter, case: Case, staff: User) -> None:
    """Look into one letter: what is asked about it is asked for this one only."""
    letter = line.letter
    unsent, wrote = letter.state in _UNSENT, _wrote(letter, case, staff)
    line.opened = True
    line.headers = headers(letter)
    line.approved_by = casefile.person(letter.approved_by) if letter.approved_by else ""
    line.form_url = sheets.form_url(letter)
    line.taken_by = casefile.person(letter.taken_by) if letter.taken_by else ""
    if unsent:
        problems = _problems(line, staff)
        line.elements = _elements(letter, problems)
        line.problems = [one for one in problems if not any(one == element.text for element in line.elements)]
        line.may = frozenset(_acts_before(line, staff, wrote, bool(problems)))
        line.why_not = _why_not(wrote and letter.state == NoticeState.DRAFT, problems)
        line.withdraw_form = ReasonForm(auto_id=f"withdraw-{letter.pk}-%s")
    else:
        line.may = frozenset(_acts_after(line, case, staff))
    if "paste" in line.may:
        line.fields, line.pasted_form = sheets.fields(letter), PastedForm(auto_id=f"pasted-{letter.pk}-%s")
    if "retract" in line.may:
        line.retract_form = ReasonForm(auto_id=f"retract-{letter.pk}-%s")
    if "answer" in line.may:
        line.answer_form = LetterForm(auto_id=f"answer-{letter.pk}-%s")


def headers(letter: Letter) -> list[tuple[str, str]]:
    """The lines above the text as they leave, or where the letter is to be put by hand."""
    notice = letter if isinstance(letter, Notice) else letter.notice
    if not letter.recipient:
        return [("Form", notice.contact.form_url), ("Subject", letter.title)]
    own = notices.reply_address(notice.case)
    lines = [
        ("From", formataddr((settings.AGENT_NAME, settings.NOTICES_EMAIL))),
        ("To", letter.recipient),
        ("Reply-To", own),
        ("Subject", letter.title),
    ]
    return lines + ([("Message-ID", letter.message_id)] if letter.message_id else [])


# --- What is wrong with it ---------------------------------------------------------------------------------


def _problems(line: DeskLetter, staff: User) -> list[str]:
    """Why an unsent letter may not go out, in sentences."""
    letter, notice = line.letter, line.notice
    retraction = isinstance(letter, FollowUp) and letter.kind == FollowUp.Kind.RETRACTION
    try:
        if not retraction:
            notices.require_authority(notice.case)
        notices.require_contact(notice)
    except NotAllowed as refusal:
        return [str(refusal)]
    if isinstance(letter, FollowUp):
        return follow_ups.missing_elements(letter)
    approver = staff if letter.state == NoticeState.DRAFT else letter.approved_by
    why = guards.why_not(letter, approver)
    return [*notices.missing_elements(letter), *([why] if why else [])]


def _elements(letter: Letter, problems: Sequence[str]) -> list[Element]:
    """What the letter must contain; a problem names the element that is missing.

    Empty where every problem is about something else: then the letter was not looked into at all.
    """
    code = letter.ground if isinstance(letter, Notice) else follow_ups.code_of(letter)
    names = [element.name for element in elements_of(code)]
    missing = {name: problem for problem in problems for name in names if name in problem}
    if problems and not missing:
        return []
    return [Element(missing.get(name, capfirst(name)), name not in missing) for name in names]


def _wrote(letter: Letter, case: Case, staff: User) -> bool:
    if letter.state != NoticeState.DRAFT:
        return False
    try:
        notices.require_second_person(letter, case, staff)
    except NotAllowed:
        return True
    return False


def _why_not(wrote: bool, problems: Sequence[str]) -> str:
    if problems:
        return "It cannot go out as it is."
    return "You have written some of this letter, so somebody else has to approve it." if wrote else ""


# --- What may be done --------------------------------------------------------------------------------------


def _acts_before(line: DeskLetter, staff: User, wrote: bool, wrong: bool) -> list[str]:
    letter, table = line.letter, _table(line.letter)
    acts = ["edit"] if letter.state == NoticeState.DRAFT else []
    if allowed(table, letter.state, NoticeState.WITHDRAWN):
        acts.append("withdraw")
    if allowed(table, letter.state, NoticeState.APPROVED) and not wrote and not wrong:
        acts.append("approve")
    if allowed(table, letter.state, NoticeState.SENDING) and not wrong:
        stopped = stops.why_not()
        acts += [] if stopped and not _despite_stop(letter, staff, stopped) else [_way(letter, staff)]
        line.problems += [stopped] if stopped else []
    return acts


def _way(letter: Letter, staff: User) -> str:
    if letter.recipient:
        return "send"
    return "paste" if letter.taken_by_id == staff.pk else "take_over" if letter.taken_by_id else "take"


def _despite_stop(letter: Letter, staff: User, stopped: str) -> bool:
    """A retraction that a senior colleague sends by hand passes the stop, not the switch of the installation."""
    retraction = isinstance(letter, FollowUp) and letter.kind == FollowUp.Kind.RETRACTION
    return retraction and staff.is_senior_staff and stopped != stops.OFF


def _acts_after(line: DeskLetter, case: Case, staff: User) -> list[str]:
    letter = line.letter
    if letter.state == NoticeState.SENDING:
        return ["settle"]
    if not isinstance(letter, Notice):
        return []
    arrived, is_open = allowed(NOTICE, letter.state, NoticeState.RETRACTED), case.state != CaseState.CLOSED
    of_kind = _further(letter)
    untouched = FollowUp.Kind.RETRACTION not in of_kind
    acts = ["retract"] if arrived and untouched and staff.is_senior_staff else []
    if not is_open or not untouched:
        return acts
    acts += ["answer"] if arrived else []
    promised = letter.promised_until is not None and letter.promised_until > timezone.now()
    if letter.state in _REMINDED and not promised and of_kind.count(FollowUp.Kind.REMINDER) < follow_ups.MOST_REMINDERS:
        acts.append("remind")
    if letter.state in _COMPLAINED and letter.ground == "dsa_16" and FollowUp.Kind.COMPLAINT not in of_kind:
        acts.append("complain")
    left = any(url.state != UrlState.REMOVED for url in letter.urls.all())
    if letter.state in _ESCALATED and left and letter.escalated_at is None:
        acts.append("escalate")
    return acts


def _further(notice: Notice) -> list[str]:
    """The kinds of the letters that follow a notice, without those that were withdrawn."""
    return [one.kind for one in notice.follow_ups.all() if one.state != NoticeState.WITHDRAWN]


def _table(letter: Letter) -> Transitions:
    return NOTICE if isinstance(letter, Notice) else FOLLOW_UP
