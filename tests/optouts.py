"""An opt-out as a person makes it: asked for, confirmed by the link in the mail, and then a live face."""

import re
from types import SimpleNamespace

from django.core import mail

from search import optout
from search.models import OptOut
from search.reference import single_face


def mailed_token(index: int = -1) -> str:
    """The token in the first link of a mail."""
    link = re.search(r"https?://\S+/", str(mail.outbox[index].body))
    assert link, "the mail has a link"
    return link.group().rstrip("/").rsplit("/", 1)[1]


def confirmed_optout(email: str) -> OptOut:
    """Request and confirm: it has no face yet."""
    optout.request(email)
    return optout.confirm(mailed_token())


def passed(*photos: bytes) -> optout.Passed:
    """What a live check hands over that was passed with these faces."""
    return SimpleNamespace(faces=[single_face(photo) for photo in photos])


def active_optout(email: str, photo: bytes) -> OptOut:
    """Request, confirm and pass the live check; contested where it would hide a subscriber."""
    made = confirmed_optout(email)
    optout.live_passed(made, passed(photo))
    return made
