"""Further letters about a notice: reminders, answers, complaints, thanks, and the retraction of a mistake.

They leave as notices do (`delivery`): frozen at approval, at most once, on record. A reminder and a thank-you only
repeat what a person approved, so nobody has to approve them again; every other one takes a second person.

A retraction takes back what should not have been said. It needs neither consent nor a signed authority, and it leaves
when the case is closed as well: nobody may stop us from correcting ourselves.
"""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.transitions import change_state
from takedowns import events, guards, letters, notices
from takedowns.cases import WAITING_TO_LEAVE, NotAllowed, ask_person, finish_items, locked, require_staff, settle_turn
from takedowns.letters.elements import elements_of
from takedowns.mail import effects
from takedowns.models import Case, FollowUp, Mandate, Notice
from takedowns.states import ARRIVED, FOLLOW_UP, NOTICE, CaseState, NoticeState

Kind = FollowUp.Kind
MOST_REMINDERS = 2
# A letter of ours that waits for a person to approve it.
TO_APPROVE = "follow_up_draft"
_LONGEST_REASON = 400
_LONGEST_NOTE = 4000

_WAITING = (NoticeState.DRAFT, NoticeState.APPROVED, NoticeState.SENDING)


@dataclass(frozen=True, slots=True)
class _Rule:
    """The letters of a kind, the first as its default, the states of a notice that it can follow, and how often."""

    codes: tuple[str, ...]
    after: frozenset[NoticeState]
    most: int = 20
    # Whether it leaves without a person's approval, when the case is closed, without the subject's authority.
    by_rule: bool = False
    closed: bool = False
    unauthorised: bool = False


_RULES: dict[str, _Rule] = {
    Kind.REMINDER: _Rule(
        ("reminder",),
        frozenset({NoticeState.SENT, NoticeState.ACKNOWLEDGED, NoticeState.PARTLY_COMPLIED}),
        MOST_REMINDERS,
        by_rule=True,
    ),
    # The last three ask for something else beside the removal; like an answer, they press nobody to act on it.
    Kind.ANSWER: _Rule(("info_answer", "onward_17_2", "access_15", "preservation"), ARRIVED),
    Kind.RETRACTION: _Rule(("retraction",), ARRIVED, 1, closed=True, unauthorised=True),
    # A counter-notice often comes when the case has ended, and what was filed has to be said in time all the same.
    Kind.COUNTER_RESPONSE: _Rule(("counter_response",), frozenset({NoticeState.CONTESTED}), closed=True),
    Kind.COMPLAINT: _Rule(("dsa_20_complaint",), frozenset({NoticeState.REFUSED, NoticeState.PARTLY_COMPLIED}), 1),
    Kind.THANKS: _Rule(("thanks",), frozenset({NoticeState.COMPLIED}), 1, by_rule=True, closed=True),
}


def draft(notice: Notice, kind: str, *, code: str = "", note: str = "", staff: User | None = None) -> FollowUp:
    """Write a further letter, or return the one of this kind that has not left yet.

    `code` chooses among the letters of a kind; `note` is a colleague's words in it, and then `staff` is the colleague,
    who cannot approve it.

    Raises:
        NotAllowed: there is nothing to follow up in this way, or it was done often enough.
    """
    kind, code = Kind(kind), code or _RULES[Kind(kind)].codes[0]
    if kind == Kind.RETRACTION:
        raise NotAllowed("A retraction is asked for with a reason.")
    if code not in _RULES[kind].codes:
        raise NotAllowed("There is no such letter of this kind.")
    if note.strip() and staff is None:
        raise NotAllowed("Whose words these are has to be known.")
    if not note.strip() and any(element.key == "note" for element in elements_of(code)):
        raise NotAllowed("Please write what the letter is to say.")
    if len(note) > _LONGEST_NOTE:
        raise NotAllowed(f"Please say it in at most {_LONGEST_NOTE} characters.")
    if staff is not None:
        require_staff(staff)
    with transaction.atomic():
        return _draft(notices.locked_notice(notice), kind, code, note, staff)


def retract(notice: Notice, by: User, reason: str) -> FollowUp:
    """Draft the letter that takes a notice back; when it has left, the notice is retracted.

    By senior staff, or by the subject, whose wish it is to give. Reminders that have not left are withdrawn.

    Raises:
        NotAllowed: not theirs to ask, no reason, or the notice has never left.
    """
    words = " ".join(reason.split())
    if not words or len(words) > _LONGEST_REASON:
        raise NotAllowed(f"Please say why, in at most {_LONGEST_REASON} characters.")
    with transaction.atomic():
        notice = notices.locked_notice(notice)
        is_subject = notice.case.subject.user_id == by.pk
        if not (by.is_senior_staff or is_subject):
            raise NotAllowed("Only senior staff, or whoever the notice was sent for, can retract it.")
        known = notice.follow_ups.filter(kind=Kind.RETRACTION).exclude(state=NoticeState.WITHDRAWN).first()
        if known is not None:
            return known
        for other in notice.follow_ups.filter(state__in=(NoticeState.DRAFT, NoticeState.APPROVED)):
            _withdraw(locked_follow_up(other), by, "the notice is being retracted")
        notices.record_event(notice, "notice.retracting", by, reason=words)
        return _draft(notice, Kind.RETRACTION, "retraction", "", None if is_subject else by)


