"""A mail service hands mail over: signed, in time, not too large, and as often as it likes."""

import time
from typing import Any

import pytest
from django.test import Client

from accounts import hooks
from accounts.models import User
from takedowns.mail import inbox
from takedowns.models import Communication, Notice, OrphanMail
from tests import letters_in

URL, SECRET = "/hooks/mail/", "a secret"


@pytest.fixture
def notice(alice: User, settings: Any) -> Notice:
    settings.NOTICES_WEBHOOK_SECRET = SECRET
    return letters_in.sent_to(letters_in.case_of(alice))


def hand_over(body: bytes, *, secret: str = SECRET, later: float = 0, **headers: str) -> tuple[int, str]:
    """`later` is by how many seconds the sender's clock is ahead of ours."""
    timestamp = str(int(time.time() + later))
    signed = {"X-Faceward-Timestamp": timestamp, "X-Faceward-Signature": hooks.signature(secret, timestamp, body)}
    # A browser that does check forms, as the service has none of our tokens.
    client = Client(enforce_csrf_checks=True)
    answer = client.post(URL, body, content_type="message/rfc822", headers={**signed, **headers})
    return answer.status_code, answer.content.decode()


def test_a_signed_mail_is_taken_once(notice: Notice) -> None:
    mail = letters_in.answer(notice, "Hello.")
    assert hand_over(mail) == (200, "filed")
    assert hand_over(mail) == (200, "duplicate")
    assert Communication.objects.filter(direction="in").count() == 1


def test_a_mail_without_a_case_is_taken_too(notice: Notice) -> None:
    assert hand_over(letters_in.raw("Whose?")) == (200, "orphan")
    assert hand_over(b"") == (200, "orphan")


@pytest.mark.parametrize(
    ("how", "headers"),
    [
        ({"secret": "another"}, {}),
        ({"later": -361}, {}),
        ({"later": 361}, {}),
        ({}, {"X-Faceward-Signature": ""}),
        ({}, {"X-Faceward-Signature": "sha256="}),
        ({}, {"X-Faceward-Signature": "sha256=\u00e9"}),
        ({}, {"X-Faceward-Timestamp": ""}),
        ({}, {"X-Faceward-Timestamp": "\u0661"}),
        ({}, {"X-Faceward-Timestamp": "9" * 400}),
        ({}, {"X-Faceward-Timestamp": "-1"}),
    ],
    ids=["secret", "late", "early", "none", "empty", "odd", "no-time", "other-digits", "long", "negative"],
)
def test_what_is_not_signed_is_not_looked_at(notice: Notice, how: dict[str, Any], headers: dict[str, str]) -> None:
    assert hand_over(letters_in.raw("Whose?"), **how, **headers) == (403, "not signed")
    assert not OrphanMail.objects.exists()


def test_a_signature_is_for_one_body_and_one_time(notice: Notice) -> None:
    now = str(int(time.time()))
    signature = hooks.signature(SECRET, now, b"another body")
    assert hand_over(b"body", **{"X-Faceward-Signature": signature})[0] == 403
    assert hooks.signature(SECRET, now, b"x") != hooks.signature(SECRET, now + "1", b"x")


def test_without_a_secret_there_is_no_such_address(notice: Notice, settings: Any) -> None:
    settings.NOTICES_WEBHOOK_SECRET = ""
    assert hand_over(b"body", secret="")[0] == 404


def test_only_a_post_is_taken(notice: Notice) -> None:
    assert Client().get(URL).status_code == 405


def test_too_large_a_mail_is_not_read(notice: Notice) -> None:
    assert hand_over(b"x" * (512 * 1024 + 1)) == (413, "too large")
    assert hand_over(letters_in.raw("x " * 200_000)) == (200, "orphan")


def test_whoever_cannot_sign_has_few_tries_and_keeps_nobody_out(notice: Notice, monkeypatch: Any) -> None:
    monkeypatch.setattr(hooks, "_WRONG", 2)
    assert [hand_over(b"x", secret="wrong")[0] for _ in range(4)] == [403, 403, 429, 429]
    assert hand_over(letters_in.answer(notice, "Hello.")) == (200, "filed")


def test_there_is_an_end_to_what_is_taken_at_once(notice: Notice, monkeypatch: Any) -> None:
    monkeypatch.setattr(hooks, "_PER_MINUTE", 1)
    assert [hand_over(letters_in.answer(notice, "x"))[0] for _ in range(2)] == [200, 429]


def test_what_is_limited_is_to_be_sent_again(notice: Notice, monkeypatch: Any) -> None:
    monkeypatch.setattr(inbox, "_PER_CASE", 1)
    assert [hand_over(letters_in.answer(notice, "x"))[0] for _ in range(2)] == [200, 429]
