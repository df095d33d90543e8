"""Sites without an end: what they cost is bounded, and what is real behind them is still found."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.sites import Answer, Reply, page, redirect
from tests.web import Operator, Truth, repeated, site

MAX_PAGES = 300


def hidden(truth: Truth, count: int = 20) -> str:
    """A link to a chain of real pages four links down, each with a picture; a trap must not keep us from them."""
    for number in range(4):
        truth.routes[f"/way/{number}"] = page(f'<a href="/way/{number + 1}">on</a>')
    truth.routes["/way/4"] = page("".join(f'<a href="/real/{number}">r</a>' for number in range(count)))
    for number in range(count):
        truth.routes[f"/real/{number}"] = page(
            f'<h1>Story {number}</h1><p>{"word " * number}</p><img src="{truth.picture(f"/real/{number}.jpg")}">'
        )
    return '<a href="/way/0">stories</a>'


def calendar(truth: Truth) -> None:
    """Every month links to its days, its neighbours and every year's months, for ever."""

    def month(path: str) -> Answer | None:
        match = re.fullmatch(r"/cal/(\d{4})/(\d\d?)(?:/(\d\d?))?(\?view=\w+)?", path)
        if match is None:
            return None
        year, links = int(match.group(1)), ""
        for number in range(1, 13):
            links += f'<a href="/cal/{year + 1}/{number}">n</a><a href="/cal/{year - 1}/{number}?view=week">p</a>'
            links += f'<a href="/cal/{year}/{number}/{number}">d</a>'
        return page(f"<h1>{path}</h1><p>No events.</p>{links}")

    truth.routes.rules.append(month)
    truth.routes["/"] = page('<a href="/cal/2026/11">calendar</a>' + hidden(truth))


def sessions(truth: Truth) -> None:
    """Every page gives every link a session of its own, in four styles."""
    counter = itertools.count(10_000)
    items = {f"/item/{number}": truth.picture(f"/item/{number}.jpg") for number in range(8)}

    def shop(path: str) -> Answer | None:
        plain = re.sub(r";jsessionid=\w+|[?&](PHPSESSID|sid|osCsid)=\w+", "", path)
        if plain != "/" and plain not in items:
            return None
        links = ""
        for style in (";jsessionid={:032X}", "?PHPSESSID={:032x}", "?sid={:032x}", "?osCsid={:026x}"):
            links += "".join(f'<a href="{item}{style.format(next(counter) ** 6)}">i</a>' for item in items)
        shown = f'<img src="{items[plain]}">' if plain in items else ""
        return page(f"<h1>{plain}</h1>{shown}{links}")

    truth.routes.rules.append(shop)


def pagination(truth: Truth) -> None:
    """Five pages of a list, and then empty ones that always have a next."""

    def listing(path: str) -> Answer | None:
        match = re.fullmatch(r"/list\?page=(\d+)", path)
        if match is None:
            return None
        number = int(match.group(1))
        shown = f'<img src="/list/{number}.jpg">' if number <= 5 else "<p>Nothing found.</p>"
        return page(f'{shown}<a href="/list?page={number + 1}">next</a><a href="/list?page={number + 7}">later</a>')

    for number in range(1, 6):
        truth.picture(f"/list/{number}.jpg")
    truth.routes.rules.append(listing)
    truth.routes["/"] = page('<a href="/list?page=1">list</a>' + hidden(truth))


def segments(truth: Truth) -> None:
    """A relative link on a page that any path below it gives: /a/b/a/b/a/b…"""
    answer = page('<h1>Folder</h1><a href="shop/cart/">cart</a><a href="about/">about</a><a href="shop/">shop</a>')
    truth.routes.rules.append(lambda path: answer if re.fullmatch(r"/x/(?:(?:shop|cart|about)/)*", path) else None)
    truth.routes["/"] = page('<a href="/x/">x</a>' + hidden(truth))


def facets(truth: Truth) -> None:
    """A filter over one list of eight products: thousands of addresses for the same pictures."""
    values = {"colour": "rgbk", "size": "sml", "sort": "pnd", "brand": "abcd", "price": "123"}
    products = "".join(f'<img src="{truth.picture(f"/p/{number}.jpg")}">' for number in range(8))

    def shelf(path: str) -> Answer | None:
        if urlsplit(path).path != "/shelf":
            return None
        chosen = dict(parse_qsl(urlsplit(path).query))
        links = ""
        for name, value in ((name, value) for name, text in values.items() for value in text):
            query = "&amp;".join(f"{key}={word}" for key, word in {**chosen, name: value}.items())
            links += f'<a href="/shelf?{query}">f</a>'
        return page(f"<h1>Products</h1>{products}{links}")

    truth.routes.rules.append(shelf)
    truth.routes["/"] = page('<a href="/shelf">shelf</a>' + hidden(truth))


def soft(truth: Truth) -> None:
    """Whatever is not there is a page that says so, with status 200 and links to more that is not there."""
    counter = itertools.count()

    def lost(path: str) -> Answer | None:
        if path.endswith((".jpg", ".txt", ".xml")):
            return None
        links = "".join(f'<a href="/maybe/{next(counter)}">you may like</a>' for _ in range(5))
        return page(
            f"<h1>Page not found</h1><p>Sorry, {path} does not exist.</p>{links}", "<title>404 Not Found</title>"
        )

    truth.routes.rules.append(lost)
    truth.routes["/"] = page('<a href="/gone/1">old</a><a href="/gone/2">old</a>' + hidden(truth))


