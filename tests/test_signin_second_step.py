"""The second step: an app, recovery codes, and that staff have one."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import mail
from django.db import connection
from django.test import Client

from accounts.models import Role, User
from accounts.security import factors
from tests.signing_in import PASSWORD, again, app_code, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def known(alice: User) -> User:
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    return alice


def test_with_an_app_the_password_alone_does_not_sign_in(known: User, client: Client) -> None:
    secret = factors.add_totp(known)
    client.post("/account/login/", {"login": known.email, "password": PASSWORD})
    assert not signed_in(client)
    client.post("/account/2fa/authenticate/", {"code": "000000" if app_code(secret) != "000000" else "111111"})
    assert not signed_in(client)
    client.post("/account/2fa/authenticate/", {"code": app_code(secret)})
    assert signed_in(client)


def test_a_recovery_code_signs_in_once(known: User) -> None:
    factors.add_totp(known)
    code = factors.add_recovery_codes(known)[0]
    for once in (True, False):
        client = Client()
        client.post("/account/login/", {"login": known.email, "password": PASSWORD})
        client.post("/account/2fa/authenticate/", {"code": code})
        assert signed_in(client) is once


def test_an_app_is_set_up_and_the_codes_are_shown_once(known: User, client_for: Any) -> None:
    client = client_for(known)
    asked = client.get("/account/2fa/totp/activate/")
    assert asked.headers["Location"].startswith("/account/reauthenticate/")
    again(client)
    secret = client.get("/account/2fa/totp/activate/").context["form"].secret
    done = client.post("/account/2fa/totp/activate/", {"code": app_code(secret)}, follow=True)
    shown = re.findall(r"<li>(\w{8}|\w{4}-?\w{4})</li>", done.content.decode())
    assert len(shown) == 10
    later = client.get("/account/2fa/recovery-codes/").content.decode()
    assert not any(code in later for code in shown)


def test_secrets_are_sealed_in_the_database(known: User) -> None:
    secret = factors.add_totp(known)
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator")
        assert secret not in str(cursor.fetchall())


def test_promise_28_staff_without_a_second_factor_see_nothing_but_the_way_to_one(client_for: Any) -> None:
    newcomer = User.objects.create_user("eve@example.org", PASSWORD, role=Role.SENIOR_STAFF)
    client = client_for(newcomer)
    for url in ("/console/", "/console/enrolments/", "/console/locks/", "/console/restricted/"):
        assert client.get(url).headers["Location"] == "/account/second-factor/", url
        assert client.post(url).status_code in {302, 405}, url
    assert "Set up a second step" in client.get("/account/second-factor/").content.decode()
    factors.add_totp(newcomer)
    assert client.get("/console/").status_code == 200


def test_staff_cannot_remove_their_last_second_factor(carol: User, client_for: Any) -> None:
    EmailAddress.objects.create(user=carol, email=carol.email, verified=True, primary=True)
    client = client_for(carol)
    again(client)
    answer = client.post("/account/2fa/totp/deactivate/")
    assert "Staff need a second factor" in answer.content.decode()
    assert factors.has_second_factor(carol)


def test_a_subscriber_can_remove_theirs(known: User, client_for: Any) -> None:
    factors.add_totp(known)
    client = client_for(known)
    again(client)
    client.post("/account/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(user=known).exists()
    assert "was removed" in mail.outbox[-1].body
