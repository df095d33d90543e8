"""Traps: what has no end is read for a while, and a real gallery to its end."""

from itertools import pairwise

import pytest

from crawler.frontiers.frontier import PAGES_IN_FLIGHT, Site, SourceSpec, Visit
from crawler.frontiers.traps import goes_in_circles, identity, is_variant

HOST = "http://site.example"


def read_all(
    site: Site,
    first: list[str],
    links: dict[str, list[str]],
    gain: set[str] | None = None,
    words: dict[str, list[str]] | None = None,
) -> list[str]:
    """Read a made-up site to its end; pages in `gain` show a new picture, and say `words`. Paths read, in order."""
    for path in first:
        site.offer(HOST + path, 1)
    read: list[str] = []
    while visits := site.take():
        assert len(visits) <= PAGES_IN_FLIGHT
        for visit in visits:
            path = visit.url.removeprefix(HOST)
            read.append(path)
            site.tally.pages += 1
            for link in links.get(path, []):
                site.offer(HOST + link, visit.depth + 1)
            shown = [visit.url + ".jpg"] if path in (gain or set()) else []
            site.learned(visit.url, shown, words.get(path, ()) if words else ())
            site.returned(visit)
    return read


def crawl(max_pages: int = 1000, depth: int = 1000) -> Site:
    site = Site("run", SourceSpec("source", "site", HOST + "/", depth=depth, max_pages=max_pages))
    (start,) = site.take()
    site.returned(start)
    return site


def test_a_calendar_does_not_eat_a_run() -> None:
    months = [f"/events/{year}/{month:02}/" for year in range(1990, 2090) for month in range(1, 13)]
    links = {month: [later] for month, later in pairwise(months)}
    site = crawl()
    read = read_all(site, [months[0], "/about"], links)
    assert "/about" in read and len(read) < 30 and site.tally.errors["trap"] >= 1


@pytest.mark.parametrize("pattern", ["/photo/{}", "/gallery?page={}", "/p/{}.html"])
def test_a_gallery_is_read_to_its_end(pattern: str) -> None:
    pages = [pattern.format(number) for number in range(500)]
    links = {page: [later] for page, later in pairwise(pages)}
    assert read_all(crawl(), pages[:1], links, set(pages)) == pages


def test_a_gallery_with_a_few_empty_pages_is_read_to_its_end() -> None:
    pages = [f"/photo/{number}" for number in range(300)]
    links = {page: [later] for page, later in pairwise(pages)}
    assert len(read_all(crawl(), pages[:1], links, set(pages[::10]))) == 300


def test_threads_without_pictures_are_read_as_long_as_they_say_something_new() -> None:
    pages = [f"/thread/{number}" for number in range(300)]
    links = {page: [later] for page, later in pairwise(pages)}
    said = {page: [f"{page[8:]}{part}" for part in "abc"] for page in pages}
    assert read_all(crawl(), pages[:1], links, words=said) == pages
    same = {page: ["nothing", "was", "found"] for page in pages}
    assert len(read_all(crawl(), pages[:1], links, words=same)) < 60


def test_a_picture_that_a_sitemap_listed_first_is_still_new_to_its_page() -> None:
    site = crawl()
    site.tally.pictures.update(f"{HOST}/photo/{number}.jpg" for number in range(300))
    pages = [f"/photo/{number}" for number in range(300)]
    assert len(read_all(site, pages, {}, set(pages))) == 300


def test_a_page_that_was_read_before_is_visited_whatever_became_of_its_kind() -> None:
    visits = [Visit(f"{HOST}/t/{number}", 1, content_hash="known") for number in range(100)]
    site = Site("run", SourceSpec("source", "site", HOST + "/"), visits)
    for number in range(100):
        site.learned(f"{HOST}/t/{number}", [], [])
    assert len(site.take()) == PAGES_IN_FLIGHT


