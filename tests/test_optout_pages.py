"""The opt-out pages: three steps without an account, and no word about whether a face was ever seen."""

from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from search.models import Enrolment, OptOut
from search.states import OptOutState
from tests import photos
from tests.optouts import mailed_token


def ask(client: Client, email: str = "someone@example.org", photo: bytes | None = None) -> int:
    data = photo if photo is not None else photos.jpeg(photos.hopper())
    file = SimpleUploadedFile("me.jpg", data, content_type="image/jpeg")
    return client.post("/opt-out/", {"email": email, "photo": file}).status_code


def test_three_steps_lead_to_a_receipt(db: None, client: Client) -> None:
    assert ask(client) == 302
    link = f"/opt-out/confirm/{mailed_token()}/"
    # A mail scanner opens links; that alone confirms nothing.
    assert "Confirm" in client.get(link).content.decode()
    assert OptOut.objects.get().state == OptOutState.PENDING
    receipt = client.post(link, follow=True).content.decode()
    optout = OptOut.objects.get()
    assert optout.state == OptOutState.ACTIVE
    assert optout.reference in receipt
    assert len(mail.outbox) == 2


def test_it_can_be_ended_with_the_link_in_the_receipt(db: None, client: Client) -> None:
    ask(client)
    client.post(f"/opt-out/confirm/{mailed_token()}/")
    link = f"/opt-out/withdraw/{mailed_token()}/"
    assert client.get(link).status_code == 200
    assert OptOut.objects.get().state == OptOutState.ACTIVE
    assert "has ended" in client.post(link, follow=True).content.decode()
    assert OptOut.objects.get().state == OptOutState.WITHDRAWN


def test_no_page_or_mail_tells_whether_the_face_was_found(client: Client, enrolled_alice: Enrolment) -> None:
    """Word for word the same for a stranger's face and for that of somebody whom we look for."""
    seen = []
    for photo in (photos.jpeg(photos.hopper()), photos.jpeg(photos.astronaut())):
        mail.outbox.clear()
        answer = client.post(
            "/opt-out/",
            {"email": "someone@example.org", "photo": SimpleUploadedFile("me.jpg", photo)},
            follow=True,
        )
        pages = [answer, client.post(f"/opt-out/confirm/{mailed_token(0)}/", follow=True)]
        optout = OptOut.objects.latest("created_at")
        texts = [page.content.decode() for page in pages] + [str(message.body) for message in mail.outbox]
        seen.append([_without_what_differs(text, optout) for text in texts])
    assert seen[0] == seen[1]


def _without_what_differs(text: str, optout: OptOut) -> list[str]:
    """The words, without the reference, the moment and links with tokens."""
    words = text.replace(optout.reference, "").split()
    return [word for word in words if "csrf" not in word and "/opt-out/" not in word and "datetime=" not in word]


def test_bad_links_say_so(db: None, client: Client) -> None:
    ask(client)
    token = mailed_token()
    for link in (f"/opt-out/confirm/{token}x/", f"/opt-out/withdraw/{token}/", "/opt-out/confirm/nonsense/"):
        for response in (client.get(link), client.post(link)):
            assert response.status_code == 404
            assert "This link does not work" in response.content.decode()


def test_what_is_wrong_is_said_by_the_field_and_the_address_is_kept(db: None, client: Client) -> None:
    wall = SimpleUploadedFile("wall.jpg", photos.jpeg(photos.astronaut()[:80, 300:400]))
    response = client.post("/opt-out/", {"email": "someone@example.org", "photo": wall})
    page = response.content.decode()
    assert response.status_code == 422
    assert "could not find a face" in page
    assert 'value="someone@example.org"' in page
    assert client.post("/opt-out/", {"email": "no address"}).status_code == 422
    assert not OptOut.objects.exists()
    assert not mail.outbox


def test_one_place_may_not_ask_without_end(db: None, client: Client) -> None:
    statuses = [ask(client, photo=b"no picture") for _ in range(11)]
    assert statuses == [422] * 10 + [429]
    assert Client(REMOTE_ADDR="198.51.100.7").post("/opt-out/", {}).status_code == 422
