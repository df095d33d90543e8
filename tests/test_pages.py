"""Every page answers, keeps to the content security policy, asks nobody else for anything, can be read aloud."""

import re
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from django.db import DatabaseError
from django.test import Client

from accounts import retention
from accounts.models import User
from portal import views
from search.models import Enrolment
from tests import cases, world
from tests.html import Page
from tests.matches import make_match
from tests.routes import ours
from tests.world import World

# Routes that are no pages: a picture, a machine's answer, and a redirect by role.
NO_PAGES = {
    "alerts:atom",
    "alerts:preview_mail",
    "alerts:push_worker",
    "search:preview",
    "search:saved_page",
    "portal:healthz",
    "portal:home",
    "portal:transparency_index",
    "portal:transparency_json",
    "policies:gpc",
    "rights:receipt_file",
    "takedowns:annex",
    "takedowns:figures_table",
    "takedowns:yourself_letter",
}
SIGN_IN_PAGES = ["/account/login/", "/account/signup/", "/account/password/reset/"]
ERRORS = ["/nothing/here/", "/opt-out/confirm/nonsense/"]


@pytest.fixture
def made(alice: User, bob: User, carol: User, dana: User, settings: Any) -> Iterator[World]:
    with cases.registry() as url:
        settings.RDAP_BOOTSTRAP_URL = url
        yield world.build(alice, bob, carol, dana)


@pytest.fixture
def pages(made: World, client_for: Any) -> list[tuple[str, Any]]:
    """Every page that a GET gives, to those for whom it is: empty and full, with its URL."""
    browsers = {"public": [Client()], "members": [client_for(made.alice)]}
    new = User.objects.create_user("new@example.org")
    browsers["subscribers"] = [client_for(user) for user in (new, made.waiting.subject.user, made.alice)]
    browsers["staff"] = browsers["senior_staff"] = [client_for(made.carol), client_for(made.dana)]
    found = []
    for route in (route for route in ours() if route.name not in NO_PAGES):
        for browser in browsers[route.audience]:
            url = route.url(**world.arguments(made, route.name))
            answer = browser.get(url, follow=True)
            if answer.status_code not in {404, 405}:
                found.append((url, answer))
    found += [(url, Client().get(url)) for url in SIGN_IN_PAGES + ERRORS]
    return found


def test_every_page_keeps_the_rules(pages: list[tuple[str, Any]]) -> None:
    assert len(pages) > 40
    for url, answer in pages:
        page = Page(answer.content.decode())
        assert answer.status_code in {200, 404}, url
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"], url
        assert page.inline() == [], url
        assert [address for address in page.loaded() if _is_elsewhere(address)] == [], url
        assert len(page.all("h1")) == 1, url
        assert len(page.all("main")) == 1, url
        assert page.all("html")[0].attributes["lang"] == "en", url
        assert page.unlabelled() == [], url
        assert all({"alt", "width", "height"} <= set(image.attributes) for image in page.all("img")), url
        assert _repeated_ids(page) == [], url


def test_every_page_has_one_primary_action_at_most(pages: list[tuple[str, Any]]) -> None:
    for url, answer in pages:
        page = Page(answer.content.decode())
        primary = [tag for tag in page.tags if tag.has_class("btn-primary") and "dialog" not in tag.inside]
        assert len(primary) <= 1, (url, primary)


def test_links_that_leave_take_nothing_along(pages: list[tuple[str, Any]]) -> None:
    for url, answer in pages:
        for link in Page(answer.content.decode()).all("a"):
            if _is_elsewhere(link.attributes.get("href", "")):
                assert "noreferrer" in link.attributes.get("rel", ""), (url, link.attributes)


def test_a_subscribers_page_can_be_left_quickly_and_is_kept_nowhere(made: World, client_for: Any) -> None:
    browser = client_for(made.alice)
    for route in ours():
        if route.audience == "subscribers" and not route.names:
            answer = browser.get(route.url())
            if answer.status_code == 200:
                assert "data-exit" in answer.content.decode(), route.name
                assert "no-store" in answer.headers["Cache-Control"], route.name


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("/", "Nobody can search for a stranger"),
        ("/privacy/", "What we hold, why, and for how long"),
        ("/crawler/", "robots.txt"),
        ("/help/", "If you are in danger"),
        ("/opt-out/", "free, without an account"),
        ("/opt-out/sent/", "within two days"),
    ],
)
def test_what_everybody_may_read(db: None, client: Client, url: str, words: str) -> None:
    answer = client.get(url)
    assert answer.status_code == 200
    assert words in answer.content.decode()


def test_the_dashboard_leads_from_the_start_to_the_matches(
    alice: User, bob: User, enrolled_alice: Enrolment, client_for: Any
) -> None:
    empty = client_for(bob).get("/dashboard/").content.decode()
    assert "Not enrolled" in empty
    assert 'href="/enrol/">Start</a>' in empty
    assert "Nothing for you to do" in client_for(alice).get("/dashboard/").content.decode()
    make_match(enrolled_alice.subject)
    full = client_for(alice).get("/dashboard/").content.decode()
    assert "1 picture to look at" in full
    assert "Your move" in full


def test_home_leads_everybody_to_their_work(alice: User, carol: User, client_for: Any) -> None:
    assert client_for(alice).get("/home/").headers["Location"] == "/dashboard/"
    assert client_for(carol).get("/home/").headers["Location"] == "/console/"
    assert Client().get("/home/").headers["Location"].startswith("/account/login/")


def test_the_privacy_page_lists_all_that_is_held(db: None, client: Client) -> None:
    page = client.get("/privacy/").content.decode()
    held = list(retention.holdings())
    assert len(held) > 5
    assert all(holding.name in page for holding in held)


def test_the_health_check_asks_the_database(db: None, client: Client) -> None:
    assert client.get("/healthz").json() == {"database": "ok"}
    with mock.patch.object(views.connection, "cursor", side_effect=DatabaseError):
        assert client.get("/healthz").status_code == 503


def test_an_error_page_has_an_id_that_is_in_the_log(db: None, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    client.raise_request_exception = False
    with (
        caplog.at_level("INFO", logger="portal.errors"),
        mock.patch("portal.views.retention.holdings", side_effect=RuntimeError("a secret")),
    ):
        missing, broken = client.get("/nothing/"), client.get("/privacy/")
    assert (missing.status_code, broken.status_code) == (404, 500)
    for answer in (missing, broken):
        shown = re.search(r"<code>(\w+)</code>", answer.content.decode())
        assert shown
        assert f"error {shown.group(1)}:" in caplog.text
    assert "a secret" not in broken.content.decode()


def test_a_forged_form_is_refused_calmly(db: None) -> None:
    answer = Client(enforce_csrf_checks=True).post("/opt-out/", {"email": "somebody@example.org"})
    assert answer.status_code == 403
    assert "no longer valid" in answer.content.decode()
    assert "<code>" in answer.content.decode()


def test_the_styleguide_is_for_development_only(db: None, client: Client) -> None:
    assert client.get("/styleguide/").status_code == 404


def _is_elsewhere(address: str) -> bool:
    return bool(re.match(r"(https?:)?//", address))


def _repeated_ids(page: Page) -> list[str]:
    ids = [tag.attributes["id"] for tag in page.tags if "id" in tag.attributes]
    return sorted({name for name in ids if ids.count(name) > 1})
