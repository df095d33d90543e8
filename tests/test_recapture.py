"""After a change of the face model each person is asked once for new photos, and checked again by a person."""

from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts import consent
from accounts.models import AuditEvent, Purpose, User
from search import enrolment, faces, matching, probes, recapture
from search.enrolment import EnrolmentRefused
from search.models import Enrolment, FaceTemplate, Match
from search.states import EnrolmentState
from tests import switch
from tests.live_checks import passed
from tests.matches import make_match
from tests.sites import serve
from tests.switch import ALICE, GRACE, MALLORY

SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _first_model(settings: Any) -> None:
    settings.FACE_MODEL, settings.FACE_MODEL_BEFORE = switch.pack(1), ""


@pytest.fixture
def enrolled(alice: User, carol: User) -> Enrolment:
    """Alice, active with the first model."""
    return _enrol(alice, carol, ALICE)


def _enrol(user: User, staff: User, person: int) -> Enrolment:
    consent.give(user, Purpose)
    made = enrolment.enrol(user, switch.pair(person), adult=True)
    enrolment.attest(made, staff, "Met in person.")
    made.refresh_from_db()
    return made


@pytest.fixture
def changed(enrolled: Enrolment, settings: Any) -> Enrolment:
    """Alice, active, after the change."""
    settings.FACE_MODEL = switch.pack(2)
    return enrolled


def upload(person: int) -> dict[str, Any]:
    files = [SimpleUploadedFile("me.png", photo, content_type="image/png") for photo in switch.pair(person)]
    return {"photos": files}


def test_each_person_is_asked_once_in_plain_words(changed: Enrolment) -> None:
    assert [recapture.ask(), recapture.ask()] == [1, 0]
    (message,) = mail.outbox
    assert message.to == [changed.subject.user.email]
    assert "/enrol/" in message.body
    assert "face" not in message.subject.lower()
    assert not message.attachments
    changed.refresh_from_db()
    assert changed.recapture_asked_at is not None


def test_without_a_change_nobody_is_asked(enrolled: Enrolment) -> None:
    assert not recapture.needed(enrolled)
    assert recapture.ask() == 0


def test_a_mail_that_did_not_go_out_is_sent_the_next_time(changed: Enrolment) -> None:
    with mock.patch("search.recapture.EmailMultiAlternatives.send", side_effect=ConnectionError):
        assert recapture.ask() == 0
    with (
        mock.patch("search.recapture.EmailMultiAlternatives.send", side_effect=SystemExit),
        pytest.raises(SystemExit),
    ):
        recapture.ask()
    assert recapture.ask() == 1


def test_who_withdrew_consent_is_not_asked(changed: Enrolment) -> None:
    consent.withdraw(changed.subject.user, Purpose.MATCHING)
    assert recapture.ask() == 0


def test_a_change_undone_and_made_again_asks_again(changed: Enrolment, settings: Any) -> None:
    recapture.ask()
    settings.FACE_MODEL = switch.pack(1)
    assert recapture.ask() == 0
    assert probes.probe_of(changed)
    settings.FACE_MODEL = switch.pack(2)
    assert recapture.ask() == 1


def test_new_photos_need_a_new_check(changed: Enrolment, carol: User) -> None:
    again = enrolment.enrol(changed.subject.user, switch.pair(ALICE, copy=10), adult=True)
    assert again == changed
    assert again.state == EnrolmentState.AWAITING_LIVENESS
    assert again.model_id == faces.model().model_id
    assert {template.model_id for template in again.templates.all()} == {again.model_id}
    assert AuditEvent.objects.filter(action="enrolment.renewed").exists()
    assert not recapture.needed(again)
    enrolment.attest(again, carol, "Met again.")
    assert probes.probe_of(again)
    assert again.liveness_checks.count() == 2


def test_a_stolen_session_cannot_search_for_a_stranger(
    changed: Enrolment, web_picture: Callable[[int], object]
) -> None:
    """The photo of anybody is taken, as nothing tells it from the old ones, but it opens no search."""
    web_picture(MALLORY)
    enrolment.enrol(changed.subject.user, switch.pair(MALLORY), adult=True)
    enrolment.enrol(changed.subject.user, switch.pair(MALLORY, copy=20), adult=True)
    with pytest.raises(probes.NotAProbe, match="awaiting"):
        matching.backward(changed)
    web_picture(MALLORY)
    matching.forward()
    assert probes.all_probes() == []
    assert not Match.objects.exists()
    assert changed.liveness_checks.filter(state="pending").count() == 1


@pytest.fixture
def web_picture() -> Any:
    with serve({}) as site:
        copies = iter(range(60, 128))

        def put(person: int) -> object:
            copy = next(copies)
            return switch.crawled(site, f"/{copy}.png", switch.photo(person, copy=copy))

        yield put


