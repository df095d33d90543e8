"""Envelope encryption: every person has a data key, wrapped by the installation's master key.

AES-256-GCM throughout; 96-bit random nonces are stored before the ciphertext. The purpose is bound in as
associated data, so that a sealed value cannot be moved to another field or another person.
"""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction

from accounts.models import DataKey, User

_NONCE = 12


class Unreadable(Exception):
    """The key was destroyed, or the value was sealed for something else."""


def seal(user: User, purpose: str, plain: bytes) -> bytes:
    """Encrypt for one person and one purpose, making the person's key on first use."""
    return _encrypt(_data_key(user), f"{user.pk}:{purpose}", plain)


def unseal(user: User, purpose: str, sealed: bytes | memoryview) -> bytes:
    """The inverse of `seal`.

    Raises:
        Unreadable: the person's key is gone, or purpose or person differ.
    """
    row = DataKey.objects.filter(user=user).first()
    if row is None:
        raise Unreadable("the data key was destroyed")
    return _decrypt(_unwrap(row), f"{user.pk}:{purpose}", bytes(sealed))


def fingerprint(user: User, value: bytes) -> str:
    """A keyed hash that recognises a value again for this person and is meaningless without their key."""
    return hmac.new(_data_key(user), value, hashlib.sha256).hexdigest()


def derived_key(purpose: str) -> bytes:
    """A 32-byte key of the installation for one purpose that belongs to no account (HKDF-SHA256)."""
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode())
    return hkdf.derive(settings.MASTER_KEY.encode())


def seal_for_installation(purpose: str, plain: bytes) -> bytes:
    """Encrypt with the installation's key for `purpose` (opt-outs, which have no account)."""
    return _encrypt(derived_key(purpose), purpose, plain)


def unseal_for_installation(purpose: str, sealed: bytes | memoryview) -> bytes:
    """The inverse of `seal_for_installation`; raises `Unreadable`."""
    return _decrypt(derived_key(purpose), purpose, bytes(sealed))


def _data_key(user: User) -> bytes:
    row = DataKey.objects.filter(user=user).first()
    if row is None:
        with transaction.atomic():
            fresh = _encrypt(derived_key("wrap"), str(user.pk), AESGCM.generate_key(256))
            row, _ = DataKey.objects.get_or_create(user=user, defaults={"wrapped": fresh})
    return _unwrap(row)


def _unwrap(row: DataKey) -> bytes:
    return _decrypt(derived_key("wrap"), str(row.user_id), bytes(row.wrapped))


def _encrypt(key: bytes, context: str, plain: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, context.encode())


def _decrypt(key: bytes, context: str, sealed: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], context.encode())
    except InvalidTag as error:
        raise Unreadable("sealed with another key or for another purpose") from error
