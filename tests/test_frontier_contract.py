"""What every frontier does, in one process or shared: each page once, bounded; each picture once."""

from collections.abc import Iterator

import pytest

from crawler.frontiers.frontier import MAX_HOPS, PAGES_IN_FLIGHT, Site, Visit
from crawler.frontiers.pictures import RedirectLoop
from tests.frontiers import IMAGE, START, MakeSite, SharedRun, in_memory, on_redis, paths, pictures_of, showing


@pytest.fixture(autouse=True)
def tidy() -> Iterator[None]:
    yield
    SharedRun.tidy()


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.services)])
def make(request: pytest.FixtureRequest) -> MakeSite:
    return in_memory if request.param == "memory" else on_redis


def back(site: Site, visits: list[Visit]) -> None:
    for visit in visits:
        site.returned(visit)


def test_each_page_is_taken_once_breadth_first_within_scope_and_depth(make: MakeSite) -> None:
    site = make(depth=1)
    first = site.take()
    assert paths(first) == ["/"]
    assert [site.offer(START + path, 1) for path in ("b", "a", "b", "")] == [True, True, False, False]
    assert not site.offer("http://other.example/", 1) and not site.offer(START + "deep", 2)
    assert paths(site.take()) == ["/b", "/a"] and site.take() == []
    assert site.waiting() == 3 and not site.finished()


def test_a_site_is_finished_when_all_is_returned(make: MakeSite) -> None:
    site = make()
    (start,) = site.take()
    site.offer(START + "a", 1)
    site.returned(start)
    assert not site.finished()
    (last,) = site.take()
    assert not site.finished()
    site.returned(last)
    assert site.finished() and site.waiting() == 0


def test_no_more_pages_than_allowed_and_failures_give_their_place_back(make: MakeSite) -> None:
    site = make(max_pages=3)
    (start,) = site.take()
    site.tally.pages += 1
    site.returned(start)
    for number in range(10):
        site.offer(f"{START}page-{chr(97 + number)}", 1)
    taken = site.take()
    assert paths(taken) == ["/page-a", "/page-b"]
    site.returned(taken[0])
    (third,) = site.take()
    assert paths([third]) == ["/page-c"]
    site.tally.pages += 2
    back(site, [taken[1], third])
    assert site.take() == [] and site.finished()


def test_what_is_under_way_is_bounded_and_so_are_tries(make: MakeSite) -> None:
    site = make(max_pages=10)
    back(site, site.take())
    for number in range(200):
        site.offer(f"{START}page-{chr(97 + number % 26)}{chr(97 + number // 26)}", 1)
    taken = site.take()
    assert len(taken) == PAGES_IN_FLIGHT and site.take() == []
    tries = 1
    while taken:
        tries += len(taken)
        back(site, taken)
        taken = site.take()
    assert tries < 60 and site.finished()


def test_nothing_is_taken_while_the_run_is_held(make: MakeSite) -> None:
    site = make()
    site.held = True
    assert site.take() == [] and site.claim(START + "x", 1) is None
    site.held = False
    assert paths(site.take()) == ["/"]


def test_redirects_come_first_end_and_may_add_the_www_name_of_a_start_page(make: MakeSite) -> None:
    site = make()
    (start,) = site.take()
    site.offer(START + "later", 1)
    site.redirect(start, "https://www.site.example/home")
    (home, _later) = site.take()
    assert home == Visit("https://www.site.example/home", 0, 1)
    assert site.offer("https://www.site.example/about", 1)
    site.redirect(home, "http://elsewhere.example/")
    assert site.tally.errors["redirect_elsewhere"] == 1

    looping = make()
    (visit,) = looping.take()
    looping.redirect(visit, visit.url)
    for hop in range(MAX_HOPS):
        looping.redirect(visit, f"{START}hop-{chr(97 + hop)}")
        looping.returned(visit)
        (visit,) = looping.take()
    looping.redirect(visit, START + "one-too-many")
    assert looping.tally.errors["redirect_loop"] == 2 and looping.take() == []


def test_a_claimed_page_is_not_taken_again_and_counts(make: MakeSite) -> None:
    site = make(max_pages=2)
    site.take()
    assert site.claim(START + "File:a.jpg", 1) == Visit(START + "File:a.jpg", 1)
    assert site.claim(START + "File:a.jpg", 1) is None and not site.offer(START + "File:a.jpg", 1)
    assert site.claim(START + "File:b.jpg", 1) is None  # no place left


def test_what_is_known_of_a_page_comes_with_it(make: MakeSite) -> None:
    site = make()
    (start,) = site.take()
    site.redirect(start, START + "home")
    assert site.take() == [Visit(START + "home", 0, 1)]
    assert not site.twin(START + "home", "hash") and site.twin(START + "copy", "hash")
    assert not site.twin(START + "home", "hash")


def test_the_tally_adds_up(make: MakeSite) -> None:
    site = make()
    (start,) = site.take()
    site.tally.pages += 1
    site.tally.fetched += 2
    site.tally.fetched_bytes += 300
    site.tally.pictures |= {"a", "b"}
    site.tally.count("http_404", START + "gone")
    site.returned(start)
    site.tally.pictures |= {"b", "c"}
    site.take()
    tally = site.tally
    assert (tally.pages, tally.fetched, tally.fetched_bytes, tally.images) == (1, 2, 300, 3)
    assert tally.errors == {"http_404": 1} and tally.examples == {"http_404": [START + "gone"]}


def test_a_picture_is_requested_once_and_all_who_show_it_are_told(make: MakeSite) -> None:
    site = make()
    pictures, first, second = pictures_of(site), showing(site, "u"), showing(site, "u", "other")
    assert pictures.show(first).request == "u"
    assert pictures.show(second).waits
    assert pictures.waiting("u") == [first, second]
    assert pictures.done("u", IMAGE, written=False) == [first, second]
    assert pictures.show(showing(site, "u", "third")).image == IMAGE
    pictures.stored("u")
    assert pictures.show(showing(site, "u", "fourth")).image == IMAGE
    assert pictures.show(showing(site, "bad")).request == "bad" and pictures.done("bad", None)
    missing = pictures.show(showing(site, "bad"))
    assert missing.request is missing.image is None and not missing.waits


def test_a_redirected_picture_is_the_one_it_leads_to(make: MakeSite) -> None:
    site = make()
    pictures, alias = pictures_of(site), showing(site, "alias")
    pictures.show(alias)
    assert pictures.moved("alias", "real") == [alias]
    assert pictures.show(alias).request == "real"
    assert pictures.show(showing(site, "real")).waits
    assert len(pictures.done("real", IMAGE)) == 2
    assert pictures.show(showing(site, "alias")).image == IMAGE


def test_pictures_that_redirect_in_a_circle_end(make: MakeSite) -> None:
    site = make()
    pictures, lost = pictures_of(site), showing(site, "a")
    for url, target in (("a", "b"), ("b", "a")):
        assert pictures.show(lost).request == url
        pictures.moved(url, target)
    with pytest.raises(RedirectLoop):
        pictures.show(lost)


def test_a_picture_of_an_earlier_crawl_is_not_requested(make: MakeSite) -> None:
    site = make()
    pictures = pictures_of(site)
    assert pictures.is_new("u")
    pictures.recall("u", IMAGE)
    assert not pictures.is_new("u") and pictures.show(showing(site, "u")).image == IMAGE
