"""From spider to database and spool, by way of the writer's thread."""

from typing import Any

from crawler.items import Item
from crawler.writer import Writer


class StorePipeline:
    """Hands every item to the crawl's writer."""

    def __init__(self, crawler: Any) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Any) -> "StorePipeline":
        return cls(crawler)

    async def process_item(self, item: Item) -> Item:
        writer: Writer = self._crawler.spider.writer
        await writer.put(item)
        if writer.pressure.is_shut:
            self._crawler.engine.pause()
        return item
