"""What follows from a letter that came in, by what it is.

Nothing is believed for being written: "it is removed" is a reason to look, and a refusal, a question and a
counter-notice are read by a person. From a letter of which we do not know that it is the operator's, nothing follows
but that a person reads it. Everything happens in one transaction, and a second time changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts import audit
from accounts.bounces import Weight
from accounts.models import User
from accounts.transitions import allowed, change_state
from takedowns import deadlines, events
from takedowns.cases import NotAllowed, ask_person, finish_items, locked, require_staff, settle_turn
from takedowns.mail import disputes
from takedowns.mail.matching import LEARNT, LEARNT_CONFIDENCE, trusted
from takedowns.models import AbuseContact, Case, CaseEvent, Communication, Notice
from takedowns.notices import locked_notice
from takedowns.states import NOTICE, CaseState, NoticeState, UrlState

Kind = Communication.Kind
# What lies on a person's desk because of a letter; all but `CAME_BACK` are about the letter.
READ, UNSURE, REFUSED, QUESTION = "letter_read", "letter_unsure", "letter_refused", "letter_question"
CAME_BACK = "notice_bounced"
# What a letter that comes in can be, as the console offers it.
KINDS_IN = tuple(kind for kind in Kind if kind != Kind.LETTER)
_BY_MACHINES = frozenset({Kind.AUTO_REPLY, Kind.RECEIPT, Kind.BOUNCE})
_LONGEST_PROMISE = timedelta(days=30)
_SOFT_BOUNCES = 3
_NOBODY = ("noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "mailer-daemon", "postmaster", "bounce")


@dataclass(frozen=True, slots=True)
class _Letter:
    """A letter with its case and its notice as they are now, locked; and what was read in it."""

    letter: Communication
    case: Case
    notice: Notice
    staff: User | None
    weight: Weight | None
    received_on: date

    def record(self, kind: str, **data: str) -> None:
        name = self.notice.operator.name
        told = {"operator": name, "notice": str(self.notice.pk), "letter": str(self.letter.pk)}
        events.record(self.case, kind, actor=self.staff, **told, **data)

    def move(self, state: NoticeState, **also: object) -> bool:
        """Move the notice if its table leads there; whether it did. A closed case's notices stay as they are."""
        if self.case.state == CaseState.CLOSED or not allowed(NOTICE, self.notice.state, state):
            return False
        change_state(self.notice, NOTICE, state, **also)
        return True

    def ask(self, kind: str, text: str) -> None:
        """A person who says what a letter is can ask for it again; a second time by itself changes nothing."""
        ask_person(self.case, kind, self.letter.pk, text, again=self.staff is not None)


def apply(
    communication: Communication,
    staff: User | None = None,
    *,
    until: date | None = None,
    weight: Weight | None = None,
    received_on: date | None = None,
) -> None:
    """Do what follows from a letter's kind. `staff` is who said what it is, if a person did.

    `until` is by when the operator says that it will act, `weight` what a delivery report says about our letter (None:
    it is about somebody else's), and `received_on` when a provider says that it got a counter-notice.
    """
    with transaction.atomic():
        case = locked(communication.case)
        if communication.notice is None:
            _without_notice(communication, case, staff)
        else:
            notice = locked_notice(communication.notice)
            notice.case = case
            day = received_on or communication.at.date()
            found = _Letter(communication, case, notice, staff, weight, day)
            _apply(found, until)
        # As it is now: a counter-notice has moved it.
        settle_turn(locked(case))


def _apply(found: _Letter, until: date | None) -> None:
    kind = Kind(found.letter.kind)
    if found.staff is None and not trusted(found.letter):
        found.record("mail.unsure")
        if kind not in (Kind.AUTO_REPLY, Kind.RECEIPT):
            found.ask(UNSURE, "A letter names this case, and we do not know whether it is the operator's. Read it.")
        return
    if kind not in _BY_MACHINES:
        _note_answer(found)
    if kind not in (Kind.BOUNCE, Kind.COUNTER_NOTICE, Kind.AUTO_REPLY):
        _learn(found)
    _STEPS[kind](found)
    if until is not None:
        _promise(found, until)


def _without_notice(letter: Communication, case: Case, staff: User | None) -> None:
    """Nobody knows to which of the case's notices it belongs."""
    events.record(case, "mail.unsure", actor=staff, letter=str(letter.pk))
    if staff is None and letter.kind not in (Kind.AUTO_REPLY, Kind.RECEIPT):
        ask_person(case, READ, letter.pk, "A letter came in that belongs to none of the notices. Read it.")


# --- By kind -----------------------------------------------------------------------------------------------


def _acknowledged(found: _Letter) -> None:
    if found.notice.state == NoticeState.SENT and found.move(NoticeState.ACKNOWLEDGED):
        found.record("mail.acknowledged")


def _complied(found: _Letter) -> None:
    """They say that it is gone: we look at once."""
    if found.notice.state == NoticeState.INFO_REQUESTED:
        _resume(found.notice, found.staff, "mail.running")
    elif found.notice.state == NoticeState.SENT:
        found.move(NoticeState.ACKNOWLEDGED)
    if found.case.state != CaseState.CLOSED:
        found.notice.urls.exclude(state=UrlState.REMOVED).update(next_check_at=timezone.now())
    found.record("mail.complied")


