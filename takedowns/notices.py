"""Notices before they leave: drafted from a template, checked for every element, approved by a second person.

The first person is the subject, who asked and signed; the second is a member of staff who has written
nothing of the letter. At approval the text is frozen by its hash.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import consent, keys
from accounts.models import Purpose, User
from accounts.transitions import change_state
from takedowns import events, guards, letters, mandates
from takedowns.cases import NotAllowed, locked, require_staff, settle_turn
from takedowns.grounds import GROUNDS, Addressee
from takedowns.models import AbuseContact, Case, CaseEvent, InfringingUrl, Mandate, Notice, Operator, PostedLetter
from takedowns.states import NOTICE, CaseState, NoticeState, UrlState

LONGEST_BODY = 100_000
# A letter in one of these never counted: another may be written in its place.
_OUT_OF_THE_WAY = (NoticeState.WITHDRAWN, NoticeState.BOUNCED, NoticeState.RETRACTED)
_NOT_GONE_YET = (NoticeState.DRAFT, NoticeState.APPROVED, NoticeState.SENDING)
_NO_AUTHORITY = "There is no signed authority in force."


def draft(
    case: Case,
    ground: str,
    contact: AbuseContact,
    urls: Sequence[InfringingUrl],
    *,
    addressee: str = "host",
    escalates: Notice | None = None,
) -> Notice:
    """Write the letter to one operator about the places it can take down, or return the one that is there.

    A place that was found later joins a letter that nobody has changed or approved; after it has left, the place gets
    a letter of its own.

    `addressee` is the role in which the operator is asked; `escalates` the notice that this one goes on from.

    Raises:
        NotAllowed: the subject's consent or mandate is missing.
    """
    require_authority(case)
    operator = contact.operator
    with transaction.atomic():
        case = locked(case)
        known = case.notices.exclude(state__in=_OUT_OF_THE_WAY).filter(operator=operator, ground=ground)
        if waiting := known.filter(state__in=_NOT_GONE_YET).first():
            return _with_places(waiting, urls)
        urls = [url for url in urls if not known.filter(urls=url).exists()]
        if not urls and (told := known.first()):
            return told
        language = letters.language_for(operator.language, operator.country, ground)
        about = facts(case, operator, urls, addressee=addressee, language=language)
        letter = letters.write(ground, about)
        notice = Notice.objects.create(
            case=case,
            operator=operator,
            contact=contact,
            ground=ground,
            addressee=addressee,
            escalates=escalates,
            recipient=contact.email,
            title=letter.title,
            body=letter.body,
            language=letter.language,
            template_version=letter.template_version,
        )
        notice.urls.set(urls)
        record_event(notice, "notice.drafted", ground=GROUNDS[ground].name)
    return notice


def _with_places(notice: Notice, urls: Sequence[InfringingUrl]) -> Notice:
    """A draft as it was written by the program, with these places as well."""
    known = list(notice.urls.select_related("evidence"))
    new = [url for url in urls if url not in known]
    if not new or notice.state != NoticeState.DRAFT or notice.drafted_by_id is not None:
        return notice
    notice = locked_notice(notice)
    notice.urls.add(*new)
    letter = letters.write(notice.ground, facts_of(notice))
    notice.title, notice.body, notice.template_version = letter.title, letter.body, letter.template_version
    notice.save(update_fields=["title", "body", "template_version"])
    record_event(notice, "notice.places_added")
    return notice


def edit(notice: Notice, staff: User, body: str) -> None:
    """Change a draft's text. Whoever did cannot approve it any more. Raises NotAllowed."""
    with transaction.atomic():
        notice = locked_notice(notice)
        rewrite(notice, staff, body)
        record_event(notice, "notice.edited", actor=staff)


