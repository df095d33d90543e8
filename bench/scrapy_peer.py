"""The peer of the crawl: a plain Scrapy project with its `ImagesPipeline`, then the plain engine over the files.

`python -m bench.scrapy_peer URL FOLDER CONCURRENCY` prints what came of it as JSON. Settings are Scrapy's own, apart
from the number of requests at once, which is the one our crawler uses on such a host.
"""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response

from bench.peers import Naive


class Spider(scrapy.Spider):
    """As in the tutorial: follow every link, give every picture to the pipeline."""

    name = "plain"
    pages = 0

    def parse(self, response: Response, **_: Any) -> Iterator[Any]:
        type(self).pages += 1
        yield {"image_urls": [response.urljoin(url) for url in response.css("img::attr(src)").getall()]}
        yield from response.follow_all(css="a::attr(href)", callback=self.parse)


def crawl(url: str, folder: Path, concurrency: int) -> None:
    process = CrawlerProcess(
        {
            "ITEM_PIPELINES": {"scrapy.pipelines.images.ImagesPipeline": 1},
            "IMAGES_STORE": str(folder),
            "ROBOTSTXT_OBEY": True,
            "DOWNLOAD_DELAY": 0,
            "CONCURRENT_REQUESTS_PER_DOMAIN": concurrency,
            "LOG_LEVEL": "ERROR",
            "TELNETCONSOLE_ENABLED": False,
        }
    )
    process.crawl(Spider, start_urls=[url])
    process.start()


def main(url: str, folder: Path, concurrency: int) -> None:
    begun = time.perf_counter()
    crawl(url, folder, concurrency)
    fetched = time.perf_counter()
    engine, faces, files = Naive(), 0, sorted(folder.rglob("*.jpg"))
    for file in files:
        faces += len(engine.faces(file.read_bytes()))
    seconds = {"fetch": fetched - begun, "faces": time.perf_counter() - fetched}
    print(json.dumps({"pages": Spider.pages, "pictures": len(files), "faces": faces, "seconds": seconds}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
