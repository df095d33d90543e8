"""A person at a real browser with a camera: from what they agree to, to an enrolment that is active."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests import availability, photos
from tests.known_steps import STEPS
from tests.moving_face import POSES, Pose, film, head
from tests.running_portal import Portal, running_portal
from tests.signing_in import PASSWORD
from tests.test_browser import FLAGS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Chromium plays a file of JPEGs at 30 pictures a second, whatever it was made at.
_FPS, _PLAYED_FPS = 10, 30
_STRAIGHT, _MOVE, _HOLD = 2.0, 1.6, 2.6


def script() -> Iterator[tuple[float, Pose]]:
    """STEPS, slowly enough for a busy machine that sees few of the pictures."""
    keys = [(0.0, np.zeros(3)), (4.0, np.zeros(3))]
    for step in STEPS:
        pose = POSES[step]
        for target, rest in ((np.array([pose.yaw, pose.pitch, pose.scale - 1]), _HOLD), (np.zeros(3), _STRAIGHT)):
            keys += [(keys[-1][0] + _MOVE, target), (keys[-1][0] + _MOVE + rest, target)]
    times, values = [time for time, _ in keys], np.array([value for _, value in keys])
    for number in range(int(times[-1] * _FPS)):
        at = number / _FPS
        yaw, pitch, nearer = (float(np.interp(at, times, column)) for column in values.T)
        sway = np.sin(at * np.array([1.9, 2.3, 1.3, 1.7]))
        yield at, Pose(yaw + 0.8 * sway[0], pitch + 0.6 * sway[1], 0.5 * sway[2], 1 + nearer, 2 * sway[3], sway[0])


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the camera sees: the astronaut, doing STEPS."""
    availability.chromium()
    path = tmp_path_factory.mktemp("camera") / "film.mjpeg"
    with path.open("wb") as file:
        for shot in film(head(photos.astronaut()), script(), seed=1):
            file.write(shot.data * (_PLAYED_FPS // _FPS))
    return path


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with running_portal(tmp_path_factory.mktemp("portal"), ("-m", "tests.known_steps")) as running:
        yield running


@pytest.fixture
def page(camera: Path, portal: Portal) -> Iterator[Page]:
    """A browser with a camera; the test fails on any error that the page reports, a refused script included."""
    flags = [
        *FLAGS,
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={camera}",
    ]
    errors: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=availability.chromium(), args=flags)
        page = browser.new_context(base_url=portal.url).new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        browser.close()
    assert errors == []


def sign_up(page: Page, portal: Portal) -> None:
    page.goto("/account/signup/")
    page.get_by_label("Email").fill("alice@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("I am 18 or older").check()
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("Code").fill(portal.mailed_code("alice@example.org"))
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/dashboard/")


def test_from_consent_by_the_camera_and_photos_to_active(page: Page, portal: Portal, tmp_path: Path) -> None:
    sign_up(page, portal)
    page.goto("/enrol/")
    for name in ("consent_matching", "consent_crawl_watch", "adult"):
        page.locator(f"[name={name}]").check()
    page.get_by_role("button", name="Agree, and go on").click()
    page.get_by_role("button", name="Start the camera").press("Enter")
    told = page.get_by_text("That did not work").or_(page.get_by_label("Choose two to five photos"))
    expect(told).to_be_visible(timeout=110_000)
    assert page.url.endswith("/enrol/photos/"), page.locator("main").inner_text()
    files = []
    for number, data in enumerate(photos.pair(photos.astronaut())):
        files.append(tmp_path / f"{number}.jpg")
        files[-1].write_bytes(data)
    page.locator("input[type=file]").set_input_files(files)
    page.get_by_role("button", name="Send my photos").click()
    expect(page.locator("main")).to_contain_text("by your live check", timeout=60_000)
    expect(page.locator("main")).to_contain_text("Active")
