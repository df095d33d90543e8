"""The cast: Alice (subject), Bob (another subscriber), Carol (staff), Dana (senior staff)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.cache import cache
from django.test import Client

from accounts import consent
from accounts.models import Purpose, Role, User
from alerts.models import AlertRule
from search import enrolment
from search.models import Enrolment
from tests import cases, photos
from tests.memo import remembering_pool
from tests.sites import Site


@pytest.fixture(autouse=True)
def _clean_slate(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rate limits and the index start anew in every test, as the database does."""
    cache.clear()
    settings.INDEX_DIR = tmp_path / "index"
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    # Tests of the browser name the real one: drawing the page of every case would take minutes.
    settings.CHROMIUM = "/no/browser"
    # Waiting for more to come before a mail goes is the subject of the tests about times.
    settings.ALERT_SETTLE_SECONDS = 0
    # So are quiet hours: tests run at any hour. By default there are none here, as they end when they begin.
    monkeypatch.setattr(AlertRule._meta.get_field("quiet_from"), "_get_default", lambda: 8)
    # What plans hold back is the subject of the tests about plans.
    settings.DEFAULT_PLAN = "protect"
    monkeypatch.setattr("search.faces.pool", remembering_pool)


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice@example.org", "a long passphrase", full_name="Alice Example")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob@example.org", "a long passphrase", full_name="Bob Example")


@pytest.fixture
def carol(db: None) -> User:
    return _staff("carol@example.org", Role.STAFF)


@pytest.fixture
def dana(db: None) -> User:
    return _staff("dana@example.org", Role.SENIOR_STAFF)


def _staff(email: str, role: Role) -> User:
    """Staff have a second factor, or the console does not open."""
    user = User.objects.create_user(email, "a long passphrase", role=role)
    TOTP.activate(user, generate_totp_secret())
    return user


@pytest.fixture
def client_for() -> Callable[[User], Client]:
    """A browser in which the given person is signed in."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def enrolled_alice(alice: User, carol: User) -> Enrolment:
    """Alice, all consents given, with an active enrolment from two copies of the astronaut photo."""
    consent.give(alice, Purpose)
    enrolled = enrolment.enrol(alice, photos.pair(photos.astronaut()), adult=True)
    enrolment.attest(enrolled, carol, "Met in person.")
    enrolled.refresh_from_db()
    return enrolled


@pytest.fixture
def site() -> Iterator[Site]:
    """A blog on loopback with a picture of Alice."""
    with cases.blog() as running:
        yield running


@pytest.fixture
def rdap_registry(settings: Any) -> Iterator[None]:
    """The registry that says who hosts what is on loopback."""
    with cases.registry() as url:
        settings.RDAP_BOOTSTRAP_URL = url
        yield
