"""A frontier that several processes share: nothing twice, nothing lost, whoever dies."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.frontiers.frontier import PAGES_IN_FLIGHT, SourceSpec, Tally, Visit
from crawler.frontiers.frontier_client import FrontierUnavailable, NoSuchRun, connect
from crawler.frontiers.frontier_scripts import TTL_SECONDS
from crawler.frontiers.shared_frontier import open_site
from crawler.frontiers.shared_pictures import open_pictures
from tests.frontiers import IMAGE, SPEC, START, SharedRun, paths, showing

pytestmark = pytest.mark.services


@pytest.fixture(autouse=True)
def tidy() -> Iterator[None]:
    yield
    SharedRun.tidy()


def names(count: int) -> list[str]:
    """Addresses that do not look like each other."""
    return [f"{START}{chr(97 + number // 26)}/{chr(97 + number % 26)}" for number in range(count)]


# --- Pages ---------------------------------------------------------------------------------------------------


def test_two_processes_share_pages_the_budget_and_the_tally() -> None:
    run = SharedRun(replace(SPEC, max_pages=12))
    one, two = run.first, run.join()
    (start,) = one.take()
    assert two.take() == []
    assert [one.offer(url, 1) for url in names(20)] == [True] * 20
    assert not two.offer(names(1)[0], 1)
    one.tally.pages += 1
    one.tally.count("slow", START)
    one.returned(start)
    mine, other = one.take(), two.take()
    assert len(mine) == len(other) == PAGES_IN_FLIGHT // 2 and not {*mine} & {*other}
    two.tally.pages += 3
    two.tally.count("slow", START + "x")
    for visit in other:
        two.returned(visit)
    one.look()
    assert one.tally.pages == two.tally.pages == 4
    assert one.tally.errors == {"slow": 2} and one.tally.examples == {"slow": [START, START + "x"]}
    # Four are read and four under way, of twelve.
    assert len(two.take()) == 4 and one.take() == []


def test_a_process_that_dies_gives_back_what_it_held_when_its_lease_ends() -> None:
    run = SharedRun(visits=[Visit(url, 1, 0, "etag") for url in names(3)])
    one, two = run.first, run.join()
    (lost, *_) = held = one.take()
    assert two.take() == [] and not two.finished()
    run.die(one)
    again = two.take()
    assert sorted(paths(again)) == sorted(paths(held)) and lost in again
    # It was not dead after all: it may go on, and counts for what it does.
    one.returned(lost)
    assert one.take() == []
    for visit in again:
        two.returned(visit)
    assert one.finished() and two.finished()


def test_a_process_that_comes_late_with_a_page_nobody_has_begun_anew_has_read_it() -> None:
    run = SharedRun()
    one, two = run.first, run.join()
    (start,) = one.take()
    run.die(one)
    two.held = True
    two.take()
    one.returned(start)
    two.held = False
    assert two.take() == [] and two.finished()


def test_every_call_renews_the_lease() -> None:
    run = SharedRun()
    one, two = run.first, run.join()
    one.take()
    run.die(one)
    one.offer(START + "sign-of-life", 1)
    assert paths(two.take()) == ["/sign-of-life"]


def test_a_page_whose_reader_always_dies_is_given_up() -> None:
    run = SharedRun()
    for _ in range(4):
        doomed = run.join()
        assert paths(doomed.take()) == ["/"]
        run.die(doomed)
    assert run.first.take() == [] and run.first.tally.errors == {"crashed": 1} and run.first.finished()


def test_an_answer_that_was_lost_is_asked_for_again() -> None:
    run = SharedRun()
    site = run.first
    (start,) = site.take()
    site._held.clear()  # as if the answer had not come
    assert site.take() == [start] and site.take() == []


def test_who_leaves_gives_back_at_once_and_the_last_one_tidies_up() -> None:
    run = SharedRun()
    one, two = run.first, run.join()
    one.take()
    assert not one.leave(over=False)
    (start,) = two.take()
    two.tally.pages += 1
    two.returned(start)
    assert all(0 < run.client.ttl(key) <= TTL_SECONDS for key in run.left())
    three = run.join()
    assert not three.leave(over=True)
    assert run.left() and three.tally.pages == 1
    assert two.leave(over=True)
    assert run.left() == []
    with pytest.raises(NoSuchRun):
        run.join()


def test_a_run_that_is_gone_ends_and_says_so() -> None:
    run = SharedRun()
    site, pictures = run.first, open_pictures(run.first)
    (start,) = site.take()
    run.client.delete(*run.left())
    assert not site.offer(START + "a", 1) and site.take() == [] and site.finished() and site.lost
    site.returned(start)
    assert site.leave(over=True)
    assert not pictures.show(showing(site, "u")).waits
    assert run.left() == []


def test_what_a_start_turns_out_to_be_is_known_to_all() -> None:
    run = SharedRun()
    one, two = run.first, run.join()
    (start,) = one.take()
    one.redirect(start, "http://www.site.example/feed")
    one.become("feed", 1)
    two.take()
    assert two.in_scope("http://www.site.example/a") and (two.spec.kind, two.spec.depth) == ("feed", 1)
    assert run.join().spec.kind == "feed" and run.join().in_scope("http://www.site.example/a")


def test_pages_of_a_pattern_that_gives_nothing_are_left_out_and_are_no_tries() -> None:
    run = SharedRun(replace(SPEC, max_pages=2), visits=[])
    site = run.first
    for number in range(50):
        site.offer(f"{START}day/{number}", 1)
    site.offer(START + "a-page-of-its-own", 1)
    for number in range(30):
        site.learned(f"{START}day/{number}", [], [])
    assert paths(site.take()) == ["/a-page-of-its-own"]
    assert site.tally.errors == {"trap": 50}


def test_requests_say_how_many_processes_share_a_host() -> None:
    run = SharedRun(replace(SPEC, delay_seconds=2.0))
    two = run.join()
    two.take()
    led_by = {"source_url": two.spec.url, "sharers": 2}
    assert two.pace(START + "a") == {**led_by, "delay_seconds": 2.0, "concurrency": None}
    assert two.pace("http://elsewhere.example/a.jpg") == led_by


def test_what_is_remembered_has_an_end() -> None:
    run = SharedRun(replace(SPEC, max_pages=1), visits=[])
    run.client.hset(run.first.worker.key + "meta", "most_known", 3)
    assert [run.first.offer(url, 1) for url in names(5)] == [True, True, True, False, False]
    assert not run.join().offer(names(6)[5], 1)


def test_a_run_goes_on_with_what_it_came_to_before() -> None:
    run = SharedRun()
    before = Tally(pages=5, pictures_before=7)
    site = open_site(run.client, run.run_id, SPEC, fresh=True, visits=[], known=[START], tally=before)
    site.tally.pictures.add("new")
    site.take()
    joined = run.join()
    assert (joined.tally.pages, joined.tally.images) == (5, 8)
    assert not joined.offer(START, 1)


def test_a_frontier_that_cannot_be_reached_is_a_sentence() -> None:
    for url in ("redis://127.0.0.1:1/0", "not a url"):
        with pytest.raises(FrontierUnavailable, match="FRONTIER_URL"):
            connect(url)


# --- Pictures ------------------------------------------------------------------------------------------------


def test_one_process_fetches_and_the_other_is_told_when_it_is_written() -> None:
    run = SharedRun()
    one, two = run.first, run.join()
    here, there = open_pictures(one), open_pictures(two)
    place, late = showing(two, "u", "other"), showing(two, "u", "third")
    assert here.show(showing(one, "u")).request == "u"
    assert there.show(place).waits and there.show(late).waits and there.again() == []
    assert len(here.done("u", IMAGE, written=False)) == 1
    assert there.again() == []
    here.stored("u")
    assert there.again() == [place, late] and there.again() == []
    assert there.show(place).image == IMAGE and not two.lost


def test_a_failure_and_a_redirect_are_told_too() -> None:
    run = SharedRun()
    one, two = run.first, run.join()
    here, there = open_pictures(one), open_pictures(two)
    for url in ("gone", "moved"):
        here.show(showing(one, url))
        assert there.show(showing(two, url)).waits
    here.done("gone", None)
    here.moved("moved", "target")
    gone, moved = sorted(there.again(), key=lambda showing: showing.image_url)
    nothing = there.show(gone)
    assert nothing.image is nothing.request is None and not nothing.waits
    assert there.show(moved).request == "target"


def test_a_picture_whose_process_died_is_requested_by_another() -> None:
    run = SharedRun()
    one, two = run.first, run.join()
    one.take()
    here, there = open_pictures(one), open_pictures(two)
    here.show(showing(one, "u"))
    here.done("u", IMAGE, written=False)  # and dies before it is written
    place = showing(two, "u")
    assert there.show(place).waits
    run.die(one)
    (start,) = two.take()
    assert there.again() == [place]
    assert there.show(place).request == "u"
    there.done("u", IMAGE, written=False)
    there.stored("u")
    two.returned(start)
    assert two.finished()


def test_a_picture_that_nobody_waits_for_any_more_does_not_keep_a_run_open() -> None:
    run = SharedRun(visits=[])
    one, two = run.first, run.join()
    open_pictures(one).show(showing(one, "u"))
    assert not two.finished()
    run.die(one)
    assert two.finished()


# --- Any order of events -------------------------------------------------------------------------------------


class Play:
    """A web of pages with a few links and pictures each, read by processes that may die at any moment."""

    def __init__(self, links: list[list[int]], shown: list[list[int]]) -> None:
        self.links, self.shown = links, shown
        self.run = SharedRun(SourceSpec("source", "site", START + "a/a", depth=99, max_pages=1000))
        self.sites = [self.run.first, self.run.join()]
        self.pictures = [open_pictures(site) for site in self.sites]
        self.taken: list[list[Visit]] = [[], []]
        self.fetching: list[list[str]] = [[], []]
        self.placed: set[tuple[str, str]] = set()
        self.read: set[str] = set()
        self.pages, self.requests, self.deaths = Counter[str](), Counter[str](), 0
        self.waits: list[Counter[str]] = [Counter(), Counter()]

    def step(self, who: int, what: str) -> None:
        getattr(self, what)(who)

    def take(self, who: int) -> None:
        for visit in self.sites[who].take():
            self.pages[visit.url] += 1
            self.taken[who].append(visit)
            self._read(who, visit)
        for again in self.pictures[who].again():
            self._show(who, again)
            self.waits[who][again.page_url] -= 1

    def fetch(self, who: int) -> None:
        if self.fetching[who]:
            url = self.fetching[who].pop()
            for shown in self.pictures[who].done(url, IMAGE, written=False):
                self.placed.add((shown.page_url, url))
                self.waits[who][shown.page_url] -= 1
            self.pictures[who].stored(url)

    def give_back(self, who: int) -> None:
        """A page of which all pictures are there."""
        done = [visit for visit in self.taken[who] if not self.waits[who][visit.url]]
        for visit in done[:1]:
            self.taken[who].remove(visit)
            self.sites[who].returned(visit)

    def die(self, who: int) -> None:
        """Killed, and started anew. Not more often than a page is tried."""
        if self.deaths == 3:
            return
        self.deaths += 1
        self.sites[who].take()  # so that it is known
        self.run.die(self.sites[who])
        self.sites[who] = self.run.join()
        self.pictures[who] = open_pictures(self.sites[who])
        self.taken[who], self.fetching[who], self.waits[who] = [], [], Counter()

    def _read(self, who: int, visit: Visit) -> None:
        number = names(len(self.links)).index(visit.url)
        self.read.add(visit.url)
        for link in self.links[number]:
            self.sites[who].offer(names(len(self.links))[link % len(self.links)], visit.depth + 1)
        for picture in self.shown[number]:
            self._show(who, showing(self.sites[who], f"picture-{picture}", visit.url))

    def _show(self, who: int, one: object) -> None:
        shown = self.pictures[who].show(one)  # type: ignore[arg-type]
        if shown.image is not None:
            self.placed.add((one.page_url, one.image_url))  # type: ignore[attr-defined]
            return
        assert shown.request or shown.waits
        self.waits[who][one.page_url] += 1  # type: ignore[attr-defined]
        if shown.request:
            self.requests[shown.request] += 1
            self.fetching[who].append(shown.request)

    def to_the_end(self) -> None:
        for _ in range(500):
            if all(site.finished() for site in self.sites):
                return
            for who in (0, 1):
                for what in ("take", "fetch", "give_back"):
                    self.step(who, what)
        raise AssertionError("the run does not end")

    def reachable(self) -> set[int]:
        seen, todo = {0}, [0]
        while todo:
            for link in self.links[todo.pop()]:
                if (number := link % len(self.links)) not in seen:
                    seen.add(number)
                    todo.append(number)
        return seen


WEBS = st.lists(
    st.tuples(st.lists(st.integers(0, 11), max_size=4), st.lists(st.integers(0, 5), max_size=3, unique=True)),
    min_size=1,
    max_size=12,
)
STEPS = st.lists(st.tuples(st.integers(0, 1), st.sampled_from(["take", "fetch", "give_back", "die"])), max_size=60)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(web=WEBS, steps=STEPS)
def test_in_any_order_of_events_every_page_is_read_and_every_picture_placed(
    web: list[tuple[list[int], list[int]]], steps: list[tuple[int, str]]
) -> None:
    play = Play([links for links, _ in web], [shown for _, shown in web])
    for who, what in steps:
        play.step(who, what)
    play.to_the_end()
    urls = names(len(web))
    reached = play.reachable()
    assert play.read == {urls[number] for number in reached}
    assert play.placed == {(urls[number], f"picture-{one}") for number in reached for one in web[number][1]}
    if not play.deaths:
        assert set(play.pages.values()) == {1} and set(play.requests.values()) <= {1}
    for site in play.sites:
        site.leave(over=True)
    assert play.deaths or play.run.left() == []