def redirects(truth: Truth) -> None:
    """A chain of three, one of thirty, a loop of two, a loop of one, one that invents addresses, a loop of pictures."""
    routes = truth.routes
    for number in range(3):
        routes[f"/three/{number}"] = redirect(f"/three/{number + 1}")
    routes["/three/3"] = page(f'<img src="{truth.picture("/three.jpg")}">')
    for number in range(30):
        routes[f"/thirty/{number}"] = redirect(f"/thirty/{number + 1}")
    routes["/a"], routes["/b"], routes["/self"] = redirect("/b"), redirect("/a"), redirect("/self")
    routes["/a.jpg"], routes["/b.jpg"] = redirect("/b.jpg"), redirect("/a.jpg")
    routes["/moved.jpg"], routes["/final.jpg"] = redirect("/final.jpg"), Reply()
    truth.picture("/final.jpg")
    counter = itertools.count()
    routes.rules.append(lambda path: redirect(f"/new/{next(counter)}") if path.startswith("/new/") else None)
    names = ("/three/0", "/thirty/0", "/a", "/self", "/new/0")
    shown = "".join(f'<a href="{name}">x</a>' for name in names)
    routes["/"] = page(f'{shown}<img src="/a.jpg"><img src="/moved.jpg">' + hidden(truth))


def twins(truth: Truth) -> None:
    """One page under many addresses: tracking, order of nothing, fragments, dots, case of escapes, index files."""
    show = page(f'<h1>One</h1><img src="{truth.picture("/one.jpg")}">', '<link rel=canonical href="/one">')
    for path in ("/one", "/one/", "/one?", "/one/index.html", "/one?utm_source=a&utm_medium=b", "/one?fbclid=1"):
        truth.routes[path] = show
    front = page(
        '<a href="/one">1</a><a href="/one#a">1</a><a href="/./one">1</a><a href="/x/../one">1</a>'
        '<a href="/%6Fne">1</a>'
        '<a href="/one?utm_source=a&amp;utm_medium=b">1</a><a href="/one?fbclid=1">1</a><a href="/one?">1</a>'
        '<a href="/one/">1</a><a href="/one/index.html">1</a><a href="/index.html">h</a><a href="HTTP://{0}/one">1</a>'
    )
    truth.routes["/"] = truth.routes["/index.html"] = front
    truth.routes.rules.append(lambda path: show if path.startswith("/one?") else None)


TRAPS = {
    # Pages of the trap that may be read: far fewer than there are, and far fewer than the run may read.
    calendar: 120,
    sessions: 40,
    pagination: 40,
    segments: 40,
    facets: 120,
    soft: 60,
    redirects: 40,
    twins: 8,
}


@dataclass
class Story:
    truths: dict[str, Truth]
    runs: dict[str, dict[str, object]]
    kept: set[str]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    operator = Operator(tmp_path_factory.mktemp("traps"))
    with ExitStack() as stack:
        truths, starts = {}, []
        for trap in TRAPS:
            routes, running = stack.enter_context(site())
            truths[trap.__name__] = Truth(routes, label=trap.__name__)
            trap(truths[trap.__name__])
            starts.append(running.url())
        runs = operator.crawl(*starts, "--max-pages", str(MAX_PAGES))
        yield Story(truths, dict(zip(truths, runs, strict=True)), operator.kept())


@pytest.mark.parametrize("trap", [trap.__name__ for trap in TRAPS])
def test_what_is_real_is_found(story: Story, trap: str) -> None:
    missing = story.truths[trap].missing(story.kept)
    assert not missing, missing
    assert story.runs[trap]["status"] == "finished"


@pytest.mark.parametrize(("trap", "most"), [(trap.__name__, most) for trap, most in TRAPS.items()])
def test_the_trap_costs_little(story: Story, trap: str, most: int) -> None:
    asked = story.truths[trap].routes.asked()
    spent = [path for path in asked if not path.startswith(("/real/", "/way/")) and not path.endswith(".jpg")]
    kinds = Counter(re.sub(r"\d+", "0", path)[:30] for path in spent).most_common(4)
    assert len(spent) <= most, (len(spent), kinds)


@pytest.mark.parametrize("trap", [trap.__name__ for trap in TRAPS])
def test_nothing_is_asked_for_twice(story: Story, trap: str) -> None:
    assert repeated(story.truths[trap].routes) == {}


def test_soft_404s_are_recognised(story: Story) -> None:
    errors = story.runs["soft"]["errors"]
    assert any("soft" in name or "404" in name for name in errors), errors  # type: ignore[attr-defined]


def test_redirects_are_followed_to_an_end_or_counted(story: Story) -> None:
    errors = story.runs["redirects"]["errors"]
    assert errors.get("redirect_loop", 0) >= 3, errors  # type: ignore[attr-defined]
    assert len(story.truths["redirects"].routes.asked("/thirty/")) <= 12
