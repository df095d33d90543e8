"""The life of an opt-out: what brings it into effect, what holds it up, and what is left when it ends."""

from datetime import timedelta

import numpy as np
import pytest
from django.core import mail
from django.utils import timezone

from accounts import audit, consent
from accounts.models import AuditEvent, Purpose, User
from search import enrolment, faces, optout
from search.models import Enrolment, OptOut
from search.optouts import sealing
from search.states import OptOutState
from tests import photos
from tests.optouts import active_optout, confirmed_optout, passed

HOPPER, ASTRONAUT = photos.jpeg(photos.hopper()), photos.jpeg(photos.astronaut())
CLOSER = photos.jpeg(photos.cropped(photos.hopper(), 0.1, 0, 0.9, 0.8))
GREY = photos.jpeg(photos.grey(photos.hopper()))


def is_hidden(photo: bytes) -> bool:
    return bool(optout.hidden_in(photo, faces.faces_in(photo)).any())


def assisted(email: str, *given: bytes) -> OptOut:
    made = confirmed_optout(email)
    optout.ask_person(made, given)
    return made


def test_safeguard_07_a_live_check_brings_it_into_effect_at_once(db: None) -> None:
    made = confirmed_optout("grace@example.org")
    assert not is_hidden(HOPPER)
    optout.live_passed(made, passed(HOPPER, CLOSER, GREY))
    assert made.state == OptOutState.ACTIVE
    assert is_hidden(HOPPER)
    assert not is_hidden(ASTRONAUT)


def test_safeguard_07_every_template_of_the_check_is_kept(db: None) -> None:
    made = confirmed_optout("grace@example.org")
    given = passed(HOPPER, CLOSER)
    optout.live_passed(made, given)
    kept = sealing.templates_of(OptOut.objects.get(), faces.model().dimension)
    assert np.array_equal(kept, np.stack([face.embedding for face in given.faces]))


def test_safeguard_07_the_list_is_unreadable_without_its_key(db: None, settings: object) -> None:
    made = active_optout("grace@example.org", HOPPER)
    (face,) = passed(HOPPER).faces
    row = OptOut.objects.get()
    stored = bytes(row.sealed_template) + bytes(row.sealed_email)
    assert faces.to_bytes(face.embedding)[:16] not in stored
    assert b"grace" not in stored
    assert sealing.email_of(made) == "grace@example.org"


def test_the_link_alone_and_the_photos_alone_hide_nobody(db: None) -> None:
    assisted("mallory@example.org", HOPPER)
    assert not is_hidden(HOPPER)


def test_a_person_decides_where_there_is_no_camera(carol: User) -> None:
    made = assisted("grace@example.org", HOPPER, CLOSER)
    optout.approve(made, carol, "Spoke with her.")
    assert (made.state, made.decided_by, made.reason) == (OptOutState.ACTIVE, carol, "Spoke with her.")
    assert is_hidden(HOPPER)
    assert mail.outbox[-1].subject == f"Your opt-out is in effect: {made.reference}"


def test_refused_nothing_of_the_face_is_left(carol: User) -> None:
    made = assisted("mallory@example.org", HOPPER)
    optout.refuse(made, carol, "Could not say when the photo was taken.")
    row = OptOut.objects.get()
    assert (row.state, bytes(row.sealed_template), bytes(row.sealed_email)) == (OptOutState.REFUSED, b"", b"")
    assert mail.outbox[-1].to == ["mallory@example.org"]


def test_without_the_mail_nothing_is_decided(carol: User, monkeypatch: pytest.MonkeyPatch) -> None:
    made = assisted("grace@example.org", HOPPER)
    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", _no_mail)
    for decide in (optout.approve, optout.refuse):
        with pytest.raises(OSError, match="no mail"):
            decide(OptOut.objects.get(pk=made.pk), carol, "Because.")
    assert OptOut.objects.get().state == OptOutState.ASSISTED
    assert not is_hidden(HOPPER)


