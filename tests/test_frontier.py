"""What is fetched next: each page once, breadth first, bounded; each picture once, told to all who show it."""

from typing import Any

import pytest

from crawler.frontiers.frontier import FOREIGN_PICTURES, MAX_HOPS, PAGES_IN_FLIGHT, Site, SourceSpec, Visit
from crawler.frontiers.pictures import Pictures, RedirectLoop, Showing, Shown, StoredImage

START = "http://site.example/"
IMAGE = StoredImage("0" * 64, 10, "image/jpeg")


def site(depth: int = 3, max_pages: int = 100, **more: Any) -> Site:
    return Site("run", SourceSpec("source", "site", START, depth=depth, max_pages=max_pages, **more))


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
    (start,) = crawl.take()
    crawl.tally.pages += 1
    crawl.returned(start)
    for number in range(10):
        crawl.offer(f"{START}page{number}x", 1)
    assert taken(crawl) == ["/page0x", "/page1x"]
    crawl.returned(Visit(START + "0", 1))
    assert taken(crawl) == ["/page2x"]


def test_what_is_under_way_is_bounded_and_so_are_tries() -> None:
    crawl = site(max_pages=10)
    (start,) = crawl.take()
    crawl.returned(start)
    for number in range(200):
        crawl.offer(f"{START}page{number}x", 1)
    assert len(crawl.take()) == PAGES_IN_FLIGHT
    tries = PAGES_IN_FLIGHT + 1
    for _ in range(200):
        crawl.returned(start)
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
    assert pictures.show(second) == Shown(waits=True)
    assert pictures.done("u", IMAGE) == [first, second]
    assert pictures.show(showing("u", "third")) == Shown(image=IMAGE)
    assert pictures.show(showing("bad")).request == "bad" and pictures.done("bad", None)
    assert pictures.show(showing("bad")) == Shown()


def test_a_redirected_picture_is_the_one_it_leads_to() -> None:
    pictures, alias = Pictures(), showing("alias")
    pictures.show(alias)
    assert pictures.moved("alias", "real") == [alias]
    assert pictures.show(alias) == Shown(request="real")
    assert pictures.show(showing("real")) == Shown(waits=True)
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


def test_a_path_is_a_prefix_of_whole_segments() -> None:
    crawl = site(path="/blog")
    crawl.take()
    urls = ["blog", "blog/a", "blogroll", "other", ""]
    assert [url for url in urls if crawl.offer(START + url, 1)] == ["blog", "blog/a"]


def test_what_a_list_names_is_all_of_it_and_a_feed_leads_anywhere() -> None:
    seeds = (START + "a", "http://other.example/b")
    named = Site("run", SourceSpec("source", "urls", seeds[0], seeds, depth=0))
    assert [visit.url for visit in named.take()] == list(seeds)
    assert not named.offer(START + "c", 0) and not named.offer(START + "c", 1)

    feed = Site("run", SourceSpec("source", "feed", START + "feed", depth=0))
    assert feed.offer("http://news.example/item", 0, listed=True) and not feed.offer("http://news.example/more", 1)
    sitemap = Site("run", SourceSpec("source", "sitemap", START + "sitemap.xml", depth=0))
    assert sitemap.offer(START + "a", 0, listed=True) and not sitemap.offer("http://news.example/", 0, listed=True)


def test_a_run_begins_with_what_it_is_given_and_ends_when_nothing_is_left() -> None:
    visits = [Visit(START + "old", 2, etag='"e"'), Visit(START + "new", 1)]
    spec = SourceSpec("source", "site", START)
    crawl = Site("run", spec, visits, known=[START])
    assert not crawl.offer(START, 1) and crawl.waiting() == 2 and not crawl.finished()
    assert crawl.take() == visits
    for visit in visits:
        crawl.returned(visit)
    assert crawl.finished()
    assert Site("run", spec, []).finished()


def test_a_run_that_is_held_takes_nothing() -> None:
    crawl = site()
    crawl.held = True
    assert crawl.take() == [] and not crawl.finished()


def test_pictures_have_a_limit_and_those_on_other_hosts_a_lower_one() -> None:
    crawl = site(max_pictures=1000)
    asked = [crawl.may_show(f"http://cdn.example/{number}.jpg") for number in range(FOREIGN_PICTURES + 1)]
    assert set(asked[:-1]) == {""} and asked[-1] == "foreign_limit"
    assert crawl.may_show("http://cdn.example/0.jpg") == ""
    own = [crawl.may_show(f"http://img.site.example/{number}.jpg") for number in range(1000)]
    assert own.count("") == 1000 - FOREIGN_PICTURES and own[-1] == "picture_limit"


def test_the_wish_of_a_source_is_for_its_own_host() -> None:
    crawl = site(delay_seconds=3.0, concurrency=1)
    assert crawl.pace(START + "a.jpg") == {"source_url": START, "delay_seconds": 3.0, "concurrency": 1}
    assert crawl.pace("http://cdn.example/a.jpg") == {"source_url": START}


def test_of_what_is_restricted_no_address_is_kept() -> None:
    tally = site().tally
    for number in range(9):
        tally.count("http_404", f"{START}{number}")
        tally.count("restricted", f"{START}{number}")
    assert len(tally.examples["http_404"]) == 5 and tally.errors["http_404"] == 9
    assert tally.errors["restricted"] == 9 and tally.examples["restricted"] == []
