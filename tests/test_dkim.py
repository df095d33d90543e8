"""Our mails are signed so that whoever gets them can tell: through a real mail server, checked as others check."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError

from accounts import checks, dkim, mailing
from accounts.mailing import Mail, PlainMail
from accounts.models import User
from accounts.security.adapters import AccountAdapter
from alerts import unsubscribing
from demo.mail import MailSink
from tests.letters_out import mail_sink


def pem(bits: int = 2048) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(scope="module")
def key() -> str:
    return pem()


@pytest.fixture
def sink(settings: Any, key: str, tmp_path: Path) -> Iterator[MailSink]:
    settings.DKIM_KEY, settings.DKIM_SELECTOR = key, "faceward"
    settings.DEFAULT_FROM_EMAIL = "Faceward <hello@faceward.example>"
    with mail_sink(settings) as running:
        running._folder = tmp_path / "mails"
        yield running


def raw(sink: MailSink) -> bytes:
    (path,) = (sink._folder or Path()).glob("*.eml")
    return path.read_bytes()


def dns(name: bytes, timeout: int = 5) -> bytes:
    """A DNS that has the one record that `manage.py dkim_dns` says it must have."""
    wanted, text = dkim.dns_record()
    return text.encode() if name.decode().rstrip(".") == wanted else b""


def holds(message: bytes) -> bool:
    return bool(dkimpy.verify(message, dnsfunc=dns))


def digest_mail(user: User, body: str = "Zwei Bilder, die Sie vielleicht zeigen: schön. " * 40) -> Mail:
    made = Mail(
        "Etwas Neues für Sie",
        body,
        "bounces+token@faceward.example",
        [user.email],
        headers={
            "From": "Faceward <hello@faceward.example>",
            "Message-ID": "<alert.1@faceward.example>",
            **unsubscribing.headers(user),
        },
    )
    made.attach_alternative(f"<p>{body}</p>\n.\nFrom here on", "text/html")
    return made


def test_a_mail_that_arrived_unchanged_verifies(alice: User, sink: MailSink) -> None:
    digest_mail(alice).send()
    assert holds(raw(sink))
    assert b"d=faceward.example" in raw(sink)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Subject:", b"Subject: Not"),
        (b"\r\n\r\n--", b"\r\n\r\nMore.\r\n--"),
        (b"/mail/stop/", b"/mail/stop/x"),
        (b"To: alice", b"To: bob"),
        (b"Message-ID: <alert.1@", b"Message-ID: <alert.2@"),
        (b"MIME-Version", b"From: other@faceward.example\r\nMIME-Version"),
        (b"MIME-Version", b"List-Unsubscribe: <https://bad.example/>\r\nMIME-Version"),
        (b"MIME-Version", b"Reply-To: other@bad.example\r\nMIME-Version"),
    ],
    ids=["subject", "body", "link", "to", "id", "second-from", "second-link", "reply-to"],
)
def test_a_change_of_what_people_trust_is_noticed(alice: User, sink: MailSink, old: bytes, new: bytes) -> None:
    digest_mail(alice).send()
    whole = raw(sink)
    assert old in whole
    assert not holds(whole.replace(old, new, 1))


def test_the_button_that_stops_mail_is_part_of_what_is_signed(alice: User, sink: MailSink) -> None:
    digest_mail(alice).send()
    (delivery,) = sink.deliveries
    signature = str(delivery.message["DKIM-Signature"]).lower()
    for name in ("from", "to", "subject", "date", "message-id", "list-unsubscribe", "list-unsubscribe-post"):
        assert name in signature.replace(" ", "").partition("h=")[2].partition(";")[0].split(":"), name


def test_nothing_on_the_way_has_to_be_rewritten(alice: User, sink: MailSink) -> None:
    digest_mail(alice).send()
    assert raw(sink).isascii()
    (delivery,) = sink.deliveries
    text = delivery.message.get_body(("plain",))
    assert text is not None and "schön" in text.get_content()


def test_mail_with_an_attachment_and_mail_of_the_sign_in_are_signed_too(
    alice: User, sink: MailSink, rf: Any, tmp_path: Path
) -> None:
    receipt = PlainMail("Your receipt", "Text", to=[alice.email])
    receipt.attach("receipt.json", json.dumps({"a": "é" * 300}), "application/json")
    receipt.send()
    context = {"code": "123456", "user": alice, "request": rf.get("/")}
    AccountAdapter().render_mail("account/email/email_confirmation", alice.email, context).send()
    for path in sorted((tmp_path / "mails").glob("*.eml")):
        assert holds(path.read_bytes()), path


def test_a_mail_of_others_code_keeps_all_it_had(alice: User) -> None:
    message = EmailMessage("One", "<p>Two</p>", "a@b.example", [alice.email], headers={"X-A": "b"})
    message.content_subtype = "html"
    made = mailing.signed(message).message()
    assert (made["X-A"], made.get_content_type(), made["From"]) == ("b", "text/html", "a@b.example")


def test_without_a_key_nothing_is_signed(alice: User, settings: Any) -> None:
    settings.DKIM_KEY = ""
    assert "DKIM-Signature" not in digest_mail(alice).message()


def test_a_key_that_is_gone_does_not_keep_mail_back(alice: User, settings: Any, caplog: Any) -> None:
    settings.DKIM_KEY = "/no/such/file.pem"
    assert "DKIM-Signature" not in digest_mail(alice).message()
    assert "could not be signed" in caplog.text


def test_the_key_may_be_in_a_file_or_in_one_line(alice: User, sink: MailSink, settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "dkim.pem"
    path.write_text(settings.DKIM_KEY)
    same = dkim.private_pem(settings.DKIM_KEY)
    assert dkim.private_pem(str(path)) == same
    assert dkim.private_pem(settings.DKIM_KEY.replace("\n", "\\n")) == same


def edwards() -> str:
    key = ed25519.Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    ("made", "selector", "expected"),
    [
        (lambda: "", "faceward", []),
        (pem, "faceward", []),
        (lambda: pem(1024), "faceward", ["accounts.W004"]),
        (edwards, "faceward", ["accounts.E013"]),
        (lambda: "-----BEGIN NOTHING-----", "faceward", ["accounts.E013"]),
        (lambda: "/no/such/file", "faceward", ["accounts.E013"]),
        (pem, "", ["accounts.E013"]),
        (pem, "two words", ["accounts.E013"]),
    ],
    ids=["none", "good", "short", "other-kind", "broken", "missing", "no-selector", "bad-selector"],
)
def test_a_key_that_cannot_sign_is_found_at_the_start(
    settings: Any, made: Callable[[], str], selector: str, expected: list[str]
) -> None:
    settings.DKIM_KEY, settings.DKIM_SELECTOR = made(), selector
    assert [problem.id for problem in checks.signatures_that_hold(None)] == expected
    assert all(
        settings.DKIM_KEY[:40] not in str(problem) or not settings.DKIM_KEY
        for problem in checks.signatures_that_hold(None)
    )


def test_the_command_prints_the_record(db: None, settings: Any, key: str, capsys: Any) -> None:
    settings.DKIM_KEY, settings.DKIM_SELECTOR = key, "autumn"
    settings.DEFAULT_FROM_EMAIL = "Faceward <hello@faceward.example>"
    call_command("dkim_dns", "--json")
    shown = json.loads(capsys.readouterr().out)
    assert shown["name"] == "autumn._domainkey.faceward.example"
    assert shown["text"].startswith("v=DKIM1; k=rsa; p=MII")
    assert "PRIVATE" not in str(shown)


@pytest.mark.parametrize("setting", ["", "/no/such/file"])
def test_the_command_says_why_it_cannot(db: None, settings: Any, setting: str) -> None:
    settings.DKIM_KEY = setting
    with pytest.raises((CommandError, SystemCheckError)):
        call_command("dkim_dns")
