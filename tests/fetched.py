"""Pictures as the crawler hands them over: rows that wait, bytes in the spool."""

from crawler import spool
from crawler.models import CrawlRun, FetchedImage, Source, url_digest


def fetched(data: bytes, name: str, page: str = "index.html", run: CrawlRun | None = None) -> FetchedImage:
    """One picture at one page of shop.example."""
    page_url, image_url = f"https://shop.example/{page}", f"https://shop.example/media/{name}"
    return FetchedImage.objects.create(
        run=run or a_run(),
        page_url=page_url,
        page_title="A shop",
        image_url=image_url,
        digest=url_digest(page_url, image_url),
        sha256=spool.put(data),
        size=len(data),
        content_type="image/jpeg",
    )


def a_run() -> CrawlRun:
    """A run of its own over shop.example."""
    url = "https://shop.example/"
    source, _ = Source.objects.get_or_create(digest=url_digest(url), defaults={"url": url, "host": "shop.example"})
    return CrawlRun.objects.create(source=source)
