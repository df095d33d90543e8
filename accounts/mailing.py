"""The subject of a mail to somebody with an account."""

from accounts.models import User

# Says nothing about what we do, to whoever sees the list of messages.
NEUTRAL = "A message for you"


def subject(user: User | None, text: str) -> str:
    """The subject as it is, or a neutral one where the person asked for that."""
    return NEUTRAL if user is not None and user.discreet else text