def _refused(found: _Letter) -> None:
    found.move(NoticeState.REFUSED, time_left=None)
    found.record("mail.refused")
    found.ask(REFUSED, f"{found.notice.operator.name} refuses. Read why, and decide how it goes on.")


def _question(found: _Letter) -> None:
    """It is our turn: what was left of the operator's time stands still."""
    due, now = found.notice.due_at, timezone.now()
    left = max(due - now, timedelta(0)) if due else None
    if found.notice.state != NoticeState.INFO_REQUESTED:
        found.move(NoticeState.INFO_REQUESTED, due_at=None, time_left=left)
    found.record("mail.question")
    found.ask(QUESTION, f"{found.notice.operator.name} asks something. Answer it: its time stands still until then.")


def _replied(found: _Letter) -> None:
    found.record("mail.reply")
    if found.staff is None:
        found.ask(READ, f"{found.notice.operator.name} wrote. Read it, and say what it is.")


def _countered(found: _Letter) -> None:
    if disputes.applies_to(found.notice) and allowed(NOTICE, found.notice.state, NoticeState.CONTESTED):
        disputes.receive(found.notice, found.letter, found.received_on)
        return
    found.record("mail.reply")
    if not found.letter.case.notices.filter(counter_notices__communication=found.letter).exists():
        found.ask(READ, "Somebody disputes a notice that is no copyright notice to a host, or is over. Read it.")


def _bounced(found: _Letter) -> None:
    notice = found.notice
    match found.weight:
        case Weight.HARD:
            _mark_bad(notice)
            if found.move(NoticeState.BOUNCED, due_at=None, time_left=None):
                found.record("mail.bounced")
                text = f"The letter to {notice.operator.name} came back. Another contact is needed."
                ask_person(found.case, CAME_BACK, notice.pk, text)
        case Weight.GAVE_UP:
            found.record("mail.delayed")
            text = f"A mail server gave up on the letter to {notice.operator.name}: it did not arrive."
            ask_person(found.case, CAME_BACK, notice.pk, text)
        case Weight.SOFT:
            _delayed(found)
        case _:
            found.record("mail.unsure")
            found.ask(READ, "A mail came back that went to another address than our letter. Read it.")


def _delayed(found: _Letter) -> None:
    found.record("mail.delayed")
    notice = found.notice
    so_far = CaseEvent.objects.filter(case=found.case, kind="mail.delayed", data__notice=str(notice.pk)).count()
    if so_far >= _SOFT_BOUNCES:
        text = f"The letter to {notice.operator.name} could not be delivered {so_far} times. Look for another contact."
        ask_person(found.case, CAME_BACK, notice.pk, text)


_STEPS: dict[Kind, Callable[[_Letter], None]] = {
    Kind.AUTO_REPLY: _acknowledged,
    Kind.RECEIPT: _acknowledged,
    Kind.COMPLIED: _complied,
    Kind.REFUSED: _refused,
    Kind.QUESTION: _question,
    Kind.REPLY: _replied,
    Kind.COUNTER_NOTICE: _countered,
    Kind.BOUNCE: _bounced,
}


# --- What contacts and promises come to --------------------------------------------------------------------


def _mark_bad(notice: Notice) -> None:
    """The address does not work, whichever operator it is known for."""
    bad = AbuseContact.objects.filter(email__iexact=notice.recipient, bounced_at=None).exclude(email="")
    bad.update(bounced_at=timezone.now())


def _note_answer(found: _Letter) -> None:
    AbuseContact.objects.filter(pk=found.notice.contact_id).update(answered_at=found.letter.at)


def _learn(found: _Letter) -> None:
    """Keep the address that an operator answers from, where it is a new one. No search for a contact chooses it."""
    sender, operator = found.letter.sender.lower(), found.notice.operator
    try:
        validate_email(sender)
    except ValidationError:
        return
    known = operator.contacts.filter(email__iexact=sender)
    if sender.startswith(_NOBODY) or known.exists():
        return
    AbuseContact.objects.create(
        operator=operator,
        email=sender,
        role="contact",
        source=LEARNT,
        confidence=LEARNT_CONFIDENCE,
        answered_at=found.letter.at,
    )
    found.record("contact.learnt")


def _promise(found: _Letter, until: date) -> None:
    """Nobody asks again before a promised day: once, and within what the law gives, unless a person says so."""
    notice, now = found.notice, timezone.now()
    end = min(datetime.combine(until, time(23, 59, 59), UTC), now + _LONGEST_PROMISE)
    if end <= now or notice.state not in (NoticeState.SENT, NoticeState.ACKNOWLEDGED):
        return
    by_law = found.case.intimate or deadlines.clock(notice.ground, intimate=found.case.intimate).by_law
    too_late = by_law and notice.due_at is not None and end.date() > notice.due_at.date()
    if found.staff is None and (too_late or notice.promised_until is not None):
        return
    if notice.promised_until == end:
        return
    Notice.objects.filter(pk=notice.pk).update(promised_until=end)
    notice.promised_until = end
    found.record("mail.promised", until_on=end.date().isoformat())


