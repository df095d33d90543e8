"""Switching pushes on in a real Chromium, whose worker then shows one neutral sentence when it is woken up.

A browser signs up with a service of its maker's, which cannot be reached here: `subscribe` and `getSubscription` are
stand-ins in the page. All else is the browser's own: the permission, the worker, the push as the debugger delivers it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from tests import availability
from tests.running_portal import Portal, running_portal
from tests.signing_in import PASSWORD
from tests.test_browser import FLAGS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STAND_IN = """
const made = () => localStorage.subscribed && {
  endpoint: "https://updates.push.services.mozilla.com/wpush/v2/abc", options: {},
  unsubscribe: async () => { delete localStorage.subscribed; return true; },
};
PushManager.prototype.subscribe = async function (options) {
  if (!options.userVisibleOnly || options.applicationServerKey.length !== 65) throw new TypeError();
  localStorage.subscribed = "yes";
  return made();
};
PushManager.prototype.getSubscription = async () => made() || null;
"""
SHOWN = """async () => {
  const registration = await navigator.serviceWorker.getRegistration("/alerts/push/");
  return (await registration.getNotifications()).map((one) => [one.title, one.body, one.icon, one.tag]);
}"""


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    availability.chromium()
    with running_portal(tmp_path_factory.mktemp("portal")) as running:
        yield running


@pytest.fixture
def context(portal: Portal, tmp_path: Path) -> Iterator[BrowserContext]:
    """A browser with a profile: private windows show no notifications."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path / "profile", executable_path=availability.chromium(), args=FLAGS, base_url=portal.url
        )
        context.add_init_script(STAND_IN)
        yield context
        context.close()


@pytest.fixture
def page(context: BrowserContext, portal: Portal) -> Iterator[Page]:
    """A new account's window; the test fails on any error that the page reports."""
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    sign_up(page, portal, f"{uuid4().hex}@example.org")
    page.goto("/alerts/push/")
    yield page
    assert errors == []


def sign_up(page: Page, portal: Portal, address: str) -> None:
    page.goto("/account/signup/")
    page.get_by_label("Email").fill(address)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("I am 18 or older").check()
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("Code").fill(portal.mailed_code(address))
    page.keyboard.press("Enter")
    page.wait_for_url("**/dashboard/")


# A push to a worker that is still starting is lost.
STARTED = """async () => {
  const registration = await navigator.serviceWorker.getRegistration("/alerts/push/");
  const worker = registration.active || registration.waiting || registration.installing;
  await new Promise((done) => {
    const look = () => worker.state === "activated" && done();
    worker.addEventListener("statechange", look);
    look();
  });
}"""


def deliver(context: BrowserContext, page: Page, origin: str) -> None:
    """A push without a body, from the browser's debugger in the place of its service."""
    page.evaluate(STARTED)
    registrations: list[dict[str, Any]] = []
    debugger = context.new_cdp_session(page)
    debugger.on("ServiceWorker.workerRegistrationUpdated", lambda event: registrations.extend(event["registrations"]))
    debugger.send("ServiceWorker.enable")
    while not registrations:
        page.wait_for_timeout(50)
    registration = registrations[-1]["registrationId"]
    message = {"origin": origin, "registrationId": registration, "data": ""}
    debugger.send("ServiceWorker.deliverPushMessage", message)


def shown(page: Page) -> list[list[str]]:
    """The notifications, once there are any. `wait_for_function` would take the promise of an answer for a yes."""
    while not (found := page.evaluate(SHOWN)):
        page.wait_for_timeout(50)
    return list(found)


def test_it_is_switched_on_shows_one_neutral_sentence_and_is_switched_off(
    context: BrowserContext, page: Page, portal: Portal
) -> None:
    context.grant_permissions(["notifications"], origin=portal.url)
    page.get_by_role("button", name="Switch it on in this browser").click()
    expect(page.get_by_text("This one")).to_be_visible()
    expect(page.get_by_text("Firefox", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Switch it on in this browser")).to_be_hidden()

    deliver(context, page, portal.url)
    assert shown(page) == [["A message for you", "", "", "message"]]

    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("Nowhere.")).to_be_visible()
    expect(page.get_by_role("button", name="Switch it on in this browser")).to_be_visible()
    assert page.evaluate("localStorage.subscribed === undefined")


def test_pressing_the_notice_opens_the_portal(context: BrowserContext, page: Page, portal: Portal) -> None:
    """Only the window itself is a stand-in: opening one takes a press of a person's."""
    context.grant_permissions(["notifications"], origin=portal.url)
    with context.expect_event("serviceworker") as started:
        page.get_by_role("button", name="Switch it on in this browser").click()
    opened = started.value.evaluate("""async () => {
      const opened = [];
      self.clients.openWindow = async (address) => opened.push(address);
      await self.registration.showNotification("A message for you");
      const [notification] = await self.registration.getNotifications();
      self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
      return opened;
    }""")
    assert opened == ["/home/"]


def test_who_says_no_is_told_where_to_change_it(context: BrowserContext, page: Page, portal: Portal) -> None:
    page.evaluate("Notification.requestPermission = async () => 'denied'")
    page.get_by_role("button", name="Switch it on in this browser").click()
    expect(page.get_by_role("status").filter(has_text="You have not allowed messages")).to_be_visible()
    assert page.evaluate("navigator.serviceWorker.getRegistration('/alerts/push/').then((found) => !found)")


def test_a_browser_that_cannot_says_so(context: BrowserContext, page: Page) -> None:
    page.add_init_script("delete window.PushManager")
    page.goto("/alerts/push/")
    expect(page.get_by_role("status").filter(has_text="This browser cannot do this here")).to_be_visible()
