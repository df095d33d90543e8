"""Envelope encryption: every person has a data key, wrapped by the installation's master key.

AES-256-GCM throughout; 96-bit random nonces are stored before the ciphertext. The purpose is bound in as
associated data, so that a sealed value cannot be moved to another field or another person. What wraps a data key is
derived from the master key and from a half outside of the database (`accounts.key_halves`): `destroy` is for good,
dumps of the database that were made before included.
"""

import hashlib
import hmac
import os
from collections.abc import Callable
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction

from accounts import key_halves
from accounts.models import DataKey, User

_NONCE = 12
_HALF_ID = 16
# Wrapped by the master key alone, as keys were before there were halves: nonce, key and tag.
_WITHOUT_HALF = _NONCE + 32 + 16


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
    return opener(user)(purpose, sealed)


def opener(user: User) -> Callable[[str, bytes | memoryview], bytes]:
    """`unseal` for many values of one person at once: the key is looked up once. Not to be kept."""
    row = DataKey.objects.filter(user=user).first()
    key = _unwrap(row) if row is not None else None

    def unsealed(purpose: str, sealed: bytes | memoryview) -> bytes:
        if key is None:
            raise Unreadable("the data key was destroyed")
        return _decrypt(key, f"{user.pk}:{purpose}", bytes(sealed))

    return unsealed


def destroy(user: User) -> bool:
    """Destroy the person's key for good, in every dump as well; whether there was one. Raises OSError."""
    halves = halves_of(user)
    DataKey.objects.filter(user=user).delete()
    shred(halves)
    return bool(halves)


def halves_of(user: User) -> list[bytes]:
    """The halves of the person's key that lie outside of the database, for `shred` once the row is gone."""
    return [_kept_apart(row) for row in DataKey.objects.filter(user=user)]


def shred(halves: list[bytes]) -> None:
    """Destroy halves: what was sealed with the keys they belong to is unreadable for ever. Raises OSError."""
    for half in halves:
        key_halves.destroy(half)


def lost() -> list[UUID]:
    """Accounts whose half is gone while the row is there: erased after the dump that was restored was made."""
    return [row.user_id for row in DataKey.objects.order_by("pk") if not _is_whole(row)]


def _is_whole(row: DataKey) -> bool:
    wrapped = bytes(row.wrapped)
    return len(wrapped) == _WITHOUT_HALF or key_halves.exists(wrapped[:_HALF_ID])


def _kept_apart(row: DataKey) -> bytes:
    """The id of its half, which a key from before there were halves gets now."""
    if len(bytes(row.wrapped)) == _WITHOUT_HALF:
        _unwrap(row)
        row.refresh_from_db(fields=["wrapped"])
    return bytes(row.wrapped)[:_HALF_ID]


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
        wrapped = _wrap(user.pk, AESGCM.generate_key(256))
        with transaction.atomic():
            row, created = DataKey.objects.get_or_create(user=user, defaults={"wrapped": wrapped})
        if not created:
            key_halves.destroy(wrapped[:_HALF_ID])  # another process was first
    return _unwrap(row)


def _wrap(user_id: UUID, key: bytes) -> bytes:
    name, half = key_halves.make()
    return name + _encrypt(_wrapping_key(half), str(user_id), key)


def _unwrap(row: DataKey) -> bytes:
    wrapped = bytes(row.wrapped)
    if len(wrapped) == _WITHOUT_HALF:
        return _rewrap(row, _decrypt(derived_key("wrap"), str(row.user_id), wrapped))
    try:
        half = key_halves.read(wrapped[:_HALF_ID])
    except key_halves.HalfMissing as error:
        raise Unreadable("the data key was destroyed") from error
    return _decrypt(_wrapping_key(half), str(row.user_id), wrapped[_HALF_ID:])


def _rewrap(row: DataKey, key: bytes) -> bytes:
    """Give a key from before there were halves its own."""
    wrapped = _wrap(row.user_id, key)
    if not DataKey.objects.filter(pk=row.pk, wrapped=row.wrapped).update(wrapped=wrapped):
        key_halves.destroy(wrapped[:_HALF_ID])
    return key


def _wrapping_key(half: bytes) -> bytes:
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=half, info=b"wrap")
    return hkdf.derive(settings.MASTER_KEY.encode())


def _encrypt(key: bytes, context: str, plain: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, context.encode())


def _decrypt(key: bytes, context: str, sealed: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], context.encode())
    except InvalidTag as error:
        raise Unreadable("sealed with another key or for another purpose") from error