def edit(follow_up: FollowUp, staff: User, body: str) -> None:
    """Change a draft's text. Whoever did cannot approve it any more. Raises NotAllowed."""
    with transaction.atomic():
        follow_up = locked_follow_up(follow_up)
        notices.rewrite(follow_up, staff, body)
        record_event(follow_up, "follow_up.edited", staff)


def approve(follow_up: FollowUp, staff: User) -> FollowUp:
    """Freeze the letter and let it be sent. Raises NotAllowed: the wrong person, or it may not go out."""
    require_staff(staff)
    with transaction.atomic():
        follow_up = locked_follow_up(follow_up)
        notices.require_second_person(follow_up, follow_up.notice.case, staff)
        return _approve(follow_up, staff)


def approve_by_rule(follow_up: FollowUp) -> FollowUp:
    """Let a letter leave that only repeats what a person approved: a reminder or a thank-you, as it was written.

    Raises:
        NotAllowed: it is another letter, somebody changed it, or it may not go out.
    """
    with transaction.atomic():
        follow_up = locked_follow_up(follow_up)
        if not _rule(follow_up).by_rule or follow_up.drafted_by_id is not None:
            raise NotAllowed("A person has to approve this letter.")
        if follow_up.notice.approved_by_id is None:
            raise NotAllowed("Nobody approved the notice that this letter repeats.")
        return _approve(follow_up, None)


def withdraw(follow_up: FollowUp, staff: User, reason: str) -> FollowUp:
    """Take back a letter that has not left. Raises NotAllowed."""
    require_staff(staff)
    with transaction.atomic():
        follow_up = locked_follow_up(follow_up)
        if follow_up.state not in {NoticeState.DRAFT, NoticeState.APPROVED}:
            raise NotAllowed("Only a letter that has not been sent can be withdrawn.")
        _withdraw(follow_up, staff, " ".join(reason.split())[:_LONGEST_REASON])
        settle_turn(locked(follow_up.notice.case))
    return follow_up


def missing_elements(follow_up: FollowUp) -> list[str]:
    """What the letter lacks, in sentences; empty when it can be approved."""
    try:
        # A colleague's words are not kept apart from the letter: that it has some was seen to when it was drafted.
        about = _facts(follow_up.notice, _rule(follow_up), follow_up.language, follow_up.body)
    except NotAllowed as refusal:
        return [str(refusal)]
    return letters.missing_elements(code_of(follow_up), about, follow_up.body)


def withdraw_moot(follow_up: FollowUp) -> bool:
    """Take back a letter that has not left and follows nothing any more, as the notice or its case moved on."""
    with transaction.atomic():
        follow_up = locked_follow_up(follow_up)
        if follow_up.state not in WAITING_TO_LEAVE or not _why_moot(follow_up):
            return False
        _withdraw(follow_up, None, _why_moot(follow_up))
    return True


def require_sendable(follow_up: FollowUp) -> None:
    """Everything that must hold at approval and once more before sending. Raises NotAllowed."""
    notice, rule = follow_up.notice, _rule(follow_up)
    if why := _why_moot(follow_up):
        raise NotAllowed(why)
    if not rule.unauthorised:
        _require_untouched(notice)
        notices.require_authority(notice.case)
    guards.require_time(follow_up)
    if missing := missing_elements(follow_up):
        raise NotAllowed(" ".join(missing))
    notices.require_contact(notice)


def after_sending(follow_up: FollowUp, actor: User | None) -> None:
    """What a letter changes that has just left. In the transaction that records it."""
    notice = notices.locked_notice(follow_up.notice)
    if follow_up.kind == Kind.RETRACTION:
        change_state(notice, NOTICE, NoticeState.RETRACTED, time_left=None)
        notices.record_event(notice, "notice.retracted", actor)
    elif follow_up.kind == Kind.ANSWER:
        effects.answered(notice, actor)


def code_of(follow_up: FollowUp) -> str:
    """Which letter it is: the word before its template's version."""
    return follow_up.template_version.partition(" ")[0]


def locked_follow_up(follow_up: FollowUp) -> FollowUp:
    """The letter as it is now, with what it is made of, locked until the end of the transaction."""
    related = ("operator", "contact", "case__subject__user", "case__match__image", "case__ground_decision")
    found = FollowUp.objects.select_for_update(of=("self",))
    return found.select_related(*(f"notice__{name}" for name in related)).get(pk=follow_up.pk)


