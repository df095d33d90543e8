"""Enrolment by the live check: the face before the camera, then photos of the same face, and nothing before both."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import consent
from accounts.models import AccountLock, AuditEvent, Purpose, User
from search import ages, enrolment, ingest, live, presence, probes
from search.enrolment import EnrolmentRefused, Stage
from search.models import AgeStop, Enrolment, FaceTemplate, LivenessCheck, LiveSession, Match
from tests import photos
from tests.fetched import fetched
from tests.live_checks import enrolled_with_camera, passed
from tests.optouts import active_optout

ASTRONAUT, HOPPER = photos.jpeg(photos.astronaut()), photos.jpeg(photos.hopper())
ASTRONAUTS, HOPPERS = photos.pair(photos.astronaut()), photos.pair(photos.hopper())


@pytest.fixture
def begun(alice: User) -> Enrolment:
    consent.give(alice, Purpose)
    return enrolment.begin(alice, adult=True)


def code_of(act: object, *arguments: object) -> str:
    with pytest.raises(EnrolmentRefused) as refusal:
        act(*arguments)  # type: ignore[operator]
    return refusal.value.code


def test_safeguard_01_active_only_after_the_live_check_and_two_photos(alice: User, begun: Enrolment) -> None:
    fetched(photos.jpeg(photos.mirrored(photos.astronaut())), "copy.jpg")
    ingest.ingest_waiting()
    assert enrolment.stage(begun) == Stage.LIVE_CHECK
    assert code_of(enrolment.add_photos, alice, ASTRONAUTS) == "live_check_first"
    enrolment.live_passed(alice, passed(ASTRONAUT))
    assert enrolment.stage(begun) == Stage.PHOTOS
    assert code_of(enrolment.add_photos, alice, ASTRONAUTS[:1]) == "too_few_photos"
    assert not Match.objects.exists()
    with pytest.raises(probes.NotAProbe):
        probes.probe_of(begun)
    done = enrolment.add_photos(alice, ASTRONAUTS)
    assert enrolment.stage(done) == Stage.ACTIVE
    assert probes.probe_of(done)
    assert Match.objects.filter(subject=done.subject).count() == 1
    check = done.liveness_checks.get()
    assert (check.method, check.state, check.attested_by) == (LivenessCheck.Method.CAMERA, "passed", None)


def test_safeguard_03_photos_must_show_the_live_face(alice: User, begun: Enrolment) -> None:
    enrolment.live_passed(alice, passed(ASTRONAUT))
    for given in (HOPPERS, [ASTRONAUTS[0], HOPPERS[0]]):
        assert code_of(enrolment.add_photos, alice, given) == "not_the_live_face"
    assert not FaceTemplate.objects.filter(origin=FaceTemplate.Origin.PHOTO).exists()


def test_safeguard_03_a_face_that_is_taken_or_opted_out_ends_at_the_live_check(
    bob: User, enrolled_alice: Enrolment
) -> None:
    consent.give(bob, Purpose)
    enrolment.begin(bob, adult=True)
    active_optout("grace@example.org", HOPPER)
    assert code_of(enrolment.live_passed, bob, passed(ASTRONAUT)) == "already_enrolled"
    assert code_of(enrolment.live_passed, bob, passed(HOPPER)) == "opted_out"
    assert not FaceTemplate.objects.filter(enrolment__subject__user=bob).exists()


def test_safeguard_06_who_looks_like_a_minor_is_stopped(alice: User, begun: Enrolment) -> None:
    with pytest.raises(ages.ApparentMinor):
        enrolment.live_passed(alice, passed(ASTRONAUT, under_18=0.9))
    assert AgeStop.objects.get().user == alice
    with pytest.raises(ages.ApparentMinor):
        enrolment.live_passed(alice, passed(ASTRONAUT))
    assert not FaceTemplate.objects.exists()


def test_another_face_at_the_next_check_is_refused_and_then_a_person_looks(alice: User, begun: Enrolment) -> None:
    enrolment.live_passed(alice, passed(ASTRONAUT))
    for _ in range(3):
        assert code_of(enrolment.live_passed, alice, passed(HOPPER)) == "another_live_face"
    assert AccountLock.objects.get(user=alice).code == "different_faces"


def test_many_photos_of_others_and_a_person_looks(alice: User, begun: Enrolment) -> None:
    enrolment.live_passed(alice, passed(ASTRONAUT))
    for _ in range(6):
        assert code_of(enrolment.add_photos, alice, HOPPERS) == "not_the_live_face"
    assert AccountLock.objects.get(user=alice).code == "photos_of_others"


def test_without_a_camera_a_member_of_staff_decides(alice: User, carol: User, begun: Enrolment) -> None:
    enrolment.ask_for_assistance(alice)
    assert enrolment.stage(begun) == Stage.PHOTOS
    assert code_of(enrolment.attest, begun, carol, "Met.") == "needs_new_photos"
    enrolment.add_photos(alice, ASTRONAUTS)
    assert enrolment.stage(begun) == Stage.STAFF
    enrolment.attest(begun, carol, "Met.")
    assert probes.probe_of(begun)


def test_a_camera_found_later_ends_the_wait_for_staff(alice: User, begun: Enrolment) -> None:
    enrolment.ask_for_assistance(alice)
    enrolment.add_photos(alice, ASTRONAUTS)
    assert code_of(enrolment.live_passed, alice, passed(HOPPER)) == "not_the_live_face"
    done = enrolment.live_passed(alice, passed(ASTRONAUT))
    assert enrolment.stage(done) == Stage.ACTIVE
    assert done.liveness_checks.get().method == LivenessCheck.Method.CAMERA


def test_safeguard_02_a_photo_that_differs_needs_a_fresh_check(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    done = enrolled_with_camera(alice, photos.astronaut())
    # Her own photo, but as far from the others as an old one would be.
    monkeypatch.setattr("search.same_face.same_person_threshold", lambda compared, model_id="": 0.999)
    other = photos.jpeg(photos.mirrored(photos.cropped(photos.astronaut())))
    assert code_of(enrolment.add_photos, alice, [other]) == "needs_new_check"
    session = live.begin(live.Purpose.PRESENCE, user=alice, client="192.0.2.1")
    LiveSession.objects.filter(pk=session.pk).update(state="passed", decided_at=timezone.now())
    assert code_of(enrolment.add_photos, alice, HOPPERS) == "different_people"
    enrolment.add_photos(alice, [other])
    assert done.templates.filter(origin=FaceTemplate.Origin.PHOTO).count() == 3


def test_a_fresh_check_is_soon_stale(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    enrolled_with_camera(alice, photos.astronaut())
    monkeypatch.setattr("search.same_face.same_person_threshold", lambda compared, model_id="": 0.999)
    session = live.begin(live.Purpose.PRESENCE, user=alice, client="192.0.2.1")
    before = timezone.now() - enrolment.FRESH - timedelta(seconds=1)
    LiveSession.objects.filter(pk=session.pk).update(state="passed", decided_at=before)
    other = photos.jpeg(photos.mirrored(photos.cropped(photos.astronaut())))
    assert code_of(enrolment.add_photos, alice, [other]) == "needs_new_check"


def test_safeguard_02_presence_is_of_the_enrolled_face(alice: User) -> None:
    enrolled_with_camera(alice, photos.astronaut())
    with pytest.raises(live.NotTaken):
        presence.live_passed(alice, passed(HOPPER))
    presence.live_passed(alice, passed(ASTRONAUT))
    assert AuditEvent.objects.filter(action="presence.confirmed", about=alice.pk).exists()


def test_safeguard_11_new_photos_are_capped_by_day(alice: User) -> None:
    enrolled_with_camera(alice, photos.astronaut())
    copies = [photos.jpeg(photos.astronaut(), 60 + number) for number in range(9)]
    enrolment.add_photos(alice, copies[:5])
    enrolment.add_photos(alice, copies[5:8])
    assert code_of(enrolment.add_photos, alice, copies[8:]) == "too_many_today"


def test_what_nobody_finishes_goes_after_a_month(alice: User, begun: Enrolment) -> None:
    enrolment.live_passed(alice, passed(ASTRONAUT))
    before = timezone.now() - timedelta(days=enrolment.UNFINISHED_DAYS + 1)
    Enrolment.objects.update(created_at=before)
    assert enrolment.sweep_unfinished() == 0
    FaceTemplate.objects.update(created_at=before)
    assert enrolment.sweep_unfinished() == 1
    assert not FaceTemplate.objects.exists()
    assert enrolment.current(alice) is None


def test_where_it_is_not_offered_nobody_is_enrolled(alice: User, settings: object) -> None:
    settings.NOT_OFFERED_IN = ["US-IL"]  # type: ignore[attr-defined]
    alice.region = "US-IL"
    alice.save()
    consent.give(alice, Purpose)
    assert code_of(lambda: enrolment.begin(alice, adult=True)) == "not_offered"
