"""Notices before they leave: drafted from a template, checked for every element, approved by a second person.

The first person is the subject, who asked and signed; the second is a member of staff who has written
nothing of the letter. At approval the text is frozen by its hash.
"""

import hashlib
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import consent, keys
from accounts.models import Purpose, User
from accounts.transitions import change_state
from takedowns import events, letters, mandates
from takedowns.cases import NotAllowed, locked, settle_turn
from takedowns.grounds import GROUNDS
from takedowns.models import AbuseContact, Case, CaseEvent, InfringingUrl, Notice
from takedowns.states import NOTICE, CaseState, NoticeState

_LONGEST_BODY = 100_000


def draft(case: Case, ground: str, contact: AbuseContact, urls: Sequence[InfringingUrl]) -> Notice:
    """Write the letter to one operator about the places it can take down, or return the one that is there.

    Raises:
        NotAllowed: the subject's consent or mandate is missing.
    """
    require_authority(case)
    with transaction.atomic():
        case = locked(case)
        known = case.notices.exclude(state=NoticeState.WITHDRAWN).filter(operator=contact.operator, ground=ground)
        if notice := known.first():
            return notice
        letter = letters.write(ground, _facts(case, contact.operator.name, urls))
        notice = Notice.objects.create(
            case=case,
            operator=contact.operator,
            contact=contact,
            ground=ground,
            recipient=contact.email,
            title=letter.title,
            body=letter.body,
            template_version=letter.template_version,
        )
        notice.urls.set(urls)
        record_event(notice, "notice.drafted", ground=GROUNDS[ground].name)
    return notice


def edit(notice: Notice, staff: User, body: str) -> None:
    """Change a draft's text. Whoever did cannot approve it any more. Raises NotAllowed."""
    _require_staff(staff)
    if len(body) > _LONGEST_BODY:
        raise NotAllowed("The letter is too long.")
    with transaction.atomic():
        notice = locked_notice(notice)
        if notice.state != NoticeState.DRAFT:
            raise NotAllowed("Only a draft can be changed.")
        notice.body, notice.drafted_by = body, staff
        notice.save(update_fields=["body", "drafted_by"])
        record_event(notice, "notice.edited", actor=staff)


def missing_elements(notice: Notice) -> list[str]:
    """What the letter lacks, in sentences; empty when it can be approved."""
    try:
        facts = _facts(notice.case, notice.operator.name, list(notice.urls.all()))
    except NotAllowed as refusal:
        return [str(refusal)]
    return letters.missing_elements(notice.ground, facts, notice.body)


def approve(notice: Notice, staff: User) -> Notice:
    """Freeze the letter and let it be sent.

    For a copyright notice this is also the moment at which a person has considered fair use.

    Raises:
        NotAllowed: the wrong person, or a letter that may not go out.
    """
    _require_staff(staff)
    with transaction.atomic():
        notice = locked_notice(notice)
        if notice.state != NoticeState.DRAFT:
            raise NotAllowed("This notice is not a draft any more.")
        _require_second_person(notice, staff)
        require_sendable(notice)
        change_state(
            notice,
            NOTICE,
            NoticeState.APPROVED,
            approved_by=staff,
            approved_at=timezone.now(),
            body_sha256=body_hash(notice),
        )
        record_event(notice, "notice.approved", actor=staff)
    return notice


def withdraw(notice: Notice, staff: User, reason: str) -> Notice:
    """Take back a letter that has not been sent. Raises NotAllowed."""
    _require_staff(staff)
    with transaction.atomic():
        notice = locked_notice(notice)
        if notice.state not in {NoticeState.DRAFT, NoticeState.APPROVED}:
            raise NotAllowed("Only a notice that has not been sent can be withdrawn.")
        change_state(notice, NOTICE, NoticeState.WITHDRAWN)
        record_event(notice, "notice.withdrawn", actor=staff, reason=reason)
        settle_turn(locked(notice.case))
    return notice


def require_sendable(notice: Notice) -> None:
    """Everything that must hold at approval and once more before sending. Raises NotAllowed."""
    if notice.case.state == CaseState.CLOSED:
        raise NotAllowed("The case is closed.")
    require_authority(notice.case)
    if missing := missing_elements(notice):
        raise NotAllowed(" ".join(missing))
    if notice.contact.bounced_at is not None:
        raise NotAllowed("Mail to this address came back, so another contact is needed.")


def require_authority(case: Case) -> None:
    """The subject's consent to notices, and their mandate, hold now. Raises NotAllowed."""
    if Purpose.SENDING_NOTICES not in consent.given(case.subject.user):
        raise NotAllowed("The subject has not consented to notices being sent.")
    if mandates.in_force(case.subject) is None:
        raise NotAllowed("There is no signed authority in force.")


def body_hash(notice: Notice) -> str:
    """SHA-256 of what is frozen at approval: recipient, title and body."""
    return hashlib.sha256("\n".join((notice.recipient, notice.title, notice.body)).encode()).hexdigest()


def locked_notice(notice: Notice) -> Notice:
    """The notice as it is now, with what a letter is made of, locked until the end of the transaction."""
    related = ("operator", "contact", "case__subject__user", "case__match__image", "case__ground_decision")
    return Notice.objects.select_for_update(of=("self",)).select_related(*related).get(pk=notice.pk)


def record_event(notice: Notice, kind: str, actor: User | None = None, **data: str) -> None:
    """Write what happened to a notice into its case's history."""
    events.record(notice.case, kind, actor=actor, notice=str(notice.pk), operator=notice.operator.name, **data)


def _facts(case: Case, operator: str, urls: Sequence[InfringingUrl]) -> letters.Facts:
    mandate = mandates.in_force(case.subject)
    if mandate is None:
        raise NotAllowed("There is no signed authority in force.")
    try:
        signed = mandates.read(mandate)
    except keys.Unreadable as error:
        raise NotAllowed("The signed authority cannot be read any more.") from error
    return letters.Facts(
        reference=case.reference,
        operator=operator,
        places=tuple(_place(url) for url in urls),
        answers=case.ground_decision.answers,
        subject_name=signed.full_name,
        subject_signature=signed.signature,
        signed_at=signed.signed_at,
        face_at=_face_at(case),
        agent=agent(),
        today=timezone.now().date(),
    )


def agent() -> letters.Agent:
    """Who we are in notices."""
    return letters.Agent(settings.AGENT_NAME, settings.AGENT_ADDRESS, settings.AGENT_PHONE, settings.NOTICES_EMAIL)


def _place(url: InfringingUrl) -> letters.Place:
    """A capture is mentioned only where it has the picture."""
    capture = url.evidence if url.evidence and url.evidence.image_status == 200 else None
    return letters.Place(url.page_url, url.image_url, capture.captured_at if capture else None)


def _face_at(case: Case) -> tuple[float, float]:
    """The middle of the subject's face, as shares of the picture."""
    left, top, width, height = case.match.box
    image = case.match.image
    return (
        min(max((left + width / 2) / image.width, 0.0), 1.0),
        min(max((top + height / 2) / image.height, 0.0), 1.0),
    )


def _require_staff(staff: User) -> None:
    if not staff.is_staff_member:
        raise NotAllowed("Only a member of staff can do this.")


def _require_second_person(notice: Notice, staff: User) -> None:
    edits = CaseEvent.objects.filter(case=notice.case, kind="notice.edited", actor=staff, data__notice=str(notice.pk))
    if notice.drafted_by_id == staff.pk or notice.case.subject.user_id == staff.pk or edits.exists():
        raise NotAllowed("A second person has to approve this: you have written some of it.")
