"""The pages for signing in keep the rules that all pages keep, and look like ours."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.models import User
from accounts.security import factors
from tests.html import Page
from tests.signing_in import PASSWORD, again

pytestmark = pytest.mark.django_db

OUTSIDE = [
    "/account/login/",
    "/account/login/code/",
    "/account/signup/",
    "/account/signup/passkey/",
    "/account/password/reset/",
]
INSIDE = [
    "/account/security/",
    "/account/details/",
    "/account/email/",
    "/account/password/change/",
    "/account/sessions/",
    "/account/logout/",
    "/account/2fa/totp/activate/",
    "/account/2fa/recovery-codes/",
    "/account/2fa/recovery-codes/generate/",
    "/account/2fa/webauthn/",
    "/account/2fa/webauthn/add/",
]


def check(url: str, answer: Any) -> None:
    assert answer.status_code == 200, url
    page = Page(answer.content.decode())
    # What a page hands to our script is data, which no browser runs.
    data = [tag for tag in page.all("script") if tag.attributes.get("type") == "application/json"]
    assert len(page.inline()) == len(data), url
    assert len(page.all("h1")) == len(page.all("main")) == 1, url
    assert page.unlabelled() == [], url
    assert len([tag for tag in page.tags if tag.has_class("btn-primary")]) <= 1, url
    assert answer.templates[0].origin.name.find("site-packages") < 0, f"{url} is not drawn by a template of ours"


@pytest.fixture
def member(alice: User, client_for: Any) -> Client:
    """With a password that was just given again, and recovery codes."""
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    client: Client = client_for(alice)
    again(client)
    return client


@pytest.mark.parametrize("url", OUTSIDE)
def test_before_signing_in(client: Client, url: str) -> None:
    check(url, client.get(url))


def test_while_signed_in(member: Client, alice: User) -> None:
    factors.add_recovery_codes(alice)
    for url in INSIDE:
        check(url, member.get(url))


def test_with_everything_set_up(member: Client, alice: User) -> None:
    factors.add_totp(alice)
    key = Authenticator.objects.create(user=alice, type=Authenticator.Type.WEBAUTHN, data={"name": "Blue key"})
    for url in ("/account/security/", "/account/2fa/webauthn/", "/account/2fa/totp/deactivate/"):
        check(url, member.get(url))
    for act in ("edit", "remove"):
        check(act, member.get(f"/account/2fa/webauthn/keys/{key.pk}/{act}/"))


def test_the_steps_between(alice: User) -> None:
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    for begun, then in (
        ("/account/login/code/", "/account/login/code/confirm/"),
        ("/account/password/reset/", "/account/password/reset/confirm/"),
    ):
        client = Client()
        client.post(begun, {"email": alice.email})
        check(then, client.get(then))
    factors.add_totp(alice)
    client = Client()
    client.post("/account/login/", {"login": alice.email, "password": PASSWORD})
    check("/account/2fa/authenticate/", client.get("/account/2fa/authenticate/"))


def test_asking_once_more(alice: User, client_for: Any) -> None:
    factors.add_totp(alice)
    for url in ("/account/reauthenticate/", "/account/2fa/reauthenticate/"):
        check(url, client_for(alice).get(url))