def test_however_facets_are_combined_they_are_one_thing() -> None:
    names = ["colour", "size", "brand", "sort", "view", "price", "stock", "age"]
    combined = ["&".join(f"{name}=x" for bit, name in enumerate(names) if mask >> bit & 1) for mask in range(1, 256)]
    read = read_all(crawl(), [f"/shop?{query}" for query in combined], {})
    assert len(read) < 120


def test_pages_with_names_of_their_own_are_never_a_pattern() -> None:
    pages = [f"/people/{a}{b}" for a in "abcdefghijklmnopqrst" for b in "abcdefghij"]
    assert len(read_all(crawl(), pages, {})) == 200


@pytest.mark.parametrize(
    "path",
    ["/a/b/a/b/a/b", "/x/x/x", "/img/a/img/a/img/a/", "/" + "d/e/" * 20, "/?" + "&".join(f"a{n}=1" for n in range(20))],
)
def test_addresses_that_go_in_circles_are_not_visited(path: str) -> None:
    assert goes_in_circles(HOST + path)
    site = crawl()
    assert not site.offer(HOST + path, 1) and site.tally.errors["trap"] == 1


@pytest.mark.parametrize("path", ["/2026/11/11/11/", "/a/b/a/b", "/en/docs/en/", "/1/1/1/1"])
def test_addresses_that_only_look_like_it_are(path: str) -> None:
    assert not goes_in_circles(HOST + path)


@pytest.mark.parametrize(
    "url",
    [
        "/page;jsessionid=0A1B2C3D4E5F?id=3",
        "/page?PHPSESSID=0a1b2c3d4e5f&id=3",
        "/page?id=3&sid=0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "/(S(lit3py55t21z5v55vlm25s55))/page?id=3",
    ],
)
def test_a_session_id_makes_no_other_page(url: str) -> None:
    assert identity(HOST + url) == HOST + "/page?id=3"
    site = crawl()
    assert site.offer(HOST + url, 1) and not site.offer(HOST + "/page?id=3", 1)
    assert [visit.url for visit in site.take()] == [HOST + "/page?id=3"]


@pytest.mark.parametrize("url", ["/page?sid=42", "/page?s=portraits", "/page?session=autumn-2026", "/list?id=1;2"])
def test_what_only_has_such_a_name_is_kept(url: str) -> None:
    assert identity(HOST + url) == HOST + url


def test_a_server_that_wants_its_session_id_gets_it() -> None:
    site = crawl()
    site.offer(HOST + "/page", 1)
    (visit,) = site.take()
    site.redirect(visit, HOST + "/page;jsessionid=0A1B2C")
    (again,) = site.take()
    assert again.url == HOST + "/page;jsessionid=0A1B2C" and again.hops == 1
    site.redirect(again, HOST + "/page;jsessionid=0A1B2C")
    assert site.tally.errors["redirect_loop"] == 1


def test_a_canonical_address_is_believed_where_it_only_leaves_parts_out() -> None:
    assert is_variant(HOST + "/p?ref=home", HOST + "/p") and is_variant(HOST + "/p?id=3&ref=a", HOST + "/p?id=3")
    for canonical in ("/", "/q", "/p?id=4", "/p?page=2&ref=home"):
        assert not is_variant(HOST + "/p?ref=home", HOST + canonical)
    assert not is_variant(HOST + "/list?page=2", HOST + "/list")
    site = crawl()
    assert site.is_canonical(HOST + "/p?ref=home", HOST + "/p") and not site.offer(HOST + "/p", 1)


def test_the_same_content_twice_is_noticed() -> None:
    site = crawl()
    assert not site.twin(HOST + "/a", "hash") and not site.twin(HOST + "/a", "hash") and site.twin(HOST + "/b", "hash")


def test_relative_links_that_lead_ever_deeper_end() -> None:
    words = ("shop", "cart", "about")
    deep = {"/x/"}
    for _ in range(6):
        deep |= {f"{path}{word}/" for path in deep for word in words}
    links = {path: [f"{path}{word}/" for word in words] for path in deep}
    assert len(read_all(crawl(400), ["/x/"], links)) < 40
