"""Enrolment in the portal: consent, photos, the wait for the identity check, and the way out."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts import consent
from accounts.models import Consent, Purpose, User
from search import enrolment
from search.models import Enrolment, FaceTemplate, Match
from search.states import EnrolmentState
from tests import photos
from tests.live_checks import enrolled_with_camera, passed
from tests.matches import make_match
from tests.optouts import active_optout

SignIn = Callable[[User], Client]


PAIR = photos.pair(photos.astronaut())


def upload(data: bytes, name: str = "me.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="image/jpeg")


def answers(*, without: Sequence[str] = ()) -> dict[str, Any]:
    """The first step, filled in: the two required consents and the declaration."""
    filled = {"consent_matching": "on", "consent_crawl_watch": "on", "adult": "on"}
    return {name: value for name, value in filled.items() if name not in without}


def given(*files: bytes) -> dict[str, Any]:
    return {"photos": [upload(data, f"{number}.jpg") for number, data in enumerate(files)]}


@pytest.fixture
def at_photos(alice: User, client_for: SignIn) -> Client:
    """Alice's browser, after her consent and her live check."""
    client = client_for(alice)
    client.post("/enrol/", answers())
    enrolment.live_passed(alice, passed(PAIR[0]))
    return client


@pytest.fixture
def assisted(alice: User, client_for: SignIn) -> Client:
    """Alice's browser, on the way without a camera."""
    client = client_for(alice)
    client.post("/enrol/", answers())
    client.post("/enrol/without-a-camera/")
    return client


# --- What somebody agrees to -----------------------------------------------------------------------------------


def test_no_box_is_ticked_beforehand(alice: User, client_for: SignIn) -> None:
    page = client_for(alice).get("/enrol/").content.decode()
    assert page.count('type="checkbox"') >= len(Purpose) + 1
    assert " checked" not in page
    assert 'type="file"' not in page


def test_promise_43_the_card_before_the_first_picture_is_made_of_the_configuration(
    alice: User, client_for: SignIn, settings: Any
) -> None:
    settings.PROCESSORS = "Example Hosting|Runs our computers|DE"
    settings.PRIVACY_EMAIL = "privacy@example.org"
    page = client_for(alice).get("/enrol/").content.decode()
    card = page.split('id="photo-card"')[1].split("</section>")[0]
    for words in ("Example Hosting (DE)", "privacy@example.org", "sface", "They are never stored", "Nobody."):
        assert words in card


def test_consent_leads_to_the_live_check_and_no_further(alice: User, client_for: SignIn) -> None:
    client = client_for(alice)
    response = client.post("/enrol/", answers(), follow=True)
    assert response.redirect_chain[-1][0] == "/enrol/live/?for=enrol"
    assert consent.given(alice) == {Purpose.MATCHING, Purpose.CRAWL_WATCH}
    assert client.get("/enrol/photos/", follow=True).redirect_chain[-1][0] == "/enrol/live/?for=enrol"
    assert client.post("/enrol/photos/", given(*PAIR)).status_code == 302
    assert not FaceTemplate.objects.exists()


@pytest.mark.parametrize("missing", ["consent_matching", "consent_crawl_watch", "adult"])
def test_what_is_needed_is_asked_for_and_the_rest_is_kept(alice: User, client_for: SignIn, missing: str) -> None:
    filled = answers(without=[missing])
    response = client_for(alice).post("/enrol/", filled)
    page = response.content.decode()
    assert response.status_code == 422
    assert "One thing to put right" in page
    assert page.count(" checked") == len(filled)
    assert not Enrolment.objects.exists()
    assert not Consent.objects.exists()


def test_where_it_is_not_offered_the_page_says_so(alice: User, client_for: SignIn, settings: Any) -> None:
    settings.NOT_OFFERED_IN = ["US-IL"]
    alice.region = "US-IL"
    alice.save()
    page = client_for(alice).get("/enrol/").content.decode()
    assert "We do not offer this where you live" in page
    assert 'type="checkbox"' not in page


# --- Photos ------------------------------------------------------------------------------------------------------


def test_photos_of_the_live_face_make_it_active(alice: User, at_photos: Client) -> None:
    response = at_photos.post("/enrol/photos/", given(*PAIR), follow=True)
    page = response.content.decode()
    assert "Active" in page
    assert "by your live check" in page
    current = enrolment.current(alice)
    assert current
    assert current.state == EnrolmentState.ACTIVE


def test_a_photo_without_a_face_is_named_and_nothing_is_left(at_photos: Client) -> None:
    wall = photos.jpeg(photos.astronaut()[:80, 300:400])
    files = {"photos": [upload(PAIR[0]), upload(wall, "wall.jpg")]}
    response = at_photos.post("/enrol/photos/", files)
    assert response.status_code == 422
    assert "“wall.jpg”" in response.content.decode()
    assert not FaceTemplate.objects.filter(origin="photo").exists()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "Please choose your photos"),
        ([b"not a picture", PAIR[0]], "“0.jpg”"),
        ([b"", PAIR[0]], "“0.jpg” is empty"),
        ([PAIR[0]], "You chose one photo"),
        ([PAIR[0], photos.jpeg(photos.group())], "several faces"),
        ([PAIR[0], photos.jpeg(photos.hopper())], "“1.jpg”: this does not look like the person of the live check"),
        ([b"x"] * 6, "You chose 6 photos"),
        ([PAIR[0], b"x" * (15 * 1024 * 1024 + 1)], "“1.jpg” is larger than 15 MB"),
    ],
)
def test_what_is_wrong_with_photos_is_said_clearly(
    at_photos: Client, settings: Any, files: list[bytes], words: str
) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 40 * 1024 * 1024
    response = at_photos.post("/enrol/photos/", given(*files))
    assert response.status_code == 422
    assert words in response.content.decode()


