"""Pages drawn by a real Chromium that reaches nothing but what our policy lets in, and that always ends."""

import asyncio
import io
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from crawler.browsing import browser, chromium
from crawler.browsing.browser import BrowserFailed, Screenshot
from crawler.fetch import fetch
from crawler.policy import FetchPolicy
from tests import availability
from tests.sites import Reply, page, redirect, serve
from tests.traps import attacks, trap

pytestmark = pytest.mark.browser
OPEN = FetchPolicy(allow_private=True, timeout_seconds=5)
RED = "<style>body{margin:0;background:#fff}div{width:1280px;height:400px;background:rgb(200,0,0)}</style><div></div>"


@pytest.fixture(autouse=True)
def _chromium(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CHROMIUM = availability.chromium()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def pixels(shot: Screenshot) -> Image.Image:
    with Image.open(io.BytesIO(shot.data)) as image:
        return image.convert("RGB")


def near(found: tuple[int, ...], wanted: tuple[int, int, int]) -> bool:
    return all(abs(one - other) < 12 for one, other in zip(found, wanted, strict=True))


def left_over(home: Path) -> list[str]:
    """Processes of browsers that live in this folder, and dead children that nobody waited for; and files."""
    found = [path.name for path in home.glob("faceward-*")]
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state = (folder / "stat").read_text().rpartition(")")[2].split()
            mine = int(state[1]) == os.getpid() and state[0] == "Z"
            if mine or f"HOME={home}/".encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_text() or folder.name)
        except OSError:
            continue
    return found


def test_a_page_is_drawn_with_its_style_and_pictures_from_our_own_fetches(tmp_path: Path) -> None:
    blue = io.BytesIO()
    Image.new("RGB", (100, 100), (0, 0, 200)).save(blue, "PNG")
    site_answers = {
        "/": page('<div></div><img src="blue.png">', head='<link rel="stylesheet" href="s.css">'),
        "/s.css": Reply(b"body{margin:0} div{height:500px;background:rgb(200,0,0)} img{display:block}", "text/css"),
        "/blue.png": Reply(blue.getvalue(), "image/png"),
    }
    with serve(dict(site_answers)) as site:
        shot = browser.screenshot(site.url("/", "blog.localhost"), OPEN)
        assert site.agents == {"Faceward"}
        assert site.requests == {"/": 1, "/s.css": 1, "/blue.png": 1}
    assert near(pixels(shot).getpixel((600, 100)), (200, 0, 0))
    assert near(pixels(shot).getpixel((50, 550)), (0, 0, 200))
    assert (shot.width, shot.height, shot.cut) == (1280, 900, False)
    assert sorted(exchange.url.rpartition("/")[2] for exchange in shot.exchanges) == ["", "blue.png", "s.css"]
    assert left_over(tmp_path) == []


def test_a_redirected_page_finds_its_files_beside_it() -> None:
    answers = {
        "/old": redirect("/deep/new"),
        "/deep/new": page('<div></div><iframe src="/frame"></iframe>', head='<link rel="stylesheet" href="s.css">'),
        "/deep/s.css": Reply(b"body{margin:0} div{height:500px;background:rgb(200,0,0)}", "text/css"),
        "/frame": redirect("/inner/frame"),
        "/inner/frame": page('<img src="a.png">'),
    }
    with serve(dict(answers)) as site:
        shot = browser.screenshot(site.url("/old"), OPEN)
        assert set(site.requests) == {*answers, "/inner/a.png"}
        assert set(site.requests.values()) == {1}
    assert near(pixels(shot).getpixel((600, 100)), (200, 0, 0))


def test_what_was_fetched_before_is_shown_and_not_asked_for_again() -> None:
    with serve({"/": page(RED)}) as site:
        known = fetch(site.url(), OPEN)
        site.answers["/"] = page("another")
        shot = browser.screenshot(site.url(), OPEN, known={site.url(): known})
        assert site.requests["/"] == 1
    assert near(pixels(shot).getpixel((600, 100)), (200, 0, 0))
    assert shot.exchanges == []


