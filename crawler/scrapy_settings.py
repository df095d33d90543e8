"""Scrapy's settings for our crawls: polite, bounded, and with nothing switched on that is not used."""

from typing import Any

from crawler.middlewares import LEAST_DELAY_SECONDS
from crawler.policy import MAX_URL_LENGTH, FetchPolicy

# What robots.txt files call us.
ROBOTS_TOKEN = "Faceward"  # noqa: S105
REQUEST_TIMEOUT_SECONDS = 20
MAX_DELAY_SECONDS = 60.0
MEMORY_LIMIT_MB = 2048

_DOWNLOADER = "scrapy.downloadermiddlewares"
_SPIDER = "scrapy.spidermiddlewares"

_PARTS = {
    "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
    "TWISTED_DNS_RESOLVER": "crawler.scrapy_resolver.PolicyHostnameResolver",
    "ITEM_PIPELINES": {"crawler.pipelines.StorePipeline": 100},
    # Ours in place of Scrapy's: redirects go through the frontier, robots.txt through RobotsMiddleware.
    "DOWNLOADER_MIDDLEWARES": {
        "crawler.middlewares.PolicyMiddleware": 10,
        "crawler.middlewares.RobotsMiddleware": 20,
        f"{_DOWNLOADER}.offsite.OffsiteMiddleware": None,
        f"{_DOWNLOADER}.robotstxt.RobotsTxtMiddleware": None,
        f"{_DOWNLOADER}.httpauth.HttpAuthMiddleware": None,
        f"{_DOWNLOADER}.redirect.MetaRefreshMiddleware": None,
        f"{_DOWNLOADER}.redirect.RedirectMiddleware": None,
        f"{_DOWNLOADER}.cookies.CookiesMiddleware": None,
        f"{_DOWNLOADER}.httpproxy.HttpProxyMiddleware": None,
    },
    "SPIDER_MIDDLEWARES": {
        f"{_SPIDER}.httperror.HttpErrorMiddleware": None,
        f"{_SPIDER}.referer.RefererMiddleware": None,
        f"{_SPIDER}.depth.DepthMiddleware": None,
    },
    "EXTENSIONS": {"scrapy.extensions.feedexport.FeedExporter": None},
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "DOWNLOAD_HANDLERS": {
        **dict.fromkeys(("http", "https"), "crawler.download.BoundedDownloadHandler"),
        **dict.fromkeys(("data", "file", "ftp", "s3")),
    },
    # Breadth first
    "SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue",
    "LOG_INSTALL_ROOT_HANDLER": False,
}
_LIMITS = {
    "AUTOTHROTTLE_ENABLED": True,
    "AUTOTHROTTLE_MAX_DELAY": MAX_DELAY_SECONDS,
    "CONCURRENT_REQUESTS": 32,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 2,
    "CONCURRENT_ITEMS": 4,
    "RETRY_TIMES": 1,
    "RETRY_HTTP_CODES": [500, 502, 503, 504],
    "RETRY_GIVE_UP_LOG_LEVEL": "DEBUG",
    "DOWNLOAD_TIMEOUT": REQUEST_TIMEOUT_SECONDS,
    "DOWNLOAD_WARNSIZE": 0,
    "URLLENGTH_LIMIT": MAX_URL_LENGTH,
    "MEMUSAGE_LIMIT_MB": MEMORY_LIMIT_MB,
}


def scrapy_settings(policy: FetchPolicy, delay_seconds: float) -> dict[str, Any]:
    """`delay_seconds` lies between two requests to a public host; for private ones see `PolicyMiddleware`."""
    delay = max(delay_seconds, LEAST_DELAY_SECONDS)
    return {
        **_PARTS,
        **_LIMITS,
        "FETCH_POLICY": policy,
        "USER_AGENT": policy.user_agent,
        "ROBOTSTXT_USER_AGENT": ROBOTS_TOKEN,
        "DOWNLOAD_MAXSIZE": policy.max_bytes,
        "DOWNLOAD_DELAY": delay,
        "AUTOTHROTTLE_START_DELAY": delay,
    }
