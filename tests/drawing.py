"""A crawl of a few pages with a browser, in a process of its own as Twisted wants it.

`python -m tests.drawing JSON`, with the fields of a policy and addresses; prints what the spider was given.
"""

import json
import os
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def draw(*urls: str, networks: list[str] | None = None, names: dict[str, list[str]] | None = None) -> list[Any]:
    """The responses by URL, in order: status, headers, body, flags, error; `networks` are the private ones open."""
    task = {"urls": urls, "networks": networks, "names": names or {}}
    done = subprocess.run(
        [sys.executable, "-m", "tests.drawing", json.dumps(task)],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = {one["url"]: one for one in json.loads(done.stdout)}
    return [found[url] for url in urls]


def main() -> None:
    import django

    django.setup()
    import scrapy
    from scrapy.crawler import CrawlerProcess

    from crawler.browsing import rendering
    from crawler.downloading.scrapy_settings import scrapy_settings
    from crawler.policy import PRIVATE_NETWORKS, FetchPolicy

    task = json.loads(sys.argv[1])
    networks = PRIVATE_NETWORKS if task["networks"] is None else tuple(map(ip_network, task["networks"]))
    policy = FetchPolicy(allow_private=True, private_networks=networks, max_bytes=3_000_000)
    found = []

    class Spider(scrapy.Spider):
        name = "drawing"

        async def start(self) -> Any:
            for url in task["urls"]:
                yield scrapy.Request(url, self.parse, errback=self.failed, meta=rendering.meta(), dont_filter=True)

        def parse(self, response: Any) -> None:
            found.append(
                {
                    "url": response.request.url,
                    "status": response.status,
                    "headers": {k.decode(): b", ".join(v).decode() for k, v in response.headers.items()},
                    "body": response.body.decode("utf-8", "replace"),
                    "flags": response.flags,
                    "error": response.meta.get(rendering.ERROR, ""),
                }
            )

        def failed(self, failure: Any) -> None:
            found.append({"url": failure.request.url, "error": getattr(failure.value, "code", repr(failure.value))})

    settings = scrapy_settings(
        policy, 0, extra=rendering.settings(policy), lookup=lambda host: task["names"].get(host, [])
    )
    process = CrawlerProcess({**settings, "LOG_LEVEL": "WARNING"})
    process.crawl(Spider)
    process.start()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
