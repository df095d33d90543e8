"""Where somebody is signed in: listed, ended one by one, and with no full address kept."""

from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from accounts.models import AuditEvent, User
from accounts.security import devices
from tests.signing_in import PASSWORD, signed_in

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def browser(user: User, address: str = "203.0.113.77", agent: str = FIREFOX) -> Client:
    """Signed in as people are, which is what makes a session be listed."""
    from allauth.account.models import EmailAddress

    EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    client = Client(REMOTE_ADDR=address, HTTP_USER_AGENT=agent)
    client.post("/account/login/", {"login": user.email, "password": PASSWORD})
    assert signed_in(client)
    return client


def test_promise_31_a_session_says_what_browser_it_is_and_no_more(alice: User) -> None:
    page = browser(alice).get("/account/security/").content.decode()
    assert "Firefox on Windows" in page
    kept = UserSession.objects.get()
    assert kept.ip == "203.0.113.0"
    assert "Mozilla" not in kept.user_agent


@pytest.mark.parametrize(
    ("address", "network"), [("198.51.100.9", "198.51.100.0"), ("2001:db8:aa:bb:cc::1", "2001:db8:aa::")]
)
def test_an_address_is_shortened(address: str, network: str) -> None:
    assert devices.shortened(address) == network


def test_another_browser_can_be_signed_out(alice: User) -> None:
    lost, here = browser(alice), browser(alice)
    page = here.get("/account/security/")
    other = next(row["row"] for row in page.context["sessions"] if not row["here"])
    here.post("/account/sessions/end/", {"session": other.pk})
    assert not signed_in(lost)
    assert signed_in(here)
    assert AuditEvent.objects.filter(about=alice.pk, action="session.ended").exists()


def test_everything_else_can_be_signed_out_at_once(alice: User) -> None:
    others, here = [browser(alice), browser(alice)], browser(alice)
    here.post("/account/sessions/")
    assert not any(signed_in(other) for other in others)
    assert signed_in(here)


@pytest.mark.parametrize("session", ["0", "", "x", "٣"])
def test_no_session_but_ones_own_can_be_ended(alice: User, bob: User, session: str, client_for: Any) -> None:
    hers = browser(alice)
    number = str(UserSession.objects.get(user=alice).pk) if session == "0" else session
    assert client_for(bob).post("/account/sessions/end/", {"session": number}).status_code == 404
    assert signed_in(hers)
