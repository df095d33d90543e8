"""The one thread that writes what a crawl finds, and what must not end it."""

import asyncio
import threading

import pytest

from crawler.backpressure import Pressure
from crawler.blocklists.blocklist import guard
from crawler.frontiers.frontier import Site, SourceSpec
from crawler.items import Item, PageItem
from crawler.writer import Writer


@pytest.fixture
def writer(db: None) -> Writer:
    return Writer(guard(), Pressure(10**9, measure=lambda: 0))


def test_whoever_asked_and_went_does_not_end_it(writer: Writer) -> None:
    """A crawl's last beat is cut short: what waits behind it is written all the same."""
    held = threading.Event()

    async def ask_and_go() -> None:
        first = asyncio.ensure_future(writer.call(lambda: held.wait(30)))
        second = asyncio.ensure_future(writer.call(lambda: None))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.sleep(0)
        held.set()
        await first

    asyncio.run(ask_and_go())
    assert writer.call_now(lambda: "still at work") == "still at work"
    writer.close()


def test_a_listener_that_fails_does_not_end_it(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.writer.write_rows", lambda batch: None)

    def fail(_items: list[Item]) -> None:
        raise RuntimeError("the event loop is closed")

    writer.on_written = fail
    site = Site("run", SourceSpec("source", "site", "http://site.example/"))
    writer.put_now(PageItem(site, "http://site.example/", 200, 0))
    assert writer.call_now(lambda: "still at work") == "still at work"
    writer.close()
