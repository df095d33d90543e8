"""An opt-out as a person makes it: asked for, then confirmed by the link in the mail."""

import re

from django.core import mail

from search import optout
from search.models import OptOut


def mailed_token(index: int = -1) -> str:
    """The token in the link of a mail."""
    link = re.search(r"https?://\S+/", str(mail.outbox[index].body))
    assert link, "the mail has a link"
    return link.group().rstrip("/").rsplit("/", 1)[1]


def active_optout(email: str, photo: bytes) -> OptOut:
    """Request and confirm."""
    optout.request(email, photo)
    return optout.confirm(mailed_token())
