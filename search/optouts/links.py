"""The links in our mails. Who holds one acts for the opt-out: there is no account and no password."""

from django.conf import settings
from django.core import signing
from django.urls import reverse

from search.models import OptOut

DAYS_TO_CONFIRM = 2
CONFIRM, YOURS, WITHDRAW = "confirm", "yours", "withdraw"


class BadLink(Exception):
    """The link is not one of ours, or its time is over."""


def token(action: str, optout: OptOut) -> str:
    """What a link carries: good for one action of one opt-out."""
    return signing.dumps(str(optout.pk), salt=f"opt-out-{action}")


def link(action: str, optout: OptOut) -> str:
    """The whole address, for a mail."""
    return f"{settings.PORTAL_URL}{reverse(f'search:optout_{action}', args=[token(action, optout)])}"


def opened(action: str, value: str) -> OptOut:
    """The opt-out that a link names. Raises `BadLink`."""
    # The way out of the list never expires; the way in does.
    max_age = DAYS_TO_CONFIRM * 24 * 3600 if action == CONFIRM else None
    try:
        return OptOut.objects.get(pk=signing.loads(value, salt=f"opt-out-{action}", max_age=max_age))
    except (signing.BadSignature, OptOut.DoesNotExist) as error:
        raise BadLink from error
