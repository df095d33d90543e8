"""What a site asks of robots, and what Scrapy's resolver tells it of names."""

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address

from crawler.middlewares import MAX_CRAWL_DELAY_SECONDS, read_robots
from crawler.policy import FetchPolicy
from crawler.resolver import CachingResolver
from crawler.scrapy_resolver import PolicyHostnameResolver
from crawler.scrapy_settings import ROBOTS_TOKEN

SITE = "https://site.example"


def refusal(body: str, path: str, status: int = 200) -> str:
    return read_robots(status, body.encode()).refusal(SITE + path, ROBOTS_TOKEN)


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ("User-agent: *\nDisallow: /private", "/private/x", "robots"),
        ("User-agent: *\nDisallow: /private", "/public", ""),
        ("User-agent: *\nDisallow: /\nUser-agent: faceward\nDisallow: /a", "/b", ""),
        ("User-agent: Faceward\nDisallow: /\nAllow: /open/", "/open/x.jpg", ""),
        ("User-agent: Faceward\nDisallow: /*.jpg$", "/a/b.jpg", "robots"),
        ("User-agent: Otherbot\nDisallow: /", "/x", ""),
        ("\ufeffUser-agent: *\r\nDisallow: /x # comment", "/x", "robots"),
        ("<html>not a robots file</html>", "/x", ""),
        ("User-agent: *\nDisallow: /x\n" + "#" * 600_000 + "\nDisallow: /y", "/x", "robots"),
        ("User-agent: *\nDisallow: /" + "*a" * 5000 + "b", "/" + "a" * 4000, ""),
    ],
)
def test_robots_txt(body: str, path: str, code: str) -> None:
    assert refusal(body, path) == code


@pytest.mark.parametrize(
    ("status", "code"), [(404, ""), (403, ""), (204, ""), (500, "robots_unreachable"), (429, "robots_unreachable")]
)
def test_a_robots_txt_that_is_not_there_or_not_to_be_had(status: int, code: str) -> None:
    assert refusal("User-agent: *\nDisallow: /", "/x", status) == code


def test_the_delay_a_site_asks_for() -> None:
    def delay(line: str) -> float:
        return read_robots(200, f"User-agent: *\nCrawl-delay: {line}".encode()).delay(ROBOTS_TOKEN)

    assert (delay("2.5"), delay("86400"), delay("soon")) == (2.5, MAX_CRAWL_DELAY_SECONDS, 0.0)


class StillReactor:
    """Does at once what a reactor and its thread pool would do a moment later."""

    def getThreadPool(self) -> "StillReactor":  # noqa: N802 - Twisted's interface
        return self

    def callInThreadWithCallback(  # noqa: N802
        self, tell: Callable[[bool, Any], None], function: Callable[..., Any], *arguments: Any
    ) -> None:
        tell(True, function(*arguments))

    def callFromThread(self, function: Callable[..., None], *arguments: Any) -> None:  # noqa: N802
        function(*arguments)


class Receiver:
    def __init__(self) -> None:
        self.addresses: list[object] = []
        self.complete = False

    def resolutionBegan(self, _resolution: object) -> None:  # noqa: N802
        pass

    def addressResolved(self, address: object) -> None:  # noqa: N802
        self.addresses.append(address)

    def resolutionComplete(self) -> None:  # noqa: N802
        self.complete = True


def told(host: str, policy: FetchPolicy, answer: list[str]) -> list[object]:
    resolver = PolicyHostnameResolver(StillReactor(), CachingResolver(policy, lookup=lambda _host: answer))
    receiver = Receiver()
    resolver.resolveHostName(receiver, host, 8080)
    assert receiver.complete
    return receiver.addresses


def test_scrapy_connects_to_judged_addresses_only() -> None:
    public, opened = FetchPolicy(), FetchPolicy(allow_private=True)
    assert told("a.example", public, ["93.184.216.34", "2606:4700::1111"]) == [
        IPv4Address("TCP", "93.184.216.34", 8080),
        IPv6Address("TCP", "2606:4700::1111", 8080),
    ]
    assert told("a.example", public, ["93.184.216.34", "10.0.0.1"]) == []
    assert told("a.example", public, []) == told("127.0.0.1", public, []) == told("x.localhost", public, []) == []
    assert told("x.localhost", opened, []) == [IPv4Address("TCP", "127.0.0.1", 8080)]
    assert told("a.example", opened, ["169.254.169.254"]) == []
