"""What the spider reads off responses and failures, as names and values of its own."""

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.downloading.pace import NotFetched
from crawler.policy import resolved_url

FAILURES: tuple[tuple[type[Exception], str], ...] = (
    (CannotResolveHostError, "dns"),
    (DownloadTimeoutError, "timeout"),
    (DownloadConnectionRefusedError, "connect"),
    (DownloadCancelledError, "too_large"),
    (ResponseDataLossError, "broken"),
    # What is left of these comes from the decompressor, for a body that grows past the limit.
    (IgnoreRequest, "too_large"),
)
# What may be otherwise at the next visit.
_PASSING = frozenset(
    {"dns", "timeout", "connect", "tls", "broken", "busy", "host_down", "internal", "storage", "robots_unreachable",
     "http_429", "picture_limit", "foreign_limit", "sheet_limit"}
)  # fmt: skip


def header(response: Response, name: bytes) -> str:
    """All values of a header, joined by commas."""
    return b",".join(response.headers.getlist(name)).decode("latin-1")


def first_header(response: Response, name: bytes) -> str:
    """The first value of a header, as for validators: two joined ones would match nothing."""
    return (response.headers.get(name) or b"").decode("latin-1").strip()


def redirect_target(response: Response) -> str | None:
    """Where a response redirects to, canonical; None where it does not, or not to a web address."""
    location = response.headers.get(b"Location")
    if response.status not in (301, 302, 303, 307, 308) or not location:
        return None
    return resolved_url(response.url, location.decode("utf-8", "replace"))


def failure_name(failure: Failure) -> str:
    """The name by which a request without a response is counted."""
    error = failure.value
    if isinstance(error, NotFetched):
        return error.code
    return next((name for kind, name in FAILURES if isinstance(error, kind)), "broken")


def may_pass(name: str) -> bool:
    """Whether what is counted under `name` may be otherwise the next time."""
    return name in _PASSING or name.startswith("http_5")


def conditional(etag: str, last_modified: str) -> dict[str, str]:
    """The headers that ask for a body only if it has changed (RFC 9110, 13.1)."""
    fields = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return {name: value for name, value in fields.items() if value}
