"""What came of a try at handing over a mail, and how long to wait for the next."""

import random
import smtplib
from dataclasses import dataclass
from datetime import timedelta

from accounts import bounces
from alerts.models import DeliveryAttempt

Outcome = DeliveryAttempt.Outcome

_FIRST_WAIT = timedelta(minutes=1)
# What may pass by itself is tried every hour at least, for as long as it takes; what was refused, more rarely.
_LONGEST = {Outcome.REFUSED: timedelta(hours=6)}
_LONGEST_OTHERWISE = timedelta(hours=1)


@dataclass(frozen=True)
class Result:
    """`code`: the server's reply, where it gave one. `dead`: it says that the address itself takes no mail.

    `ours`: it says nothing of this mail or its reader, so the next mail will fare no better.
    """

    outcome: Outcome
    code: int | None = None
    dead: bool = False
    ours: bool = False


HANDED_OVER = Result(Outcome.SENT)


def of_error(error: Exception) -> Result:
    """What an exception of `smtplib` or the network means, while a mail was being handed over."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _of_recipients(error)
    if isinstance(error, smtplib.SMTPResponseException):
        # 421: the server is closing down, whatever it was asked.
        ours = error.smtp_code == 421 or not isinstance(error, smtplib.SMTPDataError)
        return Result(_by_code(error.smtp_code), _code(error.smtp_code), ours=ours)
    return Result(Outcome.BROKEN, ours=True)


def of_no_connection(error: Exception) -> Result:
    """What it means that there is no connection to hand anything over by."""
    code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None
    return Result(Outcome.UNREACHABLE, _code(code), ours=True)


def wait_after(outcome: Outcome, tries: int) -> timedelta:
    """How long to wait after so many tries: twice as long each time, and not in step with other mails."""
    longest = _LONGEST.get(outcome, _LONGEST_OTHERWISE)
    doubled = _FIRST_WAIT * float(1 << min(max(tries - 1, 0), 20))
    return max(_FIRST_WAIT, min(doubled, longest) * random.uniform(0.75, 1.0))


def _of_recipients(error: smtplib.SMTPRecipientsRefused) -> Result:
    """Each mail has one recipient."""
    code, said = next(iter(error.recipients.values()), (0, b""))
    words = said.decode("ascii", "replace") if isinstance(said, bytes) else str(said)
    outcome = _by_code(code)
    status = bounces.status_in(f"{code} {words}")
    dead = outcome == Outcome.REFUSED and bounces.is_dead(status)
    return Result(outcome, _code(code), dead=dead, ours=code == 421)


def _by_code(code: int) -> Outcome:
    if 400 <= code < 500:
        return Outcome.DEFERRED
    return Outcome.REFUSED if 500 <= code < 600 else Outcome.BROKEN


def _code(code: int | None) -> int | None:
    """What the database takes: a server may answer with any number, and smtplib with -1."""
    return code if code is not None and 100 <= code < 1000 else None
