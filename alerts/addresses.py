"""Which addresses take our mail, and what follows from a mail that came back or was not wanted.

The policy:

- A mail that an address refuses for good stops all alert mail to it at once.
- One that was given up on says little by itself: `SOFT_BOUNCES` of them, over at least `SOFT_SPAN`, with no mail
  delivered in between, stop it as well. A mail that was handed over and did not come back counts as delivered.
- A complaint ("this is unwanted") stops it at once.

What a returned mail told is told again in the first mail after the address works again; nothing is lost. It holds for
this address only: whoever changes theirs starts anew, and "Try this address again" does the same.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.transitions import allowed, change_state
from alerts.models import AddressHealth, Digest
from alerts.states import ADDRESS, DIGEST, STOPPED, AddressState, DigestState

SOFT_BOUNCES = 5
SOFT_SPAN = timedelta(days=3)


@dataclass(frozen=True)
class Notice:
    """What somebody is told in the portal while no alert is mailed to them; `unwanted`: after a complaint."""

    address: str
    since: datetime
    unwanted: bool


def return_path(digest: Digest) -> str:
    """The envelope's sender of a digest: an address that nobody can guess; empty where no such mail is read."""
    local, _, domain = parseaddr(settings.BOUNCES_EMAIL)[1].rpartition("@")
    return f"{local}+{digest.return_token}@{domain}" if local and domain else ""


def stopped(user: User) -> AddressHealth | None:
    """Why no alert is mailed to their present address; None where nothing stands against it."""
    return AddressHealth.objects.filter(user=user, address=user.email, state__in=STOPPED).first()


def stopped_users() -> QuerySet[AddressHealth]:
    """The ids of everybody to whom `stopped` applies, for a query of many: `exclude(user__in=stopped_users())`."""
    return AddressHealth.objects.filter(state__in=STOPPED, address=F("user__email")).values("user_id")  # type: ignore[return-value]


def notice(user: User) -> Notice | None:
    """What the portal says about it."""
    health = stopped(user)
    if health is None:
        return None
    return Notice(health.address, health.changed_at, health.state == AddressState.COMPLAINED)


def works_again(user: User) -> None:
    """They say so, and we try: what we knew about their address is forgotten."""
    AddressHealth.objects.filter(user=user).delete()


def returned(digest: Digest, *, hard: bool) -> bool:
    """A mail came back; `hard`: the address does not exist or takes nothing. False where that was known already."""
    with transaction.atomic():
        user, digest = _locked(digest)
        if not allowed(DIGEST, digest.state, DigestState.RETURNED):
            return False
        change_state(digest, DIGEST, DigestState.RETURNED)
        digest.alerts.update(digest=None)  # they come again, in one mail, when mail arrives
        if digest.recipient == user.email:
            health = _health(user)
            _count_soft(health, digest) if not hard else _stop(health, AddressState.DEAD)
    return True


def complained(digest: Digest) -> bool:
    """They marked a mail as unwanted, so they have got it. False where that was known already."""
    with transaction.atomic():
        user, digest = _locked(digest)
        if digest.state == DigestState.WAITING:
            # The process that sent it died before it could write that down.
            change_state(digest, DIGEST, DigestState.SENT, sent_at=timezone.now())
        if not allowed(DIGEST, digest.state, DigestState.COMPLAINED):
            return False
        change_state(digest, DIGEST, DigestState.COMPLAINED)
        if digest.recipient == user.email:
            _stop(_health(user), AddressState.COMPLAINED)
    return True


def _locked(digest: Digest) -> tuple[User, Digest]:
    """Both as they are now. First the person, as everywhere, so that two processes cannot wait for each other."""
    user = User.objects.select_for_update(no_key=True).get(pk=digest.user_id)
    return user, Digest.objects.select_for_update().get(pk=digest.pk)


def _health(user: User) -> AddressHealth:
    """The row of their present address; one of an address they had before gives way."""
    AddressHealth.objects.filter(user=user).exclude(address=user.email).delete()
    return AddressHealth.objects.get_or_create(user=user, defaults={"address": user.email})[0]


def _stop(health: AddressHealth, state: AddressState) -> None:
    if allowed(ADDRESS, health.state, state):
        change_state(health, ADDRESS, state, changed_at=timezone.now())


def _count_soft(health: AddressHealth, digest: Digest) -> None:
    """One more that was given up on; it is the first again if a mail was delivered since the last."""
    now = timezone.now()
    if health.soft_bounces and _delivered_between(health, digest):
        health.soft_bounces, health.since = 0, now
    health.soft_bounces += 1
    if health.state == AddressState.FAILING:
        health.changed_at = now
    health.save(update_fields=["soft_bounces", "since", "changed_at"])
    if health.soft_bounces >= SOFT_BOUNCES and now - health.since >= SOFT_SPAN:
        _stop(health, AddressState.DEAD)


def _delivered_between(health: AddressHealth, digest: Digest) -> bool:
    """Whether a mail left after the last one came back and before this one did, and has not come back itself."""
    sent = Digest.objects.filter(user=health.user_id, recipient=health.address, state=DigestState.SENT)
    return sent.filter(sent_at__gt=health.changed_at, sent_at__lt=digest.sent_at or digest.created_at).exists()
