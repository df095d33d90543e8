"""A mail service hands over what it received: `POST /hooks/mail/`, signed as `accounts.hooks` says with the secret in
NOTICES_WEBHOOK_SECRET. The same mail a second time changes nothing, so a message that is sent again, by the service or
by somebody who listened, does no harm.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts import hooks
from accounts.access import public
from takedowns.mail import inbox


@csrf_exempt
@public
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Take a mail that a mail service received for us."""
    return hooks.take(request, "mail-hook", settings.NOTICES_WEBHOOK_SECRET, _take)


def _take(raw: bytes) -> str:
    outcome = inbox.take(raw)
    return hooks.TOO_MANY if outcome == inbox.LIMITED else outcome
