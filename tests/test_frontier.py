"""What is fetched next: each page once, breadth first, bounded; each picture once, told to all who show it."""

import pytest

from crawler.frontier import MAX_HOPS, PAGES_IN_FLIGHT, Pictures, RedirectLoop, Showing, Shown, Site, StoredImage

START = "http://site.example/"
IMAGE = StoredImage("0" * 64, 10, "image/jpeg")


def site(depth: int = 3, max_pages: int = 100) -> Site:
    return Site("run", START, depth, max_pages)


def taken(from_site: Site) -> list[str]:
    return [visit.url.removeprefix("http://site.example") for visit in from_site.take()]


def showing(url: str, page: str = START) -> Showing:
    return Showing(site(), page, "", 0, url, "img")


def test_each_page_is_taken_once_breadth_first_and_within_scope_and_depth() -> None:
    crawl = site(depth=1)
    assert taken(crawl) == ["/"]
    for url in ("b", "a", "b", ""):
        crawl.offer(START + url, 1)
    crawl.offer("http://other.example/", 1)
    crawl.offer("http://site.example:8080/", 1)
    crawl.offer(START + "deep", 2)
    assert taken(crawl) == ["/b", "/a"]
    assert taken(crawl) == []


def test_no_more_pages_than_allowed_and_failures_give_their_place_back() -> None:
    crawl = site(max_pages=3)
    crawl.take()
    crawl.tally.pages += 1
    crawl.returned()
    for number in range(10):
        crawl.offer(f"{START}{number}", 1)
    assert taken(crawl) == ["/0", "/1"]
    crawl.returned()
    assert taken(crawl) == ["/2"]


def test_what_is_under_way_is_bounded_and_so_are_tries() -> None:
    crawl = site(max_pages=10)
    crawl.take()
    crawl.returned()
    for number in range(200):
        crawl.offer(f"{START}{number}", 1)
    assert len(crawl.take()) == PAGES_IN_FLIGHT
    tries = PAGES_IN_FLIGHT + 1
    for _ in range(200):
        crawl.returned()
        tries += len(crawl.take())
    assert tries < 60


def test_redirects_come_first_end_and_may_add_the_www_name_of_a_start_page() -> None:
    crawl = site()
    (start,) = crawl.take()
    crawl.redirect(start, "https://www.site.example/home")
    (home,) = crawl.take()
    assert home.url == "https://www.site.example/home" and home.depth == 0
    crawl.offer("https://www.site.example/about", 1)
    assert len(crawl.take()) == 1
    crawl.redirect(home, "http://elsewhere.example/")
    assert crawl.tally.errors["redirect_elsewhere"] == 1 and crawl.take() == []

    looping = site()
    (visit,) = looping.take()
    looping.redirect(visit, START)
    for hop in range(MAX_HOPS):
        looping.redirect(visit, f"{START}{hop}")
        (visit,) = looping.take()
    looping.redirect(visit, START + "one-too-many")
    assert looping.tally.errors["redirect_loop"] == 2 and looping.take() == []


def test_a_claimed_page_is_not_taken_again() -> None:
    crawl = site(max_pages=2)
    crawl.take()
    assert crawl.claim(START + "File:a.jpg", 1) is not None
    assert crawl.claim(START + "File:a.jpg", 1) is None
    assert crawl.claim(START + "File:b.jpg", 1) is None  # no place left


def test_a_picture_is_requested_once_and_all_who_show_it_are_told() -> None:
    pictures, first, second = Pictures(), showing("u"), showing("u", "other")
    assert pictures.show(first) == Shown(request="u")
    assert pictures.show(second) == Shown()
    assert pictures.done("u", IMAGE) == [first, second]
    assert pictures.show(showing("u", "third")) == Shown(image=IMAGE)
    assert pictures.show(showing("bad")).request == "bad" and pictures.done("bad", None)
    assert pictures.show(showing("bad")) == Shown()


def test_a_redirected_picture_is_the_one_it_leads_to() -> None:
    pictures, alias = Pictures(), showing("alias")
    pictures.show(alias)
    assert pictures.moved("alias", "real") == [alias]
    assert pictures.show(alias) == Shown(request="real")
    assert pictures.show(showing("real")) == Shown()
    assert len(pictures.done("real", IMAGE)) == 2
    assert pictures.show(showing("alias")) == Shown(image=IMAGE)


def test_pictures_that_redirect_in_a_circle_end() -> None:
    pictures, lost = Pictures(), showing("a")
    assert pictures.show(lost).request == "a"
    pictures.moved("a", "b")
    assert pictures.show(lost).request == "b"
    pictures.moved("b", "a")
    with pytest.raises(RedirectLoop):
        pictures.show(lost)
