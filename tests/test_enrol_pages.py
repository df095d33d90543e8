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
from tests.matches import make_match
from tests.optouts import active_optout

SignIn = Callable[[User], Client]


def upload(data: bytes, name: str = "me.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="image/jpeg")


def answers(*files: SimpleUploadedFile, without: Sequence[str] = ()) -> dict[str, Any]:
    """A filled-in form: the two required consents, the declaration and these files."""
    filled = {"consent_matching": "on", "consent_crawl_watch": "on", "adult": "on", "photos": list(files)}
    return {name: value for name, value in filled.items() if name not in without}


def test_no_box_is_ticked_beforehand(alice: User, client_for: SignIn) -> None:
    page = client_for(alice).get("/enrol/").content.decode()
    assert page.count('type="checkbox"') >= len(Purpose) + 1
    assert " checked" not in page


def test_photos_and_consent_make_an_enrolment_that_waits(alice: User, client_for: SignIn) -> None:
    client = client_for(alice)
    response = client.post(
        "/enrol/",
        answers(upload(photos.jpeg(photos.astronaut())), upload(photos.jpeg(photos.mirrored(photos.astronaut())))),
        follow=True,
    )
    current = enrolment.current(alice)
    assert current is not None
    assert current.state == EnrolmentState.AWAITING_LIVENESS
    assert current.templates.count() == 2
    assert consent.given(alice) == {Purpose.MATCHING, Purpose.CRAWL_WATCH}
    assert "Waiting for the identity check" in response.content.decode()


@pytest.mark.parametrize("missing", ["consent_matching", "consent_crawl_watch", "adult", "photos"])
def test_what_is_needed_is_asked_for_and_the_rest_is_kept(alice: User, client_for: SignIn, missing: str) -> None:
    filled = answers(upload(photos.jpeg(photos.astronaut())), without=[missing])
    response = client_for(alice).post("/enrol/", filled)
    page = response.content.decode()
    assert response.status_code == 422
    assert "One thing to put right" in page
    assert page.count(" checked") == sum(value == "on" for value in filled.values())
    assert not Enrolment.objects.exists()
    assert not Consent.objects.exists()


def test_a_photo_without_a_face_is_named_and_nothing_is_left(alice: User, client_for: SignIn) -> None:
    wall = photos.jpeg(photos.astronaut()[:80, 300:400])
    files = [upload(photos.jpeg(photos.astronaut())), upload(wall, "wall.jpg")]
    response = client_for(alice).post("/enrol/", answers(*files))
    assert response.status_code == 422
    assert "“wall.jpg”" in response.content.decode()
    assert not Consent.objects.exists()
    assert not FaceTemplate.objects.exists()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([b"not a picture"], "“0.jpg”"),
        ([b""], "“0.jpg” is empty"),
        ([photos.jpeg(photos.group())], "several faces"),
        ([photos.jpeg(photos.astronaut()), photos.jpeg(photos.hopper())], "different people"),
        ([b"x"] * 6, "You chose 6 photos"),
        ([b"x" * (15 * 1024 * 1024 + 1)], "“0.jpg” is larger than 15 MB"),
    ],
)
def test_what_is_wrong_with_photos_is_said_clearly(
    alice: User, client_for: SignIn, settings: Any, files: list[bytes], words: str
) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 40 * 1024 * 1024
    uploads = [upload(data, f"{number}.jpg") for number, data in enumerate(files)]
    response = client_for(alice).post("/enrol/", answers(*uploads))
    assert response.status_code == 422
    assert words in response.content.decode()


def test_too_much_at_once_is_dropped_unread(alice: User, client_for: SignIn, settings: Any) -> None:
    settings.FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
    response = client_for(alice).post("/enrol/", answers(upload(b"x" * (3 * 1024 * 1024))))
    assert response.status_code == 422
    assert "more than 2 MB" in response.content.decode()


def test_uploads_never_touch_the_disk(settings: Any) -> None:
    assert settings.FILE_UPLOAD_HANDLERS == ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
    assert settings.FILE_UPLOAD_MAX_MEMORY_SIZE >= 15 * 1024 * 1024


def test_htmx_gets_the_form_again_and_a_redirect_at_the_end(alice: User, client_for: SignIn) -> None:
    client = client_for(alice)
    again = client.post("/enrol/", answers(), headers={"HX-Request": "true"})
    assert again.status_code == 422
    done = client.post("/enrol/", answers(upload(photos.jpeg(photos.astronaut()))), headers={"HX-Request": "true"})
    assert done.headers["HX-Redirect"] == "/enrol/"


def test_opted_out_and_taken_faces_are_refused_in_the_same_words(
    alice: User, bob: User, enrolled_alice: Enrolment, client_for: SignIn
) -> None:
    """Otherwise anybody with a photo of somebody could ask whether they are a customer, or opted out."""
    active_optout("someone@example.org", photos.jpeg(photos.hopper()))
    pages = []
    for picture in (photos.astronaut(), photos.hopper()):
        response = client_for(bob).post("/enrol/", answers(upload(photos.jpeg(picture))))
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


def test_staff_confirm_or_refuse_with_a_reason_and_see_no_photo(alice: User, carol: User, client_for: SignIn) -> None:
    client_for(alice).post("/enrol/", answers(upload(photos.jpeg(photos.astronaut()))))
    waiting = Enrolment.objects.get()
    console = client_for(carol)
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


def test_who_is_refused_can_start_again(alice: User, carol: User, client_for: SignIn) -> None:
    client_for(alice).post("/enrol/", answers(upload(photos.jpeg(photos.astronaut()))))
    waiting = Enrolment.objects.get()
    url = f"/console/enrolments/{waiting.pk}/attest/"
    client_for(carol).post(url, {"verdict": "refuse", "reason": "Did not answer."})
    assert not FaceTemplate.objects.exists()
    page = client_for(alice).get("/enrol/").content.decode()
    assert "could not confirm your identity" in page
    assert 'type="file"' in page