def test_nothing_that_a_page_tries_reaches_an_address_that_the_policy_forbids(tmp_path: Path) -> None:
    # The page lies on a network that is open, the trap on one that is not.
    closed = FetchPolicy(timeout_seconds=5)
    with trap() as hidden, serve({"/": page(attacks(hidden.port))}) as site:
        known = fetch(site.url(), OPEN)
        shot = browser.screenshot(site.url(), closed, known={site.url(): known})
        assert near(pixels(shot).getpixel((1200, 890)), (1, 200, 3)), "the script ran to its end"
        assert hidden.reached == []
        assert site.requests == {"/": 1}
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("way", ["redirect", "script", "meta"])
def test_a_page_that_leads_to_a_private_address_leads_nowhere(way: str) -> None:
    with trap() as hidden, serve({}) as site:
        there = f"http://127.0.0.1:{hidden.port}/"
        site.answers["/"] = {
            "redirect": page(RED + f'<iframe src="{site.url("/hop")}"></iframe>'),
            "script": page(RED + f"<script>location = '{there}'</script>"),
            "meta": page(RED, head=f'<meta http-equiv="refresh" content="0;url={there}">'),
        }[way]
        site.answers["/hop"] = redirect(there)
        known = {url: fetch(url, OPEN) for url in (site.url(),)}
        try:
            browser.screenshot(site.url(), FetchPolicy(timeout_seconds=5), known=known)
        except BrowserFailed as failure:
            assert failure.code in {"browser", "timeout"}
        assert hidden.reached == []


def test_a_redirect_to_a_forbidden_address_is_refused_before_the_browser_starts() -> None:
    with serve({"/": redirect("http://169.254.169.254/")}) as site, pytest.raises(BrowserFailed) as failure:
        browser.screenshot(site.url(), OPEN)
    assert failure.value.code == "forbidden_address"


def test_a_page_that_never_comes_to_rest_is_given_up_and_its_processes_end(tmp_path: Path) -> None:
    with serve({"/": page("<script>while (true) { }</script>")}) as site, pytest.raises(BrowserFailed) as failure:
        browser.screenshot(site.url(), OPEN, seconds=6)
    assert failure.value.code == "timeout"
    assert left_over(tmp_path) == []


def test_a_very_high_page_is_cut() -> None:
    with serve({"/": page('<div style="height:90000px;background:rgb(200,0,0)"></div>')}) as site:
        shot = browser.screenshot(site.url(), OPEN)
    assert (shot.height, shot.cut) == (browser.MAX_HEIGHT, True)
    assert pixels(shot).size == (browser.WIDTH, browser.MAX_HEIGHT)


def test_requests_are_bounded() -> None:
    many = "".join(f'<img src="/{number}.png">' for number in range(chromium.MAX_REQUESTS + 50))
    with serve({"/": page(many)}) as site:
        browser.screenshot(site.url(), OPEN)
        assert sum(site.requests.values()) <= chromium.MAX_REQUESTS


def test_it_works_where_an_event_loop_runs_already() -> None:
    async def within() -> Screenshot:
        return browser.screenshot(site.url(), OPEN)

    with serve({"/": page(RED)}) as site:
        assert asyncio.run(within()).data[:2] == b"\xff\xd8"


def test_without_a_browser_it_says_so(settings: Any) -> None:
    settings.CHROMIUM = "/no/such/browser"
    assert browser.executable() is None
    with pytest.raises(BrowserFailed) as failure:
        browser.screenshot("http://127.0.0.1/", OPEN)
    assert failure.value.code == "no_browser"


def test_the_browser_sees_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTER_KEY", "secret")
    assert "MASTER_KEY" not in chromium.environment("/tmp", "mark")
