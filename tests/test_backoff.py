"""What happens when a host says "not now" or nothing at all: it rests, others go on, and at last it is left alone."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler

import pytest

from crawler.downloading.pace import (
    BUSY_SECONDS,
    DOWN_SECONDS,
    MAX_BUSY_SECONDS,
    MAX_DELAY_SECONDS,
    MAX_FAILURES,
    MAX_REFUSALS,
    MAX_RETRIES,
    NO_CONNECTION,
    PRIVATE_HOST_CONCURRENCY,
    Pace,
    retry_after_seconds,
)
from tests.sites import Reply, page, send, serve
from tests.small_crawl import codes, crawl

HOST = "site.example:443"
NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def paced(delay: float = 1.0) -> tuple[Pace, Clock]:
    clock = Clock()
    pace = Pace(delay, clock, jitter=lambda: 1.0)
    pace.host(HOST).met = True
    return pace, clock


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("9" * 30, MAX_BUSY_SECONDS),
        ("Sun, 22 Nov 2026 12:01:30 GMT", 90.0),
        ("Sunday, 22-Nov-26 12:01:30 GMT", 90.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_BUSY_SECONDS),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("\u0661", None),
        ("Sun, 99 Nov 2026 12:01:30 GMT", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after_seconds(value, NOW) == seconds


def test_rests_double_from_the_pause_until_the_host_is_left_alone() -> None:
    pace, clock = paced(delay=2.0)
    rests = []
    for _refusal in range(MAX_REFUSALS):
        assert pace.refused(HOST, None, 0) and pace.room(HOST) == 0 and pace.refusal(HOST) is None
        rests.append(pace.rest(HOST))
        clock.now += pace.rest(HOST)
    assert rests == [2.0, 4.0, 8.0, 16.0, 32.0, MAX_DELAY_SECONDS]
    assert pace.concurrency(HOST) == 1
    assert not pace.refused(HOST, None, 0)
    refusal = pace.refusal(HOST)
    assert refusal is not None and (refusal.code, refusal.retry_after) == ("busy", BUSY_SECONDS)
    clock.now += BUSY_SECONDS
    assert pace.refusal(HOST) is None


def test_answers_sent_before_the_rest_do_not_make_it_longer() -> None:
    pace, clock = paced()
    for _answer in range(PRIVATE_HOST_CONCURRENCY):
        assert pace.refused(HOST, None, 0)
        clock.now += 0.01
    assert pace.host(HOST).refusals == 1 and pace.delay(HOST) == 2.0
    clock.now += 10
    assert pace.refused(HOST, 0.0, 0, latency=11.0) and pace.host(HOST).refusals == 1
    clock.now += 2
    assert pace.refused(HOST, 0.0, 0, latency=1.0) and pace.host(HOST).refusals == 2


def test_retry_after_is_kept_to_or_ends_the_host_at_once_where_it_is_long() -> None:
    pace, clock = paced()
    assert pace.refused(HOST, 90.0, 0) and pace.rest(HOST) == 90.0
    clock.now += 90
    assert not pace.refused(HOST, 3600.0, 0)
    refusal = pace.refusal(HOST)
    assert refusal is not None and (refusal.code, refusal.retry_after) == ("busy", 3600.0)


def test_one_bad_address_uses_up_its_own_retries_and_not_the_host() -> None:
    pace, clock = paced()
    for tries in range(MAX_RETRIES + 1):
        again = pace.refused(HOST, None, tries)
        clock.now += pace.rest(HOST)
    assert not again and pace.refusal(HOST) is None
    pace.answered(HOST, 200, 0.1)
    assert pace.host(HOST).refusals == 0


def test_the_pause_grows_with_refusals_and_slowness_and_shrinks_slowly() -> None:
    pace, clock = paced()
    pace.refused(HOST, 0.0, 0)
    assert pace.delay(HOST) == 2.0
    pace.answered(HOST, 200, 0.1)
    assert pace.delay(HOST) == pytest.approx(1.8)
    for _answer in range(10):
        pace.answered(HOST, 200, 0.1)
    assert pace.delay(HOST) == pace.floor(HOST) == 1.0
    pace.answered(HOST, 200, 7.0)
    assert pace.delay(HOST) == 7.0
    pace.answered(HOST, 500, 50.0)
    assert pace.delay(HOST) == 7.0
    clock.now += 1


def test_whose_wish_counts() -> None:
    pace, _ = paced()
    host = pace.host(HOST)
    assert (pace.delay(HOST), pace.concurrency(HOST)) == (1.0, 2)
    pace.wish(HOST, 0.2, 4)
    assert (pace.delay(HOST), pace.concurrency(HOST), pace.jitter(HOST)) == (0.2, 4, 0.0)
    pace.wish(HOST, 0.5, 9)
    pace.wish(HOST, None, None)
    assert (pace.delay(HOST), pace.concurrency(HOST)) == (0.5, 4)
    host.robots_delay = 3.0
    assert (pace.delay(HOST), pace.concurrency(HOST)) == (3.0, 1)
    pace.host("own:80").private = pace.host("own:80").met = True
    assert pace.delay("own:80") < 0.01 and pace.concurrency("own:80") == PRIVATE_HOST_CONCURRENCY
    pace.wish("own:80", 5.0, 1000)
    assert pace.delay("own:80") == 5.0 and pace.concurrency("own:80") <= 32


def test_processes_that_share_a_run_are_together_no_faster_than_one() -> None:
    pace, _clock = paced(delay=2.0)
    pace.wish(HOST, 1.0, 4)
    pace.share(HOST, 2)
    assert (pace.delay(HOST), pace.concurrency(HOST)) == (2.0, 2)
    pace.share(HOST, 9)
    assert (pace.delay(HOST), pace.concurrency(HOST)) == (9.0, 1)
    pace.share(HOST, 1)
    assert (pace.delay(HOST), pace.concurrency(HOST)) == (1.0, 4)


def test_a_host_that_cannot_be_reached_counts_as_down_sooner_than_one_that_answers_badly() -> None:
    for connected, times in ((False, 4), (True, MAX_FAILURES)):
        pace, clock = paced()
        for _failure in range(times - 1):
            pace.failed(HOST, connected=connected)
        pace.answered(HOST, 200, 0.1)
        for _failure in range(times - 1):
            pace.failed(HOST, connected=connected)
        assert pace.refusal(HOST) is None
        pace.failed(HOST, connected=connected)
        refusal = pace.refusal(HOST)
        assert refusal is not None and (refusal.code, refusal.retry_after) == ("host_down", None)
        clock.now += DOWN_SECONDS
        assert pace.refusal(HOST) is None


# --- With Scrapy ----------------------------------------------------------------------------------------------


def refusing(times: int, status: int, headers: dict[str, str]) -> Callable[[BaseHTTPRequestHandler], None]:
    """Refuses so many times, then answers."""
    left, lock = [times], threading.Lock()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        with lock:
            left[0] -= 1
            refuses = left[0] >= 0
        send(handler, Reply(b"no", status=status, headers=headers) if refuses else page("yes"))

    return answer


def test_refused_requests_come_again_and_a_resting_host_holds_up_no_other() -> None:
    names = [f"/{number}" for number in range(60)]
    soon = {
        "/a": refusing(1, 429, {"Retry-After": "2"}),
        "/b": refusing(1, 503, {}),
        "/robots.txt": refusing(1, 503, {}),
    }
    with serve({**soon, **dict.fromkeys(names, page("x"))}) as resting, serve(dict.fromkeys(names, page("y"))) as other:
        asked = [resting.url(path) for path in ["/a", "/b", *names]] + [other.url(path) for path in names]
        outcomes = crawl(asked, settings={"CONCURRENT_REQUESTS": 4})
        assert set(codes(outcomes).values()) == {200} and len(outcomes) == len(asked)
        assert (resting.requests["/a"], resting.requests["/b"], resting.requests["/robots.txt"]) == (2, 2, 2)
    ends = {
        prefix: max(o["at"] for o in outcomes if o["url"].startswith(prefix))
        for prefix in (resting.url(""), other.url(""))
    }
    assert ends[other.url("")] < ends[resting.url("")]
    assert other.most_at_once <= PRIVATE_HOST_CONCURRENCY


def test_a_host_that_wants_a_long_rest_ends_at_once_for_all_its_requests() -> None:
    names = [f"/{number}" for number in range(40)]
    answer = Reply(b"no", status=429, headers={"Retry-After": "3600"})
    with serve({"/robots.txt": Reply(b"", "text/plain"), **dict.fromkeys(names, answer)}) as site:
        outcomes = crawl([site.url(name) for name in names])
    assert {outcome["result"] for outcome in outcomes} == {"busy"} and len(outcomes) == 40
    assert all(3500 < outcome["retry_after"] <= 3600 for outcome in outcomes)
    assert sum(site.requests.values()) - site.requests["/robots.txt"] <= PRIVATE_HOST_CONCURRENCY + 1


def test_a_host_that_is_not_there_is_given_up() -> None:
    outcomes = crawl([f"http://gone.example/{number}" for number in range(30)])
    assert {outcome["result"] for outcome in outcomes} == {"dns", "host_down"} and len(outcomes) == 30
    assert [outcome["result"] for outcome in outcomes].count("dns") == MAX_FAILURES // NO_CONNECTION
