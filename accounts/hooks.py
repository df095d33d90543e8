"""What a mail service hands over to us by HTTP is signed; how, and how much of it is taken.

The body is a raw mail (RFC 822) of at most 512 KiB. Two headers prove who sends it:

    X-Faceward-Timestamp: 1795442400
    X-Faceward-Signature: sha256=<hex of HMAC-SHA256(secret, timestamp + "." + body)>

with the secret of that address, and the time as seconds since 1970, at most five minutes from ours. Without a secret
there is no such address (404). The answer is one word: what became of the mail (200), `not signed` (403), `too large`
(413), or, for a service to try again later, `too many` (429).
"""

import hashlib
import hmac
import logging
import re
import time
from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse

from accounts.limits import client, limited
from accounts.tickets.mail_text import MAX_MAIL

logger = logging.getLogger(__name__)

_TOLERANCE_SECONDS = 300
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_PER_MINUTE, _MINUTE = 120, 60
_WRONG, _TEN_MINUTES = 20, 600
TOO_MANY = "too many"


def take(request: HttpRequest, name: str, secret: str, take_mail: Callable[[bytes], str]) -> HttpResponse:
    """Answer one call: `take_mail` gets the mail if it is signed with `secret`, and says in a word what became of it.

    `name` is what its limits are counted under.
    """
    if not secret:
        raise Http404
    if _length(request) > MAX_MAIL:
        return _say("too large", 413)
    if not is_signed(request, secret):
        # Only who cannot sign has few tries, so that nobody keeps the service's mails out.
        too_often = limited(f"{name}-wrong:{client(request)}", _WRONG, _TEN_MINUTES)
        logger.warning("A message at the %s is not signed", name)
        return _say(TOO_MANY, 429) if too_often else _say("not signed", 403)
    if limited(name, _PER_MINUTE, _MINUTE):
        return _say(TOO_MANY, 429)
    outcome = take_mail(request.body)
    return _say(outcome, 429 if outcome == TOO_MANY else 200)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What the signature's header has to say."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"sha256={digest}"


def is_signed(request: HttpRequest, secret: str) -> bool:
    """Whether who knows the secret signed this, within the last minutes."""
    timestamp = request.headers.get("X-Faceward-Timestamp", "")
    given = request.headers.get("X-Faceward-Signature", "")
    if not _TIMESTAMP.fullmatch(timestamp) or abs(time.time() - int(timestamp)) > _TOLERANCE_SECONDS:
        return False
    wanted = signature(secret, timestamp, request.body)
    return hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace"))


def _length(request: HttpRequest) -> int:
    length = request.headers.get("Content-Length", "0")
    return int(length) if length.isdecimal() else MAX_MAIL + 1


def _say(word: str, status: int) -> HttpResponse:
    return HttpResponse(word, status=status, content_type="text/plain")
