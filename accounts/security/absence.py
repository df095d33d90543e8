"""When somebody was last here, and whether that is so long ago that we ask who it is (safeguard 2).

`last_active_on` moves on with every day on which somebody is here, but not over a long gap: after one it stays
where it was until they have shown that it is still they.
"""

import datetime

from django.conf import settings
from django.utils import timezone

from accounts.models import User


def note(user: User) -> None:
    """They are here today."""
    if user.last_active_on != timezone.localdate() and not was_long(user):
        ended(user)


def was_long(user: User) -> bool:
    """Whether they were away for so long that we do not take it for granted that it is they."""
    gap = datetime.timedelta(days=settings.PRESENCE_MAX_AGE_DAYS)
    return user.last_active_on is not None and user.last_active_on < timezone.localdate() - gap


def ended(user: User) -> None:
    """They have shown that it is they, or were not away."""
    user.last_active_on = timezone.localdate()
    user.save(update_fields=["last_active_on"])
