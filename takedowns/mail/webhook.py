"""A mail service hands over what it received: `POST /hooks/mail/`, the raw mail (RFC 822) as the body.

The body has at most 512 KiB. Two headers prove who sends it:

    X-Faceward-Timestamp: 1795442400
    X-Faceward-Signature: sha256=<hex of HMAC-SHA256(secret, timestamp + "." + body)>

with the secret in NOTICES_WEBHOOK_SECRET and the time as seconds since 1970, at most five minutes from ours. Without a
secret there is no such address (404). The answer is one word: what became of the mail (200), `not signed` (403), `too
large` (413), or, for a service to try again later, `too many` (429). The same mail a second time changes nothing, so a
message that is sent again, by the service or by somebody who listened, does no harm.
"""

import hashlib
import hmac
import logging
import re
import time

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.access import public
from accounts.limits import client, limited
from accounts.tickets.mail_text import MAX_MAIL
from takedowns.mail import inbox

logger = logging.getLogger(__name__)

_TOLERANCE_SECONDS = 300
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_PER_MINUTE, _MINUTE = 120, 60
_WRONG, _TEN_MINUTES = 20, 600


@csrf_exempt
@public
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Take a mail that a mail service received for us."""
    if not settings.NOTICES_WEBHOOK_SECRET:
        raise Http404
    if _length(request) > MAX_MAIL:
        return _say("too large", 413)
    if not is_signed(request):
        # Only who cannot sign has few tries, so that nobody keeps the service's mails out.
        too_often = limited(f"mail-hook-wrong:{client(request)}", _WRONG, _TEN_MINUTES)
        logger.warning("A message at the mail hook is not signed")
        return _say("too many", 429) if too_often else _say("not signed", 403)
    if limited("mail-hook", _PER_MINUTE, _MINUTE):
        return _say("too many", 429)
    outcome = inbox.take(request.body)
    return _say("too many", 429) if outcome == inbox.LIMITED else _say(outcome, 200)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What the signature's header has to say."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"sha256={digest}"


def is_signed(request: HttpRequest) -> bool:
    """Whether the mail service signed this, within the last minutes."""
    timestamp = request.headers.get("X-Faceward-Timestamp", "")
    given = request.headers.get("X-Faceward-Signature", "")
    if not _TIMESTAMP.fullmatch(timestamp) or abs(time.time() - int(timestamp)) > _TOLERANCE_SECONDS:
        return False
    wanted = signature(settings.NOTICES_WEBHOOK_SECRET, timestamp, request.body)
    return hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace"))


def _length(request: HttpRequest) -> int:
    length = request.headers.get("Content-Length", "0")
    return int(length) if length.isdecimal() else MAX_MAIL + 1


def _say(word: str, status: int) -> HttpResponse:
    return HttpResponse(word, status=status, content_type="text/plain")
