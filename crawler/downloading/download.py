"""Scrapy's download handler and decompression with an end to everything that Scrapy itself lets go on."""

from collections.abc import Iterator
from typing import Any

from OpenSSL import SSL
from scrapy import Request
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from service_identity import CertificateError, VerificationError
from twisted.web._newclient import HEADER, STATUS

from crawler.downloading.pace import MAX_HOST_CONCURRENCY, NotFetched

# Status line, headers and interim responses of one exchange; browsers allow about as much.
MAX_HEADER_BYTES = 256 * 1024
MAX_HEADERS = 500
# One coding over another has no use but to hide how large the body becomes.
MAX_CODINGS = 2

_TLS_ERRORS = (SSL.Error, CertificateError, VerificationError)


class _BoundedParser(_LenientHTTPClientParser):
    _headers_seen = 0

    def headerReceived(self, name: bytes, value: bytes) -> None:  # noqa: N802 - Twisted's interface
        self._headers_seen += 1
        if self._headers_seen > MAX_HEADERS:
            raise ValueError("too many headers")  # ends the connection; the request fails
        super().headerReceived(name, value)  # type: ignore[no-untyped-call]


class _BoundedProtocol(_LenientHTTP11ClientProtocol):
    _header_bytes = 0

    def request(self, request: Any) -> Any:
        self._header_bytes = 0
        answer = super().request(request)
        parser: Any = self._parser
        # Twisted names the class of its parser itself; ours adds no state that would have to be set up.
        parser.__class__ = _BoundedParser
        return answer

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's interface
        if self._parser is not None and self._parser.state in (STATUS, HEADER):
            self._header_bytes += len(data)
            if self._header_bytes > MAX_HEADER_BYTES:
                connection: Any = self.transport
                connection.abortConnection()
                return
        super().dataReceived(data)  # type: ignore[no-untyped-call]


class _BoundedFactory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: Any) -> _BoundedProtocol:  # noqa: N802 - Twisted's interface
        return _BoundedProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


class BoundedDownloadHandler(HTTP11DownloadHandler):
    """For http and https. Another handler built on Scrapy's keeps these bounds with this class before it:
    `class Rendering(BoundedDownloadHandler, ScrapyPlaywrightDownloadHandler)`.
    """

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)
        self._pool._factory = _BoundedFactory
        # Scrapy keeps as many connections as its default per host; some hosts are allowed more.
        self._pool.maxPersistentPerHost = MAX_HOST_CONCURRENCY

    async def download_request(self, request: Request) -> Response:
        try:
            return await super().download_request(request)
        except Exception as error:
            if any(isinstance(cause, _TLS_ERRORS) for cause in _causes(error)):
                raise NotFetched("tls") from error
            raise


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error with all that led to it; Twisted keeps what happened to a connection in a list of its own."""
    while error is not None:
        yield error
        for failure in getattr(error, "reasons", None) or ():
            yield failure.value
        error = error.__cause__


class BoundedCompressionMiddleware(HttpCompressionMiddleware):
    """Decompression that names what goes wrong, within `DOWNLOAD_MAXSIZE` for every request without exception."""

    def process_response(self, request: Request, response: Response, spider: Any = None) -> Request | Response:
        codings = b",".join(response.headers.getlist("Content-Encoding")).split(b",")
        if len(codings) > MAX_CODINGS:
            raise NotFetched("encoding")
        try:
            return super().process_response(request, response)
        except IgnoreRequest as error:
            raise NotFetched("too_large") from error
        except Exception as error:  # each library has errors of its own for a damaged body
            raise NotFetched("encoding") from error

    def _handle_encoding(self, body: bytes, content_encoding: list[bytes], max_size: int) -> tuple[bytes, list[bytes]]:
        return super()._handle_encoding(body, content_encoding, min(max_size or self._max_size, self._max_size))
