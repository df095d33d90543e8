"""Sealed values open for their person and purpose only, and for nobody once the key is destroyed."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accounts import keys
from accounts.models import DataKey, User


def test_what_is_sealed_can_be_read_again(alice: User) -> None:
    sealed = keys.seal(alice, "letter", b"private")
    assert b"private" not in sealed
    assert keys.unseal(alice, "letter", sealed) == b"private"


def test_the_same_text_is_sealed_differently_each_time(alice: User) -> None:
    assert keys.seal(alice, "letter", b"private") != keys.seal(alice, "letter", b"private")


def test_a_value_cannot_be_moved_to_another_purpose_or_person(alice: User, bob: User) -> None:
    sealed = keys.seal(alice, "letter", b"private")
    keys.seal(bob, "letter", b"his own")
    for user, purpose in ((alice, "address"), (bob, "letter")):
        with pytest.raises(keys.Unreadable):
            keys.unseal(user, purpose, sealed)


def test_destroying_the_key_makes_it_unreadable_even_if_a_new_one_is_made(alice: User) -> None:
    sealed = keys.seal(alice, "letter", b"private")
    DataKey.objects.filter(user=alice).delete()
    with pytest.raises(keys.Unreadable):
        keys.unseal(alice, "letter", sealed)
    keys.seal(alice, "letter", b"new key")
    with pytest.raises(keys.Unreadable):
        keys.unseal(alice, "letter", sealed)


def test_data_keys_are_wrapped_by_the_master_key(alice: User, settings) -> None:
    sealed = keys.seal(alice, "letter", b"private")
    settings.MASTER_KEY = "another installation's"
    with pytest.raises(keys.Unreadable):
        keys.unseal(alice, "letter", sealed)


# --- The half outside of the database ----------------------------------------------------------------------


def half_of(user: User, settings) -> Path:
    half = keys.halves_of(user)[0].hex()
    return Path(settings.KEYS_DIR) / half[:2] / half


def test_promise_04_a_destroyed_key_stays_so_when_its_row_comes_back(alice: User, settings) -> None:
    """As from a dump: the row, the master key and the sealed value are all there."""
    sealed = keys.seal(alice, "letter", b"private")
    dumped = bytes(DataKey.objects.get(user=alice).wrapped)
    assert keys.destroy(alice)
    DataKey.objects.create(user=alice, wrapped=dumped)
    with pytest.raises(keys.Unreadable):
        keys.unseal(alice, "letter", sealed)
    assert keys.lost() == [alice.pk]
    assert keys.destroy(alice)
    assert not keys.destroy(alice)


def test_the_half_is_nobodys_to_read_but_ours(alice: User, settings) -> None:
    keys.seal(alice, "letter", b"private")
    path = half_of(alice, settings)
    assert path.stat().st_mode & 0o077 == 0
    assert path.read_bytes() not in bytes(DataKey.objects.get(user=alice).wrapped)


def test_a_key_from_before_there_were_halves_gets_one(alice: User, settings) -> None:
    key = AESGCM.generate_key(256)
    old = keys._encrypt(keys.derived_key("wrap"), str(alice.pk), key)
    sealed = keys._encrypt(key, f"{alice.pk}:letter", b"private")
    DataKey.objects.create(user=alice, wrapped=old)
    assert keys.unseal(alice, "letter", sealed) == b"private"
    assert bytes(DataKey.objects.get(user=alice).wrapped) != old
    assert half_of(alice, settings).exists()
    assert keys.unseal(alice, "letter", sealed) == b"private"
