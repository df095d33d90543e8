"""From spider to database and spool, in one thread of its own: the event loop never waits for the disk."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

from crawler import spool
from crawler.frontier import Site
from crawler.items import ImageItem, PageItem
from crawler.models import CrawlRun, FetchedImage, PageVisit, url_digest

logger = logging.getLogger(__name__)


class StorePipeline:
    """Writes items in the order they come. What cannot be written is counted, and the crawl goes on."""

    def __init__(self) -> None:
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="crawl-writer")

    @classmethod
    def from_crawler(cls, _crawler: Any) -> "StorePipeline":
        return cls()

    async def process_item(self, item: PageItem | ImageItem) -> PageItem | ImageItem:
        try:
            await asyncio.get_running_loop().run_in_executor(self._writer, store, item)
        except Exception:
            logger.exception("A %s could not be stored.", type(item).__name__)
            for site in _sites(item):
                site.tally.errors["storage"] += 1
        return item

    async def close_spider(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._writer, _close_connection)
        self._writer.shutdown()


def _close_connection() -> None:
    """In the thread that opened it."""
    connection.close()


def store(item: PageItem | ImageItem) -> None:
    if isinstance(item, PageItem):
        store_page(item)
    else:
        store_image(item)


def _sites(item: PageItem | ImageItem) -> set[Site]:
    return {item.site} if isinstance(item, PageItem) else {showing.site for showing in item.showings}


def store_page(item: PageItem) -> None:
    """The visit, and the run's tally so far, so that a run shows its progress even if it is killed."""
    visit = PageVisit(
        run_id=item.site.run_id,
        url=item.url,
        digest=url_digest(item.url),
        status=item.status,
        depth=item.depth,
        title=item.title,
    )
    PageVisit.objects.bulk_create([visit], ignore_conflicts=True)
    save_tally(item.site)


def store_image(item: ImageItem) -> None:
    """Bytes before rows: a row in the database always has, or had, its picture in the spool."""
    if item.body is not None:
        spool.put(item.body)
    rows = [
        FetchedImage(
            run_id=showing.site.run_id,
            page_url=showing.page_url,
            page_title=showing.page_title,
            image_url=showing.image_url,
            digest=url_digest(showing.page_url, showing.image_url),
            sha256=item.image.sha256,
            size=item.image.size,
            content_type=item.image.content_type,
        )
        for showing in item.showings
    ]
    FetchedImage.objects.bulk_create(rows, ignore_conflicts=True)


def save_tally(site: Site) -> None:
    CrawlRun.objects.filter(pk=site.run_id).update(
        pages=site.tally.pages, images=len(site.tally.pictures), errors=dict(site.tally.errors)
    )
