"""Mails become requests: once each, with the right request, and without harm from what anybody may send."""

from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from accounts.models import DataRequest, User
from accounts.states import RequestState
from accounts.tickets import inbox, mail_text, sealed, tickets
from accounts.tickets.mailboxes import MailboxTrouble, mailbox
from tests.imap_server import imap_server

ERIN = "erin@example.org"


def letter(body: str = "Please tell me what you hold.", **headers: str) -> EmailMessage:
    made = EmailMessage()
    made["From"] = headers.pop("sender", f"Erin <{ERIN}>")
    made["To"] = "privacy@faceward.example"
    made["Subject"] = headers.pop("subject", "My data")
    made["Message-ID"] = headers.pop("message_id", "<one@example.org>")
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(body)
    return made


def raw(body: str = "Please tell me what you hold.", **headers: str) -> bytes:
    return letter(body, **headers).as_bytes()


def said(request: DataRequest) -> list[str]:
    return [sealed.text_of(message).strip() for message in request.messages.all()]


# --- What becomes of a mail --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_mail_opens_a_request_and_is_answered_with_the_receipt() -> None:
    assert inbox.take(raw()) == "opened"
    request = DataRequest.objects.get()
    assert request.channel == "email" and request.user is None
    assert tickets.address_of(request) == ERIN
    assert said(request) == ["My data\n\nPlease tell me what you hold."]
    assert mail.outbox[0].to == [ERIN] and request.reference in mail.outbox[0].subject


@pytest.mark.django_db
def test_the_same_mail_twice_counts_once() -> None:
    assert [inbox.take(raw()), inbox.take(raw())] == ["opened", "duplicate"]
    without_id = raw().replace(b"Message-ID: <one@example.org>\n", b"")
    assert [inbox.take(without_id), inbox.take(without_id)] == ["opened", "duplicate"]


@pytest.mark.django_db
@pytest.mark.parametrize("by", ["subject", "In_Reply_To", "References"])
def test_an_answer_goes_to_its_request(carol: User, by: str) -> None:
    inbox.take(raw())
    request = DataRequest.objects.get()
    tickets.reply(request, carol, "Who are you?", wait=True)
    ours = mail.outbox[-1].extra_headers["Message-ID"]
    value = f"Re: x [{request.reference.lower()}]" if by == "subject" else f"<other@example.org> {ours}"
    assert inbox.take(raw("I am Erin.", message_id="<two@example.org>", **{by: value})) == "added"
    request.refresh_from_db()
    assert said(request)[-1] == "I am Erin." and request.state == RequestState.IN_PROGRESS


@pytest.mark.django_db
def test_a_reference_is_no_proof_somebody_else_s_mail_opens_a_request_of_its_own() -> None:
    inbox.take(raw())
    request = DataRequest.objects.get()
    forged = raw("Send it to me.", sender="mallory@example.net", subject=request.reference, message_id="<m@x>")
    assert inbox.take(forged) == "opened"
    assert len(said(request)) == 1
    assert mail.outbox[-1].to == ["mallory@example.net"]


@pytest.mark.django_db
def test_a_mail_is_never_linked_to_an_account_as_senders_can_be_invented(alice: User) -> None:
    inbox.take(raw(sender=alice.email))
    assert DataRequest.objects.get().user is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; x=y"},
        {"Precedence": "bulk"},
        {"X_Autoreply": "yes"},
        {"Return_Path": "<>"},
        {"sender": "Faceward <hello@localhost>"},
    ],
)
def test_what_machines_send_is_left_alone(headers: dict[str, str]) -> None:
    assert inbox.take(raw(**headers)) == "automatic"
    assert not DataRequest.objects.exists() and not mail.outbox


@pytest.mark.django_db
def test_a_mailing_list_before_our_own_mailbox_hides_nobody() -> None:
    assert inbox.take(raw(Precedence="list", List_Id="<privacy.faceward.example>")) == "opened"


@pytest.mark.django_db
def test_our_own_alarm_does_not_come_back_as_a_request(settings: Any) -> None:
    request = tickets.open_ticket("access", email=ERIN, body="Words.")
    tickets.post.to_office("deadline", {"record": request, "kind": "x", "what": "y", "late": True})
    assert inbox.take(mail.outbox[-1].message().as_bytes()) == "automatic"


@pytest.mark.django_db
def test_one_sender_cannot_fill_the_queue() -> None:
    outcomes = [inbox.take(raw(message_id=f"<{number}@x>")) for number in range(25)]
    assert outcomes.count("opened") == 20 and outcomes[-1] == "limited"


# --- Hostile mail ------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_attachments_are_counted_and_not_kept() -> None:
    made = letter()
    made.add_attachment(b"\xff\xd8 a photo", maintype="image", subtype="jpeg", filename="me.jpg")
    made.add_attachment("Words in a file.", filename="letter.txt")
    assert inbox.take(made.as_bytes()) == "opened"
    (text,) = said(DataRequest.objects.get())
    assert text.endswith("(2 attachments were not kept.)") and "file" not in text


