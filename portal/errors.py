"""Error pages. Each carries an id that is also in the log, so that people can tell us which one they mean."""

import logging
import secrets
import sys

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

logger = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 400, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(request, 500, sys.exception())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(request, 403, None, template="403_csrf.html", why=reason)


def _page(
    request: HttpRequest, status: int, exception: BaseException | None, *, template: str = "", why: str = ""
) -> HttpResponse:
    """Rendered without the request, so that it also works when the database does not.

    The log names the view and not the address, which may hold the token of a mailed link.
    """
    error_id = secrets.token_hex(4)
    view = request.resolver_match.view_name if request.resolver_match else "no view"
    level = logging.ERROR if status >= 500 else logging.INFO
    kind = why or type(exception).__name__
    logger.log(level, "error %s: %s %s at %s (%s)", error_id, status, request.method, view, kind)
    return HttpResponse(render_to_string(template or f"{status}.html", {"error_id": error_id}), status=status)
