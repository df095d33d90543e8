"""What scripts have made of a page, as markup."""

from contextlib import suppress

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from crawler.browsing.chromium import Answer

# Pictures seem to load, so that scripts that wait for one go on and none puts a placeholder in its place.
PIXEL = Answer(
    200,
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00"
    b"\x01\x00\x01\x00\x00\x02\x02D\x01\x00;",
    {"content-type": "image/gif", "access-control-allow-origin": "*"},
)
# What a page's own markup does not say: the inside of its open shadow roots, and rules that scripts have set.
_HIDDEN = """limit => {
    let found = '';
    const rules = sheets => {
        for (const sheet of sheets) {
            try {
                const own = sheet.ownerNode ? sheet.ownerNode.textContent : '';
                const text = Array.from(sheet.cssRules, rule => rule.cssText).join(' ');
                if (!sheet.href && text.includes('url(') && !own.includes('url(')) found += `<style>${text}</style>`;
            } catch (error) { }
        }
    };
    const walk = (root, depth) => {
        rules([...(root.styleSheets || []), ...(root.adoptedStyleSheets || [])]);
        for (const element of root.querySelectorAll('*')) {
            if (found.length > limit || depth > 20) return;
            if (element.shadowRoot) {
                found += `<div>${element.shadowRoot.innerHTML}</div>`;
                walk(element.shadowRoot, depth + 1);
            }
        }
    };
    walk(document, 0);
    return found.slice(0, limit);
}"""
_MAX_HIDDEN = 2 * 1024 * 1024


async def markup(page: Page) -> str:
    """The page as it is now, with what its own markup does not say behind it. Raises PlaywrightError."""
    hidden = ""
    with suppress(PlaywrightError):
        found = await page.evaluate(_HIDDEN, _MAX_HIDDEN)
        hidden = found if isinstance(found, str) else ""
    return await page.content() + hidden
