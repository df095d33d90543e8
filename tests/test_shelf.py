"""What pages share is fetched once, within a limit, and a failure is not tried again."""

import asyncio

import pytest

from crawler.browsing.chromium import Answer
from crawler.browsing.shelf import Shelf
from crawler.policy import FetchFailed


class Web:
    """Counts what is asked of it; every answer is ten bytes."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def get(self, shelf: Shelf, url: str) -> Answer:
        return await shelf.get(url, lambda: self._fetch(url))

    async def _fetch(self, url: str) -> Answer:
        self.asked.append(url)
        await asyncio.sleep(0)
        if url == "bad":
            raise FetchFailed("timeout", "It took too long.")
        return Answer(200, url.ljust(10).encode())


def test_one_fetch_for_all_who_ask_at_once_or_later() -> None:
    async def run() -> None:
        shelf, web = Shelf(), Web()
        answers = await asyncio.gather(*(web.get(shelf, "a") for _ in range(5)))
        assert {answer.body for answer in answers} == {(await web.get(shelf, "a")).body}
        assert web.asked == ["a"]

    asyncio.run(run())


def test_what_was_used_least_goes_first() -> None:
    async def run() -> None:
        shelf, web = Shelf(max_bytes=25), Web()
        for url in ("a", "b", "a", "c", "a", "b"):
            await web.get(shelf, url)
        assert web.asked == ["a", "b", "c", "b"]

    asyncio.run(run())


def test_a_failure_is_not_tried_again() -> None:
    async def run() -> None:
        shelf, web = Shelf(), Web()
        for _ in range(2):
            with pytest.raises(FetchFailed):
                await web.get(shelf, "bad")
        assert web.asked == ["bad"]

    asyncio.run(run())
