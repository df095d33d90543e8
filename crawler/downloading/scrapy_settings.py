"""Scrapy's settings for our crawls: polite, bounded, and with nothing switched on that is not used."""

from collections.abc import Mapping
from typing import Any

from crawler.downloading.pace import LEAST_DELAY_SECONDS, PUBLIC_HOST_CONCURRENCY
from crawler.policy import MAX_URL_LENGTH, FetchPolicy
from crawler.resolver import CachingResolver, Lookup, system_lookup

# What robots.txt files call us.
ROBOTS_TOKEN = "Faceward"  # noqa: S105
# Wall time of one request, from the connection to the last byte, however slowly these come.
REQUEST_TIMEOUT_SECONDS = 20
MEMORY_LIMIT_MB = 2048

_DOWNLOADER = "scrapy.downloadermiddlewares"
_SPIDER = "scrapy.spidermiddlewares"

_PARTS: dict[str, Any] = {
    "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
    "TWISTED_DNS_RESOLVER": "crawler.downloading.scrapy_resolver.PolicyHostnameResolver",
    "DOWNLOADER": "crawler.downloading.slots.PacedDownloader",
    "SCHEDULER_PRIORITY_QUEUE": "crawler.downloading.slots.PacedQueue",
    "ITEM_PIPELINES": {"crawler.spiders.pipelines.StorePipeline": 100},
    # Ours in place of Scrapy's: redirects go through the frontier, robots.txt through RobotsMiddleware.
    "DOWNLOADER_MIDDLEWARES": {
        "crawler.downloading.slots.PaceMiddleware": 5,
        "crawler.downloading.middlewares.PolicyMiddleware": 10,
        "crawler.downloading.robots.RobotsMiddleware": 20,
        "crawler.downloading.download.BoundedCompressionMiddleware": 590,
        f"{_DOWNLOADER}.httpcompression.HttpCompressionMiddleware": None,
        f"{_DOWNLOADER}.offsite.OffsiteMiddleware": None,
        f"{_DOWNLOADER}.robotstxt.RobotsTxtMiddleware": None,
        f"{_DOWNLOADER}.httpauth.HttpAuthMiddleware": None,
        f"{_DOWNLOADER}.redirect.MetaRefreshMiddleware": None,
        f"{_DOWNLOADER}.redirect.RedirectMiddleware": None,
        f"{_DOWNLOADER}.cookies.CookiesMiddleware": None,
        f"{_DOWNLOADER}.httpproxy.HttpProxyMiddleware": None,
        f"{_DOWNLOADER}.httpcache.HttpCacheMiddleware": None,
    },
    "SPIDER_MIDDLEWARES": {
        f"{_SPIDER}.httperror.HttpErrorMiddleware": None,
        f"{_SPIDER}.referer.RefererMiddleware": None,
        f"{_SPIDER}.depth.DepthMiddleware": None,
    },
    "EXTENSIONS": {"scrapy.extensions.feedexport.FeedExporter": None},
    "COOKIES_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "DOWNLOAD_HANDLERS": {
        **dict.fromkeys(("http", "https"), "crawler.downloading.download.BoundedDownloadHandler"),
        **dict.fromkeys(("data", "file", "ftp", "s3")),
    },
    # Breadth first
    "SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue",
    "LOG_INSTALL_ROOT_HANDLER": False,
    # It reads the source code of each callback.
    "WARN_ON_GENERATOR_RETURN_VALUE": False,
}
_LIMITS: dict[str, Any] = {
    "CONCURRENT_REQUESTS": 32,
    "CONCURRENT_REQUESTS_PER_DOMAIN": PUBLIC_HOST_CONCURRENCY,
    "CONCURRENT_ITEMS": 4,
    "RETRY_TIMES": 1,
    # Not 429 and 503, which say "not now": see `crawler.downloading.pace`.
    "RETRY_HTTP_CODES": [500, 502, 504],
    "RETRY_GIVE_UP_LOG_LEVEL": "DEBUG",
    "DOWNLOAD_TIMEOUT": REQUEST_TIMEOUT_SECONDS,
    "DOWNLOAD_WARNSIZE": 0,
    "URLLENGTH_LIMIT": MAX_URL_LENGTH,
    "MEMUSAGE_LIMIT_MB": MEMORY_LIMIT_MB,
}


def scrapy_settings(
    policy: FetchPolicy,
    delay_seconds: float,
    *,
    extra: Mapping[str, Any] | None = None,
    lookup: Lookup = system_lookup,
) -> dict[str, Any]:
    """`delay_seconds` lies between two requests to a public host; for private ones see `crawler.downloading.pace`.

    `extra` settings win; where both have a dict, its single entries do, so that handlers and middlewares can be
    added without losing the others. `lookup` stands in for DNS.
    """
    ours = {
        **_PARTS,
        **_LIMITS,
        "FETCH_POLICY": policy,
        "FETCH_ADDRESSES": CachingResolver(policy, lookup),
        "USER_AGENT": policy.user_agent,
        "ROBOTSTXT_USER_AGENT": ROBOTS_TOKEN,
        "DOWNLOAD_VERIFY_CERTIFICATES": policy.verify_tls,
        "DOWNLOAD_MAXSIZE": policy.max_bytes,
        "DOWNLOAD_DELAY": max(delay_seconds, LEAST_DELAY_SECONDS),
    }
    for name, value in (extra or {}).items():
        before = ours.get(name)
        ours[name] = {**before, **value} if isinstance(before, dict) and isinstance(value, Mapping) else value
    return ours