def rewrite(letter: PostedLetter, staff: User, body: str) -> None:
    """Put another text into a locked letter, of which `staff` has then written some. Raises NotAllowed."""
    require_staff(staff)
    if len(body) > LONGEST_BODY:
        raise NotAllowed("The letter is too long.")
    if letter.state != NoticeState.DRAFT:
        raise NotAllowed("Only a draft can be changed.")
    letter.body, letter.drafted_by = body, staff
    letter.save(update_fields=["body", "drafted_by"])


def missing_elements(notice: Notice) -> list[str]:
    """What the letter lacks, in sentences; empty when it can be approved."""
    try:
        about = facts_of(notice)
    except NotAllowed as refusal:
        return [str(refusal)]
    return letters.missing_elements(notice.ground, about, notice.body)


def approve(notice: Notice, staff: User, *, bulk: str = "") -> Notice:
    """Freeze the letter and let it be sent.

    For a copyright notice this is also the moment at which a person has considered fair use. `bulk` says for the
    record that it was one of many.

    Raises:
        NotAllowed: the wrong person, or a letter that may not go out.
    """
    require_staff(staff)
    with transaction.atomic():
        notice = locked_notice(notice)
        if notice.state != NoticeState.DRAFT:
            raise NotAllowed("This notice is not a draft any more.")
        require_second_person(notice, notice.case, staff)
        require_sendable(notice)
        guards.require_allowed(notice, staff)
        change_state(
            notice,
            NOTICE,
            NoticeState.APPROVED,
            approved_by=staff,
            approved_at=timezone.now(),
            body_sha256=body_hash(notice),
        )
        record_event(notice, "notice.approved", actor=staff, **({"bulk": bulk} if bulk else {}))
    return notice


def withdraw(notice: Notice, staff: User, reason: str) -> Notice:
    """Take back a letter that has not been sent. Raises NotAllowed."""
    require_staff(staff)
    with transaction.atomic():
        notice = locked_notice(notice)
        if notice.state not in {NoticeState.DRAFT, NoticeState.APPROVED}:
            raise NotAllowed("Only a notice that has not been sent can be withdrawn.")
        change_state(notice, NOTICE, NoticeState.WITHDRAWN)
        record_event(notice, "notice.withdrawn", actor=staff, reason=reason)
        settle_turn(locked(notice.case))
    return notice


def require_sendable(notice: Notice) -> None:
    """Everything about the letter itself that must hold at approval and once more before sending. Raises NotAllowed.

    What else was written to the operator is the concern of `guards`.
    """
    if notice.case.state == CaseState.CLOSED:
        raise NotAllowed("The case is closed.")
    if notice.case.match.image.withdrawn_at:
        raise NotAllowed("The picture was withdrawn. Follow the reporting procedure.")
    require_authority(notice.case)
    if missing := missing_elements(notice):
        raise NotAllowed(" ".join(missing))
    require_contact(notice)
    if not notice.urls.exclude(state=UrlState.REMOVED).exists():
        raise NotAllowed("Every place that this letter names is gone already.")


def require_contact(notice: Notice) -> None:
    """Mail to the notice's address did not come back. Raises NotAllowed."""
    if notice.contact.bounced_at is not None:
        raise NotAllowed("Mail to this address came back, so another contact is needed.")


def require_authority(case: Case) -> None:
    """The subject's consent to notices, and their mandate, hold now. Raises NotAllowed."""
    if Purpose.SENDING_NOTICES not in consent.given(case.subject.user):
        raise NotAllowed("The subject has not consented to notices being sent.")
    if mandates.in_force(case.subject) is None:
        raise NotAllowed(_NO_AUTHORITY)


def require_second_person(letter: PostedLetter, case: Case, staff: User) -> None:
    """Whoever approves has written nothing of the letter, and is not the subject. Raises NotAllowed."""
    name = "notice" if isinstance(letter, Notice) else "follow_up"
    about = {f"data__{name}": str(letter.pk)}
    kinds = (f"{name}.drafted", f"{name}.edited")
    written = CaseEvent.objects.filter(case=case, kind__in=kinds, actor=staff, **about)
    if letter.drafted_by_id == staff.pk or case.subject.user_id == staff.pk or written.exists():
        raise NotAllowed("A second person has to approve this: you have written some of it.")


