"""A person at a real browser, in front of `make demo`'s portal: the subscriber's day, and the staff's."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests import availability
from tests.installation import ROOT, Installation

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_CODES = re.compile(r"^ +(?:Staff|Senior staff) +(\S+@\S+) +\S+\n +second step, each once: (.+)$", re.MULTILINE)
_LOGIN = re.compile(r"^ +(?:Subscriber|Staff|Senior staff) +(\S+@\S+) +(\S+)$", re.MULTILINE)


# Acting on a case asks registries and fetches proof before the page answers.
expect.set_options(timeout=60_000)


class Portal:
    """A running demo: its address, and the passwords and recovery codes that it printed."""

    def __init__(self, url: str, printed: str) -> None:
        self.url = url
        self.passwords = dict(_LOGIN.findall(printed))
        self.codes = {email: codes.split() for email, codes in _CODES.findall(printed)}


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    availability.chromium()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    installation = Installation(tmp_path_factory.mktemp("demo"), DEFAULT_PLAN="free")
    command = [sys.executable, "manage.py", "demo", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=installation.environment, stdout=subprocess.PIPE, text=True)
    try:
        printed = ""
        assert process.stdout
        for line in process.stdout:
            printed += line
            if "The e-mails are in" in line:
                break
        yield Portal(f"http://localhost:{port}", printed)
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = availability.chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, portal: Portal) -> Iterator[Page]:
    """A new window; the test fails on any error that the page reports, a refused script or style included."""
    context = browser.new_context(base_url=portal.url)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert errors == []


def sign_in(page: Page, portal: Portal, email: str) -> None:
    page.goto("/account/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(portal.passwords[email])
    page.keyboard.press("Enter")
    if email in portal.codes:
        page.get_by_label("Code").fill(portal.codes[email].pop())
        page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/dashboard/$|/console/$"))


def test_matches_are_blurred_until_asked_for_and_can_be_answered_and_undone(page: Page, portal: Portal) -> None:
    sign_in(page, portal, "alice@example.org")
    page.goto("/matches/")
    expect(page.get_by_role("heading", level=1)).to_have_text("7 pictures to look at")
    show = page.get_by_role("button", name=re.compile("Show")).first
    picture = page.locator("main img").first
    assert "blur" in picture.evaluate("image => getComputedStyle(image).filter")
    show.click()
    page.wait_for_function("image => getComputedStyle(image).filter === 'none'", arg=picture.element_handle())
    page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=picture.element_handle())

    page.get_by_role("button", name="This is not me").last.click()
    undo = page.get_by_role("button", name="Change your answer").first
    expect(undo).to_be_visible()
    undo.click()
    expect(page.get_by_role("button", name="Change your answer")).to_have_count(0)
    page.goto("/matches/")
    expect(page.get_by_role("heading", level=1)).to_have_text("7 pictures to look at")


def test_the_relapse_goes_from_the_subscribers_yes_to_a_sent_notice(
    browser: Browser, page: Page, portal: Portal, tmp_path: Path
) -> None:
    sign_in(page, portal, "alice@example.org")
    page.goto("/cases/")
    page.get_by_role("link", name=re.compile("FW-")).first.click()
    page.get_by_role("button", name="Yes, act again").click()
    expect(page.locator("main")).to_contain_text("we wrote a notice")
    reference = re.search(r"FW-\w+", page.get_by_role("heading", level=1).inner_text())
    assert reference

    context = browser.new_context(base_url=portal.url)
    staff = context.new_page()
    sign_in(staff, portal, "carol@faceward.example")
    staff.goto("/console/?tab=all")
    staff.get_by_role("link", name=reference.group()).first.click()
    staff.get_by_role("button", name=re.compile("Approve")).first.click()
    # The printed annex and the mail server take their time: the answer is waited for, and then looked at.
    with staff.expect_navigation():
        staff.get_by_role("button", name=re.compile("^Send")).first.click()
    expect(staff.locator("main")).to_contain_text("Sent")
    context.close()

    page.reload()
    expect(page.locator("main")).to_contain_text("we asked Loopback Hosting")


def test_staff_see_a_picture_only_with_a_reason(page: Page, portal: Portal) -> None:
    sign_in(page, portal, "dana@faceward.example")
    page.goto("/console/?tab=all")
    page.get_by_role("link", name=re.compile("FW-")).first.click()
    assert page.locator("main img").count() == 0
    page.get_by_label("Reason").first.fill("To see whether the notice names the right file.")
    page.get_by_role("button", name="Show the picture").click()
    expect(page.locator("main img").first).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/opt-out/", "/privacy/", "/crawler/", "/help/", "/account/signup/"])
@pytest.mark.parametrize("width", [320, 1440])
def test_public_pages_fit_and_load_nothing_from_elsewhere(page: Page, portal: Portal, path: str, width: int) -> None:
    elsewhere: list[str] = []
    page.on("request", lambda request: elsewhere.append(request.url) if portal.url not in request.url else None)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [url for url in elsewhere if not url.startswith("data:")] == []


def test_leaving_quickly_replaces_the_page(page: Page, portal: Portal) -> None:
    sign_in(page, portal, "alice@example.org")
    page.route("**/*", lambda route: route.continue_() if portal.url in route.request.url else route.abort())
    with page.expect_request(lambda request: portal.url not in request.url):
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
