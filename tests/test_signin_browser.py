"""In a real browser: an account made with a code, a passkey added, and signing in with the passkey alone."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests import availability
from tests.running_portal import Portal, running_portal
from tests.signing_in import PASSWORD

pytestmark = [pytest.mark.browser]

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
_DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    availability.chromium()
    with running_portal(tmp_path_factory.mktemp("portal")) as running:
        yield running


@pytest.fixture
def page(portal: Portal) -> Iterator[Page]:
    """A browser with a device that can keep passkeys; fails on whatever the page reports, a refused script included."""
    errors: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=availability.chromium(), args=_FLAGS)
        page = browser.new_context(base_url=portal.url).new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        device = page.context.new_cdp_session(page)
        device.send("WebAuthn.enable")
        device.send("WebAuthn.addVirtualAuthenticator", {"options": _DEVICE})
        yield page
        browser.close()
    assert errors == []


def test_a_passkey_signs_in_alone(page: Page, portal: Portal) -> None:
    page.goto("/account/signup/")
    page.get_by_label("Email").fill("new@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("I am 18 or older").check()
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("Code").fill(portal.mailed_code("new@example.org"))
    page.get_by_role("button", name="Go on").click()
    expect(page).to_have_url(re.compile("/dashboard/$"))

    page.goto("/account/2fa/webauthn/add/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    expect(page.locator(".code-list li")).to_have_count(10)

    page.get_by_role("button", name="Sign out").click()
    page.goto("/account/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(re.compile("/dashboard/$"))


def test_an_account_is_made_with_a_passkey_and_no_password(page: Page, portal: Portal) -> None:
    page.goto("/account/signup/passkey/")
    page.get_by_label("Email").fill("key@example.org")
    page.get_by_label("I am 18 or older").check()
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Code").fill(portal.mailed_code("key@example.org"))
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Make the passkey").click()
    expect(page).to_have_url(re.compile("/dashboard/$"))
    page.goto("/account/security/")
    expect(page.get_by_role("link", name="Choose one for signing in")).to_be_visible()

    page.goto("/account/email/")
    page.get_by_role("button", name="Use the passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Change your e-mail address")
