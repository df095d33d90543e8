"""From what happened to mails: at least once, and visibly once.

What happened is a row in the transaction in which it happened; rows become alerts (`raising`), alerts waiting for one
person become one mail (`gathering`), and mails are handed over (`sending`). A mail is recorded with its Message-ID
before it is tried, and every try has the same one, so that a mail program shows a mail once that was sent twice
because of a crash.
"""

from alerts.gathering import gather
from alerts.raising import raise_matches
from alerts.sending import send_due


def deliver() -> int:
    """Turn new matches into alerts, alerts into mails, and send what is due. Returns how many mails went out."""
    raise_matches()
    gather()
    return send_due()


__all__ = ["deliver", "gather"]
