"""A mail service hands over reports about our mails: `POST /hooks/bounces/`, signed as `accounts.hooks` says with the
secret in BOUNCES_WEBHOOK_SECRET.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts import hooks
from accounts.access import public
from alerts import bounce_inbox


@csrf_exempt
@public
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Take a report that a mail service received for us."""
    return hooks.take(request, "bounce-hook", settings.BOUNCES_WEBHOOK_SECRET, bounce_inbox.take)
