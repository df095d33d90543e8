"""The opt-out pages: three steps without an account, and no word about whether a face was ever seen."""

import re

import pytest
import time_machine
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from search import optout
from search.models import Enrolment, OptOut
from search.states import OptOutState
from tests import photos
from tests.optouts import active_optout, confirmed_optout, mailed_token, passed

HOPPER, ASTRONAUT = photos.jpeg(photos.hopper()), photos.jpeg(photos.astronaut())


def ask(client: Client, email: str = "someone@example.org") -> int:
    return client.post("/opt-out/", {"email": email}).status_code


def upload(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("me.jpg", data, content_type="image/jpeg")


def test_a_mailed_link_leads_to_the_live_check(db: None, client: Client) -> None:
    assert ask(client) == 302
    link = f"/opt-out/confirm/{mailed_token()}/"
    # A mail scanner opens links; that alone confirms nothing.
    assert "go on" in client.get(link).content.decode()
    assert OptOut.objects.get().state == OptOutState.PENDING
    page = client.post(link, follow=True)
    assert page.redirect_chain[-1][0].endswith("/check/")
    made = OptOut.objects.get()
    assert (made.state, bytes(made.sealed_template)) == (OptOutState.CONFIRMED, b"")
    # The same link later goes on where they are.
    assert client.get(link, follow=True).redirect_chain[-1][0].endswith("/check/")


def test_the_receipt_is_on_the_page_and_in_the_mail(db: None, client: Client) -> None:
    made = active_optout("someone@example.org", HOPPER)
    assert len(mail.outbox) == 2
    receipt = client.get(f"/opt-out/yours/{mailed_token()}/").content.decode()
    assert made.reference in receipt
    assert made.reference in str(mail.outbox[1].body)


def test_it_can_be_ended_with_the_link_in_the_receipt(db: None, client: Client) -> None:
    made = active_optout("someone@example.org", HOPPER)
    link = str(mail.outbox[-1].body).split("/opt-out/withdraw/")[1].split("/")[0]
    assert client.get(f"/opt-out/withdraw/{link}/").status_code == 200
    made.refresh_from_db()
    assert made.state == OptOutState.ACTIVE
    page = client.post(f"/opt-out/withdraw/{link}/", follow=True).content.decode()
    made.refresh_from_db()
    assert "has ended" in page
    assert made.state == OptOutState.WITHDRAWN


def test_without_a_camera_photos_go_to_a_person(db: None, client: Client) -> None:
    made = confirmed_optout("someone@example.org")
    page = f"/opt-out/yours/{optout.yours(made)}/"
    answer = client.post(f"{page}no-camera/", {"photos": upload(HOPPER)}, follow=True)
    made.refresh_from_db()
    assert made.state == OptOutState.ASSISTED
    assert "Nothing is in effect yet" in answer.content.decode()
    assert mail.outbox[-1].to == ["someone@example.org"]


@pytest.mark.parametrize("page", ["no-camera", "test"])
def test_what_is_wrong_with_a_photo_is_said_by_the_field(db: None, client: Client, page: str) -> None:
    made = confirmed_optout("someone@example.org") if page == "no-camera" else active_optout("a@example.org", HOPPER)
    wall = upload(photos.jpeg(photos.astronaut()[:80, 300:400]))
    url = f"/opt-out/yours/{optout.yours(made)}/{page}/"
    for data, words in (({"photos": wall}, "could not find a face"), ({}, "choose a photo")):
        answer = client.post(url, data)
        assert answer.status_code == 422
        assert words in answer.content.decode()


def test_a_test_says_what_the_three_checks_answered(db: None, client: Client) -> None:
    made = active_optout("someone@example.org", HOPPER)
    url = f"/opt-out/yours/{optout.yours(made)}/test/"
    other = upload(photos.jpeg(photos.cropped(photos.hopper(), 0.1, 0, 0.9, 0.8)))
    assert "It works" in client.post(url, {"photos": other}, follow=True).content.decode()
    somebody = client.post(url, {"photos": upload(ASTRONAUT)}, follow=True).content.decode()
    assert "Not this face" in somebody


@time_machine.travel(timezone.now(), tick=False)  # the pages say when it was
def test_no_page_or_mail_tells_whether_the_face_was_found(client: Client, enrolled_alice: Enrolment) -> None:
    """Word for word the same for a stranger's face and for that of somebody whom we look for."""
    seen, states = [], []
    for photo in (HOPPER, ASTRONAUT):
        mail.outbox.clear()
        made = active_optout("someone@example.org", photo)
        states.append(made.state)
        token = mailed_token()
        pages = [client.get(f"/opt-out/yours/{token}/{page}") for page in ("", "check/", "no-camera/", "test/")]
        pages.append(client.post(f"/opt-out/yours/{token}/test/", {"photos": upload(photo)}, follow=True))
        pages.append(client.post(f"/opt-out/withdraw/{optout.end_token(made)}/", follow=True))
        texts = [page.content.decode() for page in pages] + [str(message.body) for message in mail.outbox]
        seen.append([_without_what_differs(text, made) for text in texts])
        assert len(seen[-1]) == 9
    assert states == [OptOutState.ACTIVE, OptOutState.CONTESTED]
    assert seen[0] == seen[1]


def _without_what_differs(text: str, made: OptOut) -> list[str]:
    """The words, without the reference, the moment and links with tokens."""
    words = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text.replace(made.reference, "")).split()
    return [word for word in words if not any(part in word for part in ("/opt-out/", "datetime=", "title="))]


def test_bad_links_say_so(db: None, client: Client) -> None:
    ask(client)
    token = mailed_token()
    for link in (f"/opt-out/confirm/{token}x/", f"/opt-out/withdraw/{token}/", f"/opt-out/yours/{token}/"):
        for response in (client.get(link), client.post(link)):
            assert response.status_code == 404
            assert "This link does not work" in response.content.decode()


def test_an_address_that_is_none_is_said_by_the_field(db: None, client: Client) -> None:
    response = client.post("/opt-out/", {"email": "no address"})
    assert response.status_code == 422
    assert 'value="no address"' in response.content.decode()
    assert not OptOut.objects.exists()


def test_one_place_may_not_ask_without_end(db: None, client: Client) -> None:
    statuses = [ask(client, f"someone{number}@example.org") for number in range(11)]
    assert statuses == [302] * 10 + [429]
    assert Client(REMOTE_ADDR="198.51.100.7").post("/opt-out/", {}).status_code == 422


def test_nobodys_mailbox_is_filled(db: None) -> None:
    places = [Client(REMOTE_ADDR=f"198.51.100.{number}") for number in range(11)]
    assert [ask(place) for place in places] == [302] * 10 + [422]
    assert len(mail.outbox) == 10


def test_a_check_that_was_passed_twice_changes_nothing(db: None) -> None:
    made = active_optout("someone@example.org", HOPPER)
    with pytest.raises(optout.OptOutRefused):
        optout.live_passed(made, passed(ASTRONAUT))
