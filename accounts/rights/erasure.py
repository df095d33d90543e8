"""Erasing an account: rows, files, caches, sessions and the key now, and a signed receipt of it.

It goes through the registry of what is held, from the right-most app to this one, in one transaction. What cannot be
taken back, which is files and the key, goes last, so that a failure before leaves everything as it was. Under a legal
hold the account stays as an empty shell for what is held, and the rest goes; once the hold is released a sweep
finishes the work.
"""

import logging
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from accounts import audit, keys, retention
from accounts.models import ErasureReceipt, LegalHold, Role, User
from accounts.retention import Erasure
from accounts.rights import holds, receipts

logger = logging.getLogger(__name__)

SHELL_DOMAIN = "erased.invalid"


class NotErasable(Exception):
    """Why an account cannot be erased this way, in one sentence."""


def erase(user: User, actor: User | None = None) -> ErasureReceipt:
    """Erase an account; `actor` is who asked, nobody where a sweep goes on. Doing it twice erases what is left.

    Raises:
        NotErasable: it is a staff account; their decisions belong to other people's files.
    """
    if not user.is_subscriber:
        raise NotErasable("Staff accounts are closed by the operator: their decisions belong to other people's files.")
    account, erased_by = user.pk, actor.pk if actor else None
    with transaction.atomic():
        # Locked, so that two requests at once make one erasure.
        user = User.objects.select_for_update().get(pk=account)
        erasure = Erasure(holds.of(user))
        audit.record("account.erased", user, actor=actor, about=user, held=len(erasure.held.items))
        erased = _erase_holdings(user, erasure)
        receipt = receipts.issue(account, timezone.now(), erased, _kept(account))
        for step in erasure.last:
            step()
    _empty_the_log()
    logger.info("account %s erased by %s", account, erased_by)
    return receipt


def end_account(user: User, erasure: Erasure) -> int:
    """The last of the holdings: the row itself, with the key; or a shell of it where something is held."""
    if erasure.held:
        _leave_a_shell(user)
        return 0
    halves = keys.halves_of(user)
    erasure.last.append(lambda: keys.shred(halves))
    LegalHold.objects.filter(user=user).delete()
    user.delete()
    return 1


def finish() -> int:
    """Erase the shells whose last hold was released. Returns how many accounts went."""
    shells = User.objects.filter(is_active=False, email__endswith=f"@{SHELL_DOMAIN}")
    free = shells.exclude(legal_holds__in=LegalHold.objects.filter(released_at=None))
    going = list(free)
    for user in going:
        erase(user)
    return len(going)


def erased_since() -> list[User]:
    """After a backup was restored: who was erased since it was made, as far as something was sealed for them."""
    return list(User.objects.filter(pk__in=keys.lost(), role=Role.SUBSCRIBER).order_by("date_joined"))


def preview(user: User) -> list[tuple[retention.Holding, int]]:
    """What there is to erase, by holding; those with nothing are left out."""
    counts = [(holding, holding.count(user)) for holding in retention.holdings() if holding.count and holding.erase]
    return [(holding, count) for holding, count in counts if count]


def _erase_holdings(user: User, erasure: Erasure) -> dict[str, int]:
    counts = {}
    for holding in reversed(list(retention.holdings())):
        if holding.erase is not None and (count := holding.erase(user, erasure)):
            counts[holding.name] = count
    return dict(reversed(counts.items()))


def _kept(account: UUID) -> dict[str, int]:
    """How many holds there are by holding, as far as the person may know."""
    kept: dict[str, int] = {}
    user = User.objects.filter(pk=account).first()
    if user is None:
        return kept
    for hold in holds.shown_to(user).filter(released_at=None):
        kept[hold.holding] = kept.get(hold.holding, 0) + 1
    return kept


def _leave_a_shell(user: User) -> None:
    """The row that held items hang on, with nothing in it that names anybody."""
    user.email, user.full_name, user.region = f"{user.pk}@{SHELL_DOMAIN}", "", ""
    user.is_active, user.discreet = False, False
    user.presence_confirmed_at = user.last_active_on = user.last_login = None
    user.set_unusable_password()
    user.save()


def _empty_the_log() -> None:
    """SQLite keeps old pages in its write-ahead log until it is written over."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
