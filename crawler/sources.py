"""Sources: naming what may be crawled, and what is asked of it and of its runs."""

from collections.abc import Sequence
from contextlib import suppress

from crawler.models import Source, url_digest
from crawler.policy import FetchFailed, FetchPolicy, ParsedUrl, canonical_url, parse_url
from crawler.resolver import resolve


def judge(urls: Sequence[str], policy: FetchPolicy) -> list[str]:
    """The canonical form of every URL, once each. Raises FetchRefused at the first that must not be crawled.

    Names are looked up for this, but nothing is requested. A name that is not found is no refusal.
    """
    judged: list[str] = []
    for url in urls:
        parsed: ParsedUrl = policy.check_url(url)
        with suppress(FetchFailed):
            resolve(parsed.host, policy)
        judged.append(canonical_url(url))
    return list(dict.fromkeys(judged))


def add_source(
    url: str, *, depth: int | None = None, max_pages: int | None = None, allow_private: bool = False
) -> Source:
    """The source that starts at the canonical `url`, made if needed. What is given replaces what it had."""
    source, _created = Source.objects.get_or_create(
        digest=url_digest(url), defaults={"url": url, "host": parse_url(url).netloc}
    )
    source.depth = source.depth if depth is None else depth
    source.max_pages = source.max_pages if max_pages is None else max_pages
    source.allow_private = source.allow_private or allow_private
    source.save()
    return source