def body_hash(letter: PostedLetter) -> str:
    """SHA-256 of what is frozen at approval: recipient, title and body."""
    return hashlib.sha256("\n".join((letter.recipient, letter.title, letter.body)).encode()).hexdigest()


def locked_notice(notice: Notice) -> Notice:
    """The notice as it is now, with what a letter is made of, locked until the end of the transaction."""
    related = ("operator", "contact", "approved_by", "case__subject__user", "case__match__image")
    found = Notice.objects.select_for_update(of=("self",)).select_related(*related, "case__ground_decision")
    return found.get(pk=notice.pk)


def record_event(notice: Notice, kind: str, actor: User | None = None, **data: str) -> None:
    """Write what happened to a notice into its case's history."""
    events.record(notice.case, kind, actor=actor, notice=str(notice.pk), operator=notice.operator.name, **data)


def facts_of(notice: Notice) -> letters.Facts:
    """What the notice may say, as of when it was drafted. Raises NotAllowed."""
    return facts(
        notice.case,
        notice.operator,
        list(notice.urls.select_related("evidence")),
        addressee=notice.addressee,
        language=notice.language,
        before=notice.drafted_at,
    )


def facts(
    case: Case,
    operator: Operator,
    urls: Sequence[InfringingUrl],
    *,
    addressee: str,
    language: str,
    before: datetime | None = None,
    mandate: Mandate | None = None,
    first: Notice | None = None,
    note: str = "",
) -> letters.Facts:
    """What a letter to an operator may say. Raises NotAllowed.

    Without `mandate` it is signed under the one in force; `first` is the notice that a further letter is about.
    """
    is_search = addressee == Addressee.SEARCH
    mandate = mandate or mandates.in_force(case.subject)
    if mandate is None:
        raise NotAllowed(_NO_AUTHORITY)
    try:
        signed = mandates.read(mandate)
    except keys.Unreadable as error:
        raise NotAllowed("The signed authority cannot be read any more.") from error
    return letters.Facts(
        reference=case.reference,
        operator=operator.name,
        places=tuple(_place(url) for url in urls),
        answers=case.ground_decision.answers,
        subject_name=signed.full_name,
        subject_signature=signed.signature,
        signed_at=signed.signed_at,
        face_at=_face_at(case),
        agent=agent(),
        today=timezone.now().date(),
        country=operator.country,
        addressee=addressee,
        language=language,
        first_ground=first.ground if first else "",
        first_sent_on=first.sent_at.date() if first and first.sent_at else None,
        due_on=first.due_at.date() if first and first.due_at else None,
        asked_before=_asked_before(case, operator, before or timezone.now()),
        note=note,
        engine=operator.name if is_search else "",
        # What somebody types who looks for the person.
        query=signed.full_name if is_search else "",
    )


def _asked_before(case: Case, operator: Operator, before: datetime) -> tuple[str, ...]:
    """The names of the other operators that had a letter of this case by then, in the order of the letters."""
    earlier = case.notices.filter(sent_at__lt=before).exclude(operator=operator).order_by("sent_at")
    names = earlier.exclude(state__in=_OUT_OF_THE_WAY).values_list("operator__name", flat=True)
    return tuple(dict.fromkeys(names))


def agent() -> letters.Agent:
    """Who we are in notices."""
    return letters.Agent(settings.AGENT_NAME, settings.AGENT_ADDRESS, settings.AGENT_PHONE, settings.NOTICES_EMAIL)


def reply_address(case: Case) -> str:
    """The case's own address for answers: reference and token behind a plus sign, in lower case."""
    name, _, domain = settings.NOTICES_EMAIL.rpartition("@")
    return f"{name}+{case.reference}.{case.reply_token}@{domain}".lower()


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
