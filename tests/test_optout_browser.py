"""Opting out at a real browser with a camera, without an account: from an address to a receipt and its self-test."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests import photos
from tests.running_portal import Portal
from tests.test_live_browser import camera, page, portal

__all__ = ["camera", "page", "portal"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]


def mailed_link(portal: Portal, action: str) -> str:
    newest = max(portal.mails.iterdir(), key=lambda path: path.stat().st_mtime_ns).read_text()
    link = re.search(rf"/opt-out/{action}/[\w:.=-]+/", newest.replace("=\n", ""))
    assert link
    return link.group()


def test_three_steps_and_a_self_test(page: Page, portal: Portal) -> None:
    page.goto("/opt-out/")
    page.get_by_label("Your e-mail address").fill("someone@example.org")
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("heading", name="Look in your mail")).to_be_visible()
    page.goto(mailed_link(portal, "confirm"))
    page.get_by_role("button", name="go on").click()
    page.get_by_role("button", name="Start the camera").click()
    told = page.get_by_text("That did not work").or_(page.get_by_role("heading", name="You have opted out"))
    expect(told).to_be_visible(timeout=110_000)
    assert "You have opted out" in page.locator("main").inner_text(), page.locator("main").inner_text()
    page.get_by_role("link", name="Test that it works").click()
    file = {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": photos.jpeg(photos.grey(photos.astronaut()))}
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Test with this photo").click()
    expect(page.get_by_text("It works", exact=True)).to_be_visible()
    page.goto(mailed_link(portal, "withdraw"))
    page.get_by_role("button", name="End opt-out").click()
    expect(page.get_by_role("heading", name="This opt-out has ended")).to_be_visible()
