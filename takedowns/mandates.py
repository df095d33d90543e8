"""The subject's signed authority to act for them. Without one in force nothing is drafted or sent."""

import json
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import audit, keys
from accounts.models import User
from search.models import Subject
from takedowns.cases import NotAllowed
from takedowns.models import Mandate

TEXT_VERSION = "2026-11-22"
# "Perjury" in full, as the signer must read what is sworn in their name (17 U.S.C. 512(c)(3)(A)(vi)).
MANDATE_TEXT = f"""\
I authorise {settings.AGENT_NAME} to act for me in getting pictures of me removed from the internet: to \
write to sites, hosts and other services, to receive their answers, and to sign notices with my name as I \
sign it below.

This holds for pictures that I have confirmed show me and asked to have removed. For each of them I answer \
the questions about it truthfully.

Where I say that I took a photo or that its copyright was signed over to me, I declare under penalty of \
perjury that this is so, and that I am the owner of the copyright or may act for the owner. I understand \
that a knowingly false claim can make me liable for damages.

My name appears in notices only where the law asks for it. My home address never does.

I can take this back at any time. Nothing more is sent from then on; what was sent before stays sent.
"""
_PURPOSE = "mandate"
_LONGEST_NAME = 200
_LONGEST_ADDRESS = 500


@dataclass(frozen=True)
class Signed:
    """What a mandate seals."""

    full_name: str
    address: str
    signature: str
    signed_at: datetime


def sign(user: User, *, full_name: str, address: str, signature: str) -> Mandate:
    """Record a signature under `MANDATE_TEXT`. An earlier mandate ends.

    Raises:
        NotAllowed: a name is missing, or the signature is another name.
    """
    name, typed = _one_line(full_name), _one_line(signature)
    if not name or len(name) > _LONGEST_NAME:
        raise NotAllowed("Please give your full name.")
    if typed.casefold() != name.casefold():
        raise NotAllowed("Please sign with your full name, as you gave it.")
    if len(address) > _LONGEST_ADDRESS:
        raise NotAllowed(f"Please give your address in at most {_LONGEST_ADDRESS} characters.")
    sealed = keys.seal(
        user,
        _PURPOSE,
        json.dumps({"full_name": name, "address": address.strip(), "signature": typed}).encode(),
    )
    with transaction.atomic():
        subject, _ = Subject.objects.get_or_create(user=user)
        _end(subject, user)
        mandate = Mandate.objects.create(subject=subject, sealed=sealed, text_version=TEXT_VERSION)
        audit.record("mandate.signed", mandate, actor=user, about=user, text_version=TEXT_VERSION)
    return mandate


def in_force(subject: Subject) -> Mandate | None:
    """The mandate that holds now."""
    return Mandate.objects.filter(subject=subject, revoked_at=None).first()


def revoke(user: User) -> None:
    """End the mandate at once. What is approved is checked again before it is sent, and then stays here."""
    with transaction.atomic():
        for subject in Subject.objects.filter(user=user):
            _end(subject, user)


def read(mandate: Mandate) -> Signed:
    """Open a mandate. Raises `accounts.keys.Unreadable`."""
    content = json.loads(keys.unseal(mandate.subject.user, _PURPOSE, bytes(mandate.sealed)))
    return Signed(signed_at=mandate.signed_at, **content)


def _end(subject: Subject, user: User) -> None:
    for mandate in Mandate.objects.select_for_update().filter(subject=subject, revoked_at=None):
        mandate.revoked_at = timezone.now()
        mandate.save(update_fields=["revoked_at"])
        audit.record("mandate.revoked", mandate, actor=user, about=user)


def _one_line(text: str) -> str:
    """Without the control characters that would make two lines of one in a letter."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
