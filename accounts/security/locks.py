"""The lock on an account whose use was odd (safeguard 11): set by the machine, explained, lifted by a person."""

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import AccountLock, User

# Why accounts are locked, as the person reads it.
REASONS: dict[str, str] = {
    "different_faces": "Several live checks from this account showed different faces.",
    "photos_of_others": "Many photos given in this account showed somebody other than the person of the live check.",
}


def reason(found: AccountLock) -> str:
    """Why, in one sentence."""
    return REASONS.get(found.code, "Something about the use of this account was odd.")


def lock(user: User, code: str) -> AccountLock:
    """Shut the account to everything but reading why and appealing; the same again changes nothing."""
    with transaction.atomic():
        found, created = AccountLock.objects.get_or_create(user=user, lifted_at=None, defaults={"code": code})
        if created:
            audit.record("account.locked", found, about=user, code=code)
    return found


def locked(user: User) -> AccountLock | None:
    """The lock on an account, if there is one."""
    return AccountLock.objects.filter(user=user, lifted_at=None).first()


def lift(found: AccountLock, staff: User) -> None:
    """A person looked at it and opens the account again."""
    with transaction.atomic():
        row = AccountLock.objects.select_for_update().get(pk=found.pk)
        if row.lifted_at is None:
            row.lifted_at, row.lifted_by = timezone.now(), staff
            row.save(update_fields=["lifted_at", "lifted_by"])
            audit.record("account.unlocked", row, actor=staff, about=row.user, code=row.code)
