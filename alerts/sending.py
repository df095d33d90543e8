"""Handing mails over: each on its own try, by one connection, at a bounded rate, for as long as it takes.

A process takes a mail by a lease, so that two never send one at the same time; if it dies, the mail is tried again when
the lease ends, with the same Message-ID. Where the server cannot be reached the run ends, and no mail has lost a try.
"""

import logging
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.mailing import Mail
from accounts.models import User
from accounts.security import locks
from accounts.transitions import StaleState, change_state
from alerts import addresses, letter, outcomes, pace, rules, timing
from alerts.models import DeliveryAttempt, Digest
from alerts.outcomes import HANDED_OVER, Outcome, Result
from alerts.states import DIGEST, DigestState

logger = logging.getLogger(__name__)

# How long a try may take before another process may take it for dead: several times what the network may.
LEASE = timedelta(minutes=5)
# A mail that its reader's server refuses for so long counts as one that came back.
_REFUSED_FOR = timedelta(days=3)
# A run gives way to the next after this long, in seconds.
_RUN = 50.0
# So many failures in a row that are not about a mail itself end a run.
_PATIENCE = 3
_AT_A_TIME = 50


def send_due() -> int:
    """Send the mails whose time has come. Returns how many went out."""
    run = _Run(time.monotonic() + _RUN)
    try:
        while batch := list(_due()[:_AT_A_TIME]):
            for digest in batch:
                if not run.goes_on():
                    return run.sent
                run.send(digest)
    finally:
        run.hang_up()
    return run.sent


def _due() -> QuerySet[Digest]:
    due = Digest.objects.filter(state=DigestState.WAITING, next_try_at__lte=timezone.now())
    return due.select_related("user").order_by("next_try_at", "pk")


@dataclass
class _Run:
    """One run, which ends by itself; `deadline` in `time.monotonic()`."""

    deadline: float
    sent: int = 0
    _failures: int = 0
    _connection: BaseEmailBackend | None = field(default=None)

    def goes_on(self) -> bool:
        """Whether there is time, patience and a connection for one more mail."""
        if time.monotonic() > self.deadline or self._failures >= _PATIENCE:
            return False
        return self._connection is not None or self._connect()

    def send(self, digest: Digest) -> None:
        """One mail, from the lease to the record of what came of it."""
        if not _lease(digest) or not _may_go(digest):
            return
        mail = _written(digest)
        if mail is None:
            return
        if not pace.take_turn(self.deadline):
            _untried(digest, timezone.now())
            self.deadline = 0.0
            return
        began = time.monotonic()
        result = self._hand_over(digest, mail)
        self._failures = self._failures + 1 if result.ours else 0
        self.sent += result.outcome == Outcome.SENT
        _record(digest, result, time.monotonic() - began)

    def hang_up(self) -> None:
        """Close the connection, in whatever state it is."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except OSError as error:
                logger.info("closing the mail connection: %s", type(error).__name__)

    def _connect(self) -> bool:
        began = time.monotonic()
        connection = get_connection()
        try:
            connection.open()
        except OSError as error:
            result = outcomes.of_no_connection(error)
            seconds = time.monotonic() - began
            DeliveryAttempt.objects.create(outcome=result.outcome, code=result.code, seconds=seconds)
            logger.warning("no connection to the mail server: %s", type(error).__name__)
            return False
        self._connection = connection
        return True

    def _hand_over(self, digest: Digest, mail: Mail) -> Result:
        mail.connection = self._connection
        try:
            mail.send()
        except OSError as error:  # smtplib's own are among them
            # What the connection is good for after that is anybody's guess.
            self.hang_up()
            logger.warning("alert mail %s: %s", digest.pk, type(error).__name__)
            return outcomes.of_error(error)
        except Exception:
            # One that cannot be put into bytes must not keep the others; somebody has to look at it.
            self.hang_up()
            logger.exception("alert mail %s could not be sent", digest.pk)
            return Result(Outcome.BROKEN)
        return HANDED_OVER


def _lease(digest: Digest) -> bool:
    """Take the mail for this process, by moving the time of the next try that it was loaded with."""
    until = timezone.now() + LEASE
    mine = Digest.objects.filter(pk=digest.pk, state=DigestState.WAITING, next_try_at=digest.next_try_at)
    if not mine.update(next_try_at=until, tries=F("tries") + 1, recipient=digest.user.email):
        return False
    digest.next_try_at, digest.tries, digest.recipient = until, digest.tries + 1, digest.user.email
    return True


def _untried(digest: Digest, again: datetime) -> None:
    """It was leased and not tried: that was no try, and it is due again then."""
    mine = Digest.objects.filter(pk=digest.pk, state=DigestState.WAITING, next_try_at=digest.next_try_at)
    mine.update(next_try_at=again, tries=F("tries") - 1)


def _may_go(digest: Digest) -> bool:
    """Whether its reader still wants it, can get it, and is not to be left in peace at this hour."""
    user = digest.user
    rule = rules.of(user)
    if not user.is_active or rule.mail_since is None or addresses.stopped(user) or locks.locked(user):
        _let_go(digest)
        return False
    now = timezone.now()
    later = timing.after_quiet(now, rules.wishes(rule))
    if later > now:
        _untried(digest, later)
    return later <= now


def _let_go(digest: Digest) -> None:
    """This mail goes nowhere; what it would have told waits as before, for a mail that may go."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=digest.user_id)
        if _changed(digest, DigestState.DROPPED):
            digest.alerts.update(digest=None)


def _written(digest: Digest) -> Mail | None:
    """The mail in words; None where there is nothing to tell any more, or where it could not be written."""
    try:
        mail = letter.of(digest)
    except Exception:
        # One that cannot be written must not keep the others; somebody has to look at it.
        logger.exception("alert mail %s could not be written", digest.pk)
        _put_off(digest, "unwritten", Outcome.REFUSED)
        return None
    if mail is None:
        _changed(digest, DigestState.DROPPED)
    return mail


def _changed(digest: Digest, state: DigestState, **also: Any) -> bool:
    """False where somebody was faster, as when a mail is answered before it was recorded that it left."""
    try:
        change_state(digest, DIGEST, state, **also)
    except StaleState:
        logger.info("alert mail %s is not waiting any more", digest.pk)
        return False
    return True


def _record(digest: Digest, result: Result, seconds: float) -> None:
    with transaction.atomic():
        DeliveryAttempt.objects.create(digest=digest, outcome=result.outcome, code=result.code, seconds=seconds)
        if result.outcome == Outcome.SENT:
            _changed(digest, DigestState.SENT, sent_at=timezone.now(), error="")
        else:
            _put_off(digest, result.outcome, result.outcome)
    if result.dead:
        addresses.returned(digest, hard=True)
    elif _refused_for_days(digest, result):
        # As with a mailbox that is full: in the end the person has to hear of it.
        addresses.returned(digest, hard=False)


def _refused_for_days(digest: Digest, result: Result) -> bool:
    about_us = result.ours or result.outcome != Outcome.REFUSED
    return not about_us and timezone.now() - digest.created_at > _REFUSED_FOR


def _put_off(digest: Digest, error: str, outcome: Outcome) -> None:
    again = timezone.now() + outcomes.wait_after(outcome, digest.tries)
    Digest.objects.filter(pk=digest.pk, state=DigestState.WAITING).update(next_try_at=again, error=error)
