"""Requests through the real Scrapy with the crawl's settings, in a process of its own; no spider, no database.

`crawl` gives an outcome for each request: its URL, and the status or the code it failed with.
"""

import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import scrapy
from scrapy.crawler import CrawlerProcess

from crawler.downloading.pace import NotFetched
from crawler.downloading.scrapy_settings import scrapy_settings
from crawler.policy import FetchPolicy

Outcome = dict[str, Any]


def crawl(
    requests: Iterable[str | dict[str, Any]],
    *,
    policy: dict[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
    names: dict[str, list[list[str]]] | None = None,
    delay: float = 30.0,
    ask: Sequence[str] = (),
    environment: dict[str, str] | None = None,
) -> list[Outcome]:
    """The outcomes in the order in which they came.

    A request is a URL, or a dict with `meta` and `headers`. `names` gives the answers of DNS for each name, one after
    the other, the last one for ever; it knows no other names. First come those of `ask`, each with what
    `robots.allows` says.
    """
    wish = {
        "requests": [{"url": entry} if isinstance(entry, str) else entry for entry in requests],
        "policy": {"allow_private": True, **(policy or {})},
        "settings": settings or {},
        "names": names or {},
        "delay": delay,
        "ask": list(ask),
    }
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        input=json.dumps(wish),
        capture_output=True,
        text=True,
        timeout=240,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    outcomes: list[Outcome] = json.loads(done.stdout)
    return outcomes


def codes(outcomes: list[Outcome]) -> dict[str, int | str]:
    return {outcome["url"]: outcome["result"] for outcome in outcomes}


class Asker(scrapy.Spider):
    name = "asker"

    def __init__(self, wish: dict[str, Any], outcomes: list[Outcome], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.wish, self.outcomes = wish, outcomes

    async def start(self) -> AsyncIterator[Any]:
        for url in self.wish["ask"]:
            await self._ask(url)
        for entry in self.wish["requests"]:
            yield scrapy.Request(**entry, callback=self.note, errback=self.note_failure, dont_filter=True)

    def note(self, response: Any) -> None:
        self._add(response.request.url, response.status, body=len(response.body), ip=str(response.ip_address))

    def note_failure(self, failure: Any) -> None:
        error = failure.value
        known = isinstance(error, NotFetched)
        name = error.code if known else type(error).__name__
        self._add(failure.request.url, name, retry_after=error.retry_after if known else None)

    def _add(self, url: str, result: int | str, **more: Any) -> None:
        self.outcomes.append({"url": url, "result": result, "at": time.monotonic(), **more})

    async def _ask(self, url: str) -> None:
        robots = self.crawler.robots
        code = await robots.allows(url)
        self._add(url, code, sitemaps=robots.sitemaps(url[: url.index("/", 8)]))


def lookup_of(names: dict[str, list[list[str]]]) -> Any:
    def lookup(host: str) -> list[str]:
        answers = names.get(host, [[]])
        return answers.pop(0) if len(answers) > 1 else answers[0]

    return lookup


def policy_of(wish: dict[str, Any]) -> FetchPolicy:
    return FetchPolicy(**{name: frozenset(value) if isinstance(value, list) else value for name, value in wish.items()})


def main() -> None:
    wish, outcomes = json.load(sys.stdin), list[Outcome]()
    lookup = lookup_of(wish["names"])
    extra = {"LOG_LEVEL": "ERROR", **wish["settings"]}
    settings = scrapy_settings(policy_of(wish["policy"]), wish["delay"], extra=extra, lookup=lookup)
    process = CrawlerProcess({**settings, "ITEM_PIPELINES": {}})
    process.crawl(Asker, wish=wish, outcomes=outcomes)
    process.start()
    json.dump(outcomes, sys.stdout)


if __name__ == "__main__":
    main()
