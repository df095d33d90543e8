"""Accounts: made with a code by mail, opened with a password or a code, and silent about who has one."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from accounts.models import User
from tests.signing_in import PASSWORD, mailed_code, signed_in

pytestmark = pytest.mark.django_db

NEW = {"email": "new@example.org", "password1": "another long passphrase", "adult": "on", "region": "US-IL"}


@pytest.fixture
def known(alice: User) -> User:
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    return alice


def test_an_account_opens_when_the_mailed_code_is_typed_in(client: Client) -> None:
    answer = client.post("/account/signup/", NEW)
    assert answer.headers["Location"] == "/account/confirm-email/"
    assert not signed_in(client)
    done = client.post("/account/confirm-email/", {"code": mailed_code("new@example.org")})
    assert done.status_code == 302
    assert signed_in(client)
    made = User.objects.get(email="new@example.org")
    assert made.adult_declared_at is not None
    assert made.region == "US-IL"
    assert made.password.startswith("argon2")


def test_a_wrong_code_opens_nothing(client: Client) -> None:
    client.post("/account/signup/", NEW)
    right = mailed_code("new@example.org")
    answer = client.post("/account/confirm-email/", {"code": "WRONG" if right != "WRONG" else "OTHER"})
    assert "This code is not right" in answer.content.decode()
    assert not signed_in(client)


def test_safeguard_06_nobody_under_18_makes_an_account(client: Client) -> None:
    answer = client.post("/account/signup/", {**NEW, "adult": ""})
    assert "Accounts are for people of 18 or older" in answer.content.decode()
    assert 'value="new@example.org"' in answer.content.decode()
    assert not User.objects.filter(email="new@example.org").exists()


def test_a_code_by_mail_signs_in(known: User, client: Client) -> None:
    client.post("/account/login/code/", {"email": known.email})
    client.post("/account/login/code/confirm/", {"code": mailed_code(known.email)})
    assert signed_in(client)


@pytest.mark.parametrize(
    ("url", "more"),
    [
        ("/account/login/code/", {}),
        ("/account/password/reset/", {}),
        ("/account/signup/", {"password1": "another long passphrase", "adult": "on"}),
    ],
)
def test_promise_34_no_form_tells_who_has_an_account(known: User, url: str, more: dict[str, str]) -> None:
    answers = []
    for email in (known.email, "nobody@example.org"):
        client = Client()
        first = client.post(url, {"email": email, **more})
        then = client.get(first.headers["Location"])
        answers.append((first.headers["Location"], then.content.decode().replace(email, "").replace(_token(then), "")))
    assert answers[0] == answers[1]


def _token(answer: Any) -> str:
    found: str = answer.context["csrf_token"]
    return str(found)


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(known: User) -> None:
    said = []
    for email in (known.email, "nobody@example.org"):
        answer = Client().post("/account/login/", {"login": email, "password": "not the passphrase"})
        said.append("The address or the password is not right." in answer.content.decode())
    assert said == [True, True]


def test_a_new_password_signs_everybody_else_out(known: User, client_for: Any, client: Client) -> None:
    thief = client_for(known)
    assert signed_in(thief)
    client.post("/account/password/reset/", {"email": known.email})
    client.post("/account/password/reset/confirm/", {"code": mailed_code(known.email)})
    chosen = {"password1": "a quite different one", "password2": "a quite different one"}
    client.post("/account/password/reset/complete/", chosen)
    assert not signed_in(thief)
    known.refresh_from_db()
    assert known.check_password("a quite different one")
    assert "password of" in mail.outbox[-1].body or "new password was chosen" in mail.outbox[-1].body


def test_guessing_passwords_ends_soon(known: User, client: Client) -> None:
    for _ in range(6):
        answer = client.post("/account/login/", {"login": known.email, "password": "a guess"})
    assert "too many tries" in answer.content.decode()
    right = Client().post("/account/login/", {"login": known.email, "password": PASSWORD})
    assert right.status_code == 200
