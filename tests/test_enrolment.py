"""Enrolment: one adult person, one face, consent, a liveness check; refused whole or not at all."""

import pytest

from accounts import consent
from accounts.models import AuditEvent, DataKey, Purpose, User
from accounts.transitions import IllegalTransition
from search import enrolment, optout, probes
from search.enrolment import EnrolmentRefused
from search.models import Enrolment, FaceTemplate, Match, Subject
from search.states import EnrolmentState, LivenessState
from tests import photos
from tests.optouts import active_optout

ASTRONAUT = photos.jpeg(photos.astronaut())
OTHER_ASTRONAUT = photos.jpeg(photos.mirrored(photos.cropped(photos.astronaut())))
HOPPER = photos.jpeg(photos.hopper())
GROUP = photos.jpeg(photos.group())
PAIR = [ASTRONAUT, OTHER_ASTRONAUT]
NOBODY = photos.jpeg(photos.coffee())


@pytest.fixture
def consenting_alice(alice: User) -> User:
    consent.give(alice, Purpose)
    return alice


def refused(user: User, photos: list[bytes], adult: bool = True) -> str:
    with pytest.raises(EnrolmentRefused) as refusal:
        enrolment.enrol(user, photos, adult=adult)
    assert not FaceTemplate.objects.filter(enrolment__subject__user=user).exists()
    assert str(refusal.value).endswith(".")
    return refusal.value.code


def test_a_new_enrolment_waits_for_its_liveness_check(consenting_alice: User) -> None:
    enrolled = enrolment.enrol(consenting_alice, [ASTRONAUT, OTHER_ASTRONAUT], adult=True)
    assert enrolled.state == EnrolmentState.AWAITING_LIVENESS
    assert enrolled.templates.count() == 2
    assert enrolled.liveness_checks.get().state == LivenessState.PENDING


def test_attested_it_is_active_and_audited(consenting_alice: User, carol: User) -> None:
    enrolled = enrolment.enrol(consenting_alice, PAIR, adult=True)
    enrolment.attest(enrolled, carol, "Met in person.")
    enrolled.refresh_from_db()
    assert enrolled.state == EnrolmentState.ACTIVE
    assert AuditEvent.objects.filter(action="enrolment.active", actor=carol.pk, about=consenting_alice.pk).exists()
    with pytest.raises((IllegalTransition, Exception)):
        enrolment.attest(enrolled, carol, "Twice.")


def test_the_same_photo_twice_is_one_template(consenting_alice: User) -> None:
    assert refused(consenting_alice, [ASTRONAUT, ASTRONAUT]) == "too_few_photos"
    first = enrolment.enrol(consenting_alice, [*PAIR, ASTRONAUT], adult=True)
    second = enrolment.enrol(consenting_alice, PAIR, adult=True)
    assert first == second
    assert second.templates.count() == 2


def test_safeguard_01_one_photo_is_not_enough(consenting_alice: User) -> None:
    assert refused(consenting_alice, [ASTRONAUT]) == "too_few_photos"


def test_a_photo_of_somebody_else_cannot_be_added_later(consenting_alice: User) -> None:
    enrolled = enrolment.enrol(consenting_alice, PAIR, adult=True)
    with pytest.raises(EnrolmentRefused):
        enrolment.enrol(consenting_alice, [HOPPER], adult=True)
    assert enrolled.templates.count() == 2


def test_after_the_check_only_clearly_the_same_face_can_be_added(enrolled_alice: Enrolment) -> None:
    user = enrolled_alice.subject.user
    with pytest.raises(EnrolmentRefused) as refusal:
        enrolment.enrol(user, [HOPPER], adult=True)
    assert refusal.value.code == "needs_new_check"
    assert enrolment.enrol(user, [OTHER_ASTRONAUT], adult=True).templates.count() == 3


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ([NOBODY], "no_face"),
        ([GROUP], "several_faces"),
        ([ASTRONAUT, HOPPER], "different_people"),
        ([b""], "empty"),
        ([b"not a picture"], "not_a_picture"),
        ([ASTRONAUT[:2000]], "damaged"),
        ([], "photo_count"),
        ([ASTRONAUT] * 6, "photo_count"),
    ],
)
def test_bad_photos_leave_nothing_behind(consenting_alice: User, given: list[bytes], code: str) -> None:
    assert refused(consenting_alice, given) == code
    assert not Subject.objects.exists()


def test_children_are_not_enrolled(consenting_alice: User) -> None:
    assert refused(consenting_alice, [ASTRONAUT], adult=False) == "not_adult"


def test_without_consent_nothing_is_measured(alice: User) -> None:
    consent.give(alice, [Purpose.EVIDENCE])
    assert refused(alice, [ASTRONAUT]) == "no_consent"


def test_staff_cannot_enrol_with_their_staff_account(carol: User) -> None:
    consent.give(carol, Purpose)
    assert refused(carol, [ASTRONAUT]) == "not_a_subscriber"


def test_one_face_one_account(enrolled_alice: Enrolment, bob: User) -> None:
    consent.give(bob, Purpose)
    assert refused(bob, PAIR) == "already_enrolled"


def test_an_opted_out_face_cannot_be_enrolled_by_somebody_else(consenting_alice: User) -> None:
    active_optout("grace@example.org", HOPPER)
    assert refused(consenting_alice, photos.pair(HOPPER)) == "opted_out"


def test_only_staff_can_attest(consenting_alice: User, bob: User) -> None:
    enrolled = enrolment.enrol(consenting_alice, PAIR, adult=True)
    with pytest.raises(EnrolmentRefused):
        enrolment.attest(enrolled, bob, "It is her.")
    enrolled.refresh_from_db()
    assert enrolled.state == EnrolmentState.AWAITING_LIVENESS


def test_refusing_destroys_the_templates(consenting_alice: User, carol: User) -> None:
    enrolled = enrolment.enrol(consenting_alice, PAIR, adult=True)
    enrolment.refuse(enrolled, carol, "Nobody came.")
    assert not FaceTemplate.objects.exists()


def test_withdrawing_destroys_templates_and_undecided_matches(enrolled_alice: Enrolment) -> None:
    enrolment.withdraw(enrolled_alice)
    assert not FaceTemplate.objects.exists()
    assert not Match.objects.exists()
    assert enrolment.current(enrolled_alice.subject.user) is None


def test_templates_are_unreadable_without_the_persons_key(enrolled_alice: Enrolment) -> None:
    template = enrolled_alice.templates.all()[0]
    vector = probes.unsealed(template)
    assert vector.tobytes() not in bytes(template.sealed)
    DataKey.objects.all().delete()
    with pytest.raises(Exception, match="key"):
        probes.unsealed(template)
    assert probes.all_probes() == []


def test_an_optout_cannot_blind_an_enrolled_person(enrolled_alice: Enrolment) -> None:
    held = active_optout("mallory@example.org", OTHER_ASTRONAUT)
    assert held.state == "contested"
    assert not optout.is_hidden(probes.probe_of(enrolled_alice).vector)