def test_html_is_read_as_words() -> None:
    made = letter()
    made.set_content(
        "<html><head><title>no</title><style>p {}</style></head><body><p>Hello <b>you</b></p>"
        "<script>evil()</script><!-- hidden --><div>Line<br>two</div><img src='https://track.example/x'></body></html>",
        subtype="html",
    )
    assert mail_text.read(made.as_bytes()).text.split() == ["Hello", "you", "Line", "two"]


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"Content-Type: text/plain; charset=no-such-thing", b"words"),
        (b"Content-Type: text/plain; charset=punycode", b"words-" + b"z" * 100_000),
        (b"Content-Type: text/plain; charset=zlib", b"words"),
        (b"Content-Transfer-Encoding: base64", b"!!!words"),
        (b"Content-Type: multipart/mixed", b"words"),
        (b"Content-Type: multipart/mixed; boundary=a", b"--a\n" * 5000 + b"words"),
        (b"Content-Type: text/html", b"<" * 100_000 + b"words"),
        (b"Content-Type: text/html", b"<div>" * 50_000 + b"words"),
        (b"Content-Type: \xff\xfe;;;=", b"\x00words\xff"),
        (b"Subject: =?utf-8?q?=00=ff?= =?x?b?!!?=", b"words"),
        (b"References: " + b"<a@b> " * 50_000, b"words"),
    ],
)
def test_what_is_made_to_break_a_reader_does_not(head: bytes, body: bytes) -> None:
    try:
        found = mail_text.read(b"From: erin@example.org\n" + head + b"\n\n" + body)
    except mail_text.Unreadable:
        return
    assert found.sender == ERIN and len(found.text) <= 200_000
    assert "\0" not in found.text + found.subject and len(found.answers) <= 50


def test_mails_in_mails_in_mails_have_an_end() -> None:
    nested = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (depth, depth) for depth in range(3000)
    )
    with suppress(mail_text.Unreadable):
        mail_text.read(b"From: erin@example.org\n" + nested)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sender", ["", "nobody", "<>", "a@b@c", "erin@example.org\u0000.evil", "x" * 300 + "@example.org"]
)
def test_without_an_address_to_answer_nothing_is_taken(sender: str) -> None:
    data = raw().replace(b"Erin <erin@example.org>", sender.encode())
    assert inbox.take(data) in {"no_sender", "unreadable", "automatic"}
    assert not mail.outbox


# --- Mailboxes ---------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.PRIVACY_INBOX_URL = f"maildrop://{tmp_path}"
    return tmp_path


@pytest.mark.django_db
def test_a_folder_is_emptied_of_what_was_taken_and_keeps_the_rest(folder: Path, capsys: Any) -> None:
    (folder / "1.eml").write_bytes(raw())
    (folder / "2.eml").write_bytes(raw(message_id="<x@y>", Auto_Submitted="auto-replied"))
    (folder / "3.tmp").write_bytes(raw(message_id="<half@written>"))
    (folder / "4.eml").symlink_to(folder / "3.tmp")
    call_command("inbox")
    assert "opened" in capsys.readouterr().out
    assert sorted(path.name for path in folder.iterdir()) == ["2.left", "3.tmp", "4.eml"]
    assert inbox.read_inbox() == {}


@pytest.mark.django_db
def test_of_a_huge_mail_the_beginning_is_read(folder: Path) -> None:
    (folder / "1.eml").write_bytes(raw() + b"x" * (2 * mail_text.MAX_MAIL))
    assert inbox.read_inbox() == {"opened": 1}
    (text,) = said(DataRequest.objects.get())
    assert text.startswith("My data") and len(text) <= sealed.MAX_BODY


@pytest.mark.django_db
@pytest.mark.parametrize("uidplus", [True, False])
def test_an_imap_mailbox_is_read(settings: Any, uidplus: bool) -> None:
    with imap_server() as box:
        settings.PRIVACY_INBOX_URL, box.uidplus = box.url, uidplus
        taken = box.put(raw())
        left = box.put(raw(message_id="<x@y>", Auto_Submitted="auto-replied"))
        assert inbox.read_inbox() == {"opened": 1, "automatic": 1}
        assert box.flags[left] == {"Faceward"}
        assert (taken not in box.mails) if uidplus else ("\\Deleted" in box.flags[taken])
        assert inbox.read_inbox() == {}


@pytest.mark.django_db
def test_a_wrong_password_is_said_without_the_password(settings: Any) -> None:
    with imap_server() as box:
        settings.PRIVACY_INBOX_URL = box.url.replace("secret", "wrong")
        with pytest.raises(CommandError, match="cannot be opened") as error:
            call_command("inbox")
    assert "wrong" not in str(error.value)


@pytest.mark.parametrize("url", ["imap://user:pass@mail.example/INBOX", "http://mail.example/", "pop3://x/"])
def test_no_password_goes_out_unencrypted(url: str) -> None:
    with pytest.raises(MailboxTrouble, match="imaps"):
        mailbox(url)


@pytest.mark.django_db
def test_without_a_mailbox_the_command_says_so() -> None:
    with pytest.raises(CommandError, match="PRIVACY_INBOX_URL"):
        call_command("inbox")