def test_the_very_same_photo_serves_again(changed: Enrolment) -> None:
    enrolment.enrol(changed.subject.user, switch.pair(ALICE), adult=True)
    assert {template.model_id for template in changed.templates.all()} == {faces.model().model_id}


def test_bad_new_photos_change_nothing(changed: Enrolment) -> None:
    before = set(FaceTemplate.objects.values_list("pk", flat=True))
    for given in ([b"no picture"], [switch.photo(ALICE), switch.photo(GRACE)]):
        with pytest.raises(EnrolmentRefused):
            enrolment.enrol(changed.subject.user, given, adult=True)
    changed.refresh_from_db()
    assert changed.state == EnrolmentState.ACTIVE
    assert set(FaceTemplate.objects.values_list("pk", flat=True)) == before


def test_who_was_never_checked_cannot_be_attested_with_old_templates(
    alice: User, carol: User, settings: Any, client_for: SignIn
) -> None:
    consent.give(alice, Purpose)
    waiting = enrolment.enrol(alice, switch.pair(ALICE), adult=True)
    settings.FACE_MODEL = switch.pack(2)
    with pytest.raises(EnrolmentRefused, match="new photos"):
        enrolment.attest(waiting, carol, "Met in person.")
    url = f"/console/enrolments/{waiting.pk}/attest/"
    page = client_for(carol).post(url, {"verdict": "attest", "reason": "Met."}, follow=True)
    assert "new photos" in page.content.decode()
    assert recapture.ask() == 1
    enrolment.attest(enrolment.enrol(alice, switch.pair(ALICE), adult=True), carol, "Met in person.")


def test_faces_of_two_models_are_never_compared(changed: Enrolment, bob: User, settings: Any) -> None:
    consent.give(bob, Purpose)
    assert enrolment.enrol(bob, switch.pair(GRACE), adult=True)


def test_one_face_one_account_holds_with_the_earlier_engine(changed: Enrolment, bob: User, settings: Any) -> None:
    settings.FACE_MODEL_BEFORE = switch.pack(1)
    consent.give(bob, Purpose)
    with pytest.raises(EnrolmentRefused) as refusal:
        enrolment.enrol(bob, switch.pair(ALICE, copy=50), adult=True)
    assert refusal.value.code == "already_enrolled"
    assert enrolment.enrol(bob, switch.pair(GRACE), adult=True)


# --- Pages -----------------------------------------------------------------------------------------------


def test_the_portal_says_what_changed_and_what_stays(changed: Enrolment, client_for: SignIn) -> None:
    client = client_for(changed.subject.user)
    for url in ("/dashboard/", "/enrol/", "/matches/"):
        page = client.get(url).content.decode()
        assert "We need new photos of you" in page
        assert "Until you give us new" in page
    assert "your cases go on" in client.get("/dashboard/").content.decode()
    make_match(changed.subject)
    page = client.get("/dashboard/").content.decode()
    assert "1 picture to look at" in page
    assert "Give us new photos" in page


def test_without_a_camera_new_photos_are_given_on_the_page_and_the_wait_begins(
    changed: Enrolment, client_for: SignIn, carol: User
) -> None:
    client = client_for(changed.subject.user)
    page = client.get("/enrol/").content.decode()
    assert "consent_matching" not in page
    client.post("/enrol/without-a-camera/")
    assert client.post("/enrol/photos/").status_code == 422
    page = client.post("/enrol/photos/", upload(ALICE), follow=True).content.decode()
    assert "Waiting for the identity check" in page
    console = client_for(carol)
    assert changed.subject.user.email in console.get("/console/enrolments/").content.decode()
    assert "Confirmed before" in console.get(f"/console/enrolments/{changed.pk}/attest/").content.decode()
    console.post(f"/console/enrolments/{changed.pk}/attest/", {"verdict": "attest", "reason": "Video call."})
    assert "Active" in client.get("/enrol/").content.decode()


def test_with_a_camera_a_new_live_check_and_new_photos_open_the_search(changed: Enrolment) -> None:
    user = changed.subject.user
    enrolment.live_passed(user, passed(switch.photo(ALICE, copy=30)))
    with pytest.raises(probes.NotAProbe):
        probes.probe_of(changed)
    enrolment.add_photos(user, switch.pair(ALICE, copy=40))
    assert probes.probe_of(changed)


def test_an_engine_that_cannot_be_used_is_said_calmly(alice: User, client_for: SignIn, settings: Any) -> None:
    settings.FACE_MODEL = "insightface:/no/such/folder"
    filled = {"consent_matching": "on", "consent_crawl_watch": "on", "adult": "on"}
    response = client_for(alice).post("/enrol/", filled)
    assert response.status_code == 422
    assert "We cannot measure photos just now" in response.content.decode()
