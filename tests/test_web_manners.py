"""Back-off, user agent, load on a host, cookies."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from crawler.downloading.pace import PRIVATE_HOST_CONCURRENCY
from tests.sites import Answer, Reply, page, send
from tests.web import Operator, Truth, jpeg, site


def at_first(status: int, then: Reply, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answers with `status` once, then properly."""
    lock, times = threading.Lock(), [0]

    def answer(handler: BaseHTTPRequestHandler) -> None:
        with lock:
            times[0] += 1
        send(handler, Reply(b"later", "text/plain", status, headers) if times[0] == 1 else then)

    return answer


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_waited_for_by_everything_on_that_host(tmp_path: Path, status: int) -> None:
    operator = Operator(tmp_path)
    with site() as (routes, running):
        truth = Truth(routes)
        data = jpeg("patience")
        truth.expect(data, "/busy.jpg")
        routes["/busy.jpg"] = at_first(status, Reply(data, "image/jpeg"), **{"Retry-After": "2"})
        routes["/busy"] = at_first(status, page(f'<img src="{truth.picture("/late.jpg")}">'), **{"Retry-After": "2"})
        others = "".join(f'<img src="{truth.picture(f"/other/{number}.jpg")}">' for number in range(40))
        routes["/"] = page(f'<img src="/busy.jpg"><a href="/busy">b</a>{others}')
        (run,) = operator.crawl(running.url())
        missing = truth.missing(operator.kept())
        assert not missing, (missing, run["errors"])
    for path in ("/busy.jpg", "/busy"):
        first, again = [each.at for each in routes.log if each.path == path]
        assert again - first >= 1.95
        # What was under way when the host said so may still come in.
        between = [each.path for each in routes.log if first < each.at < first + 1.9]
        assert len(between) <= PRIVATE_HOST_CONCURRENCY, between


def test_a_host_that_wants_an_hour_is_not_waited_for(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    with site() as (routes, running):
        busy = Reply(b"slow down", status=429, headers={"Retry-After": "3600"})
        routes["/"] = page("".join(f'<a href="/{number}">x</a>' for number in range(30)))
        routes.rules.append(lambda path: busy if path != "/robots.txt" else None)
        (run,) = operator.crawl(running.url())
        assert run["errors"].get("busy")
        assert len(routes.asked()) <= 2 + PRIVATE_HOST_CONCURRENCY


def test_we_say_who_we_are_and_the_page_is_there(tmp_path: Path, db: None) -> None:
    operator = Operator(tmp_path)
    with site({"/": page('<img src="/a.jpg">'), "/a.jpg": Reply(jpeg("a"), "image/jpeg")}) as (routes, running):
        operator.crawl(running.url())
    assert {each.headers["user-agent"] for each in routes.log} == {settings.CRAWLER_USER_AGENT}
    assert not {"cookie", "authorization", "x-forwarded-for"} & {name for each in routes.log for name in each.headers}
    address = settings.CRAWLER_USER_AGENT.partition("+")[2].rstrip(")")
    assert Client().get(address.removeprefix(settings.PORTAL_URL)).status_code == 200


def test_no_host_gets_more_at_once_than_it_should(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    together = threading.Event()

    def slow(number: int) -> Answer:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            together.wait(0.05)
            send(handler, Reply(jpeg(str(number)), "image/jpeg"))

        return answer

    with site({f"/{number}.jpg": slow(number) for number in range(60)}) as (routes, running):
        routes["/"] = page("".join(f'<img src="/{number}.jpg">' for number in range(60)))
        operator.crawl(running.url())
        assert 2 <= running.most_at_once <= PRIVATE_HOST_CONCURRENCY
        assert len(operator.kept()) == 60


def test_cookies_and_logins_are_not_taken_up(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    with site() as (routes, running):
        routes["/"] = page('<a href="/in">in</a><form action="/login" method=post><input name=user></form>')
        routes["/"].headers["Set-Cookie"] = "session=1; Path=/"
        routes["/in"] = Reply(b"who are you", status=401, headers={"WWW-Authenticate": "Basic realm=x"})
        (run,) = operator.crawl(running.url())
    assert run["errors"] == {"http_401": 1}
    assert routes.times("/in") == 1 and not routes.asked("/login")
    assert all("cookie" not in each.headers and "authorization" not in each.headers for each in routes.log)