def test_a_receipt_that_cannot_be_sent_holds_nothing_up(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    made = confirmed_optout("grace@example.org")
    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", _no_mail)
    optout.live_passed(made, passed(HOPPER))
    assert is_hidden(HOPPER)


def _no_mail(message: object) -> None:
    raise OSError("no mail")


def test_a_camera_after_all_does_not_wait_for_a_person(db: None) -> None:
    made = assisted("grace@example.org", CLOSER)
    optout.live_passed(made, passed(HOPPER))
    assert made.state == OptOutState.ACTIVE


def test_photos_of_two_people_are_refused(db: None) -> None:
    made = confirmed_optout("mallory@example.org")
    with pytest.raises(optout.OptOutRefused, match="different people"):
        optout.ask_person(made, [HOPPER, ASTRONAUT])
    assert OptOut.objects.get().state == OptOutState.CONFIRMED


def test_it_cannot_blind_an_enrolled_person(enrolled_alice: Enrolment, carol: User, dana: User) -> None:
    """Neither with the camera nor with photos and a member of staff: senior staff have the last word."""
    live = active_optout("mallory@example.org", ASTRONAUT)
    by_staff = assisted("trudy@example.org", ASTRONAUT)
    optout.approve(by_staff, carol, "Seemed right.")
    assert live.state == by_staff.state == OptOutState.CONTESTED
    assert not is_hidden(ASTRONAUT)
    with pytest.raises(optout.OptOutRefused):
        optout.approve(live, carol, "Seemed right.")
    optout.refuse(live, dana, "It is not her.")
    optout.approve(by_staff, dana, "It is Alice herself.")
    assert is_hidden(ASTRONAUT)
    assert by_staff.reason == "Seemed right.\nIt is Alice herself."


def test_a_consent_withdrawn_for_a_while_does_not_blind_either(enrolled_alice: Enrolment) -> None:
    consent.withdraw(enrolled_alice.subject.user, Purpose.MATCHING)
    assert active_optout("mallory@example.org", ASTRONAUT).state == OptOutState.CONTESTED


def test_ended_nothing_but_the_reference_is_left(db: None) -> None:
    made = active_optout("grace@example.org", HOPPER)
    optout.withdraw(optout.end_token(made))
    row = OptOut.objects.get()
    assert (row.state, bytes(row.sealed_template), bytes(row.sealed_email)) == (OptOutState.WITHDRAWN, b"", b"")
    assert not is_hidden(HOPPER)
    assert mail.outbox[-1].to == ["grace@example.org"]
    assert optout.withdraw(optout.end_token(made)).state == OptOutState.WITHDRAWN


def test_what_was_never_finished_and_what_ended_goes(carol: User) -> None:
    optout.request("pending@example.org")
    confirmed_optout("confirmed@example.org")
    kept = [assisted("assisted@example.org", HOPPER), active_optout("active@example.org", HOPPER)]
    ended = active_optout("ended@example.org", HOPPER)
    optout.withdraw(optout.end_token(ended))
    optout.refuse(assisted("refused@example.org", HOPPER), carol, "No answer.")
    assert optout.sweep() == 0
    OptOut.objects.update(created_at=timezone.now() - timedelta(days=3))
    assert optout.sweep() == 2
    OptOut.objects.exclude(withdrawn_at=None).update(withdrawn_at=timezone.now() - timedelta(days=31))
    assert optout.sweep() == 2
    assert set(OptOut.objects.all()) == set(kept)


def test_every_step_is_in_the_audit_trail_and_no_address(carol: User) -> None:
    made = assisted("grace@example.org", HOPPER)
    assert optout.address(made, carol) == "grace@example.org"
    optout.approve(made, carol, "Spoke with grace@example.org.")
    optout.withdraw(optout.end_token(made))
    events = AuditEvent.objects.filter(object_id=str(made.pk))
    assert [event.action for event in events] == [
        f"opt_out.{name}" for name in ("confirmed", "assisted", "address_shown", "active", "withdrawn")
    ]
    assert [event.actor for event in events] == [None, None, carol.pk, carol.pk, None]
    assert "grace" not in str(list(events.values_list("detail", flat=True)))
    assert audit.first_broken() is None


def test_the_opted_out_may_enrol_after_they_ended_it(alice: User) -> None:
    made = active_optout("alice@example.org", ASTRONAUT)
    (face,) = passed(ASTRONAUT).faces
    assert optout.bars_enrolment([face.embedding])
    optout.withdraw(optout.end_token(made))
    assert not optout.bars_enrolment([face.embedding])
    assert enrolment.current(alice) is None
