"""What we write to somebody who opts out. No mail says whether we ever saw the face."""

import logging

from django.conf import settings

from accounts import mailing
from search.models import OptOut
from search.optouts import links
from search.optouts.sealing import email_of

logger = logging.getLogger(__name__)


def send(name: str, optout: OptOut) -> None:
    """Send one of the mails of `templates/search/email/optout_*`. Raises OSError, which SMTP's errors are too."""
    context = {
        "optout": optout,
        "confirm": links.link(links.CONFIRM, optout),
        "yours": links.link(links.YOURS, optout),
        "withdraw": links.link(links.WITHDRAW, optout),
        "contact_email": settings.CONTACT_EMAIL,
    }
    mailing.message(f"search/email/optout_{name}", context, to=email_of(optout)).send()


def try_to_send(name: str, optout: OptOut) -> bool:
    """Where what was done stands, mail or no mail: the page says the same."""
    try:
        send(name, optout)
    except OSError as error:
        logger.warning("mail %s of opt-out %s failed: %s", name, optout.pk, type(error).__name__)
        return False
    return True
