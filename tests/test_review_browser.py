"""The review of matches in a real browser: by keyboard, by touch, in bulk, and blurred all the while."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests import availability
from tests.installation import Installation
from tests.running_portal import Portal, running_portal
from tests.test_browser import FLAGS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# A subscriber with pictures to look at, one of a long-named site; prints who is signed in.
_MADE = """
import json
from django.conf import settings
from django.test import Client
from accounts.models import Role, User
from search.models import Image, Subject
from tests.matches import make_match
user, _ = User.objects.get_or_create(email="anna@example.org", defaults={"role": Role.SUBSCRIBER})
subject, _ = Subject.objects.get_or_create(user=user)
Image.objects.all().delete()
for number in range(14):
    match = make_match(subject, places=1 + number % 3, with_preview=True)
    if number % 2:
        match.image.sightings.update(site="a-rather-long-name-of-a-blog.example")
settings.ALLOWED_HOSTS = ["*"]
client = Client()
client.force_login(user)
print(json.dumps({"session": client.cookies[settings.SESSION_COOKIE_NAME].value}))
"""


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    availability.chromium()
    with running_portal(tmp_path_factory.mktemp("review")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=availability.chromium(), args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def session(portal: Portal) -> str:
    """Of somebody with fourteen pictures to look at, made anew for each test."""
    done = Installation(portal.mails.parent, PORTAL_URL=portal.url).run("shell", "-v", "0", "-c", _MADE)
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout.strip().splitlines()[-1])["session"])


def opened(browser: Browser, portal: Portal, session: str, *, width: int = 1200, touch: bool = False) -> Page:
    context = browser.new_context(
        base_url=portal.url, viewport={"width": width, "height": 800}, has_touch=touch, is_mobile=touch
    )
    context.add_cookies([{"name": "sessionid", "value": session, "url": portal.url}])
    page = context.new_page()
    page.goto("/matches/")
    return page


@pytest.fixture
def page(browser: Browser, portal: Portal, session: str) -> Iterator[Page]:
    """The list; the test fails on any error that the page reports."""
    page = opened(browser, portal, session)
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.context.close()
    assert errors == []


def counted(page: Page, tab: str) -> Locator:
    """How many the tab says there are: it changes a moment after the card."""
    return page.locator("#matches-tabs a", has_text=tab).locator(".count")


def test_by_keyboard_alone(page: Page) -> None:
    page.keyboard.press("j")
    first = page.locator("[data-row]").first
    expect(first).to_have_class(re.compile(r"\bat\b"))
    page.keyboard.press("r")
    expect(first.locator("[data-reveal]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("j")
    expect(first.locator("[data-reveal]")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("3")
    expect(first).to_contain_text("Not you")
    expect(counted(page, "Not you")).to_have_text("1")
    page.keyboard.press("u")
    expect(first).to_contain_text("This is not me")
    expect(counted(page, "Not you")).to_have_text("0")
    page.keyboard.press("4")
    expect(first).to_contain_text("It waits under")
    expect(counted(page, "Not sure")).to_have_text("1")


def test_space_shows_the_picture_and_presses_a_button(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press(" ")
    reveal = page.locator("[data-row]").first.locator("[data-reveal]")
    expect(reveal).to_have_attribute("aria-pressed", "true")
    page.keyboard.press(" ")
    expect(reveal).to_have_attribute("aria-pressed", "false")


def test_help_and_opening(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Show the picture, or blur it again")
    page.keyboard.press("1")
    page.keyboard.press("Escape")
    expect(counted(page, "To be removed")).to_have_text("0")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Is this you?")
    address = page.url
    page.keyboard.press("j")
    page.wait_for_url(lambda url: url != address)
    page.keyboard.press("2")
    expect(page.get_by_role("heading", level=1)).to_have_text("You, and it may stay")
    page.keyboard.press("u")
    expect(page.get_by_role("heading", level=1)).to_have_text("Is this you?")


def test_selecting_and_answering_several_with_undo(page: Page) -> None:
    acts = page.locator("[data-bulk-acts]")
    expect(acts).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_role("button", name="Not me: 2").click()
    expect(page.locator(".toast")).to_contain_text("2 pictures are not you.")
    expect(counted(page, "Not you")).to_have_text("2")
    page.keyboard.press("u")
    expect(page.locator(".toast")).to_contain_text("2 pictures are open questions again.")
    page.get_by_label("All on this page").check()
    expect(page.get_by_role("button", name="Me: leave 12")).to_be_visible()
    page.get_by_label("All 14 in this list").check()
    page.get_by_role("button", name="Me: leave 14").click()
    expect(page.locator(".toast")).to_contain_text("14 pictures may stay")


def test_nothing_runs_over_and_everything_can_be_touched(browser: Browser, portal: Portal, session: str) -> None:
    for width in (320, 390):
        page = opened(browser, portal, session, width=width, touch=True)
        links = [
            page.url,
            f"{portal.url}/matches/?by=site",
            page.locator("[data-row-link]").first.evaluate("a => a.href"),
        ]
        for url in links:
            page.goto(url)
            root = "document.documentElement"
            assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"), url
            controls = page.locator(
                ".answers button:visible, .look:visible, .pick:visible, .site-answers summary:visible"
            )
            low = [box["height"] for one in controls.all() if (box := one.bounding_box()) and box["height"] < 43.5]
            assert low == [], url
            expect(page.locator(".reveal:not(.blurred)")).to_have_count(0)
        page.context.close()


def test_without_scripts_everything_can_be_answered(
    browser: Browser, portal: Portal, session: str, tmp_path: Path
) -> None:
    context = browser.new_context(base_url=portal.url, java_script_enabled=False)
    context.add_cookies([{"name": "sessionid", "value": session, "url": portal.url}])
    page = context.new_page()
    page.goto("/matches/")
    page.locator("[data-pick]").first.check()
    page.locator("[data-pick]").nth(1).check()
    page.get_by_role("button", name="Not sure: the selected").click()
    expect(page.locator(".toast")).to_contain_text("2 pictures wait under “Not sure”.")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(counted(page, "To look at")).to_have_text("14")
    page.locator("article").first.get_by_role("button", name="This is not me").click()
    expect(counted(page, "Not you")).to_have_text("1")
    context.close()
