"""Consent by purpose: given with the text that was shown, withdrawn with effect at once."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import get_language

from accounts import audit
from accounts.models import Consent, Purpose, User
from accounts.policies import versions

TEXT_VERSION = "2026-11-22.2"


@dataclass(frozen=True)
class Wording:
    """What a person reads beside the box they tick."""

    title: str
    text: str
    required: bool


WORDINGS: dict[Purpose, Wording] = {
    Purpose.MATCHING: Wording(
        "Compare my face",
        "We measure my face in the camera's pictures and in the photos I give, and keep the measurements, sealed, to "
        "compare them with faces in pictures we find. The pictures and photos themselves are not kept.",
        required=True,
    ),
    Purpose.CRAWL_WATCH: Wording(
        "Keep watching",
        "We go on looking on the sites we visit and tell me when a new picture may show me.",
        required=True,
    ),
    Purpose.EVIDENCE: Wording(
        "Keep proof",
        "When I ask for a removal, we store a copy of the public page as proof.",
        required=False,
    ),
    Purpose.SENDING_NOTICES: Wording(
        "Send notices for me",
        "When I ask for a removal, we write to the site and its host in my name. Nothing is sent before I sign.",
        required=False,
    ),
}
REQUIRED = frozenset(purpose for purpose, wording in WORDINGS.items() if wording.required)


def given(user: User) -> set[Purpose]:
    """The purposes that hold now."""
    return in_force([user.pk]).get(user.pk, set())


def in_force(users: Iterable[uuid.UUID] | QuerySet[Any, Any]) -> dict[uuid.UUID, set[Purpose]]:
    """The purposes that hold now, for each of many people by id, in two queries; nobody who gave none is in it.

    What somebody agreed to before a material change rests until they agree to the change (`policies.versions`).

    A query set of ids serves as well, and has no upper length.
    """
    users = users if isinstance(users, QuerySet) else list(users)
    rows = Consent.objects.filter(user__in=users, withdrawn_at=None).values_list("user_id", "purpose")
    late = versions.overdue(users)
    purposes: dict[uuid.UUID, set[Purpose]] = {}
    for user_id, purpose in rows:
        if user_id not in late:
            purposes.setdefault(user_id, set()).add(Purpose(purpose))
    return purposes


def give(user: User, purposes: Iterable[Purpose], *, actor: User | None = None) -> None:
    """Record consent to each purpose with today's text and its language; one that already holds stays as it was."""
    locale = get_language() or settings.LANGUAGE_CODE
    with transaction.atomic():
        for purpose in purposes:
            consent, created = Consent.objects.get_or_create(
                user=user, purpose=purpose, withdrawn_at=None, defaults={"text_version": TEXT_VERSION, "locale": locale}
            )
            if created:
                audit.record("consent.given", consent, actor=actor or user, about=user, purpose=purpose.value)


def withdraw(user: User, purpose: Purpose) -> None:
    """End a consent now. Whoever relies on it asks `given` at the moment of use."""
    with transaction.atomic():
        for consent in Consent.objects.select_for_update().filter(user=user, purpose=purpose, withdrawn_at=None):
            consent.withdrawn_at = timezone.now()
            consent.save(update_fields=["withdrawn_at"])
            audit.record("consent.withdrawn", consent, actor=user, about=user, purpose=purpose.value)