def test_too_much_at_once_is_dropped_unread(at_photos: Client, settings: Any) -> None:
    settings.FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
    response = at_photos.post("/enrol/photos/", given(b"x" * (3 * 1024 * 1024)))
    assert response.status_code == 422
    assert "more than 2 MB" in response.content.decode()


def test_a_photo_that_differs_leads_to_a_live_check_and_back(
    alice: User, client_for: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrolled_with_camera(alice, photos.astronaut())
    monkeypatch.setattr("search.same_face.same_person_threshold", lambda compared, model_id="": 0.999)
    other = photos.jpeg(photos.mirrored(photos.cropped(photos.astronaut())))
    page = client_for(alice).post("/enrol/photos/", given(other)).content.decode()
    assert "/enrol/live/?for=presence&amp;next=%2Fenrol%2Fphotos%2F" in page


def test_uploads_never_touch_the_disk(settings: Any) -> None:
    assert settings.FILE_UPLOAD_HANDLERS == ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
    assert settings.FILE_UPLOAD_MAX_MEMORY_SIZE >= 15 * 1024 * 1024


def test_htmx_gets_the_form_again_and_a_redirect_at_the_end(at_photos: Client) -> None:
    again = at_photos.post("/enrol/photos/", {}, headers={"HX-Request": "true"})
    assert again.status_code == 422
    done = at_photos.post("/enrol/photos/", given(*PAIR), headers={"HX-Request": "true"})
    assert done.headers["HX-Redirect"] == "/enrol/"


def test_opted_out_and_taken_faces_are_refused_in_the_same_words(
    bob: User, enrolled_alice: Enrolment, client_for: SignIn
) -> None:
    """Otherwise anybody with a photo of somebody could ask whether they are a customer, or opted out."""
    active_optout("someone@example.org", photos.jpeg(photos.hopper()))
    client, pages = client_for(bob), []
    client.post("/enrol/", answers())
    client.post("/enrol/without-a-camera/")
    for picture in (photos.astronaut(), photos.hopper()):
        response = client.post("/enrol/photos/", given(*photos.pair(picture)))
        assert response.status_code == 422
        pages.append(response.content.decode().split("data-error-summary")[1].split("</ul>")[0])
    assert pages[0] == pages[1]
    assert "A person has to look at this" in pages[0]


def test_trying_many_times_has_to_wait(alice: User, client_for: SignIn) -> None:
    client = client_for(alice)
    statuses = [client.post("/enrol/", {}).status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]


def test_who_is_enrolled_sees_where_they_stand(alice: User, enrolled_alice: Enrolment, client_for: SignIn) -> None:
    page = client_for(alice).get("/enrol/").content.decode()
    assert "Active" in page
    assert 'type="file"' not in page


def test_withdrawing_asks_for_the_word_and_says_what_is_lost(
    alice: User, enrolled_alice: Enrolment, client_for: SignIn
) -> None:
    make_match(enrolled_alice.subject)
    client = client_for(alice)
    assert "1 picture that you have not looked at" in client.get("/enrol/withdraw/").content.decode()
    assert client.post("/enrol/withdraw/", {"word": "yes"}).status_code == 422
    assert enrolment.current(alice) is not None
    client.post("/enrol/withdraw/", {"word": "Withdraw"})
    assert enrolment.current(alice) is None
    assert not FaceTemplate.objects.exists()
    assert not Match.objects.exists()


def test_consents_are_given_and_withdrawn_each_on_its_own(
    alice: User, enrolled_alice: Enrolment, client_for: SignIn
) -> None:
    client = client_for(alice)
    assert client.get("/consents/").content.decode().count(" checked") == len(Purpose)
    client.post("/consents/", {"consent_matching": "on", "consent_crawl_watch": "on"})
    assert consent.given(alice) == consent.REQUIRED
    page = client.post("/consents/", {"consent_crawl_watch": "on"}, follow=True).content.decode()
    assert "We have stopped comparing your face" in page
    assert "Paused" in client.get("/enrol/").content.decode()


def test_staff_confirm_or_refuse_with_a_reason_and_see_no_photo(
    alice: User, carol: User, assisted: Client, client_for: SignIn
) -> None:
    console = client_for(carol)
    assert alice.email not in console.get("/console/enrolments/").content.decode()
    page = assisted.post("/enrol/photos/", given(*PAIR), follow=True).content.decode()
    assert "Waiting for the identity check" in page
    waiting = Enrolment.objects.get()
    page = console.get("/console/enrolments/").content.decode()
    assert alice.email in page
    assert "<img" not in page
    url = f"/console/enrolments/{waiting.pk}/attest/"
    assert console.post(url, {"verdict": "attest", "reason": ""}).status_code == 422
    waiting.refresh_from_db()
    assert waiting.state == EnrolmentState.AWAITING_LIVENESS
    console.post(url, {"verdict": "attest", "reason": "Video call on 3 May."})
    waiting.refresh_from_db()
    assert waiting.state == EnrolmentState.ACTIVE
    assert waiting.liveness_checks.get().reason == "Video call on 3 May."
    assert console.post(url, {"verdict": "refuse", "reason": "Late."}).status_code == 404


def test_who_is_refused_can_start_again(carol: User, assisted: Client, client_for: SignIn) -> None:
    assisted.post("/enrol/photos/", given(*PAIR))
    url = f"/console/enrolments/{Enrolment.objects.get().pk}/attest/"
    client_for(carol).post(url, {"verdict": "refuse", "reason": "Did not answer."})
    assert not FaceTemplate.objects.exists()
    page = assisted.get("/enrol/").content.decode()
    assert "could not confirm your identity" in page
    assert "Agree, and go on" in page
