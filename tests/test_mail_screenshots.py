"""Every mail that we send in a real browser: wide and narrow, light and dark. Screenshots are left in a folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from alerts import previews
from tests import availability

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LEAST_CONTRAST, LEAST_HEIGHT = 4.5, 44
# Contrast as WCAG 2.2 computes it, of each text against the ground that lies under it.
MEASURE = """() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const part = [r, g, b].map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * part[0] + .7152 * part[1] + .0722 * part[2];
  };
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const found = rgb(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const outside = e => e.getBoundingClientRect().right > innerWidth + .5;
  const texts = [];
  for (const element of document.body.querySelectorAll('*')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(rgb(style.color)), light(ground(element))].sort((x, y) => y - x);
    texts.push({text: element.textContent.trim().slice(0, 40), contrast: (a + .05) / (b + .05),
                size: parseFloat(style.fontSize)});
  }
  return {
    texts,
    wide: document.documentElement.scrollWidth,
    outside: [...document.body.querySelectorAll('*')].filter(outside).length,
    pictures: document.querySelectorAll('img, picture, svg, video, iframe, object').length,
    buttons: [...document.querySelectorAll('.press')].map(e => e.getBoundingClientRect().height),
    shown: document.body.innerText,
  };
}"""


@dataclass(frozen=True)
class Shown:
    key: str
    html: str


@pytest.fixture
def mails(db: None) -> list[Shown]:
    """Made before there is a browser: with one running, the database may not be asked."""
    return [Shown(key, preview.html) for key, preview in previews.all_of_them().items()]


@pytest.fixture
def browser(mails: list[Shown]) -> Iterator[Browser]:
    path = availability.chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [600, 360])
def test_every_mail_can_be_read(mails: list[Shown], browser: Browser, tmp_path: Path, width: int, scheme: Any) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    problems: list[str] = []
    for mail in mails:
        page.set_content(mail.html)
        problems += [f"{mail.key}: {problem}" for problem in _problems(page, width)]
        page.screenshot(path=tmp_path / f"{mail.key}-{width}-{scheme}.png", full_page=True)
    assert problems == []
    assert asked == []
    assert len(list(tmp_path.iterdir())) == len(mails)


def _problems(page: Page, width: int) -> Iterator[str]:
    found = page.evaluate(MEASURE)
    if found["wide"] > width or found["outside"]:
        yield f"{found['wide']} pixels wide, {found['outside']} things outside"
    if found["pictures"]:
        yield "has a picture"
    if not found["texts"]:
        yield "says nothing"
    for text in found["texts"]:
        if text["contrast"] < LEAST_CONTRAST:
            yield f"contrast {text['contrast']:.2f}: {text['text']}"
        if text["size"] < 13:
            yield f"small: {text['text']}"
    for height in found["buttons"]:
        if height < LEAST_HEIGHT:
            yield f"a button {height} pixels high"