def record_event(follow_up: FollowUp, kind: str, actor: User | None = None, **data: str) -> None:
    """Write what happened to a further letter into its case's history."""
    notice = follow_up.notice
    about = {"follow_up": str(follow_up.pk), "notice": str(notice.pk), "letter": follow_up.get_kind_display()}
    events.record(notice.case, kind, actor=actor, operator=notice.operator.name, **about, **data)


# --- Small steps -------------------------------------------------------------------------------------------


def _draft(notice: Notice, kind: str, code: str, note: str, staff: User | None) -> FollowUp:
    rule, of_kind = _RULES[kind], notice.follow_ups.filter(kind=kind).exclude(state=NoticeState.WITHDRAWN)
    waiting = of_kind.filter(state__in=_WAITING).order_by("drafted_at")
    if known := next((one for one in waiting if code_of(one) == code), None):
        return known
    if notice.state not in rule.after:
        raise NotAllowed(_does_not_follow(notice))
    numbers = set(of_kind.values_list("number", flat=True))
    if len(numbers) >= rule.most:
        raise NotAllowed(f"That was done often enough: {notice.operator} had {len(numbers)} such letters.")
    language = letters.language_for(notice.operator.language, notice.operator.country, code)
    letter = letters.write(code, _facts(notice, rule, language, note))
    follow_up = FollowUp(
        notice=notice,
        kind=kind,
        number=max(numbers, default=0) + 1,
        recipient=notice.recipient,
        title=letter.title,
        body=letter.body,
        language=letter.language,
        template_version=f"{code} {letter.template_version}",
        drafted_by=staff,
    )
    guards.require_time(follow_up)
    follow_up.save(force_insert=True)
    record_event(follow_up, "follow_up.drafted", staff)
    if not rule.by_rule:
        text = f"{follow_up.get_kind_display()} to {notice.operator}: read the letter, and approve it."
        ask_person(notice.case, TO_APPROVE, follow_up.pk, text)
        settle_turn(locked(notice.case))
    return follow_up


def _approve(follow_up: FollowUp, staff: User | None) -> FollowUp:
    if follow_up.state != NoticeState.DRAFT:
        raise NotAllowed("This letter is not a draft any more.")
    require_sendable(follow_up)
    change_state(
        follow_up,
        FOLLOW_UP,
        NoticeState.APPROVED,
        approved_by=staff,
        approved_at=timezone.now(),
        body_sha256=notices.body_hash(follow_up),
    )
    record_event(follow_up, "follow_up.approved", staff)
    _finish(follow_up, staff)
    return follow_up


def _withdraw(follow_up: FollowUp, actor: User | None, reason: str) -> None:
    change_state(follow_up, FOLLOW_UP, NoticeState.WITHDRAWN)
    record_event(follow_up, "follow_up.withdrawn", actor, reason=reason)
    _finish(follow_up, actor)


def _finish(follow_up: FollowUp, staff: User | None) -> None:
    case = follow_up.notice.case
    finish_items(case.work_items.filter(kind=TO_APPROVE, about=str(follow_up.pk)), staff)
    settle_turn(locked(case))


def _require_untouched(notice: Notice) -> None:
    """No retraction is under way: whoever takes a letter back does not press for it meanwhile."""
    under_way = notice.follow_ups.filter(kind=Kind.RETRACTION).exclude(state=NoticeState.WITHDRAWN)
    if under_way.exists():
        raise NotAllowed("The notice is being retracted.")


def _rule(follow_up: FollowUp) -> _Rule:
    return _RULES[follow_up.kind]


def _why_moot(follow_up: FollowUp) -> str:
    notice, rule = follow_up.notice, _rule(follow_up)
    if notice.state not in rule.after:
        return _does_not_follow(notice)
    if notice.case.state == CaseState.CLOSED and not rule.closed:
        return "The case is closed."
    return ""


def _does_not_follow(notice: Notice) -> str:
    return f'The notice is "{notice.get_state_display().lower()}": this letter does not follow that.'


def _facts(notice: Notice, rule: _Rule, language: str, note: str = "") -> letters.Facts:
    """What a further letter may say. One that takes something back is signed under the mandate of its time."""
    return notices.facts(
        notice.case,
        notice.operator,
        list(notice.urls.select_related("evidence")),
        addressee=notice.addressee,
        language=language,
        before=notice.drafted_at,
        mandate=_last_mandate(notice.case) if rule.unauthorised else None,
        first=notice,
        note=note,
    )


def _last_mandate(case: Case) -> Mandate | None:
    return Mandate.objects.filter(subject=case.subject_id).order_by("signed_at").last()