# --- What people do with a letter --------------------------------------------------------------------------


def reclassify(communication: Communication, kind: str, staff: User, until: date | None = None) -> None:
    """A person says what a letter is, and what follows from that is done.

    What followed from the first guess is taken back where that can be: a time that stood still runs again, and a
    notice that was taken for refused waits on. One that was taken for bounced stays so.

    Raises:
        NotAllowed: not staff, not a letter that came in, or no such kind.
    """
    require_staff(staff)
    if communication.direction != Communication.Direction.IN or kind not in KINDS_IN:
        raise NotAllowed("Only a letter that came in can be sorted, as one of the kinds there are.")
    with transaction.atomic():
        case = locked(communication.case)
        letter = _locked_letter(communication)
        before, letter.kind = letter.kind, Kind(kind)
        letter.read_at, letter.read_by = letter.read_at or timezone.now(), letter.read_by or staff
        letter.save(update_fields=["kind", "read_at", "read_by"])
        finish_items(case.work_items.filter(about=str(letter.pk)), staff)
        events.record(case, "mail.sorted", actor=staff, letter=str(letter.pk), sort=letter.get_kind_display().lower())
        about = case.subject.user
        audit.record("letter.sorted", letter, actor=staff, about=about, kind=letter.kind, before=before)
        if before == Kind.QUESTION != letter.kind and letter.notice is not None and not _open_questions(letter):
            _run_again(letter.notice, staff)
        if before == Kind.REFUSED != letter.kind and letter.notice is not None:
            _not_refused(letter.notice)
        apply(letter, staff, until=until, weight=Weight.HARD if letter.kind == Kind.BOUNCE else None)
    communication.kind = letter.kind


def _not_refused(notice: Notice) -> None:
    """It waits on, unless it was gone further from already."""
    notice = locked_notice(notice)
    if notice.state == NoticeState.REFUSED and notice.escalated_at is None:
        change_state(notice, NOTICE, NoticeState.ACKNOWLEDGED)


def mark_read(communication: Communication, staff: User) -> None:
    """Somebody has read a letter, and done what it asks for. Raises NotAllowed."""
    require_staff(staff)
    with transaction.atomic():
        case = locked(communication.case)
        letter = _locked_letter(communication)
        if letter.read_at is None:
            letter.read_at, letter.read_by = timezone.now(), staff
            letter.save(update_fields=["read_at", "read_by"])
        finish_items(case.work_items.filter(about=str(letter.pk), kind__in=(READ, UNSURE)), staff)
        settle_turn(case)


def answered(notice: Notice, staff: User | None = None) -> None:
    """We have answered an operator's question: its time goes on with what was left, and nobody has to answer any more.

    Call it when the answer has left; twice is once.
    """
    with transaction.atomic():
        notice = locked_notice(notice)
        case = notice.case = locked(notice.case)
        if notice.state == NoticeState.INFO_REQUESTED:
            _resume(notice, staff, "notice.resumed")
        questions = case.communications.filter(notice=notice, kind=Kind.QUESTION, read_at=None)
        questions.update(read_at=timezone.now(), read_by=staff)
        letters = [str(pk) for pk in case.communications.filter(notice=notice).values_list("pk", flat=True)]
        finish_items(case.work_items.filter(kind=QUESTION, about__in=letters), staff)
        settle_turn(case)


def came_back() -> QuerySet[Notice]:
    """Notices whose mail came back and after which nothing was written yet, for the clock to go on from."""
    # Not those of closed cases: nobody is written to any more.
    waiting = Notice.objects.filter(state=NoticeState.BOUNCED, escalated_at=None)
    return (
        waiting.exclude(case__state=CaseState.CLOSED).select_related("case").order_by(F("sent_at").asc(nulls_last=True))
    )


def _run_again(notice: Notice, staff: User) -> None:
    """It was no question after all."""
    notice = locked_notice(notice)
    if notice.state == NoticeState.INFO_REQUESTED:
        _resume(notice, staff, "mail.running")


def _resume(notice: Notice, staff: User | None, kind: str) -> None:
    due_at = deadlines.resume(notice.due_at, notice.time_left, timezone.now())
    change_state(notice, NOTICE, NoticeState.ACKNOWLEDGED, due_at=due_at, time_left=None)
    told = {"operator": notice.operator.name, "notice": str(notice.pk)}
    due_on = (due_at or timezone.now()).date()
    events.record(notice.case, kind, actor=staff, due_on=due_on.isoformat(), **told)


def _open_questions(letter: Communication) -> bool:
    others = Communication.objects.filter(notice=letter.notice_id, kind=Kind.QUESTION, read_at=None)
    return others.exclude(pk=letter.pk).exists()


def _locked_letter(communication: Communication) -> Communication:
    rows = Communication.objects.select_for_update(of=("self",)).select_related("case__subject__user", "notice")
    return rows.get(pk=communication.pk)
